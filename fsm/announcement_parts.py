"""What the events and effects of the chart in `announcement.py` carry."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom `spec` ("all", "req10", …) meant when counted; those who can't be written to are `left_out`.

    `seconds` is how long sending to them will take.
    """

    spec: str
    recipients: int
    left_out: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Content:
    """The message to be copied. `album` holds the message ids of a whole album in order, () for a single message."""

    chat_id: int
    message_id: int
    kind: str
    album: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A button that opens `url`."""

    label: str
    url: str


Links = tuple[tuple[Link, ...], ...]
"""Link buttons, row by row."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How it went, in recipients. `unknown`: in flight at a crash or a broken connection, not repeated."""

    delivered: int
    blocked: int
    gone: int
    failed: int
    unknown: int
