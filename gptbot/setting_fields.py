"""Every setting of the bot with its default (SPEC §2). example.env explains each; a test holds the two together."""

from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, PrivateAttr, SecretStr

from gptbot import setting_forms as form
from gptbot.domain.rules import IMAGE_QUALITIES, IMAGE_SIZES, Economy, ModelSpec, Package, Rules

HOME = Path(__file__).resolve().parent.parent
"""The folder of main.py, where `.env` and, unless set otherwise, `data.json` lie."""

TELEGRAM_API_URL = "https://api.telegram.org"
OPENAI_BASE_URL = "https://api.openai.com/v1"

_MODEL_ID = form.matching(r"[!-~]{1,200}", "the id of a model, without blanks")
_MODEL_OR_OFF = form.matching_or_off(r"[!-~]{1,200}", "the id of a model, without blanks")
_WINDOW = form.whole(512, 100_000_000)
_OUTPUT = form.whole(1, 10_000_000)
_PRICE = form.number(0, 100_000)
_EFFORT = form.matching("[A-Za-z0-9_-]{1,30}", "one word, such as low, medium or high")
_SIZE = r"\d{2,5}x\d{2,5}|auto"
_QUALITY = "[A-Za-z0-9_-]{1,30}"
_PURSE = form.whole(0, 10**12)
_PACE = form.number(0.01, 100_000)


class Settings(BaseModel):
    """The settings as values; names are those of the variables in small letters, units come last."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    openai_api_key: Annotated[
        SecretStr,
        form.matching(
            "[!-~]{1,1000}",
            "the key of your account (platform.openai.com/api-keys); any word if your own server asks for none",
        ),
    ]
    telegram_api_key: Annotated[
        SecretStr,
        form.matching(
            "[0-9]{1,20}:[A-Za-z0-9_-]{1,200}",
            "the token that @BotFather gave you: digits, a colon, then letters and digits",
        ),
    ]
    admin_chat_id: Annotated[tuple[int, ...], form.person_ids()]

    openai_base_url: Annotated[str, form.url("https", "http")] = OPENAI_BASE_URL
    telegram_api_url: Annotated[str, form.url("https", "http")] = TELEGRAM_API_URL
    proxy_url: Annotated[SecretStr | None, form.url("http", "socks4", "socks5", with_port=True)] = None

    basic_model: Annotated[str, _MODEL_ID] = "gpt-6-luna"
    basic_context_window: Annotated[int, _WINDOW] = 1_050_000
    basic_max_output: Annotated[int | None, _OUTPUT] = None
    basic_price_input: Annotated[float, _PRICE] = 0.10
    basic_price_cached: Annotated[float, _PRICE] = 0.01
    basic_price_output: Annotated[float, _PRICE] = 0.50
    basic_reasoning_effort: Annotated[str | None, _EFFORT] = None

    premium_model: Annotated[str, _MODEL_ID] = "gpt-6.2-sol"
    premium_context_window: Annotated[int, _WINDOW] = 1_050_000
    premium_max_output: Annotated[int | None, _OUTPUT] = None
    premium_price_input: Annotated[float, _PRICE] = 2.0
    premium_price_cached: Annotated[float, _PRICE] = 0.10
    premium_price_output: Annotated[float, _PRICE] = 10.0
    premium_reasoning_effort: Annotated[str | None, _EFFORT] = None

    image_model: Annotated[str, _MODEL_ID] = "gpt-image-2.6-flare"
    image_price: Annotated[float, _PRICE] = 0.013
    image_size: Annotated[str | None, form.matching(_SIZE, "a size like 1024x1024, or auto")] = None
    image_quality: Annotated[str | None, form.matching(_QUALITY, "one word, such as medium")] = None
    image_sizes: Annotated[tuple[str, ...], form.words(_SIZE, "sizes like 1024x1024, or auto, with commas between")] = (
        IMAGE_SIZES
    )
    image_qualities: Annotated[tuple[str, ...], form.words(_QUALITY, "words such as medium, with commas between")] = (
        IMAGE_QUALITIES
    )

    transcription_model: Annotated[str | None, _MODEL_OR_OFF] = "gpt-transcribe"
    transcription_price: Annotated[float, _PRICE] = 0.0045
    voice_seconds_max: Annotated[int, form.whole(1, 14_400)] = 300
    voice_tokens_per_s: Annotated[int, _PURSE] = 6
    speech_model: Annotated[str | None, _MODEL_OR_OFF] = None
    speech_voice: Annotated[str, form.matching(_QUALITY, "one word, such as alloy")] = "alloy"
    speech_price: Annotated[float, _PRICE] = 15.0
    speech_tokens_per_1000: Annotated[int, _PURSE] = 500
    file_max_mb: Annotated[float, form.number(0.01, 2_000)] = 20.0
    file_tokens_max: Annotated[int, form.whole(1, 10_000_000)] = 30_000
    album_quiet_s: Annotated[float, form.number(0.05, 60)] = 0.8

    access: Annotated[Literal["open", "approval", "list"], form.choice("open", "approval", "list")] = "open"
    allowed_ids: Annotated[tuple[int, ...] | None, form.chat_ids()] = None

    new_user_balance: Annotated[int, _PURSE] = 30_000
    new_user_premium_balance: Annotated[int, _PURSE] = 0
    new_user_image_balance: Annotated[int, _PURSE] = 0
    referral_bonus: Annotated[int, _PURSE] = 20_000
    favor_amount: Annotated[int, _PURSE] = 30_000
    favor_min_limit: Annotated[int, _PURSE] = 10_000
    payments: Annotated[Literal["off", "stars"], form.choice("off", "stars")] = "off"
    topup_packages: Annotated[tuple[Package, ...] | None, form.packages()] = None
    default_prompt: Annotated[str, form.free_text(100_000)] = "You are a helpful assistant"
    prompt_tokens_max: Annotated[int, form.whole(1, 1_000_000)] = 2_000
    language: Annotated[Literal["auto", "en", "ru"], form.choice("auto", "en", "ru")] = "auto"

    data_file: Annotated[Path, form.path()] = HOME / "data.json"
    backup_count: Annotated[int, form.whole(1, 10_000)] = 10
    backup_days: Annotated[int, form.whole(1, 36_500)] = 30
    turns_kept_days: Annotated[int, form.whole(1, 36_500)] = 180

    log_level: Annotated[
        Literal["debug", "info", "warning", "error", "critical"],
        form.choice("debug", "info", "warning", "error", "critical", warn="warning", fatal="critical"),
    ] = "info"
    log_format: Annotated[Literal["auto", "console", "json"], form.choice("auto", "console", "json")] = "auto"
    log_file: Annotated[Path | None, form.path()] = None
    log_file_max_mb: Annotated[float, form.number(0.01, 100_000)] = 10.0
    log_file_count: Annotated[int, form.whole(1, 1_000)] = 5
    log_texts: Annotated[bool, form.flag()] = False

    reports: Annotated[Literal["each", "digest", "off"], form.choice("each", "digest", "off")] = "each"
    report_texts: Annotated[bool, form.flag()] = True
    report_pictures: Annotated[bool, form.flag()] = True
    report_digest_minutes: Annotated[float, form.number(0.01, 10_080)] = 60.0

    rich_messages: Annotated[Literal["off", "auto", "on"], form.choice("off", "auto", "on")] = "off"
    answer_file_units: Annotated[int, form.whole(0, 100_000_000)] = 12_000

    streaming: Annotated[Literal["auto", "edits", "off"], form.choice("auto", "edits", "off")] = "auto"

    turn_timeout_s: Annotated[float, form.number(0.1, 86_400)] = 300.0
    model_read_timeout_s: Annotated[float, form.number(0.1, 86_400)] = 60.0
    model_concurrency: Annotated[int, form.whole(1, 100_000)] = 500
    queue_length: Annotated[int, form.whole(1, 1_000)] = 8
    queue_mode: Annotated[Literal["wait", "interrupt"], form.choice("wait", "interrupt")] = "wait"
    stop_grace_s: Annotated[float, form.number(0, 3_600)] = 20.0
    dialog_idle_minutes: Annotated[float, form.number(0.01, 525_600)] = 15.0
    actor_idle_s: Annotated[float, form.number(0.1, 86_400)] = 300.0

    rate_chat_per_s: Annotated[float, _PACE] = 1.0
    rate_chat_burst: Annotated[int, form.whole(1, 100_000)] = 5
    rate_group_per_min: Annotated[float, _PACE] = 20.0
    rate_overall_per_s: Annotated[float, _PACE] = 30.0
    announce_per_s: Annotated[float, _PACE] = 25.0

    updates: Annotated[Literal["polling", "webhook"], form.choice("polling", "webhook")] = "polling"
    webhook_url: Annotated[str | None, form.url("https", "http")] = None
    webhook_secret: Annotated[
        SecretStr | None, form.matching("[A-Za-z0-9_-]{1,256}", "1 to 256 letters, digits, _ and -")
    ] = None
    webhook_host: Annotated[str, form.matching(r"[A-Za-z0-9.:_-]{1,255}", "an IP address or a host name")] = "127.0.0.1"
    webhook_port: Annotated[int, form.whole(1, 65_535)] = 8081

    metrics_port: Annotated[int | None, form.whole(1, 65_535)] = None

    tiktoken_cache_dir: Annotated[Path | None, form.path()] = None

    _notes: tuple[str, ...] = PrivateAttr(())

    @property
    def notes(self) -> tuple[str, ...]:
        """What was odd but not wrong while they were read: a variable that looks misspelt, one set twice."""
        return self._notes

    @property
    def bot_id(self) -> int:
        """The bot's own Telegram id: the digits of its token."""
        return int(self.telegram_api_key.get_secret_value().partition(":")[0])

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be seen in any log, report or message (SPEC §8)."""
        values = (getattr(self, name) for name in sorted(SECRET_FIELDS))
        return tuple(value.get_secret_value() for value in values if value is not None) + tuple(
            password
            for address in (self.openai_base_url, self.telegram_api_url, self._proxy)
            if (password := _password(address))
        )

    @property
    def _proxy(self) -> str:
        return self.proxy_url.get_secret_value() if self.proxy_url else ""

    def rules(self) -> Rules:
        """The part that the domain and the actors need."""
        return Rules(
            admins=self.admin_chat_id,
            basic=self._model("basic"),
            premium=self._model("premium"),
            image_model=self.image_model,
            image_price=self.image_price,
            image_sizes=self.image_sizes,
            image_qualities=self.image_qualities,
            transcription_model=self.transcription_model,
            transcription_price=self.transcription_price,
            voice_seconds_max=self.voice_seconds_max,
            voice_tokens_per_s=self.voice_tokens_per_s,
            speech_model=self.speech_model,
            speech_price=self.speech_price,
            speech_tokens_per_1000=self.speech_tokens_per_1000,
            file_bytes_max=int(self.file_max_mb * 1_000_000),
            file_tokens_max=self.file_tokens_max,
            album_quiet_s=self.album_quiet_s,
            economy=Economy(**{name: getattr(self, name) for name in Economy.__dataclass_fields__}),
            default_prompt=self.default_prompt,
            prompt_tokens_max=self.prompt_tokens_max,
            language=None if self.language == "auto" else self.language,
            queue_length=self.queue_length,
            queue_mode=self.queue_mode,
            turn_timeout_s=self.turn_timeout_s,
            streaming=self.streaming,
            dialog_idle_s=self.dialog_idle_minutes * 60,
            actor_idle_s=self.actor_idle_s,
            stop_grace_s=self.stop_grace_s,
            turns_kept_days=self.turns_kept_days,
            reports=self.reports,
            report_texts=self.report_texts,
            report_pictures=self.report_pictures,
            report_digest_s=self.report_digest_minutes * 60,
            announce_per_s=self.announce_per_s,
            access=self.access,
            allowed_ids=frozenset(self.allowed_ids or ()),
            answer_file_units=self.answer_file_units,
            packages=(self.topup_packages or ()) if self.payments == "stars" else (),
        )

    def _model(self, tier: str) -> ModelSpec:
        def of(what: str) -> Any:
            return getattr(self, f"{tier}_{what}")

        return ModelSpec(
            id=of("model"),
            context_window=of("context_window"),
            price_input=of("price_input"),
            price_cached=of("price_cached"),
            price_output=of("price_output"),
            max_output=of("max_output"),
            reasoning_effort=of("reasoning_effort"),
        )


SECRET_FIELDS = frozenset(
    name
    for name, info in Settings.model_fields.items()
    if info.annotation is SecretStr or SecretStr in get_args(info.annotation)
)


def expected(field: str) -> str:
    """What a value of this setting must look like, in words."""
    for validator in Settings.model_fields[field].metadata:
        if isinstance(validator.func, form.Form):
            return validator.func.expected
    raise AssertionError(f"{field} has no form")


def _password(address: str) -> str:
    """The password inside an address, or nothing."""
    userinfo, at, _ = address.partition("://")[2].rpartition("@")
    return userinfo.partition(":")[2] if at else ""
