"""A load for storage alone: what turns write, at a steady pace, and data.json rewritten without a pause to speak of."""

import asyncio
import random
import time
from collections.abc import Callable
from typing import Final

from gptbot.actors.data_writer import DataWriter
from gptbot.actors.storage import Storage
from gptbot.domain.rows import InboxDone, TurnRow
from gptbot.domain.transaction import Transaction
from gptbot.ports import InboxUpdate

TURNS_PER_S: Final = 200
TICK_S: Final = 0.005
REWRITE_EVERY_S: Final = 0.2
ANSWER: Final = "An answer of some length. " * 20


class Load:
    """Everybody who is known has the same chance to be the one who asked."""

    def __init__(self, storage: Storage, writer: DataWriter) -> None:
        self.turns = 0
        self.rewrites = 0
        self._storage = storage
        self._writer = writer
        self._users = list(storage.book.accounts)
        self._number = time.time_ns()  # never the same one again, in whichever process

    async def run(self) -> None:
        """Until it is cancelled."""
        await asyncio.gather(self._ask(), self._rewrite())

    def charge(self) -> Callable[[Transaction], None]:
        """A purse goes down by what an answer cost."""
        self._number += 1
        user, key = random.choice(self._users), f"bench:{self._number}"

        def rule(tx: Transaction) -> None:
            tx.book_purse(user, "balance", -7, reason="answer", key=key)
            tx.count(user, "tokens", 7)

        return rule

    async def _ask(self) -> None:
        started, begun = time.monotonic(), 0
        turns: set[asyncio.Task[None]] = set()
        while True:
            while begun < (time.monotonic() - started) * TURNS_PER_S:
                begun += 1
                turn = asyncio.create_task(self._turn())
                turns.add(turn)
                turn.add_done_callback(turns.discard)
            await asyncio.sleep(TICK_S)

    async def _turn(self) -> None:
        """The three commits of a turn: the update, the answer, its arrival with the charge."""
        charge = self.charge()
        update = self._number
        await self._storage.record([InboxUpdate(update, 1, b"x" * 400)])
        await self._storage.commit(
            lambda tx: tx.write(TurnRow(tx.new_turn(), 1, 1, None, None, "?", ANSWER, "m", 100, tx.now))
        )

        def arrived(tx: Transaction) -> None:
            charge(tx)
            tx.write(InboxDone(tx.now, update))

        await self._storage.commit(arrived)
        self.turns += 1

    async def _rewrite(self) -> None:
        while True:
            await asyncio.sleep(REWRITE_EVERY_S)
            await self._writer.write()
            self.rewrites += 1
