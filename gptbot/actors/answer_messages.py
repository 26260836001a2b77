"""An answer as the messages it is shown in: the upper rungs of the ladder (DESIGN §7). The lower ones are `delivery`'s.

A rich message carries along the texts that stand in for it if Telegram refuses it, so that the ladder needs nothing but
the outbox and works after a crash, too.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from gptbot.domain.outgoing import Keyboard, Outgoing, Text, edit, media, message
from gptbot.domain.settling import After
from gptbot.domain.updates import Place
from gptbot.ports import Renderer

RENDER_INLINE_MAX: Final = 2_000
"""Longer answers are rendered off the event loop."""
FILE_NAME: Final = "answer.md"
_WHERE: Final = ("message_thread_id", "reply_parameters")
_OF_TEXTS: Final = ("text", "entities", "link_preview_options")


class Rendered(NamedTuple):
    """`texts` show all of `markdown`; so does `rich` in one message, if there is one."""

    markdown: str
    texts: list[Text]
    rich: Mapping[str, Any] | None


class Part(NamedTuple):
    """A message of an answer, and what belongs into the `after` of its outbox row beside the turn and the charge."""

    outgoing: Outgoing
    after: After


async def rendered(renderer: Renderer, markdown: str) -> Rendered:
    """Raises ValueError for a text of which nothing can be seen."""

    def render() -> Rendered:
        return Rendered(markdown, renderer.render(markdown), renderer.rich(markdown))

    return render() if len(markdown) < RENDER_INLINE_MAX else await asyncio.to_thread(render)


def noted(answer: Rendered, note: Text) -> Rendered:
    """The same with a message of the bot's own words behind it, which are no part of the answer."""
    return Rendered(answer.markdown, [*answer.texts, note], None)


def answer_parts(
    place: Place,
    answer: Rendered,
    *,
    reply_to: int | None = None,
    edits: int | None = None,
    keyboard: Keyboard | None = None,
    file_units: int = 0,
) -> list[Part]:
    """The messages in their order; the last one settles the turn.

    The first one answers the message `reply_to`, or takes the place of the bot's message `edits`; buttons go to the
    last text. What is longer than `file_units` UTF-16 units (0: nothing is) comes as a file behind them.
    """

    def shown(text: Text, number: int, last: int) -> Outgoing:
        buttons = keyboard if number == last else None
        if edits is not None and number == 0:
            return edit(place.chat_id, edits, text, keyboard=buttons)
        return message(place, text, reply_to=reply_to if number == 0 else None, keyboard=buttons)

    texts = [shown(text, number, len(answer.texts) - 1) for number, text in enumerate(answer.texts)]
    parts = [Part(outgoing, After()) for outgoing in texts]
    if edits is not None:
        where = message(place, Text(""), reply_to=reply_to).params
        parts[0].after["anew"] = {name: where[name] for name in _WHERE if name in where}
    if answer.rich is not None:
        instead = [(outgoing.method, outgoing.params) for outgoing in texts]
        parts = [Part(_as_rich(shown(Text(""), 0, 0), answer.rich), After(**parts[0].after, instead=instead))]
    if 0 < file_units < len(answer.markdown.encode("utf-16-le", "surrogatepass")) // 2:
        content = answer.markdown.encode("utf-8", "replace")
        parts.append(Part(media(place, "document", FILE_NAME, content), After(extra=True)))
    return parts


def _as_rich(outgoing: Outgoing, content: Mapping[str, Any]) -> Outgoing:
    method = "sendRichMessage" if outgoing.method == "sendMessage" else outgoing.method
    params = {name: value for name, value in outgoing.params.items() if name not in _OF_TEXTS}
    return Outgoing(method, params | {"rich_message": dict(content)})
