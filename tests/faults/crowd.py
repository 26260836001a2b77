"""People who use the bot in the fault tests: one of them at a time, or fifty at once."""

import asyncio
import random
import re
from collections.abc import Callable

from gptbot.playground.bot_api import BotApiServer
from tests.faults.answers import tag
from tests.faults.checker import Expected
from tests.stories.kit import Person

PATIENCE_S = 40.0
"""How long a person waits, restarts of the bot included."""


def whole_answer(name: str) -> re.Pattern[str]:
    """What is found in the last paragraph of the answer to a question."""
    return re.compile(rf"{name}p(\d+)of\1a")


async def member(telegram: BotApiServer, user: int, text: str = "/start", *, patience_s: float = PATIENCE_S) -> Person:
    """Somebody who has pressed /start and was greeted."""
    person = Person(telegram, user, f"User {user}", timeout_s=patience_s)
    await person.says(text)
    await person.sees("")
    return person


class Crowd:
    """Fifty people who register (every second one through a friend's link), ask, reply and press commands."""

    SIZE = 50
    QUESTIONS = 4

    def __init__(self, telegram: BotApiServer, seed: int) -> None:
        self._telegram = telegram
        self._random = random.Random(seed)
        self.expected = Expected()

    async def run(self) -> None:
        users = range(1001, 1001 + self.SIZE)
        first, second = users[::2], users[1::2]
        choices = {user: self._random.choices(["/stats", "/switch_model", "/balance", ""], k=3) for user in users}
        self.expected.friends.update(zip(second, first, strict=True))
        registered = {user: asyncio.Event() for user in users}
        async with asyncio.TaskGroup() as group:
            for user in users:
                friend = self.expected.friends.get(user)
                waits = registered[friend] if friend else None
                group.create_task(self._live(user, friend, waits, registered[user], choices[user]))

    async def _live(
        self, user: int, friend: int | None, waits: asyncio.Event | None, known: asyncio.Event, presses: list[str]
    ) -> None:
        if waits is not None:
            await waits.wait()
        person = await member(self._telegram, user, f"/start {friend}" if friend else "/start")
        known.set()
        names = [tag(user, number) for number in range(self.QUESTIONS)]
        ask = self.expected.ask
        await person.says(ask(user, names[0]))
        await self._press(person, presses[0])
        await person.says(ask(user, names[1]))
        await self._press(person, presses[1])
        answered = await person.sees(whole_answer(names[0]))
        self.expected.replies[names[2]] = names[0]
        await person.says(ask(user, names[2]), reply_to=answered)
        await self._press(person, presses[2])
        await person.says(ask(user, names[3]))
        for name in names[1:]:
            await person.sees(whole_answer(name))

    async def _press(self, person: Person, command: str) -> None:
        if command:
            await person.says(command)
            self.expected.switches[person.id] += command == "/switch_model"


class Regulars:
    """People who go on asking, replying and pressing commands until `over`; every second one came through a friend."""

    PATIENCE_S = 600.0
    """Many kills in a row, each soon after the start, bring nobody an answer."""

    def __init__(self, telegram: BotApiServer, seed: int, size: int, over: Callable[[], bool]) -> None:
        self._telegram = telegram
        self._seed = seed
        self._users = range(1001, 1001 + size)
        self._over = over
        self.expected = Expected()

    async def run(self) -> None:
        self.expected.friends.update(zip(self._users[1::2], self._users[::2], strict=False))
        for user in self._users[::2]:
            self._telegram.add_user(user, f"User {user}")
        people = [await member(self._telegram, user, patience_s=self.PATIENCE_S) for user in self._users[::2]]
        async with asyncio.TaskGroup() as group:
            for person in people:
                group.create_task(self._live(person))
            for user, friend in self.expected.friends.items():
                group.create_task(self._come(user, friend))

    async def _come(self, user: int, friend: int) -> None:
        await self._live(await member(self._telegram, user, f"/start {friend}", patience_s=self.PATIENCE_S))

    async def _live(self, person: Person) -> None:
        chance = random.Random(f"{self._seed} {person.id}")
        answered, last, number = None, "", 0
        while number == 0 or not self._over():
            names = [tag(person.id, number + more) for more in range(chance.randint(1, 3))]
            number += len(names)
            if answered is not None and chance.random() < 0.5:
                self.expected.replies[names[0]] = last
            for name in names:
                await person.says(
                    self.expected.ask(person.id, name), reply_to=answered if name in self.expected.replies else None
                )
                if chance.random() < 0.3:
                    await person.says("/switch_model")
                    self.expected.switches[person.id] += 1
            for name in names:
                answered, last = await person.sees(whole_answer(name)), name
