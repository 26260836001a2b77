"""`python main.py --check` (SPEC §2): are settings, data file, Telegram token and models in order?

Plain aiohttp on purpose: importing aiogram and openai takes seconds, this answers at once.
"""

import asyncio
import hashlib
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, TextIO
from urllib.parse import urlsplit

import aiohttp
import aiohttp_socks
import orjson

from gptbot.redaction import Redactor
from gptbot.settings import OPENAI_BASE_URL, Settings

TIMEOUT_S = 10.0
ANSWER_BYTES_MAX = 16_000_000
"""Far more than any list of models; an address typed wrong may lead anywhere."""

_TOKEN_TABLE = "https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken"  # noqa: S105 - no password
_SIDE_MODELS = ("image_model", "transcription_model", "speech_model")
_TROUBLE = (
    aiohttp.ClientError,
    aiohttp_socks.ProxyError,
    aiohttp_socks.ProxyConnectionError,
    aiohttp_socks.ProxyTimeoutError,
    OSError,  # TimeoutError is one
    UnicodeError,  # a host name that can't be one
)


class _Moved(Exception):
    """The server sends whoever asks to another one, and the bot's calls, which are POSTs, may not get there."""

    def __init__(self, status: int, to: str) -> None:
        super().__init__(f"it sends everybody on to {to} ({status})")
        self.status = status


class Verdict(StrEnum):
    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    WRONG = "WRONG"


class Finding(NamedTuple):
    """One line of the list."""

    verdict: Verdict
    subject: str
    text: str


async def run_check(settings: Settings, out: TextIO | None = None) -> int:
    """Prints what is in order and what isn't; 0, or 1 when something is wrong. Never prints a secret."""
    local = [*_settings(settings), *_data_file(settings), _token_table(settings)]
    async with _session(settings) as session:
        remote = await asyncio.gather(_telegram(settings, session), _models(settings, session))
    findings = [*local, *(finding for part in remote for finding in part)]
    redactor = Redactor(settings.secrets)
    wrong = sum(finding.verdict is Verdict.WRONG for finding in findings)
    end = f"{wrong} wrong: see above." if wrong else "Nothing is wrong."
    lines = [f"{verdict:<8} {subject:<10} {text}" for verdict, subject, text in findings]
    for line in [*lines, end]:
        (out or sys.stdout).write(_printable(redactor.text(line)) + "\n")
    return 1 if wrong else 0


def _printable(text: str) -> str:
    """What a server sent must not steer the terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)


# --- on this machine -------------------------------------------------------------------------------------------------


def _settings(settings: Settings) -> Iterator[Finding]:
    admins = ", ".join(map(str, settings.admin_chat_id))
    yield Finding(
        Verdict.OK, "settings", f"admins {admins}; updates by {settings.updates}; reports: {settings.reports}"
    )
    for note in settings.notes:
        yield Finding(Verdict.WARNING, "settings", note)
    if settings.bot_id in settings.admin_chat_id:
        yield Finding(Verdict.WARNING, "settings", "ADMIN_CHAT_ID holds the bot's own id: a person's is expected")


def _data_file(settings: Settings) -> Iterator[Finding]:
    from gptbot.edges import data_file, opening

    problems = data_file.inspect(settings.data_file) or opening.inspect(settings.data_file, settings.bot_id)
    for problem in problems:
        yield Finding(Verdict.WRONG, "data file", problem)
    if not problems:
        there = "" if settings.data_file.exists() else " (not there yet: it is made at the first start)"
        yield Finding(Verdict.OK, "data file", f"{settings.data_file}{there}")
    if warning := data_file.open_to_others(settings.data_file):
        yield Finding(Verdict.WARNING, "data file", warning)


def _token_table(settings: Settings) -> Finding:
    """tiktoken keeps a table under the SHA-1 of its address."""
    folder = settings.tiktoken_cache_dir or Path(tempfile.gettempdir()) / "data-gym-cache"
    if (folder / hashlib.sha1(_TOKEN_TABLE.encode(), usedforsecurity=False).hexdigest()).is_file():
        return Finding(Verdict.OK, "tokens", f"the table is in {folder}")
    text = f"no table in {folder} yet: it is fetched at the start; until then tokens are estimated, a little high"
    return Finding(Verdict.NOTE, "tokens", text)


# --- elsewhere -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _session(settings: Settings) -> AsyncIterator[aiohttp.ClientSession]:
    proxy = settings.proxy_url
    connector = aiohttp_socks.ProxyConnector.from_url(proxy.get_secret_value(), rdns=True) if proxy else None
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        yield session


async def _get(session: aiohttp.ClientSession, url: str, key: str = "") -> tuple[int, Any]:
    """Status and JSON; None where the answer is none, or an endless one. Raises _Moved and what is in _TROUBLE."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with session.get(url, headers=headers) as response:
        if response.history and response.history[0].url.origin() != response.url.origin():
            raise _Moved(response.history[0].status, f"{response.url.origin()}")
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > ANSWER_BYTES_MAX:
                return response.status, None
        try:
            return response.status, orjson.loads(body)
        except ValueError:
            return response.status, None


def _reason(error: Exception) -> str:
    """Why a server can't be reached; the error's own text may hold the address and so the token."""
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT_S:g} s"
    strerror = error.strerror if isinstance(error, OSError) else None
    return f"{type(error).__name__}{f': {strerror}' if strerror else ''}"


async def _telegram(settings: Settings, session: aiohttp.ClientSession) -> list[Finding]:
    base = f"{settings.telegram_api_url}/bot{settings.telegram_api_key.get_secret_value()}"
    where = urlsplit(settings.telegram_api_url).hostname
    try:
        status, answer = await _get(session, f"{base}/getMe")
        if status == 401 or (status == 404 and isinstance(answer, dict)):
            hint = "@BotFather shows the right one (/mybots, API Token)"
            return [Finding(Verdict.WRONG, "Telegram", f"TELEGRAM_API_KEY is refused by {where} ({status}): {hint}")]
        me = _result(answer)
        if not isinstance(me.get("id"), int):
            text = f"{where} answered {status} and not as a Bot API server does: see TELEGRAM_API_URL"
            return [Finding(Verdict.WRONG, "Telegram", text)]
        found = Finding(Verdict.OK, "Telegram", f"the bot is @{me.get('username')} (id {me['id']})")
        _, answer = await _get(session, f"{base}/getWebhookInfo")
        return [found, *_webhook(settings, _result(answer))]
    except _Moved as moved:
        return [Finding(Verdict.WRONG, "Telegram", f"{where} is not the server itself: {moved}; see TELEGRAM_API_URL")]
    except _TROUBLE as error:
        return [Finding(Verdict.WRONG, "Telegram", f"{where} can't be reached: {_reason(error)}")]


def _result(answer: Any) -> Mapping[str, Any]:
    result = answer.get("result") if isinstance(answer, dict) else None
    return result if isinstance(result, dict) else {}


def _webhook(settings: Settings, info: Mapping[str, Any]) -> Iterator[Finding]:
    """Bot API getWebhookInfo: while a webhook is set, getUpdates is refused with 409."""
    url = str(info.get("url") or "")
    if settings.updates == "polling" and url:
        text = (
            f"a webhook at {urlsplit(url).hostname} is set; the bot will remove it (UPDATES=polling): is it another's?"
        )
        yield Finding(Verdict.WARNING, "Telegram", text)
    if settings.updates == "webhook" and info.get("last_error_message"):
        yield Finding(Verdict.WARNING, "Telegram", f"last trouble with the webhook: {info['last_error_message']}")


async def _models(settings: Settings, session: aiohttp.ClientSession) -> list[Finding]:
    where = urlsplit(settings.openai_base_url).hostname
    try:
        status, answer = await _get(
            session, f"{settings.openai_base_url}/models", settings.openai_api_key.get_secret_value()
        )
    except _Moved as moved:
        verdict = Verdict.WARNING if moved.status in (307, 308) else Verdict.WRONG  # RFC 9110: these keep a POST one
        return [Finding(verdict, "models", f"{where} is not the server itself: {moved}; see OPENAI_BASE_URL")]
    except _TROUBLE as error:
        return [Finding(Verdict.WRONG, "models", f"{where} can't be reached: {_reason(error)}")]
    if status in (401, 403):
        return [Finding(Verdict.WRONG, "models", f"OPENAI_API_KEY is refused by {where} ({status})")]
    if status >= 500:
        return [Finding(Verdict.WRONG, "models", f"{where} is in trouble: it answered {status}")]
    listed = answer.get("data") if isinstance(answer, dict) else None
    if status != 200 or not isinstance(listed, list):
        text = f"{where} has no list of models ({status}), so they were not checked; does OPENAI_BASE_URL lack its /v1?"
        return [Finding(Verdict.WARNING, "models", text)]
    known = {str(model["id"]).removeprefix("models/"): model for model in listed if _has_id(model)}
    return list(_compare(settings, known))


def _has_id(model: Any) -> bool:
    return isinstance(model, dict) and "id" in model


def _compare(settings: Settings, known: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """A compatible server may well draw no pictures and hear nothing; then only that does not work."""
    where = urlsplit(settings.openai_base_url).hostname
    for name in ("basic_model", "premium_model", *_SIDE_MODELS):
        model = getattr(settings, name)
        if model is None:
            continue
        facts = known.get(model) or known.get(f"{model}:latest")  # Ollama's way of writing it
        if facts is None:
            mild = name in _SIDE_MODELS and settings.openai_base_url != OPENAI_BASE_URL
            verdict = Verdict.WARNING if mild else Verdict.WRONG
            yield Finding(verdict, "models", f"{name.upper()} {model} is not in the list of {where}")
        elif end := _day(facts.get("shutdown_date")):
            yield Finding(Verdict.WARNING, "models", f"{name.upper()} {model} is shut down on {end}: set another one")
        else:
            yield Finding(Verdict.OK, "models", f"{name.upper()} {model}")


def _day(value: Any) -> date | str | None:
    """A date that servers write as text or as seconds since 1970."""
    if isinstance(value, int | float) and 0 < value < 1e11:
        return datetime.fromtimestamp(value, UTC).date()
    return str(value)[:10] if value else None
