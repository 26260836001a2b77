"""What the model said to one question: how it is counted, charged, stored and sent (DESIGN §6, steps 4 to 6)."""

from collections.abc import Sequence
from typing import Literal

from gptbot.actors.answer_messages import Part, Rendered, answer_parts, noted, rendered
from gptbot.actors.desk import Desk
from gptbot.actors.question import Question
from gptbot.commands import answer_buttons
from gptbot.domain.attached import PICTURE_TOKENS
from gptbot.domain.context import TOKENS_PER_MESSAGE
from gptbot.domain.outgoing import Keyboard
from gptbot.domain.pricing import answer_cost, listening_cost
from gptbot.domain.records import Counter
from gptbot.domain.rows import MessageRow, TurnGone, TurnReplaced, TurnRow
from gptbot.domain.rules import ModelSpec
from gptbot.domain.settling import After, Charge
from gptbot.domain.transaction import Transaction
from gptbot.ports import ChatMessage, Outcome, RefusalKind, Refused, Usage
from gptbot.texts import Words


class Answer:
    """Grows by `pieces.append`. `usage` is what the server reported, or our own count after `commit`.

    `turn`, `cost` (billionths of a dollar) and `messages` are known after `commit`. `end` tells how it came to its
    end: said whole (or stopped by its asker), at the output limit, or broken off by the server, which is marked.
    """

    def __init__(self, desk: Desk, question: Question) -> None:
        self._desk = desk
        self._question = question
        self.pieces: list[str] = []
        self.usage: Usage | None = None
        self.turn = 0
        self.cost = 0
        self.messages = 0
        self.end: Literal["whole", "length", "broken"] = "whole"

    @property
    def _model(self) -> ModelSpec:
        return self._desk.rules.model(self._question.asked.tier)

    async def commit(
        self,
        context: Sequence[ChatMessage],
        words: Words,
        *,
        heard_s: int,
        parent: int | None,
        replaced: Sequence[TurnGone | TurnReplaced],
        edits: int | None,
    ) -> Outcome:
        """Answer, usage and parts become durable together; from here on the model is never asked again.

        `context` is what was asked with; `heard_s`, the seconds that were listened to; `replaced`, what becomes of the
        turns whose place it takes; `edits`, the message that the first part takes the place of. Returns what became of
        the last part.
        """
        text = "".join(self.pieces)
        shown = await rendered(self._desk.renderer, text)
        if self.end == "broken":
            shown = noted(shown, words("turn.incomplete"))
        self.usage = self.usage or await self._counted(text, context)
        attached = self._question.attached
        asked = attached.before(self._question.text)
        tokens = sum(await self._desk.counter.count_many([attached.shown, asked, text]))
        tokens += PICTURE_TOKENS * len(attached.pictures)
        charge = self._charge(self.usage, heard_s)
        update = self._question.update
        watcher = self._desk.delivery.watch(update.update_id)

        def commit(tx: Transaction) -> bool:
            if tx.book.get(update.person.id) is None:  # forgotten meanwhile: nothing of them is kept
                tx.done(*update.update_ids)
                return False
            tx.meet(update.person)
            self.turn = turn = tx.new_turn()
            for old in replaced:
                tx.write(old)
            self._keep_turn(tx, turn, parent, text, tokens)
            parts = self._parts(shown, answer_buttons.under_answer(words, turn, cut=self.end != "whole"), edits)
            self.messages = len(parts)
            group = None
            for number, part in enumerate(parts, start=1):
                last = number == len(parts)
                after = After(**part.after, turn=turn, asker=update.person.id)
                if last:
                    after["charge"] = charge
                row = tx.send(part.outgoing, after=after, group=group, settles=update.update_id if last else None)
                group = group or row
            tx.done(*update.joined)
            return True

        if not await self._desk.storage.commit(commit):
            watcher.cancel()
            return Refused(RefusalKind.WITHHELD, "the person had everything deleted")
        return await watcher

    def _parts(self, shown: Rendered, keyboard: Keyboard, edits: int | None) -> list[Part]:
        update = self._question.update
        return answer_parts(
            update.place,
            shown,
            reply_to=None if update.place.private else update.message_id,
            edits=edits,
            keyboard=keyboard,
            file_units=self._desk.rules.answer_file_units,
        )

    def _keep_turn(self, tx: Transaction, turn: int, parent: int | None, text: str, tokens: int) -> None:
        update, place = self._question.update, self._question.update.place
        tx.write(
            TurnRow(
                id=turn,
                user=update.person.id,
                chat_id=place.chat_id,
                thread_id=place.thread_id,
                parent=parent,
                question=self._question.text,
                answer=text,
                model=self._model.id,
                tokens=tokens,
                at=tx.now,
                message_id=update.message_id,
                attached=self._question.attached.to_bytes(),
            )
        )
        if not self._question.goes_on:
            for message_id in (update.message_id, *update.joined_messages):
                tx.write(MessageRow(place.chat_id, message_id, turn, "user", tx.now))

    async def _counted(self, text: str, context: Sequence[ChatMessage]) -> Usage:
        """Our own count, where the server reported none (a stopped answer)."""
        *read, completion = await self._desk.counter.count_many([*(part.content for part in context), text])
        prompt = sum(read) + TOKENS_PER_MESSAGE * len(read) + PICTURE_TOKENS * sum(len(m.pictures) for m in context)
        return Usage(prompt, completion, prompt + completion)

    def _charge(self, usage: Usage, heard_s: int) -> Charge:
        asked, update, rules = self._question.asked, self._question.update, self._desk.rules
        user = update.person.id
        self.cost = answer_cost(self._model, prompt=usage.prompt, cached=usage.cached, completion=usage.completion)
        self.cost += listening_cost(rules.transcription_price, heard_s)
        counter: Counter = "premium_tokens" if asked.tier == "premium" else "tokens"
        is_admin = rules.is_admin(user)
        return Charge(
            user=user,
            update_id=update.update_id,
            purse=asked.purse,
            amount=0 if is_admin else usage.total,
            counted={"requests": 1, counter: usage.total, "audio_seconds": heard_s, "cost": self.cost},
            reason="answer",
            report=self._question.report(
                self._desk, "answer", model=self._model.id, tokens=usage.total, cost=self.cost
            ),
            heard=0 if is_admin else heard_s * rules.voice_tokens_per_s,
        )
