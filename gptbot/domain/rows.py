"""What one commit writes into data.db: each kind of row as a named tuple, in the order of its SQL parameters.

A transaction collects them; `edges/database` knows the SQL for each. Keys carry the bot's id there.
"""

from typing import Any, Literal, NamedTuple

GLOBAL = 0
"""Stands for the totals where a journal row names a user."""
REPLACED = -2
"""Stands for the question's message of a turn whose place another has taken."""


class JournalRow(NamedTuple):
    """An account change since the last data.json: `patch` is JSON, `{"+": {field: delta}, "=": {field: value}}`.

    `{"-": true}`: there is no such account any more.
    """

    seq: int
    user: int
    patch: bytes


class LedgerRow(NamedTuple):
    """A change of a purse. `key` is unique: the same change can't be booked twice."""

    key: str
    user: int
    purse: str
    amount: int
    reason: str
    at: int


class InboxDone(NamedTuple):
    """The update is finished; its id is remembered so that a repeat is refused."""

    at: int
    update_id: int


class InboxAsked(NamedTuple):
    """The settings of the moment a waiting question was asked (JSON), for a replay after a crash.

    Of one that is finished meanwhile nothing is kept: its asker may have had everything deleted.
    """

    asked: bytes
    update_id: int


class OutboxRow(NamedTuple):
    """A message that must arrive. Rows of one `group` belong together: one refused for good takes the rest along.

    `params` is the call's JSON; `after` (JSON or None) tells what its arrival means, read by `domain/settling`;
    `settles` is the update that is finished with it, so that a restart doesn't handle that one again.
    """

    id: int
    chat_id: int
    group: int
    method: str
    params: bytes
    attachment_field: str | None
    attachment_name: str | None
    attachment: bytes | None
    after: bytes | None
    settles: int | None
    at: int


class OutboxChanged(NamedTuple):
    """Another message takes this one's place: its part of the group, its turn and its charge stay."""

    method: str
    params: bytes
    after: bytes | None
    id: int


class OutboxGone(NamedTuple):
    id: int


class OutboxGroupGone(NamedTuple):
    group: int


class TurnRow(NamedTuple):
    """A question with its answer. `tokens` is the estimate of both texts, for trimming.

    An empty `answer`: there is none, a button may ask the question again.
    `message_id` is the question's message: dialog mode forgets by it (`Forgotten`). `attached`: see `domain/attached`.
    """

    id: int
    user: int
    chat_id: int
    thread_id: int | None
    parent: int | None
    question: str
    answer: str
    model: str
    tokens: int
    at: int
    message_id: int = 0
    attached: bytes | None = None

    @property
    def replaced(self) -> bool:
        return self.message_id == REPLACED


class TurnGone(NamedTuple):
    id: int


class TurnReplaced(NamedTuple):
    """Another answer has taken this one's place. It stays for replies to it, but is not remembered any more."""

    id: int


class Forgotten(NamedTuple):
    """Dialog mode begins anew in this chat and topic: questions up to this message are not remembered (SPEC §4 /new).

    A message's id and not a turn's: a question that is still being answered belongs to the dialog before.
    """

    chat_id: int
    thread_id: int  # 0 for none
    message_id: int
    at: int


class MessageRow(NamedTuple):
    """Which turn a Telegram message belongs to; `role` is "user" for the question, "assistant" for an answer's part."""

    chat_id: int
    message_id: int
    turn: int
    role: Literal["user", "assistant"]
    at: int


class DialogRow(NamedTuple):
    """A dialog as it stands: the chart's snapshot (JSON) and the token its buttons carry."""

    user: int
    chat_id: int
    thread_id: int  # 0 for none
    token: str
    snapshot: bytes
    at: int


class DialogGone(NamedTuple):
    user: int
    chat_id: int
    thread_id: int


class PermitRow(NamedTuple):
    """What was decided about a newcomer or a group (`domain/access`); `details` is JSON."""

    id: int
    state: str
    details: bytes
    at: int


class PermitGone(NamedTuple):
    id: int


class ChatMoved(NamedTuple):
    """A group has become a supergroup: all that is kept under its former id belongs to the new one."""

    old: int
    new: int


class PersonForgotten(NamedTuple):
    """Everything about a person goes, but for their ledger, which goes on under `pseudonym` (SPEC §4 `/forget`).

    `update_id` is the update that asked for it: what came before it is finished; what came
    after is still to be handled.
    """

    user: int
    username: str
    pseudonym: int
    update_id: int
    at: int


class PersonBack(NamedTuple):
    """Somebody who was forgotten has pressed /start again."""

    pseudonym: int


class AnnouncementRow(NamedTuple):
    """An announcement; `content` is JSON (what to copy, its buttons), `state` sending, paused, cancelled or done."""

    id: int
    admin: int
    chat_id: int
    spec: str
    content: bytes
    state: str
    progress_message: int
    at: int


class AnnouncementState(NamedTuple):
    state: str
    id: int


class AnnouncementProgressMessage(NamedTuple):
    message_id: int
    id: int


class RecipientsAdded(NamedTuple):
    """All who shall get it, in the order of sending."""

    announcement: int
    users: tuple[int, ...]


class RecipientState(NamedTuple):
    """pending, sending (in flight), delivered, blocked, gone, failed or unknown."""

    state: str
    announcement: int
    user: int


class ReportRow(NamedTuple):
    """A line for the admin's feed that has not been sent yet (JSON)."""

    id: int
    line: bytes


class ReportsGone(NamedTuple):
    up_to: int


class RequestsShown(NamedTuple):
    """The admin is told of the requests that were open at the start."""


Row = (
    JournalRow | LedgerRow | InboxDone | InboxAsked | OutboxRow | OutboxChanged | OutboxGone | OutboxGroupGone
    | TurnRow | TurnGone | TurnReplaced | Forgotten | MessageRow | DialogRow | DialogGone | PermitRow | PermitGone
    | ChatMoved | PersonForgotten | PersonBack
    | AnnouncementRow | AnnouncementState | AnnouncementProgressMessage | RecipientsAdded | RecipientState
    | ReportRow | ReportsGone | RequestsShown
)  # fmt: skip

AnyRow = tuple[Any, ...]
