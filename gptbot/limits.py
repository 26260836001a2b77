"""Bounds that nobody needs to set: each keeps one thing from growing without end (DESIGN: bounded everything)."""

STORAGE_MAILBOX = 4096
"""Letters that may wait for the storage actor; whoever comes after that waits to hand in."""

LETTERS_PER_COMMIT = 256
"""More letters than this are two commits, so that rules never hold the event loop for long."""

USER_MAILBOX = 64
"""Updates of one user that may wait for their actor; more are refused."""

CHAT_BACKLOG = 64
"""Messages that may wait to be sent to one chat before what is written there is refused."""

BACKOFF_MIN_S = 0.1
BACKOFF_MAX_S = 5.0
"""Pauses between tries to write to a disk that refuses."""

CHAIN_TURNS_MAX = 500
"""Turns of one chain that are read from storage."""

CHAIN_PICTURE_TURNS = 4
"""The last turns of a chain whose pictures are shown to the model again."""

FINISHED_KEPT_S = 3 * 86400
"""How long the ids of finished updates are remembered; Telegram repeats an update for at most a day."""

RECOVERY_PAGE = 200
"""Rows read at once when a restart takes up what was left."""
