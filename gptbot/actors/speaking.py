"""A spoken copy of an answer, for people who switched it on with /voice (SPEC §4).

It is a best effort beside the text, which has been delivered and charged by then: whatever fails here, a crash
included, costs the voice message only. That is charged by itself, when it has arrived.
"""

import asyncio
import re
from collections.abc import Sequence
from typing import Final

import structlog

from gptbot.actors.answer_messages import RENDER_INLINE_MAX
from gptbot.actors.desk import Desk
from gptbot.actors.question import Question, showing_action
from gptbot.commands.visit import Visit
from gptbot.domain.accounts import can_afford
from gptbot.domain.outgoing import Text, media
from gptbot.domain.pricing import speaking_cost
from gptbot.domain.records import NANO
from gptbot.domain.settling import After, Charge
from gptbot.domain.transaction import Transaction
from gptbot.ports import ModelError, ModelTrouble, Renderer, Voice

log = structlog.get_logger()

SPOKEN_MAX: Final = 4_096
"""Characters that OpenAI's speech models take at once."""
_URL: Final = re.compile(r"https?://(?:www\.)?([\w.-]*\w)(?:[:/?#]\S*[\w/])?")
_ENDS: Final = tuple(map(re.compile, (r"(?<=[.!?…])\s|(?<=[。！？])", r"\n", r"\s")))


def wanted(desk: Desk, question: Question) -> bool:
    """Whether the asker wants a spoken copy, and can be given one here: in private chats only."""
    account = desk.storage.book.get(question.update.person.id)
    if desk.rules.speech_model is None or desk.stopping or not question.update.place.private:
        return False
    return account is not None and account.voice and not account.blocked


async def speak(desk: Desk, question: Question, text: str, turn: int) -> None:
    """Sends the answer `text` (Markdown) as a voice message, where it is `wanted` and its asker can pay.

    A reply to it continues `turn`. For after the answer's delivery. Returns when the voice message is on its way.
    """
    rules, user = desk.rules, question.update.person.id
    model, account = rules.speech_model, desk.storage.book.get(user)
    if model is None or account is None or not wanted(desk, question):
        return
    visit = Visit.of(question.update, rules, desk.me, desk.storage.book)
    if not can_afford(account, "premium_balance", is_admin=rules.is_admin(user)):
        await desk.storage.commit(lambda tx: visit.say(tx, "speech.no_balance"))
        return
    spoken = await _spoken(desk.renderer, text, instead=visit.words.plain("speech.elsewhere"))
    if not spoken:
        return
    try:
        async with (
            asyncio.timeout(rules.turn_timeout_s),
            showing_action(desk, question.update.place, "record_voice", 0),
        ):
            voice = await desk.speech_model.speak(spoken)
    except TimeoutError:
        await _failed(desk, visit, model, ModelError(ModelTrouble.TIMEOUT, "speaking took longer than TURN_TIMEOUT_S"))
    except ModelError as error:
        await _failed(desk, visit, model, error)
    else:
        await _send(desk, question, model, voice, len(spoken), turn)


async def _send(desk: Desk, question: Question, model: str, voice: Voice, characters: int, turn: int) -> None:
    rules, update = desk.rules, question.update
    cost = speaking_cost(rules.speech_price, characters)
    tokens = 0 if rules.is_admin(update.person.id) else -(-characters * rules.speech_tokens_per_1000 // 1000)
    charge = Charge(
        user=update.person.id,
        update_id=update.update_id,
        purse="premium_balance",
        amount=tokens,
        counted={"cost": cost},
        reason="speech",
        report=None,
    )
    message = media(update.place, "voice", voice.filename, voice.content)
    after = After(turn=turn, asker=update.person.id, charge=charge)

    def send(tx: Transaction) -> None:
        if tx.book.get(update.person.id) is not None:  # not forgotten meanwhile
            tx.send(message, after=after)

    await desk.storage.commit(send)
    desk.model_answered(model)
    desk.figures.spent(desk.clock.now(), model, cost)
    log.info(
        "speech.made",
        update_id=update.update_id,
        user=update.person.id,
        model=model,
        characters=characters,
        charged=tokens,
        cost_usd=cost / NANO,
    )


async def _failed(desk: Desk, visit: Visit, model: str, error: ModelError) -> None:
    log.warning("model.failed", trouble=error.trouble, detail=error.detail, model=model)
    await desk.model_failed(model, error)
    await desk.storage.commit(lambda tx: visit.say(tx, "speech.failed"))


# --- what is said ----------------------------------------------------------------------------------------------------


async def _spoken(renderer: Renderer, markdown: str, *, instead: str) -> str:
    """The words of an answer as they can be heard; empty for an answer that is all code."""
    try:
        if len(markdown) < RENDER_INLINE_MAX:
            texts = renderer.render(markdown)
        else:
            texts = await asyncio.to_thread(renderer.render, markdown)
    except ValueError:  # nothing to be seen in it
        return ""
    return spoken_words(texts, instead=instead)


def spoken_words(texts: Sequence[Text], *, instead: str) -> str:
    """A rendered answer without what can't be heard: code and tables (`instead` is said), the ends of addresses.

    At most SPOKEN_MAX characters, cut at the end of a sentence; empty where nothing else is left.
    """
    said: list[str] = []
    for text in texts:
        for words in _without_blocks(text, instead):
            if _has_letters(words) and (words != instead or said[-1:] != [instead]):
                said.append(_URL.sub(r"\1", words).strip())
    return _cut("\n\n".join(said)) if any(words != instead for words in said) else ""


def _without_blocks(text: Text, instead: str) -> list[str]:
    units, words, position = text.text.encode("utf-16-le", "surrogatepass"), [], 0
    blocks = sorted((entity for entity in text.entities if entity["type"] == "pre"), key=lambda it: int(it["offset"]))
    for block in blocks:
        begin = 2 * int(block["offset"])
        words += [units[position:begin].decode("utf-16-le", "surrogatepass"), instead]
        position = begin + 2 * int(block["length"])
    return [*words, units[position:].decode("utf-16-le", "surrogatepass")]


def _has_letters(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _cut(text: str) -> str:
    """At the end of a sentence, else of a paragraph, else of a word, if there is one in the second half."""
    if len(text) <= SPOKEN_MAX:
        return text
    head = text[: SPOKEN_MAX + 1]
    for end in _ENDS:
        places = [match.start() for match in end.finditer(head, SPOKEN_MAX // 2)]
        if places:
            return head[: places[-1]].rstrip()
    return text[:SPOKEN_MAX]
