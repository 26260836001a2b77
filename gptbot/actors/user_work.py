"""What handling an update of one person is made of: commits, questions, counting."""

from collections.abc import Callable
from typing import TypeVar

from gptbot.actors.desk import Desk
from gptbot.actors.question import Question
from gptbot.actors.queue import QuestionQueue
from gptbot.commands.visit import Visit
from gptbot.domain.asking import Asked
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import BotMembership, GenerationStopped, MessageSent
from gptbot.domain.wish import Wish

Rule = Callable[[Transaction], None]
T = TypeVar("T")


def nothing(_: Transaction) -> None:
    """Ignored on purpose."""


class UserWork:
    """`desk` and `queue` are for those who do it."""

    def __init__(self, desk: Desk, user: int, queue: QuestionQueue) -> None:
        self.desk = desk
        self.user = user
        self.queue = queue

    async def finish(self, visit: Visit, rule: Rule) -> None:
        """One commit: what the rule changes and says, and "inbox done"."""

        def commit(tx: Transaction) -> None:
            if not isinstance(visit.update, BotMembership | GenerationStopped):
                tx.meet(visit.person)
            rule(tx)
            tx.done(*visit.update.update_ids)

        await self.desk.storage.commit(commit)

    async def ignore(self, visit: Visit) -> None:
        """Ignored on purpose."""
        await self.finish(visit, nothing)

    async def ask(
        self,
        message: MessageSent,
        text: str,
        asked: Asked | None,
        *,
        premium: bool = False,
        picture: Wish | None = None,
    ) -> None:
        settings = asked or Asked.now(self.desk.storage.book.accounts[self.user], premium=premium)
        await self.queue.ask(Question(message, text, settings, picture=picture, pinned=asked is not None))

    def pinning(self, tx: Transaction, change: Callable[[], T]) -> T:
        """Carries `change` out; if it changes model or prompt, questions asked before keep the former ones."""
        account = tx.book.get(self.user)
        before = (account.model, account.prompt) if account else None
        result = change()
        account = tx.book.get(self.user)
        if before is not None and account is not None and before != (account.model, account.prompt):
            self.queue.pin(tx)
        return result

    async def count(self, text: str) -> int:
        return (await self.desk.counter.count_many([text]))[0]
