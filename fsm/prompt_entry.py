"""The guided dialog behind `/prompt` without a text (SPEC §6, "Prompt entry").

The current prompt is shown and a new one asked for, with buttons: keep, reset, examples. The next text is
previewed with its token count; then it is saved, or written again. A text sent while a preview stands replaces
it. What can't be a prompt (empty, too long, not text) is said, and asks again: the preview that stood is dropped,
so that nobody saves the old text believing it to be the new one.

Whether a text is too long is decided here, by numbers that the event brings. The buttons of the first message
stay good as long as the dialog lives. Another command leaves without a word, since the command has its own.
"""

from dataclasses import dataclass
from typing import ClassVar, get_args

from fsm.flow import SAME, Chart, Flow, Ignored, Step

# --- events ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """The person gave the command. `current` is their prompt, None for the standard one; its length in tokens."""

    current: str | None
    current_tokens: int


@dataclass(frozen=True, slots=True)
class TextTyped:
    """A text came. `tokens` is its length, `tokens_max` the longest prompt allowed."""

    text: str
    tokens: int
    tokens_max: int


@dataclass(frozen=True, slots=True)
class NotTextSent:
    """A sticker, photo, voice message or other thing that can't be a prompt."""


@dataclass(frozen=True, slots=True)
class KeepChosen:
    """Button: leave the prompt as it is."""


@dataclass(frozen=True, slots=True)
class ResetChosen:
    """Button: back to the standard prompt."""


@dataclass(frozen=True, slots=True)
class ExamplesChosen:
    """Button: show examples of prompts."""


@dataclass(frozen=True, slots=True)
class SaveChosen:
    """Button under the preview: take this one."""


@dataclass(frozen=True, slots=True)
class WriteAgainChosen:
    """Button under the preview: ask again."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """`/cancel` or the cancel button."""


@dataclass(frozen=True, slots=True)
class OtherCommandGiven:
    """Any other command; it runs after this."""


@dataclass(frozen=True, slots=True)
class IdleTimeout:
    """Nothing came for the set time."""


Event = (
    Opened | TextTyped | NotTextSent | KeepChosen | ResetChosen | ExamplesChosen
    | SaveChosen | WriteAgainChosen | Cancelled | OtherCommandGiven | IdleTimeout
)  # fmt: skip
EVENTS: tuple[type, ...] = get_args(Event)

# --- effects ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AskForPrompt:
    """Show the current prompt (None: the standard one), ask for a new one, with buttons."""

    current: str | None
    current_tokens: int


@dataclass(frozen=True, slots=True)
class ShowExamples:
    """Show some prompts to learn from."""


@dataclass(frozen=True, slots=True)
class SayEmpty:
    """Say that the text was empty, and to send another."""


@dataclass(frozen=True, slots=True)
class SayNotText:
    """Say that a prompt is text, and to send one."""


@dataclass(frozen=True, slots=True)
class SayTooLong:
    """Say how long it was and may be (tokens), and to send a shorter one."""

    tokens: int
    tokens_max: int


@dataclass(frozen=True, slots=True)
class ShowPreview:
    """Show the text as it would be saved, its tokens, and the buttons save and write again."""

    text: str
    tokens: int


@dataclass(frozen=True, slots=True)
class SavePrompt:
    """Make `text` the person's prompt, and say so once it is saved."""

    text: str


@dataclass(frozen=True, slots=True)
class ResetPrompt:
    """Take the person's prompt away, and say so once that is saved."""


@dataclass(frozen=True, slots=True)
class SayKept:
    """Say that nothing was changed."""


@dataclass(frozen=True, slots=True)
class SayCancelled:
    """Say that the dialog was left."""


@dataclass(frozen=True, slots=True)
class SayExpired:
    """Say that the dialog has ended because nothing came."""


Effect = (
    AskForPrompt | ShowExamples | SayEmpty | SayNotText | SayTooLong | ShowPreview
    | SavePrompt | ResetPrompt | SayKept | SayCancelled | SayExpired
)  # fmt: skip

# --- the chart -------------------------------------------------------------------------------------------------------

OPEN = ("asking", "previewing")
FINAL = ("saved", "kept", "reset", "cancelled", "expired")
STATES = ("new", *OPEN, *FINAL)

TRANSITIONS = (
    Step("new", Opened, "asking", do=("keep_current", "ask")),
    Step(OPEN, TextTyped, "asking", when="is_blank", do="say_empty"),
    Step(OPEN, TextTyped, "asking", when="is_too_long", do="say_too_long"),
    Step(OPEN, TextTyped, "previewing", do=("keep_text", "show_preview")),
    Step(OPEN, NotTextSent, "asking", do="say_not_text"),
    Step(OPEN, ExamplesChosen, SAME, do="show_examples"),
    Step(OPEN, KeepChosen, "kept", do="say_kept"),
    Step(OPEN, ResetChosen, "reset", do="reset_prompt"),
    Step("previewing", SaveChosen, "saved", do="save"),
    Step("previewing", WriteAgainChosen, "asking", do="ask"),
    Step(OPEN, Cancelled, "cancelled", do="say_cancelled"),
    Step(OPEN, OtherCommandGiven, "cancelled"),
    Step(OPEN, IdleTimeout, "expired", do="say_expired"),
)

IGNORED = (
    Ignored("new", tuple(e for e in EVENTS if e is not Opened), "nothing was asked yet"),
    Ignored(OPEN, (Opened,), "it is open already"),
    Ignored("asking", (SaveChosen, WriteAgainChosen), "a button of a preview that no longer stands"),
    Ignored(FINAL, EVENTS, "this dialog is over"),
)

CHART = Chart(
    "prompt_entry",
    1,
    events=EVENTS,
    states=STATES,
    final=FINAL,
    listening=OPEN,
    transitions=TRANSITIONS,
    ignored=IGNORED,
)


@dataclass(kw_only=True, eq=False)
class PromptEntry(Flow[Event, Effect]):
    """The prompt shown at the start, and the text last previewed, with their tokens."""

    chart: ClassVar = CHART

    current: str | None = None
    current_tokens: int = 0
    text: str = ""
    tokens: int = 0

    def missing(self) -> str:
        return "a text" if self.state == "previewing" and not self.text.strip() else ""

    def is_blank(self, event: TextTyped) -> bool:
        return not event.text.strip()

    def is_too_long(self, event: TextTyped) -> bool:
        return event.tokens > event.tokens_max

    def keep_current(self, event: Opened) -> None:
        self.current, self.current_tokens = event.current, event.current_tokens

    def keep_text(self, event: TextTyped) -> None:
        self.text, self.tokens = event.text, event.tokens

    def ask(self, _: Opened | WriteAgainChosen) -> None:
        self.emit(AskForPrompt(self.current, self.current_tokens))

    def say_empty(self, _: TextTyped) -> None:
        self.emit(SayEmpty())

    def say_too_long(self, event: TextTyped) -> None:
        self.emit(SayTooLong(event.tokens, event.tokens_max))

    def say_not_text(self, _: NotTextSent) -> None:
        self.emit(SayNotText())

    def show_preview(self, _: TextTyped) -> None:
        self.emit(ShowPreview(self.text, self.tokens))

    def show_examples(self, _: ExamplesChosen) -> None:
        self.emit(ShowExamples())

    def save(self, _: SaveChosen) -> None:
        self.emit(SavePrompt(self.text))

    def reset_prompt(self, _: ResetChosen) -> None:
        self.emit(ResetPrompt())

    def say_kept(self, _: KeepChosen) -> None:
        self.emit(SayKept())

    def say_cancelled(self, _: Cancelled) -> None:
        self.emit(SayCancelled())

    def say_expired(self, _: IdleTimeout) -> None:
        self.emit(SayExpired())
