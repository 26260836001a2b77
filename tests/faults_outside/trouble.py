"""People who use the bot while Telegram and the model fail by chance, and what must be true of it in the end."""

import asyncio
import random
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from gptbot.playground.bot_api import BotApiServer
from gptbot.playground.updates import BATCH_MAX
from gptbot.texts.en import common
from tests.faults.checker import reading
from tests.faults_outside.chance import MARKER, ChanceFaults, ChanceModel, tag
from tests.faults_outside.household import Household, household
from tests.stories.conftest import TOKEN
from tests.stories.kit import Person

PEOPLE: Final = 10
POOR: Final = 1001
"""This person's purse is empty after the first answer."""
UPDATES_REPEATED: Final = 0.1
"""So many updates come twice, and as many change places with the one before."""
APOLOGIES: Final = tuple(text for key, text in common.TEXTS.items() if key.startswith("turn.failed."))
QUEUE_FULL: Final = common.TEXTS["turn.queue_full"]
STALE_OR_SENT: Final = ("🔄", "Try again", "Continue")


@dataclass(slots=True)
class Figures:
    """What a run was made of."""

    seed: int
    outcomes: Counter[str] = field(default_factory=Counter)
    telegram: Counter[str] = field(default_factory=Counter)
    model: Counter[str] = field(default_factory=Counter)
    updates: int = 0
    repeated: int = 0
    messages: int = 0
    twice: int = 0


async def random_trouble(
    seed: int,
    seconds: float,
    *,
    folder: Path | None = None,
    people: int = PEOPLE,
    telegram_rate: float = 0.12,
    model_rate: float = 0.3,
) -> Figures:
    """Raises AssertionError where a promise of SPEC §8 or DESIGN §8 is broken, under load, for so many seconds."""
    if folder is None:
        with tempfile.TemporaryDirectory() as made:
            return await random_trouble(
                seed,
                seconds,
                folder=Path(made),
                people=people,
                telegram_rate=telegram_rate,
                model_rate=model_rate,
            )
    telegram = BotApiServer(TOKEN, strict=False)
    faults, model = ChanceFaults(seed, 0.0), ChanceModel(seed + 1, 0.0)
    telegram.faults = faults
    (folder / "data.json").write_bytes(orjson.dumps({"global": {}, str(POOR): {"balance": 1, "premium_balance": 1}}))
    async with household(folder, telegram, model) as house:
        purses = {"NEW_USER_BALANCE": "100000000", "NEW_USER_PREMIUM_BALANCE": "100000000"}
        await house.start(QUEUE_LENGTH="6", ACTOR_IDLE_S="1", **purses)
        crowd = Crowd(house, seed, people)
        await crowd.register()
        faults.rate, model.rate = telegram_rate, model_rate
        await crowd.live(seconds)
        faults.rate, model.rate = 0.0, 0.0
        await house.at_rest()
        house.assert_nothing_is_left_inside()
        await house.stop()
        house.assert_nothing_is_left_in_the_books()
        return Verdict(house, crowd, faults, model).figures(seed)


class Crowd:
    """`questions`: ids of the updates that ask something, by user, in order; `asked`: their tags."""

    def __init__(self, house: Household, seed: int, people: int) -> None:
        self.house = house
        self.users = range(POOR, POOR + people)
        self.questions: defaultdict[int, list[int]] = defaultdict(list)
        self.presses: list[int] = []
        self.tags: defaultdict[int, list[str]] = defaultdict(list)
        self.balances: Counter[int] = Counter()
        self.updates: Counter[int] = Counter()
        self._random = random.Random(seed)
        self._last_update = 0
        self._people = {user: Person(house.telegram, user, f"User {user}") for user in self.users}
        self._push = house.telegram.world.updates.push_raw
        house.telegram.world.updates.push_raw = self._pushed  # type: ignore[method-assign]  # so that they come odd

    def _pushed(self, update: dict[str, Any]) -> None:
        """Some updates come twice, some in the wrong order."""
        self._push(update)
        pending = self.house.telegram.world.updates.pending
        self._last_update = int(update["update_id"])
        self.updates[self._last_update] += 1
        if self._random.random() < UPDATES_REPEATED:
            self._push(dict(update))
            self.updates[self._last_update] += 1
        if 1 < len(pending) < BATCH_MAX and self._random.random() < UPDATES_REPEATED:
            pending[-1], pending[-2] = pending[-2], pending[-1]

    async def register(self) -> None:
        for person in self._people.values():
            await person.says("/start")
        for person in self._people.values():
            await person.sees("")

    async def live(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            for person in self._people.values():
                group.create_task(self._live(person, until))

    async def _live(self, person: Person, until: float) -> None:
        acts = (self._ask, self._reply, self._photo, self._voice, self._balance, self._press, self._flood)
        while time.monotonic() < until:
            (act,) = self._random.choices(acts, (10, 5, 2, 2, 4, 3, 0.3))
            await act(person)
            # The load, not a wait for anything: about eight acts a second and person.
            await asyncio.sleep(self._random.uniform(0.02, 0.25))

    def _question(self, person: Person) -> str:
        name = tag(person.id, len(self.tags[person.id]) + 1)
        self.tags[person.id].append(name)
        return f"Please answer {name}"

    def _asked(self, person: Person) -> None:
        self.questions[person.id].append(self._last_update)

    async def _ask(self, person: Person) -> None:
        await person.says(self._question(person))
        self._asked(person)

    async def _reply(self, person: Person) -> None:
        answers = [m for m in person.chat.messages.values() if m["from"]["is_bot"] and "text" in m]
        await person.says(self._question(person), reply_to=self._random.choice(answers))
        self._asked(person)

    async def _photo(self, person: Person) -> None:
        await person.sends_photo(caption=self._question(person))
        self._asked(person)

    async def _voice(self, person: Person) -> None:
        await person.sends_voice(caption=self._question(person))
        self._asked(person)

    async def _balance(self, person: Person) -> None:
        await person.says("/balance")
        self.balances[person.id] += 1

    async def _press(self, person: Person) -> None:
        """A button under any answer, a stale one perhaps."""
        found = [
            (message["message_id"], button["text"])
            for message in person.chat.messages.values()
            for row in message.get("reply_markup", {}).get("inline_keyboard", [])
            for button in row
            if button["text"] in STALE_OR_SENT
        ]
        if found:
            message_id, label = self._random.choice(found[-5:])
            self.house.telegram.press(person.id, person.id, message_id, label)
            self.presses.append(self._last_update)

    async def _flood(self, person: Person) -> None:
        for _ in range(10):
            await self._ask(person)


class Verdict:
    """Compares what happened with what may. For a bot that is stopped."""

    def __init__(self, house: Household, crowd: Crowd, faults: ChanceFaults, model: ChanceModel) -> None:
        self._house, self._crowd, self._faults, self._model = house, crowd, faults, model
        self._turns: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
        self._flooded = {line["user"] for line in house.logs if line["event"] == "user.flooded"}
        for line in house.logs:
            if line["event"] == "turn.finished":
                self._turns[line["update_id"]].append(dict(line))

    def figures(self, seed: int) -> Figures:
        self._each_update_once()
        result = Figures(
            seed,
            outcomes=Counter(turn["outcome"] for turns in self._turns.values() for turn in turns),
            telegram=self._faults.met,
            model=self._model.met,
            updates=len(self._crowd.updates),
            repeated=sum(count - 1 for count in self._crowd.updates.values()),
        )
        for user in self._crowd.users:
            shown = self._shown(user)
            result.messages += len(shown)
            result.twice += self._answers_whole_once_in_order(user, shown)
            self._told_what_came_of_it(user, shown)
        self._one_charge_an_answer()
        return result

    def _shown(self, user: int) -> list[str]:
        chat = self._house.telegram.world.chats[user]
        return [
            str(shown.message.get("text", shown.message.get("caption", "")))
            for shown in chat.shown
            if shown.what == "message" and shown.message["from"]["is_bot"]
        ]

    def _each_update_once(self) -> None:
        """DESIGN §8, 6: answered, refused, or failed with an apology; a question beyond the bound is refused."""
        with reading(self._house.folder / "data.json") as db:
            done = {number for (number,) in db.execute("SELECT update_id FROM inbox WHERE done_at IS NOT NULL")}
        assert done == set(self._crowd.updates), f"lost, or not finished: {done ^ set(self._crowd.updates)}"
        for user, questions in self._crowd.questions.items():
            for question in questions:
                turns = self._turns[question]
                assert len(turns) == 1 or (not turns and user in self._flooded), f"{question} ended {len(turns)} times"
        known = {*self._crowd.presses, *(q for questions in self._crowd.questions.values() for q in questions)}
        assert {number for number, turns in self._turns.items() if turns} <= known
        assert {turn["outcome"] for turns in self._turns.values() for turn in turns} <= {"settled", "refused", "failed"}

    def _answers_whole_once_in_order(self, user: int, shown: Sequence[str]) -> int:
        """How many messages came twice: none but where the outcome of a call was unknown."""
        markers = [(name, int(attempt), int(part)) for text in shown for name, part, _, attempt in MARKER.findall(text)]
        seen: dict[tuple[str, int], list[int]] = defaultdict(list)
        for name, attempt, part in markers:
            seen[name, attempt].append(part)
        for (name, attempt), parts in seen.items():
            assert sorted(set(parts)) == list(range(1, max(parts) + 1)), f"{name}, attempt {attempt}: {parts}"
            assert _in_order(parts), f"{name}, attempt {attempt}: {parts}"
            assert max(parts) == self._model.whole.get((name, attempt), max(parts)), f"{name} has come whole: {parts}"
        settled = {tag for tag, question in self._pairs(user) for turn in self._turns[question]
                   if turn["outcome"] == "settled"}  # fmt: skip
        missing = settled - {name for name, _ in seen}
        assert not missing, f"settled and never shown: {missing}"
        firsts = [int(name.partition("n")[2][:-1]) for name, attempt in seen if attempt == 1 and name in settled]
        assert firsts == sorted(firsts), f"the answers to user {user} came out of order: {firsts}"
        repeats = sum(len(parts) - len(set(parts)) > 0 for parts in seen.values())
        assert repeats <= self._faults.doubtful[str(user)], "what is certain is not repeated"
        return repeats

    def _pairs(self, user: int) -> Iterator[tuple[str, int]]:
        return zip(self._crowd.tags[user], self._crowd.questions[user], strict=True)

    def _told_what_came_of_it(self, user: int, shown: Sequence[str]) -> None:
        """An apology for each failure and no more, a word for each refusal, an answer to each command."""
        doubtful = self._faults.doubtful[str(user)]
        failed = self._ended(user, "failed")
        apologies = sum(text in APOLOGIES for text in shown)
        assert failed <= apologies <= failed + doubtful, f"{user}: {failed} failed, {apologies} apologies"
        balances = sum("Your balance" in text for text in shown)
        asked = self._crowd.balances[user]
        assert balances <= asked + doubtful
        assert asked <= balances or user in self._flooded, f"{user}: /balance {asked} times, answered {balances} times"

    def _ended(self, user: int, outcome: str) -> int:
        return sum(
            turn["user"] == user and turn["outcome"] == outcome for turns in self._turns.values() for turn in turns
        )

    def _one_charge_an_answer(self) -> None:
        with reading(self._house.folder / "data.json") as db:
            booked = Counter(user for (user,) in db.execute("SELECT user FROM ledger WHERE reason = 'answer'"))
        for user in self._crowd.users:
            assert booked[user] == self._ended(user, "settled"), f"user {user} paid once for each answer"


def _in_order(parts: Sequence[int]) -> bool:
    """1, 2, 3, where what was in one message may come again directly after it."""
    position = 0
    for part in parts:
        if part > position + 1:
            return False
        position = max(position, part) if part == position + 1 else position
    return True
