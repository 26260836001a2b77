"""The owner's rules of the game, made from the settings once at start and never changed while the bot runs."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Tier = Literal["basic", "premium"]
Purse = Literal["balance", "premium_balance", "image_balance"]
Language = Literal["en", "ru"]
Streaming = Literal["auto", "edits", "off"]
"""How a growing answer is shown: auto by drafts where Telegram has them, else by editing one message."""
ReportMode = Literal["each", "digest", "off"]

ADMIN_PURSES: dict[Purse, int] = {"balance": 777777, "premium_balance": 77777, "image_balance": 777}
"""What an admin's entry holds at creation (SPEC §3); no admin is ever charged."""

IMAGE_SIZES = ("1024x1024", "1536x1024", "1024x1536")
IMAGE_QUALITIES = ("low", "medium", "high")
"""What the image models of OpenAI take."""


class Package(NamedTuple):
    """What can be bought with Telegram Stars: so much of a purse for so many Stars."""

    purse: Purse
    amount: int
    stars: int


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A chat model: its id, window and output limit in tokens, prices in US dollars per million tokens.

    `max_output` and `reasoning_effort` None are not sent to the server.
    """

    id: str
    context_window: int
    price_input: float
    price_cached: float
    price_output: float
    max_output: int | None = None
    reasoning_effort: str | None = None


@dataclass(frozen=True, slots=True)
class Economy:
    """What people get and pay, in tokens (`NEW_USER_…`, `REFERRAL_BONUS`, `FAVOR_…` of SPEC §2)."""

    new_user_balance: int = 30_000
    new_user_premium_balance: int = 0
    new_user_image_balance: int = 0
    referral_bonus: int = 20_000
    favor_amount: int = 30_000
    favor_min_limit: int = 10_000


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything the domain and the actors need to know of the settings."""

    admins: tuple[int, ...]  # the first is the main admin
    basic: ModelSpec
    premium: ModelSpec
    image_model: str
    image_price: float  # US dollars a picture
    economy: Economy = field(default_factory=Economy)
    image_sizes: tuple[str, ...] = IMAGE_SIZES  # what people may choose with /imagine
    image_qualities: tuple[str, ...] = IMAGE_QUALITIES
    transcription_model: str | None = None  # None: nobody listens to recordings
    transcription_price: float = 0.0  # US dollars a minute
    voice_seconds_max: int = 300
    voice_tokens_per_s: int = 6  # premium tokens
    speech_model: str | None = None  # None: no spoken answers
    speech_price: float = 0.0  # US dollars for a million characters
    speech_tokens_per_1000: int = 500  # premium tokens for a thousand characters
    file_bytes_max: int = 20_000_000
    file_tokens_max: int = 30_000
    album_quiet_s: float = 0.8  # an album is whole when nothing more of it came for so long
    default_prompt: str = "You are a helpful assistant"
    prompt_tokens_max: int = 2_000
    language: Language | None = None  # None: by Telegram's language_code
    queue_length: int = 8  # questions of one user that may wait
    queue_mode: Literal["wait", "interrupt"] = "wait"  # what a question does while another is being answered
    turn_timeout_s: float = 300.0
    typing_after_s: float = 0.3
    streaming: Streaming = "auto"
    show_after_s: float = 0.15  # first words wait at most so long for the rest, less where few answers are under way
    dialog_idle_s: float = 900.0
    actor_idle_s: float = 300.0
    stop_grace_s: float = 20.0
    turns_kept_days: int = 180
    reports: ReportMode = "each"  # unless the main admin has chosen in /settings (`domain/accounts.report_mode`)
    report_texts: bool = True
    report_pictures: bool = True
    report_digest_s: float = 3600.0
    answer_file_units: int = 12_000  # longer answers come as a file, too; 0: never
    announce_per_s: float = 25.0
    access: Literal["open", "approval", "list"] = "open"
    allowed_ids: frozenset[int] = frozenset()  # users and groups that are let in without asking
    packages: tuple[Package, ...] = ()  # what people can buy with Stars; none: payments are off

    @property
    def main_admin(self) -> int:
        return self.admins[0]

    def is_admin(self, user_id: int) -> bool:
        return user_id in self.admins

    def model(self, tier: Tier) -> ModelSpec:
        return self.premium if tier == "premium" else self.basic
