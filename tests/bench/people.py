"""A data.json that looks real: names, usernames, dates, some prompts; and what must stand in it after a run."""

import random
import sqlite3
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import orjson

BALANCE: Final = 10**12
_NAMES: Final = ("John", "Olga", "Иван", "María José", "李雷", "Анна Петрова", "Mehmet", "Nguyễn Văn A", "Zoë", "Max")
_PROMPTS: Final = (
    "You are Marv - a sarcastic reluctant assistant",
    "Отвечай коротко и по делу, без вступлений.",
    "You are an experienced Python developer. Answer with code first, then explain it in two or three sentences.",
)


def write_people(folder: Path, count: int, *, first_bot: bool = False) -> list[int]:
    """Writes data.json with so many users into `folder`; their ids. `first_bot`: in the form of the first such bot."""
    chance = random.Random(count)
    ids = chance.sample(range(10**7, 8 * 10**9), count)
    entry = _first_bots_entry if first_bot else _entry
    document: dict[str, Any] = {"global": {"requests": 0, "tokens": 0}}
    for user in ids:
        document[str(user)] = entry(chance, user, ids)
    (folder / "data.json").write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    return ids


def _entry(chance: random.Random, user: int, ids: Sequence[int]) -> dict[str, Any]:
    entry: dict[str, Any] = {"requests": 0, "tokens": 0, "balance": BALANCE, "name": chance.choice(_NAMES)}
    if chance.random() < 0.7:
        entry["username"] = f"@{entry['name'][:3].lower() if entry['name'].isascii() else 'user'}_{user}"
    if chance.random() < 0.1:
        entry["prompt"] = chance.choice(_PROMPTS)
    if chance.random() < 0.2:
        entry["referrer"] = chance.choice(ids)
    if chance.random() < 0.5:
        entry |= {"premium_tokens": chance.randrange(9_000), "premium_balance": 5_000, "images": chance.randrange(20)}
    joined = f"2025-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02} 12:{chance.randrange(60):02}:07"
    return entry | {"last_request": joined.replace("2025", "2026"), "joined": joined, "telegram_language": "ru"}


def _first_bots_entry(chance: random.Random, user: int, ids: Sequence[int]) -> dict[str, Any]:
    named = chance.random() < 0.7
    return {
        "requests": chance.randrange(500),
        "tokens": chance.randrange(500_000),
        "balance": chance.randrange(60_000),
        "name": chance.choice(_NAMES),
        "username": f"@user_{user}" if named else "None",
        "lastdate": f"{chance.randrange(1, 29):02}.{chance.randrange(1, 13):02}.2024 18:{chance.randrange(60):02}:09",
        "ref_id": chance.choice(ids) if chance.random() < 0.2 else None,
        "lang_model": chance.choice(("default", "premium")),
        "blacklist": False,
        "active_favor_request": False,
        "whisper_seconds": chance.randrange(100),
        "max_context_length": 4000,
    }


def sample(ids: Sequence[int], count: int) -> list[int]:
    """So many of them, spread over the whole file."""
    return list(ids[:: max(1, len(ids) // count)][:count])


def disagreements(folder: Path, answered: Counter[int], spent: Counter[int]) -> list[str]:
    """What is wrong with the books of a stopped bot: each answer counted and charged once, as the model reported it."""
    document = orjson.loads((folder / "data.json").read_bytes())
    with sqlite3.connect(folder / "data.db") as database:
        select = "SELECT user, SUM(amount) FROM ledger WHERE purse = 'balance' GROUP BY user"
        ledger = dict(database.execute(select).fetchall())
        open_rows = {
            table: database.execute(f"SELECT COUNT(*) FROM {table} {where}").fetchone()[0]
            for table, where in (("inbox", "WHERE done_at IS NULL"), ("outbox", ""), ("journal", ""))
        }
    database.close()
    wrong = [f"{count} rows are left in {table}" for table, count in open_rows.items() if count]
    for user, count in answered.items():
        entry = document[str(user)]
        if entry["requests"] != count or entry["tokens"] != spent[user]:
            wrong.append(f"{user}: {entry['requests']} requests, {entry['tokens']} tokens; not {count}, {spent[user]}")
        if entry["balance"] != BALANCE - spent[user] or ledger[user] != entry["balance"]:
            wrong.append(f"{user}: balance {entry['balance']}, ledger {ledger[user]}, model {spent[user]}")
    totals = document["global"]
    if totals["requests"] != answered.total() or totals["tokens"] != spent.total():
        wrong.append(f"global says {totals}, not {answered.total()} requests, {spent.total()} tokens")
    return wrong
