"""Reads data.json into accounts: this bot's own form, and every odd form the first bot of this kind wrote (SPEC §3).

Old keys become the new ones, dates keep their digits, what is not understood is kept as it is. A value that cannot be
what it should be is a `BadEntry` with its place, so that the operator can mend the file by hand.
"""

import math
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gptbot.domain.pseudonyms import is_pseudonym
from gptbot.domain.records import AMOUNT_MAX, COUNTERS, DATE_FORMAT, NANO, Account, Totals

USER_ID = re.compile(r"[1-9][0-9]{0,18}")
_PSEUDONYM = re.compile(r"-[1-9][0-9]{18}")
_KEY = re.compile(r"[0-9a-f]{64}")
_OWN_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
OLD_DATES = ("%d.%m.%Y %H:%M:%S", "%d-%m-%Y %H:%M:%S")


class BadEntry(ValueError):
    """An entry of the file that cannot be read: `path` is the keys down to it, `problem` what was expected."""

    def __init__(self, path: tuple[str, ...], problem: str) -> None:
        super().__init__(f"{' → '.join(path)}: {problem}")
        self.path = path
        self.problem = problem


@dataclass(slots=True)
class Imported:
    """The whole file, read. `accounts` may hold pseudonyms; `key` (hex) is what those are made with.

    `others` are top-level keys that are neither users nor "global", kept as they are.
    """

    accounts: dict[int, Account] = field(default_factory=dict)
    totals: Totals = field(default_factory=Totals)
    others: dict[str, Any] = field(default_factory=dict)
    journal: str | None = None
    seq: int = 0
    key: str | None = None
    warnings: list[str] = field(default_factory=list)


def read_document(document: object) -> Imported:
    """Everything in a parsed data.json. Raises BadEntry."""
    if not isinstance(document, dict):
        raise BadEntry((), "the file must be one JSON object")
    result = Imported()
    for key, value in document.items():
        if key == "global":
            _read_global(value, result)
        elif (user := _user_id(key) or _pseudonym(key)) is not None:
            result.accounts[user] = read_account(key, value)
        else:
            result.others[key] = value
            if key != "blacklist":
                result.warnings.append(f'the key "{key}" is no user id; it is kept as it is')
    _block_listed(result)
    return result


def read_account(key: str, entry: object) -> Account:
    """One user's entry. Raises BadEntry naming the user and the key."""
    if not isinstance(entry, dict):
        raise BadEntry((key,), "an object with the user's data was expected")
    account = Account()
    extra: dict[str, Any] = {}
    understood: set[str] = set()
    for name, value in entry.items():
        reader = _READERS.get(name)
        if reader is None:
            extra[name] = value
            continue
        try:
            target, read = reader(value)
        except ValueError as error:
            raise BadEntry((key, name), str(error)) from None
        if target is None:
            extra[name] = value
        elif name == target or target not in understood:  # a new key wins over the old one of the same meaning
            setattr(account, target, read)
            understood.add(target)
    if extra:
        account.extra = extra
    return account


def _read_global(entry: object, result: Imported) -> None:
    if not isinstance(entry, dict):
        raise BadEntry(("global",), "an object with the totals was expected")
    for name, value in entry.items():
        try:
            if name == "cost":
                result.totals.cost = _money(value)
            elif name in ("audio_seconds", "whisper_seconds"):
                result.totals.audio_seconds = _seconds(value)
            elif name in COUNTERS:
                setattr(result.totals, name, _amount(value))
            elif name == "journal":
                result.journal = _text(value)
            elif name == "seq":
                result.seq = _amount(value)
            elif name == "pseudonym_key":
                result.key = _key(value)
            else:
                result.totals.extra[name] = value
        except ValueError as error:
            raise BadEntry(("global", name), str(error)) from None


def _block_listed(result: Imported) -> None:
    """A list of blocked ids beside the users (some versions of the first bot kept one) blocks them here too.

    It becomes the users' own mark; the list keeps only what is no id, or nobody on it could ever be unblocked.
    """
    for holder in (result.others, result.totals.extra):
        listed = holder.get("blacklist")
        if not isinstance(listed, list):
            continue
        rest = []
        for item in listed:
            if (user := _user_id(item)) is None:
                rest.append(item)
            else:
                result.accounts.setdefault(user, Account()).blocked = True
        if rest:
            holder["blacklist"] = rest
        else:
            del holder["blacklist"]


def _user_id(value: object) -> int | None:
    if isinstance(value, str | int) and USER_ID.fullmatch(str(value)) and int(value) < 2**63:
        return int(value)
    return None


def _pseudonym(key: str) -> int | None:
    if _PSEUDONYM.fullmatch(key) and int(key) > -(2**63) and is_pseudonym(int(key)):
        return int(key)
    return None


# --- readers: a value of the file → (the account's field or None to keep the entry as it is, the value) ---------------

Reader = Callable[[Any], tuple[str | None, Any]]


def _amount(value: object) -> int:
    """A whole number; 5.0 and "5" are taken for 5, as hands write them."""
    if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,16}", value.strip()):
        value = int(value)
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("a whole number was expected")
    if abs(value) > AMOUNT_MAX:
        raise ValueError(f"a number between -{AMOUNT_MAX} and {AMOUNT_MAX} was expected")
    return value


def _seconds(value: object) -> int:
    """Seconds of audio; the first bot's fractions are rounded up, in nobody's disfavour that counts."""
    return _amount(math.ceil(value) if isinstance(value, float) and math.isfinite(value) else value)


def _money(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= AMOUNT_MAX / NANO:
        raise ValueError("an amount in dollars was expected")
    return round(value * NANO)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("a text was expected")
    return str(value)


def _key(value: object) -> str:
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        raise ValueError("the 64 hexadecimal digits that the bot wrote were expected")
    return value


def _flag(value: object) -> bool:
    if isinstance(value, str) and value.strip().lower() in {"true", "false", "1", "0", "yes", "no", "", "none"}:
        return value.strip().lower() in {"true", "1", "yes"}
    if value is None or isinstance(value, bool) or value in (0, 1):
        return bool(value)
    raise ValueError("true or false was expected")


def _username(value: object) -> str:
    name = _text(value).strip().removeprefix("@")
    return "" if name == "None" else name


def _date(value: object) -> tuple[str | None, str]:
    text = _text(value).strip()
    if not text:
        return "last_request", ""
    if _OWN_DATE.fullmatch(text):  # nearly every date; several times quicker than strptime
        with suppress(ValueError):
            return "last_request", datetime.fromisoformat(text).isoformat(" ")
    for form in (DATE_FORMAT, *OLD_DATES):
        try:
            # isoformat writes all four digits of a year, which strftime does not everywhere
            return "last_request", datetime.strptime(text, form).isoformat(" ")
        except ValueError:
            continue
    return None, ""


def _referrer(value: object) -> tuple[str | None, int | None]:
    if value in (None, "", "None", 0, "0", False):
        return "referrer", None
    user = _user_id(value)
    return ("referrer", user) if user is not None else (None, None)


def _model(value: object) -> tuple[str | None, str]:
    known = {"default": "basic", "basic": "basic", "premium": "premium", None: "basic", "": "basic"}
    return ("model", known[value]) if isinstance(value, str | None) and value in known else (None, "")


def _language(value: object) -> tuple[str | None, str | None]:
    return ("language", value) if value in ("en", "ru") else (None, None)


def _reports(value: object) -> tuple[str | None, str | None]:
    return ("reports", value) if value in ("each", "digest", "off") else (None, None)


def _streaming(value: object) -> tuple[str | None, str | None]:
    return ("streaming", value) if value in ("auto", "edits", "off") else (None, None)


def _into(target: str, read: Callable[[Any], Any]) -> Reader:
    return lambda value: (target, read(value))


_READERS: Mapping[str, Reader] = {
    **{
        name: _into(name, _amount)
        for name in ("requests", "tokens", "balance", "premium_tokens", "premium_balance", "images", "image_balance")
    },
    "audio_seconds": _into("audio_seconds", _seconds),
    "cost": _into("cost", _money),
    "name": _into("name", _text),
    "username": _into("username", _username),
    "prompt": _into("prompt", lambda value: _text(value) or None),
    "model": _model,
    "referrer": _referrer,
    "blocked": _into("blocked", _flag),
    "unreachable": _into("unreachable", _flag),
    "favors": _into("favors", _amount),
    "favor_pending": _into("favor_pending", _flag),
    "language": _language,
    "context_tokens": _into("context_tokens", _amount),
    "reports": _reports,
    "streaming": _streaming,
    "voice": _into("voice", _flag),
    "joined": _into("joined", _text),
    "telegram_language": _into("telegram_language", _text),
    "last_request": _date,
    # the first bot's names
    "lastdate": _date,
    "ref_id": _referrer,
    "lang_model": _model,
    "blacklist": _into("blocked", _flag),
    "active_favor_request": _into("favor_pending", _flag),
    "whisper_seconds": _into("audio_seconds", _seconds),
    "max_context_length": _into("context_tokens", lambda value: max(0, _amount(value)) // 4),
}
