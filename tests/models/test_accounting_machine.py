"""The whole bot, killed at any commit: every purse is the sum of its ledger, and nothing is ever paid twice."""

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from gptbot.app import App, Edges
from gptbot.domain.outgoing import Outgoing, Text
from gptbot.domain.records import PURSES
from gptbot.domain.rules import ADMIN_PURSES, Economy, ModelSpec, Purse, Rules
from gptbot.domain.updates import AnyUpdate, Me
from gptbot.domain.wish import Wish
from gptbot.edges.telegram_decode import decode
from gptbot.ports import (
    ChatRequest,
    Completed,
    ModelError,
    ModelTrouble,
    Outcome,
    Picture,
    RefusalKind,
    Refused,
    Sent,
    TextDelta,
    Unknown,
    Usage,
)
from tests.actors.fake_messenger import FakeMessenger
from tests.edges.manual_clock import ManualClock, settle
from tests.models.effort import effort, time_limit
from tests.models.life import ADMIN, BOT, AsyncMachine, Files, Moment

pytestmark = time_limit

SPEC: Final = ModelSpec("m", 100_000, 1.0, 1.0, 1.0)
ECONOMY: Final = Economy(
    new_user_balance=30,
    new_user_premium_balance=30,
    new_user_image_balance=2,
    referral_bonus=20,
    favor_amount=30,
    favor_min_limit=40,
)
RULES: Final = Rules(
    admins=(ADMIN,),
    basic=SPEC,
    premium=SPEC,
    image_model="i",
    image_price=0.01,
    economy=ECONOMY,
    streaming="off",
    reports="off",
    queue_length=100,
    typing_after_s=600,
    stop_grace_s=0.01,
)
ME: Final = Me(BOT, "thebot")
USERS: Final = (1, 2, 3)
DEAREST: Final = 60
"""Tokens of the longest answer."""
TROUBLES: Final[Sequence[Outcome]] = (
    Unknown("reset"),
    Refused(RefusalKind.BLOCKED, "Forbidden: bot was blocked by the user"),
    Refused(RefusalKind.OTHER, "Bad Request: strange"),
)
KILLED_AT: Final[Sequence[Moment]] = ("before commit", "after commit", "before file", "after file", "after note")
Kill = tuple[Moment, int]
"""The moment, and how often it may come before."""
kills: Final = st.one_of(
    st.none(), st.none(), st.tuples(st.sampled_from(KILLED_AT), st.integers(0, 3)),
    st.tuples(st.sampled_from(KILLED_AT[:2]), st.integers(0, 2)),
)  # fmt: skip
picks: Final = st.integers(0, 11)
"""Which of those there are: how many the threads of the bot decide, and what is drawn must not hang on threads."""


def picked(numbers: Iterable[int], pick: int) -> int | None:
    """None if there is none."""
    there = sorted(numbers)
    return there[pick % len(there)] if there else None


# --- around the bot --------------------------------------------------------------------------------------------------


class Model:
    """Each question waits until the machine lets it be answered; what is drawn shows what was asked."""

    def __init__(self) -> None:
        self.asked: dict[int, asyncio.Future[int]] = {}
        self.begun: list[int] = []

    async def stream(self, request: ChatRequest) -> AsyncGenerator[TextDelta | Completed, None]:
        question = request.messages[-1].content
        tokens = await self._wait(question)
        yield TextDelta(f"answer to {question}")
        yield Completed("stop", Usage(0, tokens, tokens))

    async def draw(self, wish: Wish, original: bytes | None = None) -> Picture:
        await self._wait(wish.prompt)
        return Picture(f"answer to {wish.prompt}".encode(), "picture.png")

    async def _wait(self, question: str) -> int:
        number = int(question.split()[-1])
        assert number not in self.asked, "asked twice at once"
        self.begun.append(number)
        self.asked[number] = asyncio.get_running_loop().create_future()
        try:
            return await self.asked[number]
        finally:
            del self.asked[number]

    def count(self, text: str) -> int:
        return len(text.split())

    async def count_many(self, texts: Sequence[str]) -> list[int]:
        return [self.count(text) for text in texts]

    def render(self, markdown: str) -> list[Text]:
        return [Text(markdown)]

    plain = render

    def rich(self, markdown: str) -> None:
        return None


class Bot:
    """One run of the app, from opening to stop or death. Make it inside the event loop."""

    def __init__(self, files: Files) -> None:
        self.files = files
        self.clock = ManualClock()
        self.messenger = FakeMessenger()
        self.model = Model()
        nobody: Any = None  # no recordings, no documents here
        edges = Edges(
            me=ME,
            book=files.opened.book,
            document=files.opened.document,
            counters=files.opened.counters,
            database=files.database,
            data_file=files.data_file,
            messenger=self.messenger,
            chat_model=self.model,
            image_model=self.model,
            transcription_model=nobody,
            speech_model=nobody,
            files=nobody,
            documents=nobody,
            counter=self.model,
            renderer=self.model,
            clock=self.clock,
            decode=lambda raw: decode(orjson.loads(raw), ME),
        )
        self.app = App(edges, RULES)
        self._takes_updates = False
        self._run = asyncio.ensure_future(self.app.run(self._updates))

    async def _updates(self) -> None:
        """Called when what an earlier run left is taken up; from then on the machine may hand updates in."""
        self._takes_updates = True
        await asyncio.Event().wait()

    @property
    def dead(self) -> bool:
        return self.files.mortal.died.is_set()

    async def quiet(self) -> None:
        """Returns when nothing happens any more without the model, or the process died."""
        still = 0
        while still < 3 and not self.dead:
            await settle()
            still = still + 1 if self._is_still() else 0

    def _is_still(self) -> bool:
        desk, storage = self.app._desk, self.app.storage
        if self._run.done():
            self._run.result()
        unfinished = self.files.opened.database._reader.execute(
            "SELECT COUNT(*) FROM inbox WHERE done_at IS NULL"
        ).fetchone()[0]
        return (
            self._takes_updates
            and not storage.waiting
            and not self.files.mortal.writing
            and not desk.delivery.waiting
            and len(desk.under_way) == len(self.model.asked)
            and unfinished == len(desk.under_way) + desk.figures.questions_waiting
        )

    async def stop(self) -> None:
        self.app.request_stop()
        await self._run
        self.files.close()

    async def end(self) -> None:
        """The process is gone; see `Files.left_behind` for what is left of it."""
        self._run.cancel()
        await self.app._above.stop()
        await self.app._below.stop()
        await asyncio.gather(self._run, return_exceptions=True)
        self.files.close()


# --- the model -------------------------------------------------------------------------------------------------------


@dataclass
class Question:
    """`tokens` is what the last answer of the model cost, `arrived` whether the last message of it did."""

    user: int
    purse: Purse
    tokens: int = 0
    arrived: bool = False


@dataclass
class Accounts:
    """What everybody must have, without what they paid for answers."""

    given: dict[int, Counter[Purse]] = field(default_factory=dict)
    questions: dict[int, Question] = field(default_factory=dict)
    favors: Counter[int] = field(default_factory=Counter)
    asking: set[int] = field(default_factory=set)
    taken: Counter[int] = field(default_factory=Counter)  # by the admin

    def purse(self, user: int, purse: Purse) -> int:
        paid = sum(it.tokens for it in self.questions.values() if it.arrived and (it.user, it.purse) == (user, purse))
        return self.given[user][purse] - (paid if user != ADMIN else 0)


# --- the machine -----------------------------------------------------------------------------------------------------


class AccountingMachine(AsyncMachine):
    """Between two steps the bot is quiet: at most it waits for the model.

    Which letters share a commit, and so which commit a kill hits, is up to the bot's threads. No rule may therefore
    draw from what the bot did, nor be held back by it: Hypothesis wants to draw the same again when it repeats a run.
    """

    def __init__(self) -> None:
        super().__init__()
        self.accounts = Accounts({ADMIN: Counter(ADMIN_PURSES)})
        self.updates = 0
        self.last: tuple[int, bytes, AnyUpdate] | None = None
        self.held: dict[tuple[int, Purse], int] = {}  # before the last step

    @initialize()
    def first_launch(self) -> None:
        self.do(self._start())
        for user in (1, 2):
            self.somebody_starts(user, None, None)

    def teardown(self) -> None:
        try:
            self.do(self.bot.end())
        finally:
            super().teardown()

    # --- what people do ----------------------------------------------------------------------------------------------

    @rule(user=st.sampled_from(USERS), friend=st.sampled_from([None, 777, *USERS]), kill=kills)
    def somebody_starts(self, user: int, friend: int | None, kill: Kill | None) -> None:
        self._will_die(kill)
        self._says(user, "/start" if friend is None else f"/start {friend}")
        given = self.accounts.given
        if user in given:
            return
        opening: dict[Purse, int] = {
            "balance": ECONOMY.new_user_balance,
            "premium_balance": ECONOMY.new_user_premium_balance,
            "image_balance": ECONOMY.new_user_image_balance,
        }
        given[user] = Counter(opening)
        if friend in given and friend != user:
            assert friend is not None
            for one in (user, friend):
                given[one]["balance"] += ECONOMY.referral_bonus

    @rule(user=st.sampled_from([*USERS, ADMIN]), how=st.sampled_from(["", "", "/pro ", "/imagine "]), kill=kills)
    def somebody_asks(self, user: int, how: str, kill: Kill | None) -> None:
        self._will_die(kill)
        purses: dict[str, Purse] = {"": "balance", "/pro ": "premium_balance", "/imagine ": "image_balance"}
        number = self.updates + 1
        if user in self.accounts.given:
            self.accounts.questions[number] = Question(user, purses[how])
        self._says(user, f"{how}question {number}")

    @rule(user=st.sampled_from(USERS))
    def somebody_asks_a_favor(self, user: int) -> None:
        known = user in self.accounts.given
        may = known and user not in self.accounts.asking
        may = may and self.accounts.purse(user, "balance") < ECONOMY.favor_min_limit
        self._says(user, "/ask_favor")
        if may:
            self.accounts.asking.add(user)
            self.accounts.favors[user] += 1

    @rule(pick=picks, said=st.sampled_from(["yes", "yes", "no"]), taps=st.integers(1, 2), kill=kills)
    def the_admin_decides(self, pick: int, said: str, taps: int, kill: Kill | None) -> None:
        user = picked(self.accounts.asking, pick)
        if user is None:
            return
        self._will_die(kill)
        for _ in range(taps):
            self.the_admin_taps(user, self.accounts.favors[user], said)

    @rule(user=st.sampled_from(USERS), number=st.integers(1, 3), said=st.sampled_from(["yes", "no"]))
    def the_admin_taps(self, user: int, number: int, said: str) -> None:
        """A button of any request: an open one, one that was decided, one that never was."""
        self._sends({"callback_query": {
            "id": "1", "from": _person(ADMIN), "data": f"favor:{user}:{number}:{said}",
            "message": {"message_id": 1, "date": 1, "chat": {"id": ADMIN, "type": "private"}},
        }})  # fmt: skip
        if user in self.accounts.asking and self.accounts.favors[user] == number:
            self.accounts.asking.remove(user)
            if said == "yes":
                self.accounts.given[user]["balance"] += ECONOMY.favor_amount

    @rule(
        user=st.sampled_from(USERS),
        amount=st.integers(-40, 80),
        purse=st.sampled_from(["", "premium", "image"]),
        kill=kills,
    )
    def the_admin_refills(self, user: int, amount: int, purse: str, kill: Kill | None) -> None:
        self._will_die(kill)
        self._says(ADMIN, f"/refill {user} {amount} {purse}")
        purses: dict[str, Purse] = {"": "balance", "premium": "premium_balance", "image": "image_balance"}
        if user in self.accounts.given:
            self.accounts.given[user][purses[purse]] += amount
            self.accounts.taken[user] -= min(amount, 0)

    @rule()
    def telegram_repeats_itself(self) -> None:
        assert self.last is not None
        self._survives(lambda: self.bot.app.intake.take([self.last]))

    # --- what the world does -----------------------------------------------------------------------------------------

    @rule(pick=picks, tokens=st.integers(1, DEAREST), trouble=st.sampled_from([None, None, *TROUBLES]), kill=kills)
    def the_model_answers(self, pick: int, tokens: int, trouble: Outcome | None, kill: Kill | None) -> None:
        number = picked(self.bot.model.asked, pick)
        if number is None:
            return
        self._will_die(kill)
        question = self.accounts.questions[number]
        if trouble is not None:
            self.bot.messenger.plan(question.user, trouble)
        question.tokens = 1 if question.purse == "image_balance" else tokens
        self.bot.model.asked[number].set_result(tokens)
        self._survives()

    @rule(pick=picks)
    def the_model_fails(self, pick: int) -> None:
        number = picked(self.bot.model.asked, pick)
        if number is None:
            return
        self.bot.model.asked[number].set_exception(ModelError(ModelTrouble.SERVER, "500"))
        self._survives()

    @rule(user=st.sampled_from(USERS), trouble=st.sampled_from(TROUBLES))
    def telegram_will_make_trouble(self, user: int, trouble: Outcome) -> None:
        self.bot.messenger.plan(user, trouble)

    @rule()
    def time_passes(self) -> None:
        """data.json is rewritten on the way."""
        self._survives(lambda: self.bot.clock.advance(1))

    # --- how it dies -------------------------------------------------------------------------------------------------

    def _will_die(self, kill: Kill | None) -> None:
        """In the middle of what it does next; if it never comes to that moment, later."""
        if kill is not None:
            self.bot.files.mortal.at, self.bot.files.mortal.spared = kill

    @rule()
    def it_dies_now(self) -> None:
        self.do(self._dies())

    @rule()
    def it_is_stopped(self) -> None:
        self.bot.files.mortal.at = None
        self.do(self.bot.stop())
        self._note_arrivals()
        self.do(self._start())

    async def _start(self) -> None:
        self.bot = Bot(Files(self.folder))
        self._noted = 0
        await self.bot.quiet()

    async def _dies(self) -> None:
        left = self.bot.files.left_behind()
        self._note_arrivals()
        await self.bot.end()
        shutil.rmtree(self.folder)
        self.folder = left
        await self._start()

    # --- small things ------------------------------------------------------------------------------------------------

    def _says(self, user: int, text: str) -> None:
        self._sends({"message": {
            "message_id": self.updates + 1, "date": 1, "chat": {"id": user, "type": "private"},
            "from": _person(user), "text": text,
        }})  # fmt: skip

    def _sends(self, content: dict[str, Any]) -> None:
        self.updates += 1
        raw = {"update_id": self.updates, **content}
        update = self.last = self.updates, orjson.dumps(raw), decode(raw, ME)
        # Telegram sends it again until the bot has said that it stands in the inbox.
        while not self._survives(lambda: self.bot.app.intake.take([update])):
            pass

    def _survives(self, work: Any = None) -> bool:
        """Carries it out and lets the bot come to rest; False if it died of that, and has been started again."""

        async def live() -> bool:
            doing = asyncio.ensure_future(work()) if work else None
            while doing and not doing.done() and not self.bot.dead:
                await settle()
            await self.bot.quiet()
            through = doing is None or doing.done()
            if self.bot.dead:
                if doing:
                    doing.cancel()
                await self._dies()
            if doing:
                await asyncio.gather(doing, return_exceptions=not through)
            return through

        through = self.do(live())
        self._note_arrivals()
        return through

    def _note_arrivals(self) -> None:
        """What became of the answers, as Telegram saw it; the last try counts."""
        delivered = self.bot.messenger.delivered
        for outgoing, outcome in delivered[self._noted :]:
            words = _words(outgoing)
            if words.startswith("answer to "):
                question = self.accounts.questions[int(words.split()[-1])]
                question.arrived = isinstance(outcome, Sent | Unknown)
        self._noted = len(delivered)

    # --- what must hold ----------------------------------------------------------------------------------------------

    @invariant()
    def every_purse_is_what_it_must_be_and_the_sum_of_its_ledger(self) -> None:
        if not hasattr(self, "bot"):
            return
        book, sums = self.bot.app.storage.book, self.bot.files.opened.database.ledger_sums()
        assert book.accounts.keys() == self.accounts.given.keys()
        for user, account in book.accounts.items():
            for purse in PURSES:
                held = getattr(account, purse)
                assert held == sums[user].get(purse, 0), f"the ledger of {user}: {purse}"
                assert held == self.accounts.purse(user, purse), f"{purse} of {user}"
                dearest = 0 if purse == "image_balance" else DEAREST
                assert held > -dearest - self.accounts.taken[user] - 1
            answered = [it for it in self.accounts.questions.values() if it.user == user and it.arrived]
            assert account.requests == len(answered)
            assert account.images == sum(it.purse == "image_balance" for it in answered)
        for number in self.bot.model.begun:
            question = self.accounts.questions[number]
            had = self.held.get((question.user, question.purse), 0)
            has = getattr(book.accounts[question.user], question.purse)
            assert question.user == ADMIN or had > 0 or has > 0, "asked without a token"
        self.bot.model.begun.clear()
        self.held = {(user, purse): getattr(book.accounts[user], purse) for user in book.accounts for purse in PURSES}
        totals = book.totals
        assert totals.requests == sum(account.requests for account in book.accounts.values())
        assert totals.tokens == sum(account.tokens for account in book.accounts.values())


def _person(user: int) -> dict[str, Any]:
    return {"id": user, "is_bot": False, "first_name": f"User {user}"}


def _words(outgoing: Outgoing) -> str:
    if outgoing.attachment is not None:
        return outgoing.attachment.content.decode()
    return str(outgoing.params.get("text", ""))


TestAccounting = AccountingMachine.TestCase
TestAccounting.settings = effort(35, 30)
