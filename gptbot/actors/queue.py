"""The questions of one user: one is worked on, the others wait in order (SPEC §5).

With QUEUE_MODE=interrupt the newest question is the one that counts: what is being answered is stopped as if the asker
had stopped it, and so is whatever waits, as soon as its turn comes: no question is left without a word.
"""

from collections import deque
from collections.abc import Callable

import structlog

from gptbot.actors.desk import Desk, UnderWay
from gptbot.actors.drawing import Drawing
from gptbot.actors.question import Again, Question
from gptbot.actors.supervisor import new_error_id
from gptbot.actors.turn import Turn
from gptbot.commands.visit import Visit
from gptbot.domain.outgoing import edit
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import MessageEdited

log = structlog.get_logger()


class QuestionQueue:
    """Starts the next question when the one before it is finished.

    `edited` takes the edit of a question that is finished now. `flooded`: too many came, and that was said; it is said
    again in the next flood only.
    """

    def __init__(self, desk: Desk, user: int, edited: Callable[[MessageEdited], None]) -> None:
        self._desk = desk
        self._user = user
        self._edited = edited
        self.flooded = False
        self._waiting: deque[Question] = deque()
        self._current: tuple[Question, Turn | Drawing] | None = None

    @property
    def idle(self) -> bool:
        return self._current is None

    async def ask(self, question: Question) -> None:
        """Starts it, lets it wait and says its place, lets it interrupt, or refuses it when too many wait.

        Where the bot can't write, it is finished without a word.
        """
        if self._desk.stopping:
            return
        if question.update.place in self._desk.muted:
            log.info("question.in_vain", update_id=question.update.update_id, user=self._user)
            await self._desk.storage.commit(lambda tx: tx.done(*question.update.update_ids))
        elif self._current is None:
            self._start(question)
        elif question.pinned:  # after a restart: it was told its place before
            self._wait(question)
        elif len(self._waiting) >= self._desk.rules.queue_length:
            said, self.flooded = self.flooded, True
            await self._desk.storage.commit(lambda tx: self._refuse(tx, question, said=said))
        elif self._desk.rules.queue_mode == "interrupt":
            self.interrupt()
            for older in self._waiting:
                older.overtaken = True
            self._wait(question)
        else:
            self._wait(question)
            place = len(self._waiting)
            await self._desk.storage.commit(lambda tx: self._tell_place(tx, question, place))

    def holds(self, again: Again | None) -> bool:
        """Whether what a button asks is being asked already."""
        current = [self._current[0]] if self._current else []
        return again is not None and any(question.again == again for question in (*current, *self._waiting))

    def asks(self, edit: MessageEdited) -> Question | None:
        """The question in this message, if it is not finished yet."""
        current = [self._current[0]] if self._current else []
        for question in (*current, *self._waiting):
            update = question.update
            messages = (update.message_id, *update.joined_messages)
            if question.again is None and update.place.chat_id == edit.place.chat_id and edit.message_id in messages:
                return question
        return None

    def interrupt(self, *, blocked: bool = False) -> bool:
        """Stops what is being worked on; False if nothing is, or it is on its way already."""
        return self._current is not None and self._current[1].interrupt(blocked=blocked)

    def clear(self) -> None:
        """Nobody wants any of it any more; that it is finished stands in storage already."""
        self._desk.figures.questions_waiting -= len(self._waiting)
        self._waiting.clear()
        self.interrupt(blocked=True)

    def pin(self, tx: Transaction) -> None:
        """Stores the settings of every unfinished question, because the account's are about to change."""
        current = [self._current[0]] if self._current else []
        for question in (*current, *self._waiting):
            if not question.pinned:
                question.pinned = True
                tx.pin(question.update.update_id, question.asked.to_bytes())

    def _wait(self, question: Question) -> None:
        self._waiting.append(question)
        self._desk.figures.questions_waiting += 1

    def _start(self, question: Question) -> None:
        work = Drawing(self._desk, question, question.picture) if question.picture else Turn(self._desk, question)
        self._current = question, work
        self._desk.under_way[question.update.update_id] = UnderWay(self._user, work.interrupt, question.grows_in)
        if question.overtaken:
            work.interrupt()
        self._desk.supervisor.spawn(f"turn {question.update.update_id}", self._work_off(question, work))

    async def _work_off(self, question: Question, work: Turn | Drawing) -> None:
        try:
            await work.run()
        except Exception:  # noqa: BLE001 (one broken turn: an apology, and the next question's turn)
            await self._apologise(question)
        self._current = None
        del self._desk.under_way[question.update.update_id]
        if question.edit is not None:
            self._edited(question.edit)
        if self._waiting and not self._desk.stopping:
            self._desk.figures.questions_waiting -= 1
            self._start(self._waiting.popleft())

    async def _apologise(self, question: Question) -> None:
        error_id = new_error_id()
        log.exception("turn.broke", error_id=error_id, update_id=question.update.update_id, user=self._user)
        visit = Visit.of(question.update, self._desk.rules, self._desk.me, self._desk.storage.book)

        def say(tx: Transaction) -> None:
            words, growing = visit.words("error.unexpected", error_id=error_id), question.asked.preview
            if growing is None:
                tx.send(visit.reply(words))
            else:  # it takes the place of the answer that will not grow any more
                tx.send(edit(question.update.place.chat_id, growing, words))
            tx.done(*question.update.update_ids)

        await self._desk.storage.commit(say)

    def _refuse(self, tx: Transaction, question: Question, *, said: bool) -> None:
        if not said:
            log.warning("user.flooded", user=self._user)
            Visit.of(question.update, self._desk.rules, self._desk.me, tx.book).say(tx, "turn.queue_full")
        tx.done(*question.update.update_ids)

    def _tell_place(self, tx: Transaction, question: Question, place: int) -> None:
        visit = Visit.of(question.update, self._desk.rules, self._desk.me, tx.book)
        question.pinned = True
        tx.pin(question.update.update_id, question.asked.to_bytes())
        visit.say(tx, "turn.queued", place=place)
