"""What came of a scenario, so that a run with crashes can be held against one without: the same, but for what SPEC §8
allows (the one message that was in flight may be there twice, an announcement's recipient may be unknown instead).
"""

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gptbot.playground.bot_api import BotApiServer
from gptbot.playground.model_api import ModelServer
from tests.faults.answers import FILLER, TAG
from tests.faults.checker import Wreck, messages_shown, read_data, reading, words_of
from tests.faults.process import ADMIN

VOLATILE = ("tokens", "premium_tokens", "balance", "premium_balance", "last_request", "joined", "cost")
"""What an answer's usage or the clock decides; the ledger is compared, and agrees with the purses."""
AS_IT_COMES = re.compile("📣|Got it. I will answer this after|The Stars of this payment were given back before")
"""Words that depend on how fast things go: the progress of an announcement, a place in the queue, whether Telegram's
own notice of a refund was booked before /refund was repeated."""

NOBODY = -(2**62)
"""All below it stand for people who had everything deleted: another number in every data.db."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`said`: chat → the bot's messages as they stand in the end; `came`: as they came. Numbers are taken out."""

    said: Mapping[int, Sequence[str]]
    came: Mapping[int, Sequence[str]]
    reported: Mapping[str, int]
    """A question → how many of the admin's reports name it."""
    ledger: Counter[tuple[int, str, str, int | None]]
    """Rows of (user, purse, reason, amount); the amount of an answer depends on the attempt."""
    accounts: Mapping[str, Mapping[str, Any]]
    kept: Mapping[str, Counter[tuple[Any, ...]]]
    """Rows of other tables that must be the same."""
    recipients: Mapping[int, str]
    model_calls: Counter[str]
    copies: Counter[int] = field(default_factory=Counter)
    """How often an announcement was sent to each chat but the admin's."""
    announced: frozenset[str] = frozenset()
    """What it said."""


def outcome_of(data_file: Path, telegram: BotApiServer, model: ModelServer) -> Outcome:
    """Of a bot that is stopped."""
    with reading(data_file) as db:
        kept = {
            "turns": Counter(db.execute("SELECT user, chat, question FROM turns").fetchall()),
            "dialogs": Counter(db.execute("SELECT user, chat FROM dialogs").fetchall()),
            "announcements": Counter(db.execute("SELECT admin, state FROM announcements").fetchall()),
        }
        ledger, recipients = _ledger(db), dict(db.execute("SELECT user, state FROM recipients").fetchall())
    chats = telegram.world.chats
    came = {chat: messages_come(telegram, chat) for chat in chats}
    document = read_data(data_file)
    return Outcome(
        said={chat: _compared(chat, messages_shown(telegram, chat)) for chat in chats},
        came={chat: _compared(chat, texts) for chat, texts in came.items()},
        reported=Counter(name for text in came.get(ADMIN, ()) for name in set(TAG.findall(text))),
        ledger=ledger,
        accounts={
            key: {name: value for name, value in entry.items() if name not in VOLATILE}
            for key, entry in document.items()
            if key != "global"
        },
        kept=kept,
        recipients=recipients,
        model_calls=Counter(request.path for request in model.requests),
        copies=Counter(
            call.params.integer("chat_id")
            for call in telegram.calls_of("copyMessage")
            if call.ok and call.params.integer("chat_id") != ADMIN
        ),
        announced=frozenset(plain(text) for user in recipients if user != ADMIN for text in came[user][-1:]),
    )


def messages_come(telegram: BotApiServer, chat: int) -> list[str]:
    """What the bot has written to a chat, as it was at first, oldest first."""
    me = telegram.world.me["id"]
    shown = telegram.world.chats[chat].shown
    return [words_of(it.message) for it in shown if it.what == "message" and it.message["from"]["id"] == me]


def _compared(chat: int, texts: Sequence[str]) -> list[str]:
    """Reports are counted apart."""
    return [plain(text) for text in texts if not AS_IT_COMES.match(text) and not (chat == ADMIN and TAG.search(text))]


def _ledger(db: sqlite3.Connection) -> Counter[tuple[int, str, str, int | None]]:
    rows = db.execute("SELECT user, purse, reason, amount FROM ledger").fetchall()
    return Counter(
        (max(user, NOBODY), purse, reason, None if reason == "answer" else amount)
        for user, purse, reason, amount in rows
    )


def plain(text: str) -> str:
    """Without numbers, and without what differs between two attempts of the model."""
    words = re.sub(f"(?:{FILLER.strip()}\\s*)+", FILLER, text)
    return re.sub(r"(q\d+n\d+z(?:p\d+of\d+)?)(?:a\d+z)?|\d+", lambda found: found[1] or "#", words).strip()


def hold_against(crashed: Outcome, usual: Outcome, wrecks: Sequence[Wreck], streamed: int | None = None) -> None:
    """Raises AssertionError where a run with crashes differs. `streamed`: a chat where answers grow."""
    kills = len(wrecks)
    assert crashed.said.keys() == usual.said.keys()
    for chat, texts in usual.said.items():
        if chat == streamed:
            check_said(chat, _without_ruins(crashed.said[chat], texts, kills), texts, wrecks)
            continue
        unsure = usual.announced if crashed.recipients.get(chat) == "unknown" else frozenset[str]()
        came = [text for text in crashed.came[chat] if text not in unsure]
        check_said(chat, came, [text for text in usual.came[chat] if text not in unsure], wrecks)
        missing_texts = Counter(text for text in texts if text not in unsure) - Counter(crashed.said[chat])
        assert not missing_texts, f"chat {chat} does not show in the end: {missing_texts}"
    for name, times in usual.reported.items():
        allowed = times + sum(wreck.reporting for wreck in wrecks)
        assert 1 <= crashed.reported.get(name, 0) <= allowed, (
            f"{name} was reported {crashed.reported.get(name, 0)} times"
        )
    assert crashed.ledger == usual.ledger, (
        f"missing {usual.ledger - crashed.ledger}, new {crashed.ledger - usual.ledger}"
    )
    assert crashed.accounts == usual.accounts, f"{json.dumps(crashed.accounts)}\n{json.dumps(usual.accounts)}"
    assert crashed.kept == usual.kept
    assert crashed.recipients.keys() == usual.recipients.keys()
    for user, state in crashed.recipients.items():
        assert state in (usual.recipients[user], "unknown"), f"{user} is {state}"
        assert user == ADMIN or state == "unknown" or crashed.copies[user] == 1
    assert all(times <= 1 for times in crashed.copies.values()), f"an announcement came twice: {crashed.copies}"
    assert kills or "unknown" not in crashed.recipients.values()
    for path, times in crashed.model_calls.items():
        assert usual.model_calls[path] <= times <= usual.model_calls[path] + kills, f"{path} was asked {times} times"


def check_said(chat: int, found: Sequence[str], usual: Sequence[str], wrecks: Sequence[Wreck]) -> None:
    """The same messages; twice only what was next to be sent at a kill, and in order but for such repetitions."""
    in_flight = Counter(plain(text) for wreck in wrecks for where, text in wreck.next_up if where == chat)
    counts, wanted = Counter(found), Counter(usual)
    for text in counts | wanted:
        least, most = wanted[text], wanted[text] + (in_flight[text] if wanted[text] else 0)
        assert least <= counts[text] <= most, (
            f"chat {chat} has {counts[text]} (usual {least}, at most {most}) of {text!r}"
        )
    assert list(dict.fromkeys(found)) == list(dict.fromkeys(usual)), f"chat {chat}: {found} instead of {usual}"


def _without_ruins(found: Sequence[str], usual: Sequence[str], kills: int) -> list[str]:
    """A message that was growing at a kill and is not recorded yet stays as it was."""
    whole = [text for text in found if text in usual]
    assert len(found) - len(whole) <= kills, f"more ruins than kills: {found}"
    return whole
