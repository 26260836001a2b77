"""A growing answer as its reader sees it: native drafts in private chats, else one message that is edited (SPEC §5).

Each frame shows the text as it is at that moment, so a lost one harms nobody and what had to wait is never sent late.
The whole answer is none of this business: it goes through the outbox, and takes the place of the edited message.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final, Self

import structlog

from gptbot.actors.desk import Desk
from gptbot.actors.question import ACTION_EVERY_S, Question
from gptbot.domain.accounts import streaming
from gptbot.domain.outgoing import Button, Outgoing, Text, chat_action, delete, draft, edit, message
from gptbot.domain.visible import closed
from gptbot.ports import Outcome, RefusalKind, Refused, Sent, Unknown
from gptbot.texts import Words

log = structlog.get_logger()

STOP_AREA: Final = "stop"
"""The area of the inline Stop's data; its argument is the id of the question's update."""
EARLY_FRAMES: Final = 3
DRAFT_EARLY_S: Final = 0.4
DRAFT_EVERY_S: Final = 1.0
EDIT_PRIVATE_EVERY_S: Final = 1.5
EDIT_GROUP_EVERY_S: Final = 3.5
"""Pauses between frames that Telegram's budgets bear (PLATFORM, "streaming an answer")."""
DRAFT_KEPT_S: Final = 20.0
"""A draft lives 30 s; one that does not grow is sent again after this."""
RETRY_S: Final = 0.25
"""When a frame that was over the budgets, or got no answer, is tried again."""
FRAMES_PER_S: Final = 250.0
"""Of all answers together: where many grow at once, each is shown less often, and the processor stays free."""
SHOW_AFTER_EACH_S: Final = 0.005
"""First words are shown after this time for each answer under way: one that comes at once takes about as long."""
WINDOW: Final = 3_000
"""Characters of Markdown that a frame shows at most, the newest; rendering them takes 2 ms."""
RENDER_SLOW_S: Final = 0.01
"""An answer whose rendering takes longer goes on without formatting until it is whole."""


class Ticker:
    """A supervised loop of steps, each telling the pause after it (seconds; None: it was the last one)."""

    def __init__(self, desk: Desk, name: str, step: Callable[[], Awaitable[float | None]]) -> None:
        self._desk = desk
        self._name = name
        self._step = step
        self._task: asyncio.Task[None] | None = None
        self._resting = False
        self._over = False

    def start(self) -> None:
        self._task = self._desk.supervisor.spawn(self._name, self._run())

    async def end(self) -> None:
        """Returns when no step is under way any more. A call that was begun is not broken off: it might come late."""
        self._over = True
        if self._task is None:
            return
        if self._resting:
            self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        pause_s: float | None = 0.0
        while pause_s is not None and not self._over:
            self._resting = True
            if pause_s > 0:
                await self._desk.clock.sleep(pause_s)
            async with self._desk.frame_turns:
                await asyncio.sleep(0)  # the turn is over when the event loop has gone round
            self._resting = False
            pause_s = await self._step()


class AnswerView:
    """`pieces` is the list that the answer grows in: appending to it is all that a token costs.

    Used as `async with`: until its end something is shown, from then on nothing leaves any more.
    """

    def __init__(self, desk: Desk, question: Question, words: Words, pieces: Sequence[str]) -> None:
        self._desk = desk
        self._question = question
        self._place = question.update.place
        self._id = question.update.update_id
        self._pieces = pieces
        self._streaming = streaming(desk.storage.book.get(question.update.person.id), desk.rules)
        self._message_id = question.asked.preview  # the message that is edited, once there is one
        self._keyboard = ((Button(words.plain("button.stop"), f"{STOP_AREA}:{self._id}"),),)
        self._signs = Ticker(desk, f"signs {self._id}", self._sign)
        self._frames = Ticker(desk, f"frames {self._id}", self._frame)
        self._timer: asyncio.TimerHandle | None = None
        self._thinking_shown = True
        self._plain = False
        self._frames_shown = 0
        self._pieces_shown = 0
        self._shown_at = 0.0
        self.calls = 0
        """Calls of Telegram that were made so far."""
        self._window_start = 0
        self._window_opening = ""

    async def __aenter__(self) -> Self:
        # A timer is far cheaper than a task, and an answer that comes at once needs neither sign nor frame.
        self._set_timer(self._desk.rules.typing_after_s, self._signs.start)
        return self

    def begin(self) -> None:
        """The first words are here."""
        if self._streaming != "off":
            after_s = min(self._desk.rules.show_after_s, SHOW_AFTER_EACH_S * len(self._desk.under_way))
            self._set_timer(after_s, self._frames.start)

    def written(self) -> None:
        """All words are here: what is not shown yet waits for the whole answer."""
        if self._timer is not None:
            self._timer.cancel()

    async def __aexit__(self, *_: object) -> None:
        self.written()
        await self._signs.end()
        await self._frames.end()

    def take_message(self) -> int | None:
        """The message that the whole answer shall take the place of, if there is one; the view lets go of it."""
        message_id, self._message_id = self._message_id, None
        return message_id

    def give_back(self, message_id: int | None) -> None:
        """The whole answer may not be shown after all."""
        self._message_id = message_id

    def remove(self) -> None:
        """Takes away the message that has become nothing, as soon as Telegram lets it; for after the end."""
        message_id = self.take_message()
        if message_id is not None:
            self.calls += 1
            gone = self._desk.messenger.deliver(delete(self._place.chat_id, message_id))
            self._desk.supervisor.spawn(f"removal {self._id}", gone)

    def _set_timer(self, after_s: float, work: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(after_s, work)

    @property
    def _drafting(self) -> bool:
        wanted = self._streaming == "auto" and self._desk.drafts
        return wanted and self._place.private and self._message_id is None and self._id != 0

    # --- while the model thinks --------------------------------------------------------------------------------------

    async def _sign(self) -> float | None:
        """Telegram shows an empty draft as "Thinking…"."""
        if not (self._drafting and self._thinking_shown):
            self.calls += 1
            await self._desk.messenger.hint(chat_action(self._place, "typing"))
            return ACTION_EVERY_S
        if not self._desk.messenger.frame_may_leave(self._place.chat_id, draft=True):
            return RETRY_S
        outcome = await self._frame_sent(draft(self._place, self._id, Text("")))
        if isinstance(outcome, Refused) and outcome.kind is RefusalKind.FORMAT:
            self._thinking_shown = False
            return 0.0
        return self._refused_draft(outcome) if isinstance(outcome, Refused) else DRAFT_KEPT_S

    # --- while it writes ---------------------------------------------------------------------------------------------

    async def _frame(self) -> float | None:
        await self._signs.end()
        drafting, pieces = self._drafting, len(self._pieces)
        grown = pieces > self._pieces_shown
        if not grown and not (drafting and self._desk.clock.monotonic() - self._shown_at >= DRAFT_KEPT_S):
            return self._pause_s
        if not self._desk.messenger.frame_may_leave(self._place.chat_id, draft=drafting):
            return RETRY_S
        text = self._visible()
        if text is None:
            return self._pause_s
        outcome = await self._frame_sent(self._call(text, drafting=drafting))
        if isinstance(outcome, Refused) and outcome.kind is not RefusalKind.NOT_MODIFIED:
            return self._refused(outcome, drafting=drafting)
        if outcome is None:
            return RETRY_S
        self._frames_shown += 1
        self._pieces_shown = pieces
        self._shown_at = self._desk.clock.monotonic()
        if not drafting and self._message_id is None:
            return await self._message_made(outcome)
        return self._pause_s

    @property
    def _pause_s(self) -> float:
        if not self._drafting:
            return EDIT_PRIVATE_EVERY_S if self._place.private else EDIT_GROUP_EVERY_S
        pause_s = DRAFT_EARLY_S if self._frames_shown < EARLY_FRAMES else DRAFT_EVERY_S
        # Not all alike, so that answers that began together are not shown in step.
        unlike = 0.9 + 0.2 * (self._id % 10) / 9
        return max(pause_s, unlike * len(self._desk.under_way) / FRAMES_PER_S)

    async def _frame_sent(self, frame: Outgoing) -> Outcome | None:
        self.calls += 1
        return await self._desk.messenger.frame(frame)

    def _call(self, text: Text, *, drafting: bool) -> Outgoing:
        if drafting:
            return draft(self._place, self._id, text)
        if self._message_id is not None:
            return edit(self._place.chat_id, self._message_id, text, keyboard=self._keyboard)
        reply_to = None if self._place.private else self._question.update.message_id
        return message(self._place, text, reply_to=reply_to, keyboard=self._keyboard)

    async def _message_made(self, outcome: Outcome) -> float | None:
        """Stored, so that after a crash the answer takes the place of this message and leaves no ruin."""
        if isinstance(outcome, Unknown) or not isinstance(outcome, Sent) or not outcome.message_id:
            return None  # it can't be edited: the whole answer comes as a message of its own
        self._message_id = outcome.message_id
        question = self._question
        question.asked, question.pinned = replace(question.asked, preview=outcome.message_id), True
        await self._desk.storage.commit(lambda tx: tx.pin(self._id, question.asked.to_bytes()))
        return self._pause_s

    def _refused(self, outcome: Refused, *, drafting: bool) -> float | None:
        if outcome.kind is RefusalKind.FORMAT and not self._plain:
            self._plain = True
            return RETRY_S
        if outcome.kind is RefusalKind.MESSAGE_GONE and not drafting:
            self._message_id = None  # somebody deleted it
        return self._refused_draft(outcome) if drafting else None

    def _refused_draft(self, outcome: Refused) -> float | None:
        """A server that does not know drafts is not asked again; this answer grows as a message from now on."""
        if outcome.kind not in (RefusalKind.UNSUPPORTED, RefusalKind.OTHER):
            return None
        if self._desk.drafts:
            log.warning("streaming.drafts_off", problem=outcome.description)
        self._desk.drafts = False
        return 0.0

    # --- what is shown -----------------------------------------------------------------------------------------------

    def _visible(self) -> Text | None:
        """The answer so far as far as it fits into a message; None while there is nothing to see."""
        window = self._window("".join(self._pieces))
        renderer, clock = self._desk.renderer, self._desk.clock
        started = clock.monotonic()
        try:
            texts = renderer.plain(window) if self._plain else renderer.render(closed(window))
        except ValueError:
            return None
        if clock.monotonic() - started > RENDER_SLOW_S:
            self._plain = True
        return texts[-1]

    def _window(self, text: str) -> str:
        """The end of the answer; it moves on in large steps, since text that only grows is shown best."""
        if len(text) - self._window_start > WINDOW:
            newest = len(text) - WINDOW // 4
            self._window_start = text.rfind("\n", newest - WINDOW // 2, newest) + 1 or newest
            in_code = text.count("```", 0, self._window_start) % 2 == 1
            self._window_opening = "```\n" if in_code else ""
        return self._window_opening + text[self._window_start :]
