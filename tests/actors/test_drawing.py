"""A picture whose asker changes while it is drawn."""

import asyncio
from pathlib import Path

from gptbot.actors.drawing import Drawing
from gptbot.actors.question import Question
from gptbot.domain.asking import Asked
from gptbot.domain.records import Account
from gptbot.domain.wish import Wish
from tests.actors.making_desk import office_in

ANN = 10


async def test_who_was_forgotten_meanwhile_gets_no_picture(tmp_path: Path) -> None:
    async with office_in(tmp_path) as office:
        await office.made.storage.commit(lambda tx: tx.register(ANN, Account(image_balance=1)))
        office.model.gate.clear()
        drawing = Drawing(
            office.desk, Question(office.message(ANN, "a cat"), "a cat", Asked("basic", None)), Wish("a cat")
        )
        drawn = asyncio.create_task(drawing.run())
        await office.until(lambda: bool(office.messenger.hints))
        await office.made.storage.commit(lambda tx: tx.forget(ANN, 1))
        office.model.gate.set()
        await drawn
        assert office.messenger.delivered == []
