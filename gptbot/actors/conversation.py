"""What a question belongs to, and what the model reads before it: the prompt, the chain, the question (SPEC §5)."""

from collections.abc import Sequence
from dataclasses import dataclass

from fsm import reply_chain as chart
from gptbot.actors.desk import Desk
from gptbot.actors.question import Question
from gptbot.domain.context import TOKENS_PER_MESSAGE, room_for_context, turns_that_fit
from gptbot.domain.rules import ModelSpec
from gptbot.limits import CHAIN_TURNS_MAX
from gptbot.ports import ChatMessage, StoredTurn


@dataclass(slots=True)
class Conversation:
    """`parent` is the turn that is continued, `chain` the branch that ends in it, oldest first."""

    desk: Desk
    question: Question
    parent: int | None = None
    chain: Sequence[StoredTurn] = ()

    async def find_parent(self) -> chart.NotAReply | chart.ParentFound | chart.ParentUnknown:
        """Looks up the message that was replied to."""
        reply = self.question.update.reply
        if reply is None:
            return chart.NotAReply()
        database = self.desk.database
        known = await database.message(self.question.update.place.chat_id, reply.message_id)
        if known is not None:
            self.chain = await database.chain(known.turn, CHAIN_TURNS_MAX)
        if known is None or not self.chain:
            return chart.ParentUnknown(reply.text, reply.by_us, reply.quote or "")
        self.parent = known.turn
        return chart.ParentFound(len(self.chain), not await database.followed(known.turn), reply.quote or "")

    async def messages(self, context: chart.BuildContext, text: str, model: ModelSpec) -> tuple[list[ChatMessage], int]:
        """What is sent to the model, `text` being the question; and how many of the oldest turns are left out."""
        system = ChatMessage("system", self.question.asked.system_prompt(self.desk.rules))
        tail = [ChatMessage("user", text)]
        if context.shown:
            tail.insert(0, ChatMessage("assistant" if context.shown_by_us else "user", context.shown))
        kept = await self._fitting([system, *tail], room_for_context(model.context_window, model.max_output))
        turns = [
            ChatMessage(role, said)
            for turn in kept
            for role, said in (("user", turn.question), ("assistant", turn.answer))
        ]
        return [system, *turns, *tail], len(self.chain) - len(kept)

    async def _fitting(self, always: Sequence[ChatMessage], room: int) -> Sequence[StoredTurn]:
        texts = [message.content for message in always]
        # No text has more tokens than UTF-8 bytes, so most conversations need no counting at all.
        most = sum(len(text.encode()) + TOKENS_PER_MESSAGE for text in texts)
        most += sum(len((turn.question + turn.answer).encode()) + 2 * TOKENS_PER_MESSAGE for turn in self.chain)
        if most <= room:
            return self.chain
        fixed = sum(await self.desk.counter.count_many(texts)) + TOKENS_PER_MESSAGE * len(texts)
        fit = turns_that_fit([turn.tokens for turn in self.chain], fixed, room)
        return self.chain[len(self.chain) - fit :]
