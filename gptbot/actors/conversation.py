"""What a question belongs to, and what the model reads before it: prompt, memory, chain, question (SPEC §5).

The *memory* is dialog mode's: the last turns of this chat and topic, up to the asker's number of tokens; in a group
those of everybody there, in a private chat there is only one to speak. A reply follows its chain, whole, with dialog
mode too. Then the memory is of what was said before the chain began, as far as the chain leaves room in the number:
so a reply to the last answer knows what a plain question would have known, and a reply to an older one forks there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fsm import reply_chain as chart
from gptbot.actors.desk import Desk
from gptbot.actors.question import Again, Question
from gptbot.domain.context import TOKENS_PER_MESSAGE, ending, room_for_context, turns_that_fit
from gptbot.domain.rules import ModelSpec
from gptbot.limits import CHAIN_TURNS_MAX
from gptbot.ports import ChatMessage, StoredTurn


@dataclass(slots=True)
class Conversation:
    """`parent` is the turn that is continued, `chain` the branch that ends in it, `memory` what was said before it.

    Both oldest first; `memory` is filled by `messages`, and holds what came along.
    """

    desk: Desk
    question: Question
    parent: int | None = None
    chain: Sequence[StoredTurn] = ()
    memory: Sequence[StoredTurn] = ()

    async def find_parent(self) -> chart.NotAReply | chart.ParentFound | chart.ParentUnknown | chart.Refused:
        """Looks up the message that was replied to; what a button asks again knows its parent."""
        again = self.question.again
        if again is not None:
            return await self._find_again(again)
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

    async def _find_again(self, again: Again) -> chart.NotAReply | chart.ParentFound | chart.Refused:
        if await self.desk.database.turn(again.turn) is None:  # the button was pressed twice
            return chart.Refused("button.stale")
        self.parent = again.parent
        if again.parent is None:
            return chart.NotAReply()
        self.chain = await self.desk.database.chain(again.parent, CHAIN_TURNS_MAX)
        if not self.chain:  # older than what is kept
            return chart.NotAReply()
        return chart.ParentFound(len(self.chain), is_latest=not await self.desk.database.followed(again.parent))

    async def messages(self, context: chart.BuildContext, text: str, model: ModelSpec) -> tuple[list[ChatMessage], int]:
        """What is sent to the model, `text` being the question; and how many of the chain's turns are left out.

        What is too long for the model's window loses its oldest turns first, so the memory before the chain.
        """
        system = ChatMessage("system", self.question.asked.system_prompt(self.desk.rules))
        tail = [ChatMessage("user", text)]
        if context.shown:
            tail.insert(0, ChatMessage("assistant" if context.shown_by_us else "user", context.shown))
        kept = await self._fitting(
            [*await self._remembered(), *self.chain],
            [system, *tail],
            room_for_context(model.context_window, model.max_output),
        )
        chain_kept = min(len(kept), len(self.chain))
        self.memory = kept[: len(kept) - chain_kept]
        turns = [
            ChatMessage(role, said)
            for turn in kept
            for role, said in (("user", turn.question), ("assistant", turn.answer))
        ]
        return [system, *turns, *tail], len(self.chain) - chain_kept

    def halved(self, context: Sequence[ChatMessage]) -> tuple[list[ChatMessage] | None, int]:
        """`context` (from `messages`) without the older half of its turns, and how many of the chain's those were.

        None if there is no turn to leave out.
        """
        turns = len(context) // 2 - 1  # two messages each, beside the prompt and what is asked
        drop = (turns + 1) // 2
        of_chain = max(drop - len(self.memory), 0)
        self.memory = self.memory[drop:]
        return ([context[0], *context[1 + 2 * drop :]] if drop else None), of_chain

    async def _remembered(self) -> Sequence[StoredTurn]:
        """What dialog mode brings along; nothing while it is off."""
        account = self.desk.storage.book.get(self.question.update.person.id)
        wanted = account.context_tokens if account is not None else 0
        room = wanted - sum(turn.tokens + 2 * TOKENS_PER_MESSAGE for turn in self.chain)
        if room <= 0:
            return ()
        place = self.question.update.place
        again = self.question.again
        before = self.chain[0].id if self.chain else again.turn if again else None
        turns = await self.desk.database.memory(
            place.chat_id, place.thread_id, before=before, tokens=room, limit=CHAIN_TURNS_MAX
        )
        fit = turns_that_fit([turn.tokens for turn in turns], 0, room)
        if fit == 0 and not self.chain:
            return _shortened(turns, room)
        return turns[len(turns) - fit :]

    async def _fitting(
        self, turns: Sequence[StoredTurn], always: Sequence[ChatMessage], room: int
    ) -> Sequence[StoredTurn]:
        texts = [message.content for message in always]
        # No text has more tokens than UTF-8 bytes, so most conversations need no counting at all.
        most = sum(len(text.encode()) + TOKENS_PER_MESSAGE for text in texts)
        most += sum(len((turn.question + turn.answer).encode()) + 2 * TOKENS_PER_MESSAGE for turn in turns)
        if most <= room:
            return turns
        fixed = sum(await self.desk.counter.count_many(texts)) + TOKENS_PER_MESSAGE * len(texts)
        fit = turns_that_fit([turn.tokens for turn in turns], fixed, room)
        return turns[len(turns) - fit :]


def _shortened(turns: Sequence[StoredTurn], room: int) -> Sequence[StoredTurn]:
    """The end of the last turn, which is longer than `room` all by itself: else a long answer would be no memory."""
    tokens = room - 2 * TOKENS_PER_MESSAGE
    if not turns or tokens <= 0:
        return ()
    last = turns[-1]
    share = min(tokens / max(last.tokens, 1), 1)
    return [last._replace(question=ending(last.question, share), answer=ending(last.answer, share), tokens=tokens)]
