"""What every user actor works with, put together once by the app."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from gptbot.actors.data_writer import DataWriter
from gptbot.actors.delivery import Delivery
from gptbot.actors.figures import Figures
from gptbot.actors.storage import Storage
from gptbot.actors.supervisor import Supervisor
from gptbot.commands.visit import tell
from gptbot.domain.rules import Rules
from gptbot.domain.updates import Me
from gptbot.ports import (
    ChatModel,
    Clock,
    Database,
    Files,
    ImageModel,
    Messenger,
    ModelError,
    ModelTrouble,
    Renderer,
    TokenCounter,
)

OWNERS_BUSINESS = (ModelTrouble.QUOTA, ModelTrouble.MODEL, ModelTrouble.KEY)
"""Troubles that only the owner can end."""


class UnderWay(NamedTuple):
    """A question that is being worked on: who asked it, and what stops it."""

    asker: int
    stop: Callable[[], None]


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
    files: Files
    counter: TokenCounter
    renderer: Renderer
    clock: Clock
    supervisor: Supervisor
    figures: Figures
    request_stop: Callable[[], None]
    stopping: bool = False
    """Nothing new is begun any more; what waits stays in the inbox for the next start."""
    drafts: bool = True
    """Telegram's server takes drafts, as far as is known (`showing`)."""
    under_way: dict[int, UnderWay] = field(default_factory=dict)
    """What is being worked on, by the id of its update."""
    _told: set[ModelTrouble] = field(default_factory=set)

    def stop_answer(self, update_id: int, by: int) -> str:
        """Stops the answer to this very question, for its asker and for admins; the key of what to say about it.

        Decided at once, before anything is awaited: a press that comes late can't stop the next answer.
        """
        found = self.under_way.get(update_id)
        if found is None:
            return "button.stale"
        if by != found.asker and not self.rules.is_admin(by):
            return "button.not_yours"
        found.stop()
        return "turn.stopped"

    async def model_failed(self, model: str, error: ModelError) -> None:
        """Tells the owner once of a trouble that is theirs, not each time (SPEC §8)."""
        self.figures.model_trouble = f"{error.trouble}"
        if error.trouble in OWNERS_BUSINESS and error.trouble not in self._told:
            self._told.add(error.trouble)
            key = f"owner.model.{error.trouble}"
            await self.storage.commit(lambda tx: tell(tx, self.rules, self.rules.main_admin, key, model=model))

    def model_answered(self) -> None:
        self.figures.model_trouble = ""
        self._told.clear()
