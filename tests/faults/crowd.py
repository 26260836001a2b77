"""People who use the bot in the fault tests: one of them at a time, or fifty at once."""

import asyncio
import random
import re

from gptbot.playground.bot_api import BotApiServer
from tests.faults.answers import tag
from tests.faults.checker import Expected
from tests.stories.kit import Person

PATIENCE_S = 40.0
"""How long a person waits, restarts of the bot included."""


def whole_answer(name: str) -> re.Pattern[str]:
    """What is found in the last paragraph of the answer to a question."""
    return re.compile(rf"{name}p(\d+)of\1a")


async def member(telegram: BotApiServer, user: int, text: str = "/start") -> Person:
    """Somebody who has pressed /start and was greeted."""
    person = Person(telegram, user, f"User {user}", timeout_s=PATIENCE_S)
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
