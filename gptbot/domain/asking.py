"""The settings of the moment a question was asked: model, prompt and purse kind are those (SPEC §4, balance rule)."""

from dataclasses import asdict, dataclass

import orjson

from gptbot.domain.accounts import PURSE_OF
from gptbot.domain.records import Account
from gptbot.domain.rules import Purse, Rules, Tier


@dataclass(frozen=True, slots=True)
class Asked:
    """`prompt` is the user's own one, None for the standard prompt.

    `preview` is the message that shows the answer growing, if there is one: a replay after a crash takes it over.
    `heard` is what was said in its recordings, once that was shown: a replay neither hears nor shows them again.
    """

    tier: Tier
    prompt: str | None
    preview: int | None = None
    heard: str | None = None

    @classmethod
    def now(cls, account: Account, *, premium: bool = False) -> "Asked":
        """As the account stands; `premium` for one premium turn without switching (/pro)."""
        return cls("premium" if premium else account.model, account.prompt)

    @property
    def purse(self) -> Purse:
        return PURSE_OF[self.tier]

    def system_prompt(self, rules: Rules) -> str:
        return self.prompt or rules.default_prompt

    def to_bytes(self) -> bytes:
        """For the inbox row of a question that waits."""
        return orjson.dumps(asdict(self))

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Asked":
        return cls(**orjson.loads(stored))
