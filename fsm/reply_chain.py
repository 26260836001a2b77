"""The life of one question, from "where does it belong" to "paid" (SPEC §5 and §6, DESIGN §6).

First the question finds its context: it stands alone, continues the newest answer of a chain, forks from an older
one, or answers a message the bot does not know. `BuildContext` tells what the context is made of; ContextTrimmed,
that it had to be cut. Then the purse is looked at, the model asked, its answer written, committed, delivered, paid.

Every way through ends with exactly one `Settle`, the last effect of all: the commit that finishes the turn. It
charges only when the answer, whole or cut short, was delivered: nothing is charged twice, and nothing failed,
refused or undelivered at all. A plain turn is five events (four without streaming): NotAReply, ContextReady,
FirstTextArrived, AnswerCompleted, AnswerDelivered.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from fsm.flow import Chart, Flow, Ignored, Step

# --- events ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NotAReply:
    """The question answers no message."""


@dataclass(frozen=True, slots=True)
class ParentFound:
    """It answers a known turn. `turns`: the chain's length up to it; `is_latest`: none has followed it yet."""

    turns: int
    is_latest: bool
    quote: str = ""


@dataclass(frozen=True, slots=True)
class ParentUnknown:
    """It answers a message of no known turn. `text`: what Telegram shows of it; `quote`: the part that was marked."""

    text: str
    by_us: bool
    quote: str = ""


@dataclass(frozen=True, slots=True)
class ContextTrimmed:
    """The context was longer than the model's window, or the model says so: the oldest turns were left out."""

    turns_left: int
    turns_dropped: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The question may not be asked. `reason` is a key such as "purse_empty"."""

    reason: str


@dataclass(frozen=True, slots=True)
class ContextReady:
    """The context is whole and the purse allows the question."""


@dataclass(frozen=True, slots=True)
class FirstTextArrived:
    """The model's first words (not only blanks) are here."""


@dataclass(frozen=True, slots=True)
class AnswerCompleted:
    """The model has said all, and it was not nothing."""


@dataclass(frozen=True, slots=True)
class ModelFailed:
    """No answer, or no more of it, after all retries; or its recording could not be heard, before anything was asked.

    `trouble` is a key such as "busy" or "timeout".
    """

    trouble: str


@dataclass(frozen=True, slots=True)
class StopRequested:
    """The person wants no more of it."""


@dataclass(frozen=True, slots=True)
class UserBlocked:
    """An admin blocked the person: from now on they get nothing (SPEC §5)."""


@dataclass(frozen=True, slots=True)
class AnswerDelivered:
    """Telegram has taken all parts of the answer."""


@dataclass(frozen=True, slots=True)
class DeliveryRefused:
    """Telegram will not take the answer: the person blocked the bot, the chat is gone."""


Event = (
    NotAReply | ParentFound | ParentUnknown | ContextTrimmed | Refused | ContextReady | FirstTextArrived
    | AnswerCompleted | ModelFailed | StopRequested | UserBlocked | AnswerDelivered | DeliveryRefused
)  # fmt: skip
EVENTS: tuple[type, ...] = get_args(Event)

# --- effects ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BuildContext:
    """Put together what the model reads before the question, and cut it to the window.

    `with_chain`: the turns up to the one answered. `shown`: a message that only Telegram knows, the assistant's
    if `shown_by_us`, else the user's. `quote`: to be put before the question.
    """

    with_chain: bool = False
    shown: str = ""
    shown_by_us: bool = False
    quote: str = ""


@dataclass(frozen=True, slots=True)
class SayRefused:
    """Say why the question was not asked."""

    reason: str


@dataclass(frozen=True, slots=True)
class AskModel:
    """Send context and question to the model."""


@dataclass(frozen=True, slots=True)
class ShowGrowing:
    """From now on show the answer as it is written."""


@dataclass(frozen=True, slots=True)
class StopModel:
    """Break the model's call off."""


@dataclass(frozen=True, slots=True)
class SayStopped:
    """Say that it was stopped before a word was written."""


@dataclass(frozen=True, slots=True)
class CommitAnswer:
    """Commit answer, usage and the parts to deliver (DESIGN §6). `partial`: as far as it was written."""

    partial: bool


@dataclass(frozen=True, slots=True)
class Apologise:
    """Say plainly what went wrong, with a button to try again."""

    trouble: str


@dataclass(frozen=True, slots=True)
class Settle:
    """Finish the turn in one commit, and charge what the model reported if `charge`."""

    charge: bool


Effect = (
    BuildContext | SayRefused | AskModel | ShowGrowing | StopModel | SayStopped | CommitAnswer
    | Apologise | Settle
)  # fmt: skip

# --- the chart -------------------------------------------------------------------------------------------------------

Origin = Literal["alone", "chained", "forked", "unknown_parent"]

ORIGINS: tuple[str, ...] = get_args(Origin)
READY = (*ORIGINS, "trimmed")
UNASKED = ("resolving", *READY)
AT_MODEL = ("asking", "streaming")
ON_ITS_WAY = ("stopped", "broken_off", "delivering")
STOPPABLE = (*UNASKED, *AT_MODEL)
FINAL = ("settled", "refused", "withdrawn", "failed", "undelivered")
STATES = (*UNASKED, *AT_MODEL, *ON_ITS_WAY, *FINAL)

TRANSITIONS = (
    Step("resolving", NotAReply, "alone", do="build_alone"),
    Step("resolving", ParentFound, "chained", when="is_latest", do="build_with_chain"),
    Step("resolving", ParentFound, "forked", do="build_with_chain"),
    Step("resolving", ParentUnknown, "alone", when="shows_nothing", do="build_alone"),
    Step("resolving", ParentUnknown, "unknown_parent", do="build_from_shown"),
    Step(ORIGINS, ContextTrimmed, "trimmed", do="note_trimming"),
    Step(UNASKED, Refused, "refused", do=("say_refused", "settle_free")),
    Step(READY, ContextReady, "asking", do="ask_model"),
    Step("asking", ContextTrimmed, "asking", do="note_trimming"),
    Step("asking", FirstTextArrived, "streaming", do="show_growing"),
    Step(AT_MODEL, AnswerCompleted, "delivering", do="commit_answer"),
    Step((*UNASKED, "asking"), ModelFailed, "failed", do=("apologise", "settle_free")),
    Step("streaming", ModelFailed, "broken_off", do="commit_partial"),
    Step(UNASKED, StopRequested, "withdrawn", do=("say_stopped", "settle_free")),
    Step("asking", StopRequested, "withdrawn", do=("stop_model", "say_stopped", "settle_free")),
    Step("streaming", StopRequested, "stopped", do=("stop_model", "commit_partial")),
    Step(UNASKED, UserBlocked, "withdrawn", do="settle_free"),
    Step(AT_MODEL, UserBlocked, "withdrawn", do=("stop_model", "settle_free")),
    Step(ON_ITS_WAY, UserBlocked, "undelivered", do="settle_free"),
    Step(ON_ITS_WAY, AnswerDelivered, "settled", do="settle_charged"),
    Step(ON_ITS_WAY, DeliveryRefused, "undelivered", do="settle_free"),
)

_RESOLVED = (NotAReply, ParentFound, ParentUnknown)
_FROM_MODEL = (FirstTextArrived, AnswerCompleted, ModelFailed)
_FROM_DELIVERY = (AnswerDelivered, DeliveryRefused)

IGNORED = (
    Ignored("resolving", (ContextTrimmed, ContextReady), "where the question belongs is not known yet"),
    Ignored((*READY, *AT_MODEL, *ON_ITS_WAY), _RESOLVED, "where the question belongs was decided once"),
    Ignored("trimmed", (ContextTrimmed,), "it was trimmed already"),
    Ignored(UNASKED, (FirstTextArrived, AnswerCompleted), "the model was not asked yet"),
    Ignored((*UNASKED, *AT_MODEL), _FROM_DELIVERY, "there is no answer to deliver yet"),
    Ignored((*AT_MODEL, *ON_ITS_WAY), (ContextReady, Refused), "the model was asked already"),
    Ignored(("streaming", *ON_ITS_WAY), (ContextTrimmed,), "the model has taken the context"),
    Ignored("streaming", (FirstTextArrived,), "only the first words begin the answer"),
    Ignored("stopped", (*_FROM_MODEL, StopRequested), "the model was stopped; what was written is the answer"),
    Ignored("broken_off", (*_FROM_MODEL, StopRequested), "the model has failed; what was written is the answer"),
    Ignored("delivering", (*_FROM_MODEL, StopRequested), "the answer is whole and on its way"),
    Ignored(FINAL, EVENTS, "the turn is finished"),
)

CHART = Chart("reply_chain", 1, events=EVENTS, states=STATES, final=FINAL, transitions=TRANSITIONS, ignored=IGNORED)


@dataclass(kw_only=True, eq=False)
class ReplyChain(Flow[Event, Effect]):
    """Where the question came from, how many turns came along and were left out: for the log."""

    chart: ClassVar = CHART

    origin: Origin | None = None
    turns: int = 0
    turns_dropped: int = 0

    def is_latest(self, event: ParentFound) -> bool:
        return event.is_latest

    def shows_nothing(self, event: ParentUnknown) -> bool:
        return not (event.quote or event.text).strip()

    def build_alone(self, _: NotAReply | ParentUnknown) -> None:
        self.origin = "alone"
        self.emit(BuildContext())

    def build_with_chain(self, event: ParentFound) -> None:
        self.origin = "chained" if event.is_latest else "forked"
        self.turns = event.turns
        self.emit(BuildContext(with_chain=True, quote=event.quote))

    def build_from_shown(self, event: ParentUnknown) -> None:
        self.origin = "unknown_parent"
        self.emit(BuildContext(shown=event.quote or event.text, shown_by_us=event.by_us))

    def note_trimming(self, event: ContextTrimmed) -> None:
        self.turns, self.turns_dropped = event.turns_left, event.turns_dropped

    def say_refused(self, event: Refused) -> None:
        self.emit(SayRefused(event.reason))

    def ask_model(self, _: ContextReady) -> None:
        self.emit(AskModel())

    def show_growing(self, _: FirstTextArrived) -> None:
        self.emit(ShowGrowing())

    def stop_model(self, _: StopRequested | UserBlocked) -> None:
        self.emit(StopModel())

    def say_stopped(self, _: StopRequested) -> None:
        self.emit(SayStopped())

    def commit_answer(self, _: AnswerCompleted) -> None:
        self.emit(CommitAnswer(partial=False))

    def commit_partial(self, _: StopRequested | ModelFailed) -> None:
        self.emit(CommitAnswer(partial=True))

    def apologise(self, event: ModelFailed) -> None:
        self.emit(Apologise(event.trouble))

    def settle_charged(self, _: AnswerDelivered) -> None:
        self.emit(Settle(charge=True))

    def settle_free(self, _: Refused | ModelFailed | StopRequested | UserBlocked | DeliveryRefused) -> None:
        self.emit(Settle(charge=False))
