"""The words of the chart in `announcement.py`: what it is told (events) and what it answers (effects)."""

from dataclasses import dataclass
from typing import get_args

from fsm.announcement_parts import Audience, Content, Links, Tally

# --- events ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """The admin gave the command without an argument."""


@dataclass(frozen=True, slots=True)
class AudienceChosen:
    """By argument, button or text; counted at this moment (fields: see Audience)."""

    spec: str
    recipients: int
    left_out: int
    seconds: int


@dataclass(frozen=True, slots=True)
class BadAudience:
    """The argument or text means no audience. `reason` is a key."""

    reason: str


@dataclass(frozen=True, slots=True)
class ContentGiven:
    """A message that can be copied came."""

    content: Content


@dataclass(frozen=True, slots=True)
class ContentRefused:
    """A message came that can't be copied. `reason` is a key."""

    reason: str


@dataclass(frozen=True, slots=True)
class ChangeContentChosen:
    """Button under the preview."""


@dataclass(frozen=True, slots=True)
class ChangeAudienceChosen:
    """Button under the preview, or under the question for the content."""


@dataclass(frozen=True, slots=True)
class PreviewRefused:
    """Telegram doesn't show it; `gone`: because the message to be copied is not there any more."""

    gone: bool


@dataclass(frozen=True, slots=True)
class ChangeLinksChosen:
    """Button under the preview: link buttons are to be added, or others are to take their place."""


@dataclass(frozen=True, slots=True)
class LinksGiven:
    """The lines that came mean these buttons."""

    links: Links


@dataclass(frozen=True, slots=True)
class LinksRefused:
    """What came can't be buttons. `reason` is a key; `line` the number of the line that is wrong, 0 for the whole."""

    reason: str
    line: int


@dataclass(frozen=True, slots=True)
class RemoveLinksChosen:
    """Button under the preview, or under the question for link buttons."""


@dataclass(frozen=True, slots=True)
class BackChosen:
    """Button under the question for link buttons: they stay as they were."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Button under the preview; the audience was counted again."""

    recipients: int
    left_out: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Paused:
    """Button under the progress."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """Button under the progress."""


@dataclass(frozen=True, slots=True)
class Progressed:
    """`done` of `total` recipients are dealt with; told at a modest pace."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Finished:
    """Nobody is left, or it was stopped and what was in flight has landed."""

    tally: Tally


@dataclass(frozen=True, slots=True)
class Cancelled:
    """`/cancel` or a cancel button: of the wizard, or of the sending."""


@dataclass(frozen=True, slots=True)
class OtherCommandGiven:
    """Any other command; it runs after this."""


@dataclass(frozen=True, slots=True)
class IdleTimeout:
    """Nothing came for the set time."""


Event = (
    Opened | AudienceChosen | BadAudience | ContentGiven | ContentRefused | ChangeContentChosen
    | ChangeAudienceChosen | PreviewRefused | ChangeLinksChosen | LinksGiven | LinksRefused | RemoveLinksChosen
    | BackChosen | Confirmed | Paused | Resumed | Progressed | Finished | Cancelled | OtherCommandGiven | IdleTimeout
)  # fmt: skip
EVENTS: tuple[type, ...] = get_args(Event)

# --- effects ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AskAudience:
    """Ask who shall get it, with buttons."""


@dataclass(frozen=True, slots=True)
class SayBadAudience:
    """Say what is wrong with it, and what can be written."""

    reason: str


@dataclass(frozen=True, slots=True)
class SayNobody:
    """Say that this audience is empty, how many were left out of it, and to choose another."""

    spec: str
    left_out: int


@dataclass(frozen=True, slots=True)
class AskContent:
    """Say how many will get it, and ask for the message."""

    audience: Audience


@dataclass(frozen=True, slots=True)
class SayBadContent:
    """Say why it can't be announced, and to send another message."""

    reason: str


@dataclass(frozen=True, slots=True)
class AskLinks:
    """Ask for the lines that make link buttons; `links` are those there are."""

    links: Links


@dataclass(frozen=True, slots=True)
class SayBadLinks:
    """Say what is wrong with the lines (see LinksRefused), and to send others; `links` are those there are."""

    reason: str
    line: int
    links: Links


@dataclass(frozen=True, slots=True)
class SayNoLinks:
    """Say that an album can't have link buttons."""


@dataclass(frozen=True, slots=True)
class ShowPreview:
    """Show it as it will arrive, to how many, how long it takes; buttons confirm, change one or the other, cancel."""

    audience: Audience
    content: Content
    links: Links


@dataclass(frozen=True, slots=True)
class StartSending:
    """Fix the recipients in storage and begin; show the progress message."""

    audience: Audience
    content: Content
    links: Links


@dataclass(frozen=True, slots=True)
class ShowProgress:
    """Bring the progress message up to date."""

    done: int
    total: int
    paused: bool


@dataclass(frozen=True, slots=True)
class PauseSending:
    """Send to nobody further until resumed."""


@dataclass(frozen=True, slots=True)
class ResumeSending:
    """Go on."""


@dataclass(frozen=True, slots=True)
class StopSending:
    """Send to nobody further; Finished comes when what is in flight has landed."""


@dataclass(frozen=True, slots=True)
class ShowReport:
    """Say how it went; `stopped`: before everybody was reached."""

    audience: Audience
    tally: Tally
    stopped: bool


@dataclass(frozen=True, slots=True)
class SayCancelled:
    """Say that nothing was sent."""


@dataclass(frozen=True, slots=True)
class SayExpired:
    """Say that the wizard has ended because nothing came."""


Effect = (
    AskAudience | SayBadAudience | SayNobody | AskContent | SayBadContent | AskLinks | SayBadLinks | SayNoLinks
    | ShowPreview | StartSending | ShowProgress | PauseSending | ResumeSending | StopSending | ShowReport
    | SayCancelled | SayExpired
)  # fmt: skip
