"""Spoken answers: a copy of the text, charged by itself when it arrives; whatever fails, the text is not touched."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gptbot.actors.question import Question
from gptbot.actors.speaking import SPOKEN_MAX, speak, spoken_words
from gptbot.domain.asking import Asked
from gptbot.domain.outgoing import Outgoing, Text
from gptbot.domain.records import Account
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import Place
from gptbot.edges.rendering import TelegramRenderer
from gptbot.ports import ModelError, ModelTrouble, RefusalKind, Refused, Sent, Voice
from tests.actors.making_desk import Office, office_in

ANN, ADMIN = 10, 9
RULES = {"speech_model": "speech-1", "speech_price": 20.0, "speech_tokens_per_1000": 500, "turn_timeout_s": 5.0}


class Mouth:
    """A speech model that remembers what it read, and fails or hangs if a test says so."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.trouble: ModelTrouble | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def speak(self, text: str) -> Voice:
        self.read.append(text)
        await self.gate.wait()
        if self.trouble is not None:
            raise ModelError(self.trouble, "no voice")
        return Voice(b"OggS", "voice.ogg")


class Stage:
    """An office whose people have spoken answers on."""

    def __init__(self, office: Office, mouth: Mouth) -> None:
        self.office = office
        self.mouth = mouth

    def account(self, user: int = ANN) -> Account:
        return self.office.desk.storage.book.accounts[user]

    async def answered(self, text: str = "It is noon.", user: int = ANN, place: Place | None = None) -> None:
        """What happens after the answer `text` was delivered."""
        update = replace(self.office.message(user, "What time is it?"), place=place or Place(user))
        await speak(self.office.desk, Question(update, update.text, Asked("basic", None)), text, 1)
        await self.office.desk.delivery.idle()

    def delivered(self) -> Sequence[Outgoing]:
        return [outgoing for outgoing, _ in self.office.messenger.delivered]

    def booked(self) -> int:
        """What the ledger holds of the premium purse, which was opened without a row."""
        return self.office.made.real.ledger_sums().get(ANN, {}).get("premium_balance", 0)


def with_voice(user: int, premium: int) -> Any:
    def change(tx: Transaction) -> None:
        account = Account(balance=100, premium_balance=premium, voice=True)
        tx.register(user, account)

    return change


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with office_in(tmp_path, **RULES) as office:
        mouth = Mouth()
        office.desk.speech_model = mouth
        await office.made.storage.commit(with_voice(ANN, 1000))
        await office.made.storage.commit(with_voice(ADMIN, 0))
        yield Stage(office, mouth)


# --- what happens ----------------------------------------------------------------------------------------------------


async def test_an_answer_is_read_aloud_and_charged_when_it_has_arrived(stage: Stage) -> None:
    with capture_logs() as logs:
        await stage.answered("x" * 1001)
    (voice,) = stage.delivered()
    assert (voice.method, dict(voice.params)) == ("sendVoice", {"chat_id": ANN})
    assert voice.attachment == ("voice", "voice.ogg", b"OggS")
    account = stage.account()
    assert (account.premium_balance, account.balance, stage.booked()) == (1000 - 501, 100, -501)
    assert (account.cost, account.requests, account.premium_tokens) == (20_020_000, 0, 0)
    (line,) = [line for line in logs if line["event"] == "speech.made"]
    assert (line["characters"], line["charged"], line["user"], line["model"]) == (1001, 501, ANN, "speech-1")
    assert stage.office.desk.figures.cost == 20_020_000


async def test_who_was_forgotten_meanwhile_hears_nothing(stage: Stage) -> None:
    stage.mouth.gate.clear()
    speaking = asyncio.create_task(stage.answered())
    await stage.office.until(lambda: bool(stage.mouth.read))
    await stage.office.made.storage.commit(lambda tx: tx.forget(ANN, 1))
    stage.mouth.gate.set()
    await speaking
    assert stage.delivered() == []


async def test_while_it_is_made_the_chat_shows_that_somebody_records(stage: Stage) -> None:
    stage.mouth.gate.clear()
    speaking = asyncio.create_task(stage.answered())
    await stage.office.until(lambda: bool(stage.office.messenger.hints))
    assert stage.office.messenger.hints[0].params["action"] == "record_voice"
    assert stage.delivered() == []
    stage.mouth.gate.set()
    await speaking
    assert stage.delivered()[0].method == "sendVoice"


async def test_it_is_spoken_in_the_topic_of_the_question(stage: Stage) -> None:
    await stage.answered(place=Place(ANN, thread_id=7))
    assert stage.delivered()[0].params["message_thread_id"] == 7


async def test_an_admin_pays_nothing(stage: Stage) -> None:
    await stage.answered(user=ADMIN)
    assert stage.delivered()[0].method == "sendVoice"
    assert stage.account(ADMIN).premium_balance == 0
    assert stage.account(ADMIN).cost > 0


async def test_the_purse_may_go_below_zero_by_one_answer_and_then_it_is_said(stage: Stage) -> None:
    await stage.answered("x" * 3000)
    assert stage.account().premium_balance == -500
    await stage.answered()
    assert len(stage.mouth.read) == 1
    assert stage.office.messenger.texts(ANN)[1:] == [
        "You have no premium tokens left for a spoken answer. See /topup; /voice switches them off."
    ]


@pytest.mark.parametrize("values", [{"voice": False}, {"blocked": True}])
async def test_nothing_is_spoken_to_who_does_not_want_it_or_is_blocked(stage: Stage, values: dict[str, Any]) -> None:
    await stage.office.made.storage.commit(lambda tx: tx.set(ANN, **values))
    await stage.answered()
    assert (stage.mouth.read, stage.delivered()) == ([], [])


async def test_nothing_is_spoken_in_groups_to_strangers_or_when_the_bot_stops(stage: Stage) -> None:
    await stage.answered(place=Place(-100, "supergroup"))
    await stage.answered(user=99)
    stage.office.desk.stopping = True
    await stage.answered()
    assert (stage.mouth.read, stage.delivered()) == ([], [])


async def test_nothing_is_spoken_where_the_owner_has_no_model_for_it(tmp_path: Path) -> None:
    async with office_in(tmp_path) as office:
        await office.made.storage.commit(with_voice(ANN, 1000))
        await Stage(office, Mouth()).answered()
        assert office.messenger.delivered == []


async def test_an_answer_that_is_all_code_is_not_spoken(stage: Stage) -> None:
    stage.office.desk.renderer = TelegramRenderer()
    await stage.answered("```python\nprint(1)\n```")
    await stage.answered(" ")
    assert (stage.mouth.read, stage.delivered()) == ([], [])


@pytest.mark.parametrize("markdown", ["**It** is [noon](https://x.org/y).", "**It** is [noon](https://x.org/y). " * 99])
async def test_the_markup_is_not_read(stage: Stage, markdown: str) -> None:
    stage.office.desk.renderer = TelegramRenderer()
    await stage.answered(markdown)
    assert stage.mouth.read[0].startswith("It is noon.")
    assert "*" not in stage.mouth.read[0]


# --- what goes wrong -------------------------------------------------------------------------------------------------


async def test_a_model_that_fails_is_said_in_a_word_and_told_to_the_owner_once(stage: Stage) -> None:
    stage.mouth.trouble = ModelTrouble.MODEL
    with capture_logs() as logs:
        await stage.answered()
        stage.office.desk.model_answered("m")  # the next question's answer
        await stage.answered()
    assert stage.office.messenger.texts(ANN) == ["This answer could not be spoken just now. That cost you nothing."] * 2
    assert len(stage.office.messenger.texts(ADMIN)) == 1
    assert "speech-1" in stage.office.messenger.texts(ADMIN)[0]
    assert [line["trouble"] for line in logs if line["event"] == "model.failed"] == ["model", "model"]
    assert stage.account().premium_balance == 1000


async def test_a_model_that_hangs_is_given_up(tmp_path: Path) -> None:
    async with office_in(tmp_path, **{**RULES, "turn_timeout_s": 0.01}) as office:
        mouth = Mouth()
        mouth.gate.clear()
        office.desk.speech_model = mouth
        await office.made.storage.commit(with_voice(ANN, 1000))
        await Stage(office, mouth).answered()
        assert office.messenger.texts(ANN) == ["This answer could not be spoken just now. That cost you nothing."]


@pytest.mark.parametrize("kind", [RefusalKind.OTHER, RefusalKind.GONE, RefusalKind.FORMAT])
async def test_a_refused_voice_message_costs_nothing_and_changes_nothing(stage: Stage, kind: RefusalKind) -> None:
    stage.office.messenger.plan(ANN, Refused(kind, "VOICE_MESSAGES_FORBIDDEN"))
    before = replace(stage.account())
    await stage.answered()
    assert stage.account() == before
    assert stage.office.messenger.texts(ANN) == []
    await stage.answered()
    assert isinstance(stage.office.messenger.delivered[-1][1], Sent)


# --- what is said ----------------------------------------------------------------------------------------------------


def said(markdown: str) -> str:
    return spoken_words(TelegramRenderer().render(markdown), instead="See the text.")


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        (
            "Use `len(x)`:\n\n```python\nlen(x)\n```\n\nThat is 😀 all.",
            "Use len(x):\n\nSee the text.\n\nThat is 😀 all.",
        ),
        ("😀 one\n\n```\na\n```\n\n```\nb\n```\n", "😀 one\n\nSee the text."),
        ("See https://www.example.com/a/b?c=d#e.", "See example.com."),
        ("> quoted\n\nand **bold**", "quoted\n\nand bold"),
        ("---", ""),
    ],
)
def test_what_can_not_be_heard_is_left_out(markdown: str, words: str) -> None:
    assert said(markdown) == words


def test_a_long_answer_is_cut_at_the_end_of_a_sentence() -> None:
    words = said("This is a sentence. " * 300)
    assert len(words) <= SPOKEN_MAX
    assert words.endswith("This is a sentence.")
    assert len(words) > SPOKEN_MAX - 20
    assert said("这是一句话。" * 900).endswith("。")
    assert len(said("word " * 2000)) in range(SPOKEN_MAX - 5, SPOKEN_MAX + 1)
    assert len(said("x" * 9000)) == SPOKEN_MAX


@given(st.text(max_size=200), st.lists(st.tuples(st.integers(0, 200), st.integers(1, 200))))
def test_whatever_is_rendered_can_be_said(text: str, blocks: list[tuple[int, int]]) -> None:
    entities: list[dict[str, object]] = []
    position = 0
    for gap, length in blocks:
        entities.append({"type": "pre", "offset": position + gap, "length": length})
        position += gap + length
    words = spoken_words([Text(text, entities)], instead="See the text.")
    assert len(words) <= SPOKEN_MAX
    assert words != "See the text."
