"""From Telegram's updates to the actors: recorded first, then handed over; what an earlier run left comes before."""

from collections.abc import Callable, Sequence
from functools import partial

import structlog

from gptbot.actors.directory import Directory
from gptbot.actors.storage import Storage
from gptbot.actors.user import Arrived
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import AnyUpdate, ChatMigrated, CheckoutAsked
from gptbot.limits import RECOVERY_PAGE
from gptbot.ports import Database, InboxUpdate

log = structlog.get_logger()


class Intake:
    """`decode` reads stored JSON again at a restart (None: it can't be read any more)."""

    def __init__(
        self, storage: Storage, database: Database, directory: Directory, decode: Callable[[bytes], AnyUpdate | None]
    ) -> None:
        self._storage = storage
        self._database = database
        self._directory = directory
        self._decode = decode

    async def take(self, updates: Sequence[tuple[int, bytes, AnyUpdate]]) -> None:
        """Returns when all are durable and handed over; only then may Telegram forget them."""
        for _, _, update in updates:
            if isinstance(update, CheckoutAsked):
                self._directory.checkout(update)
        for _, _, update in updates:
            if isinstance(update, ChatMigrated):
                await self._migrate(update)
        wanted = [taken for taken in updates if self._directory.wanted(taken[2])]
        if not wanted:
            return
        new = await self._storage.record(
            [InboxUpdate(update_id, update.person.id, raw) for update_id, raw, update in wanted]
        )
        if len(new) < len(wanted):
            log.info("update.repeated", count=len(wanted) - len(new))
        arrived = []
        for update_id, _, update in wanted:
            if update_id in new:
                new.discard(update_id)  # the same one may come twice at once
                arrived.append(Arrived(update))
        await self._directory.route(arrived)

    async def _migrate(self, update: ChatMigrated) -> None:
        """Before anything else of this batch is looked at; it may be done again, so the inbox need not know it."""
        log.info("group.migrated", old=update.old, new=update.new)
        await self._storage.commit(lambda tx: tx.move_chat(update.old, update.new))

    async def resume(self) -> None:
        """Hands over what was accepted and not finished before the last stop, in its order."""
        place, resumed = 0, 0
        while page := await self._database.pending_updates(place, RECOVERY_PAGE):
            for place, pending in page:  # noqa: B007 (the last place is where the next page begins)
                update = self._decode(pending.raw)
                if update is None:
                    await self._storage.commit(partial(_finish, update_id=pending.update_id))
                else:
                    self._directory.resume(update, pending.asked)
                    resumed += 1
        if resumed:
            log.info("update.resumed", count=resumed)


def _finish(tx: Transaction, update_id: int) -> None:
    tx.done(update_id)
