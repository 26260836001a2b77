"""A Messenger that remembers what it was given and answers what a test has planned."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable

from gptbot.domain.outgoing import Outgoing
from gptbot.ports import Outcome, Sent, Urgency


class FakeMessenger:
    """`plan(chat, outcome…)` decides the next outcomes of a chat; unplanned calls succeed. `gate` holds calls back."""

    def __init__(self) -> None:
        self.delivered: list[tuple[Outgoing, Outcome]] = []
        self.hints: list[Outgoing] = []
        self.frames: list[Outgoing] = []
        self.frames_may_leave = True
        self.planned_frames: deque[Outcome | None] = deque()
        self.frame_gate = asyncio.Event()
        self.frame_gate.set()
        self.asked_whether_reachable = 0
        self.trouble = ""
        self.gate = asyncio.Event()
        self.gate.set()
        self.before: Callable[[Outgoing], None] = lambda _: None
        self._planned: dict[int, deque[Outcome]] = defaultdict(deque)
        self._ids = 1000

    def plan(self, chat_id: int, *outcomes: Outcome) -> None:
        self._planned[chat_id].extend(outcomes)

    def texts(self, chat_id: int | None = None) -> list[str]:
        """What arrived, in order."""
        return [
            str(outgoing.params.get("text"))
            for outgoing, outcome in self.delivered
            if isinstance(outcome, Sent) and chat_id in (None, outgoing.chat_id)
        ]

    async def deliver(self, outgoing: Outgoing, urgency: Urgency = Urgency.ANSWER) -> Outcome:
        await self.gate.wait()
        self.before(outgoing)
        await asyncio.sleep(0)
        planned = self._planned[outgoing.chat_id]
        self._ids += 1
        outcome = planned.popleft() if planned else Sent(self._ids)
        self.delivered.append((outgoing, outcome))
        return outcome

    async def hint(self, outgoing: Outgoing) -> None:
        self.hints.append(outgoing)

    def frame_may_leave(self, chat_id: int, *, draft: bool) -> bool:
        return self.frames_may_leave

    async def frame(self, outgoing: Outgoing) -> Outcome | None:
        self.frames.append(outgoing)
        await self.frame_gate.wait()
        if self.planned_frames:
            return self.planned_frames.popleft()
        self._ids += 1
        return Sent(0 if outgoing.method == "sendMessageDraft" else self._ids)

    async def reachable(self) -> None:
        self.asked_whether_reachable += 1
