"""What every user actor works with, put together once by the app."""

from collections.abc import Callable
from dataclasses import dataclass, field

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
    ImageModel,
    Messenger,
    ModelError,
    ModelTrouble,
    Renderer,
    TokenCounter,
)

OWNERS_BUSINESS = (ModelTrouble.QUOTA, ModelTrouble.MODEL, ModelTrouble.KEY)
"""Troubles that only the owner can end."""


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
    counter: TokenCounter
    renderer: Renderer
    clock: Clock
    supervisor: Supervisor
    figures: Figures
    request_stop: Callable[[], None]
    stopping: bool = False
    """Nothing new is begun any more; what waits stays in the inbox for the next start."""
    _told: set[ModelTrouble] = field(default_factory=set)

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
