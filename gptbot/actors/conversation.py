"""What a question belongs to, and what the model reads before it: prompt, memory, chain, question (SPEC §5).

The *memory* is dialog mode's: the last turns of this chat and topic, up to the asker's number of tokens; in a group
those of everybody there, in a private chat there is only one to speak. A reply follows its chain, whole, with dialog
mode too. Then the memory is of what was said before the chain began, as far as the chain leaves room in the number:
so a reply to the last answer knows what a plain question would have known, and a reply to an older one forks there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fsm import reply_chain as chart
from gptbot.actors.desk import Desk
from gptbot.actors.question import Again, Question
from gptbot.actors.reading import pictures_of
from gptbot.domain.attached import PICTURE_TOKENS, Attached
from gptbot.domain.context import TOKENS_PER_MESSAGE, ending, room_for_context, turns_that_fit
from gptbot.domain.rules import ModelSpec
from gptbot.domain.updates import SentFile
from gptbot.limits import CHAIN_PICTURE_TURNS, CHAIN_TURNS_MAX
from gptbot.ports import ChatMessage, StoredTurn


@dataclass(slots=True)
class Conversation:
    """`parent` is the turn that is continued, `chain` the branch that ends in it, oldest first.

    `files` are what the question is about: those that came with it, else that of an unknown message which it replies
    to.
    """

    desk: Desk
    question: Question
    parent: int | None = None
    chain: Sequence[StoredTurn] = ()
    files: Sequence[SentFile] = ()
    former: int | None = None
    """Of what is asked again: the turn that its message belonged to."""
    _kept: Sequence[StoredTurn] = ()
    """What comes along: the end of the memory and of the chain."""
    _pictures: Mapping[int, Sequence[bytes]] = field(default_factory=dict)
    """By the turn that they belong to."""

    @property
    def shows_pictures(self) -> bool:
        """Whether the last turns of the chain are about pictures: those come along to a model that sees."""
        return any(Attached.from_bytes(turn.attached).pictures for turn in self.chain[-CHAIN_PICTURE_TURNS:])

    async def find_parent(self) -> chart.NotAReply | chart.ParentFound | chart.ParentUnknown | chart.Refused:
        """Looks up the message that was replied to; what a button asks again knows its parent."""
        again = self.question.again
        if again is not None:
            return await self._find_again(again)
        self.files = self.question.update.files
        reply = self.question.update.reply
        if reply is None:
            return chart.NotAReply()
        database = self.desk.database
        known = await database.message(self.question.update.place.chat_id, reply.message_id)
        if known is not None:
            self.chain = await database.chain(known.turn, CHAIN_TURNS_MAX)
        if known is None or not self.chain:
            if reply.file is not None:
                self.files = (*self.files, reply.file)
            return chart.ParentUnknown(reply.text, reply.by_us, reply.quote or "")
        self.parent = known.turn
        return chart.ParentFound(len(self.chain), not await database.followed(known.turn), reply.quote or "")

    async def _find_again(self, again: Again) -> chart.NotAReply | chart.ParentFound | chart.Refused:
        row = await self.desk.database.turn(again.turn)
        if row is None or row.replaced:  # the button was pressed twice
            return chart.Refused("button.stale")
        self.parent = again.parent
        if again.parent is not None:
            self.chain = await self.desk.database.chain(again.parent, CHAIN_TURNS_MAX)
        update = self.question.update
        known = await self.desk.database.message(update.place.chat_id, update.message_id)
        if known is not None and known.role == "user":
            self.question.goes_on = any(turn.id == known.turn for turn in self.chain)
            self.former = None if self.question.goes_on else known.turn
        if again.parent is None or not self.chain:  # or it is older than what is kept
            return chart.NotAReply()
        return chart.ParentFound(len(self.chain), is_latest=not await self.desk.database.followed(again.parent))

    @property
    def turns_remembered(self) -> int:
        """How many turns of the memory come along."""
        return max(len(self._kept) - len(self.chain), 0)

    async def gather(self, pictures: Sequence[bytes], model: ModelSpec) -> int:
        """Decides what comes along with the question and its `pictures`; how many of the chain's turns don't.

        What is too long for the model's window loses its oldest turns first, so the memory before the chain.
        """
        tokens = PICTURE_TOKENS * len(pictures)
        self._kept = await self._fitting(
            [*await self._remembered(), *self.chain],
            [self._system, *self._tail(pictures)],
            room_for_context(model.context_window, model.max_output) - tokens,
        )
        if self.question.asked.tier == "premium":
            self._pictures = await self._earlier_pictures()
        return max(len(self.chain) - len(self._kept), 0)

    def messages(self, pictures: Sequence[bytes]) -> list[ChatMessage]:
        """What is sent to the model."""
        turns = [
            message
            for turn in self._kept
            for message in (
                *_asked(turn.question, Attached.from_bytes(turn.attached), self._pictures.get(turn.id, ())),
                ChatMessage("assistant", turn.answer),
            )
        ]
        return [self._system, *turns, *self._tail(pictures)]

    def halve(self) -> int | None:
        """Leaves the older half of the turns out; how many of the chain's those were, None if there was no turn."""
        if not self._kept:
            return None
        drop = (len(self._kept) + 1) // 2
        of_chain = max(drop - self.turns_remembered, 0)
        self._kept = self._kept[drop:]
        return of_chain

    @property
    def _system(self) -> ChatMessage:
        return ChatMessage("system", self.question.asked.system_prompt(self.desk.rules))

    def _tail(self, pictures: Sequence[bytes]) -> list[ChatMessage]:
        return _asked(self.question.text, self.question.attached, pictures)

    async def _earlier_pictures(self) -> dict[int, Sequence[bytes]]:
        """Those that the last turns of the chain are about; dialog mode remembers words only."""
        return {
            turn.id: await pictures_of(self.desk, Attached.from_bytes(turn.attached).pictures)
            for turn in self.chain[-CHAIN_PICTURE_TURNS:]
            if turn.attached is not None
        }

    async def _remembered(self) -> Sequence[StoredTurn]:
        """What dialog mode brings along; nothing while it is off."""
        account = self.desk.storage.book.get(self.question.update.person.id)
        wanted = account.context_tokens if account is not None else 0
        room = wanted - sum(turn.tokens + 2 * TOKENS_PER_MESSAGE for turn in self.chain)
        if room <= 0:
            return ()
        place = self.question.update.place
        again = self.question.again
        taken = [turn for turn in (again.turn if again else None, self.former) if turn is not None]
        before = self.chain[0].id if self.chain else min(taken, default=None)
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
        most += sum(max(_bytes(turn), turn.tokens) + 2 * TOKENS_PER_MESSAGE for turn in turns)
        if most <= room:
            return turns
        fixed = sum(await self.desk.counter.count_many(texts)) + TOKENS_PER_MESSAGE * len(texts)
        fit = turns_that_fit([turn.tokens for turn in turns], fixed, room)
        return turns[len(turns) - fit :]


def _asked(words: str, attached: Attached, pictures: Sequence[bytes]) -> list[ChatMessage]:
    """A question as the model reads it."""
    asked = ChatMessage("user", attached.before(words), tuple(pictures))
    if not attached.shown:
        return [asked]
    return [ChatMessage("assistant" if attached.shown_by_us else "user", attached.shown), asked]


def _bytes(turn: StoredTurn) -> int:
    attached = Attached.from_bytes(turn.attached)
    texts = (attached.shown, attached.before(turn.question), turn.answer)
    return sum(len(text.encode()) for text in texts)


def _shortened(turns: Sequence[StoredTurn], room: int) -> Sequence[StoredTurn]:
    """The end of the last turn, which is longer than `room` all by itself: else a long answer would be no memory."""
    tokens = room - 2 * TOKENS_PER_MESSAGE
    if not turns or tokens <= 0:
        return ()
    last = turns[-1]
    share = min(tokens / max(last.tokens, 1), 1)
    question = ending(Attached.from_bytes(last.attached).before(last.question), share)
    return [last._replace(question=question, answer=ending(last.answer, share), tokens=tokens, attached=None)]
