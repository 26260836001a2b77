"""The words and buttons of the prompt dialog: what the chart `fsm/prompt_entry` decides, as messages (SPEC §6)."""

from collections.abc import Sequence
from typing import Final

from fsm import prompt_entry as chart
from fsm.prompt_entry import Effect, Event, PromptEntry
from gptbot.commands.dialog_scene import Scene, mark
from gptbot.commands.visit import Visit
from gptbot.domain.outgoing import Keyboard
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import MessageSent

_ACTIONS: Final[dict[str, Event]] = {
    "keep": chart.KeepChosen(),
    "reset": chart.ResetChosen(),
    "examples": chart.ExamplesChosen(),
    "again": chart.WriteAgainChosen(),
    "cancel": chart.Cancelled(),
}


def set_prompt(tx: Transaction, visit: Visit, text: str, tokens: int) -> None:
    """`/prompt <text>`: sets it at once. `tokens` is its length."""
    tokens_max = visit.rules.prompt_tokens_max
    if tokens > tokens_max:
        visit.say(tx, "prompt_entry.too_long_at_once", tokens=tokens, max=tokens_max)
        return
    tx.set(visit.user, prompt=text)
    visit.say(tx, "prompt_entry.saved")


def hear(scene: Scene, _: PromptEntry, message: MessageSent, tokens: int) -> Event:
    """What a message in this dialog means to the chart."""
    if message.kind != "text":
        return chart.NotTextSent()
    return chart.TextTyped(message.text, tokens, scene.rules.prompt_tokens_max)


def press(_: Scene, flow: PromptEntry, args: Sequence[str]) -> Event | None:
    """What a button means to the chart; None for one that doesn't belong to what is shown."""
    match args:
        case ["save", of] if of == mark(flow.text):
            return chart.SaveChosen()
        case [action]:
            return _ACTIONS.get(action)
    return None


def carry_out(scene: Scene, flow: PromptEntry, effect: Effect) -> None:
    """One effect of the chart as a change and a message."""
    words = scene.words
    match effect:
        case chart.AskForPrompt(current, current_tokens):
            key = "prompt_entry.ask_standard" if current is None else "prompt_entry.ask"
            text = scene.fitting(key, current or scene.rules.default_prompt, tokens=current_tokens)
            scene.show(text, _question(scene, current))
        case chart.ShowExamples():
            scene.show(words("prompt_entry.examples"), _question(scene, flow.current, examples=False))
        case chart.SayEmpty():
            scene.say(words("prompt_entry.empty"))
        case chart.SayNotText():
            scene.say(words("prompt_entry.not_text"))
        case chart.SayTooLong(tokens, tokens_max):
            scene.say(words("prompt_entry.too_long", tokens=tokens, max=tokens_max))
        case chart.ShowPreview(prompt, tokens):
            scene.say(scene.fitting("prompt_entry.preview", prompt, tokens=tokens), _preview(scene, prompt))
        case chart.SavePrompt(prompt):
            scene.tx.set(scene.key.user, prompt=prompt)
            scene.show(words("prompt_entry.saved"))
        case chart.ResetPrompt():
            scene.tx.set(scene.key.user, prompt=None)
            scene.show(words("prompt_entry.reset"))
        case chart.SayKept():
            scene.show(words("prompt_entry.kept"))
        case chart.SayCancelled():
            scene.show(words("prompt_entry.cancelled"))
        case chart.SayExpired():
            scene.say(words("prompt_entry.expired"))


def _question(scene: Scene, current: str | None, *, examples: bool = True) -> Keyboard:
    first = [scene.button("prompt_entry.button.keep", "keep")]
    if current is not None:
        first.append(scene.button("prompt_entry.button.reset", "reset"))
    second = [scene.button("prompt_entry.button.examples", "examples")] if examples else []
    return [first, [*second, scene.button("dialog.button.cancel", "cancel")]]


def _preview(scene: Scene, prompt: str) -> Keyboard:
    return [
        [
            scene.button("prompt_entry.button.save", f"save:{mark(prompt)}"),
            scene.button("prompt_entry.button.again", "again"),
        ],
        [scene.button("dialog.button.cancel", "cancel")],
    ]
