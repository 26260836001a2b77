"""What every user actor works with, put together once by the app."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from gptbot.actors.data_writer import DataWriter
from gptbot.actors.delivery import Delivery
from gptbot.actors.figures import Figures
from gptbot.actors.muted import MutedGroups
from gptbot.actors.storage import Storage
from gptbot.actors.supervisor import Supervisor
from gptbot.commands.visit import tell
from gptbot.domain.rules import Rules
from gptbot.domain.updates import Me
from gptbot.ports import (
    ChatModel,
    Clock,
    Database,
    DocumentReader,
    Files,
    ImageModel,
    Messenger,
    ModelError,
    ModelTrouble,
    Renderer,
    SpeechModel,
    TokenCounter,
    TranscriptionModel,
)

OWNERS_BUSINESS = (ModelTrouble.QUOTA, ModelTrouble.MODEL, ModelTrouble.KEY, ModelTrouble.PICTURES)
"""Troubles that only the owner can end."""


class UnderWay(NamedTuple):
    """A question that is being worked on: who asked it, and what stops it (False: it is too late).

    `grows_in` tells whether this message of this chat shows its answer growing.
    """

    asker: int
    stop: Callable[[], bool]
    grows_in: Callable[[int, int], bool] = lambda chat_id, message_id: False


@dataclass(slots=True)
class Desk:
    """`request_stop` ends the program as /stop does."""

    rules: Rules
    me: Me
    storage: Storage
    database: Database
    data_writer: DataWriter
    delivery: Delivery
    messenger: Messenger
    chat_model: ChatModel
    image_model: ImageModel
    transcription_model: TranscriptionModel
    speech_model: SpeechModel
    files: Files
    documents: DocumentReader
    counter: TokenCounter
    renderer: Renderer
    clock: Clock
    supervisor: Supervisor
    figures: Figures
    muted: MutedGroups
    request_stop: Callable[[], None]
    stopping: bool = False
    """Nothing new is begun any more; what waits stays in the inbox for the next start."""
    drafts: bool = True
    """Telegram's server takes drafts, as far as is known (`showing`)."""
    frame_turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(16))
    """So many frames are made in one round of the event loop: those of many answers must not hold it up (`showing`)."""
    payments: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while the ledger is asked for a payment and changed for it."""
    refunding: set[str] = field(default_factory=set)
    """Payments whose Stars are being given back at this moment, by their charge."""
    under_way: dict[int, UnderWay] = field(default_factory=dict)
    """What is being worked on, by the id of its update."""
    _told: set[tuple[str, ModelTrouble]] = field(default_factory=set)

    def stop_answer(self, update_id: int, by: int) -> str:
        """Stops the answer to this very question, for its asker and for admins; the key of what to say about it.

        Decided at once, before anything is awaited: a press that comes late can't stop the next answer.
        """
        found = self.under_way.get(update_id)
        if found is None:
            return "button.stale"
        if by != found.asker and not self.rules.is_admin(by):
            return "button.not_yours"
        return "turn.stopped" if found.stop() else "button.stale"

    async def model_failed(self, model: str, error: ModelError) -> None:
        """Tells the owner once of a trouble that is theirs, not each time (SPEC §8)."""
        self.figures.model_trouble = f"{error.trouble}"
        self.figures.model_troubles.add(model, f"{error.trouble}")
        if error.trouble in OWNERS_BUSINESS and (model, error.trouble) not in self._told:
            self._told.add((model, error.trouble))
            key = f"owner.model.{error.trouble}"
            await self.storage.commit(lambda tx: tell(tx, self.rules, self.rules.main_admin, key, model=model))

    def model_answered(self, model: str) -> None:
        """Another model may still be in trouble: the owner is told of that no second time."""
        self.figures.model_trouble = ""
        self._told = {told for told in self._told if told[0] != model}
