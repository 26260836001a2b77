"""An independent check of what SPEC §8 promises for kill -9: from the files, and from what the stand-ins saw.

It reads data.json with `json` and data.db with `sqlite3`, and knows nothing of the bot's own code.
"""

import json
import shutil
import sqlite3
import stat
import tempfile
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gptbot.playground.bot_api import BotApiServer
from tests.faults.answers import TAG, Answers, Marker, markers_in
from tests.faults.process import ADMIN

PURSES = ("balance", "premium_balance", "image_balance")
COUNTERS = ("requests", "tokens", "premium_tokens", "images")
NOT_BOOKED_BY_RULES = {"manual"}
"""A purse that recovery had to correct: the ledger and the accounts had parted."""

Purses = dict[tuple[int, str], int]


# --- at the moment of a kill -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wreck:
    """What a kill left: `run` was killed; `unsent` may have been in flight; `committed` must not be asked again."""

    run: int
    unsent: Counter[Marker]
    committed: frozenset[str]
    accepted: frozenset[str]
    """Questions that are recorded and not finished."""
    next_up: frozenset[tuple[int, str]] = frozenset()
    """Each chat's first message in the outbox, with its text: only this one can have been in flight."""
    reporting: bool = False
    """Something waited for the admin's feed."""


def inspect_wreck(data_file: Path, telegram: BotApiServer, run: int) -> Wreck:
    """Checks the files as a kill left them: data.json is valid, with the journal it agrees with the ledger, and nobody
    has paid for what was not delivered."""
    with reading(data_file) as db:
        if not begun(db):
            return Wreck(run, Counter(), frozenset(), frozenset())
        waiting = db.execute("SELECT chat, method, params FROM outbox ORDER BY id DESC").fetchall()
        next_up = {chat: said_by(telegram, method, json.loads(params)) for chat, method, params in waiting}
        outbox = [str(json.loads(params).get("text", "")) for _, _, params in waiting]
        turns = [str(question) for (question,) in db.execute("SELECT question FROM turns")]
        inbox = [bytes(raw).decode() for (raw,) in db.execute("SELECT raw FROM inbox WHERE done_at IS NULL")]
        agree(recovered_purses(read_data(data_file), db), ledger_sums(db), f"after the kill of run {run}")
        charges = db.execute("SELECT user, COUNT(*) FROM ledger WHERE reason = 'answer' GROUP BY user").fetchall()
        reporting = db.execute("SELECT id FROM reports").fetchone() is not None
    shown = [marker for chat in telegram.world.chats if chat != ADMIN for marker in markers_shown(telegram, chat)]
    for user, paid in charges:
        ends = {it.tag for it in shown if it.number == it.of and it.tag.startswith(f"q{user}n")}
        assert paid <= len(ends), f"user {user} paid {paid} answers and has {len(ends)}"
    return Wreck(
        run,
        Counter(marker for text in outbox for marker in markers_in(text)),
        frozenset(TAG.findall(question)[-1] for question in turns if TAG.search(question)),
        frozenset(TAG.findall(raw)[0] for raw in inbox if TAG.search(raw)),
        frozenset(next_up.items()),
        reporting,
    )


def begun(db: sqlite3.Connection) -> bool:
    """Whether a first start has got as far as to adopt data.json: before that, nothing was promised to anybody."""
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    return "meta" in tables and db.execute("SELECT value FROM meta WHERE key = 'journal'").fetchone() is not None


def said_by(telegram: BotApiServer, method: str, params: Mapping[str, Any]) -> str:
    """The words of a message that waits to be sent; "" for an edit, which makes none."""
    if method.startswith("edit"):
        return ""
    if method == "copyMessage":
        original = telegram.world.chats[int(params["from_chat_id"])].messages.get(int(params["message_id"]), {})
        return words_of(original)
    return str(params.get("text", params.get("caption", "")))


def words_of(message: Mapping[str, Any]) -> str:
    return str(message.get("text", message.get("caption", "")))


def recovered_purses(document: Mapping[str, Any], db: sqlite3.Connection) -> Purses:
    """The purses in data.json with the journal's later rows: what a start must come to."""
    purses: Purses = defaultdict(int, purses_of(document))
    rows = db.execute("SELECT user, patch FROM journal WHERE seq > ? ORDER BY seq", (document["global"]["seq"],))
    for user, patch in rows:
        changes = json.loads(patch)
        for purse in PURSES:
            if "-" in changes:  # a whole entry went, before it came again if it did
                purses[user, purse] = 0
            if user and purse in changes.get("=", {}):
                purses[user, purse] = changes["="][purse]
            if user:
                purses[user, purse] += changes.get("+", {}).get(purse, 0)
    return purses


# --- after a clean stop ----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Expected:
    """What the people of a test did. `asked`: user → the tags of their questions in order."""

    asked: dict[int, list[str]] = field(default_factory=dict)
    replies: dict[str, str] = field(default_factory=dict)
    """A question → the question whose answer it replied to."""
    switches: Counter[int] = field(default_factory=Counter)
    """How often a user pressed /switch_model."""
    friends: dict[int, int] = field(default_factory=dict)
    """A user → who brought them."""
    chats: dict[int, int] = field(default_factory=dict)
    """A user → where their answers are shown, unless in private."""

    def ask(self, user: int, name: str) -> str:
        """Notes a question; the text that asks it."""
        self.asked.setdefault(user, []).append(name)
        return f"Please answer {name}"


def check(
    data_file: Path, telegram: BotApiServer, answers: Answers, expected: Expected, wrecks: Sequence[Wreck] = ()
) -> None:
    """Everything that must hold when the bot has stopped with status 0 and all was answered."""
    document = read_data(data_file)
    with reading(data_file) as db:
        assert db.execute("SELECT update_id FROM inbox WHERE done_at IS NULL").fetchall() == [], "the inbox is empty"
        assert db.execute("SELECT id FROM outbox").fetchall() == [], "the outbox is empty"
        assert db.execute("SELECT id FROM reports").fetchall() == [], "no report waits"
        agree(purses_of(document), ledger_sums(db), "after the stop")
        agree(recovered_purses(document, db), ledger_sums(db), "after the stop, for the next start")
        reasons = {str(reason) for (reason,) in db.execute("SELECT DISTINCT reason FROM ledger")}
        assert not reasons & NOT_BOOKED_BY_RULES, "no start had to correct a purse"
        for user, tags in expected.asked.items():
            delivered = delivered_attempts(telegram, expected.chats.get(user, user), tags, wrecks)
            check_charges(document, db, user, [answers.attempts[name][delivered[name] - 1].usage for name in tags])
        check_referrals(document, db, expected)
    check_model_calls(telegram, answers, expected, wrecks)
    for user in expected.asked:
        chosen = "premium" if expected.switches[user] % 2 else "basic"
        assert document[str(user)].get("model", "basic") == chosen, f"each /switch_model of {user} counted once"
    check_totals(document)


def delivered_attempts(
    telegram: BotApiServer, chat: int, tags: Sequence[str], wrecks: Sequence[Wreck]
) -> dict[str, int]:
    """Question → the attempt that was shown: whole, in order, nothing twice but what was in flight at a kill."""
    shown = without_ruins(telegram, chat, kills=len(wrecks))
    assert {marker.tag for marker in shown} == set(tags), f"chat {chat} got answers to their questions, and to all"
    attempts = {marker.tag: marker.attempt for marker in shown}
    first_time = list(dict.fromkeys(shown))
    whole = [
        Marker(name, number, count, attempts[name])
        for name in tags
        for count in [next(marker.of for marker in shown if marker.tag == name)]
        for number in range(1, count + 1)
    ]
    assert first_time == whole, f"chat {chat} saw every answer whole, of one attempt, in the order asked"
    unsent: Counter[Marker] = sum((wreck.unsent for wreck in wrecks), Counter())
    for marker, times in Counter(shown).items():
        assert times <= 1 + unsent[marker], f"{marker} was shown {times} times and in flight at {unsent[marker]} kills"
    return attempts


def messages_shown(telegram: BotApiServer, chat: int) -> list[str]:
    """What the bot has written to a chat as it stands there in the end, oldest first."""
    me = telegram.world.me["id"]
    return [
        words_of(message) for message in telegram.world.chats[chat].messages.values() if message["from"]["id"] == me
    ]


def without_ruins(telegram: BotApiServer, chat: int, *, kills: int) -> list[Marker]:
    """The markers shown, but for messages that were growing at a kill, in groups: their number may not be known yet, so
    they stay as they are (docs/RELIABILITY.md), and the model is asked again."""
    messages = [markers_in(text) for text in messages_shown(telegram, chat)]
    latest = {marker.tag: marker.attempt for markers in messages for marker in markers}
    marked = [markers for markers in messages if markers]
    whole = [it for it in marked if chat > 0 or any(marker.attempt == latest[marker.tag] for marker in it)]
    assert len(marked) - len(whole) <= kills, "more ruins than kills"
    return [marker for markers in whole for marker in markers]


def markers_shown(telegram: BotApiServer, chat: int) -> list[Marker]:
    return [marker for text in messages_shown(telegram, chat) for marker in markers_in(text)]


def check_charges(document: Mapping[str, Any], db: sqlite3.Connection, user: int, usages: Sequence[int]) -> None:
    """One charge for each answer, as large as the usage that the model reported for the very answer delivered."""
    rows = db.execute("SELECT purse, amount FROM ledger WHERE user = ? AND reason = 'answer'", (user,)).fetchall()
    assert Counter(-amount for _, amount in rows) == Counter(usages), f"user {user} paid once for each answer"
    account = document[str(user)]
    assert account["requests"] == len(usages)
    for purse, counter in (("balance", "tokens"), ("premium_balance", "premium_tokens")):
        assert account.get(counter, 0) == -sum(amount for paid, amount in rows if paid == purse)


def check_model_calls(telegram: BotApiServer, answers: Answers, expected: Expected, wrecks: Sequence[Wreck]) -> None:
    """Asked once a run at most, never again once the answer is committed, and each time the same."""
    asked = {name for tags in expected.asked.values() for name in tags}
    assert set(answers.attempts) == asked
    for name, attempts in answers.attempts.items():
        runs = [attempt.run for attempt in attempts]
        assert runs == sorted(set(runs)), f"{name} was asked twice by one run: {runs}"
        again = [w.run for w in wrecks if name in w.committed and any(run > w.run for run in runs)]
        assert not again, f"{name} was answered in run {again} and asked again after it: {runs}"
        assert len({attempt.model for attempt in attempts}) == 1, f"{name} was asked with the model of its moment"
        parent = expected.replies.get(name)
        if parent is not None:
            for attempt in attempts:
                assert parent in {marker.tag for marker in markers_in(attempt.context)}, f"{name} kept its chain"


def check_referrals(document: Mapping[str, Any], db: sqlite3.Connection, expected: Expected) -> None:
    """Both got the bonus, once; everybody was registered once."""
    booked = Counter((user, reason) for user, reason in db.execute("SELECT user, reason FROM ledger"))
    brought = Counter(expected.friends.values())
    for user in expected.asked:
        assert booked[user, "invited"] == (user in expected.friends)
        assert booked[user, "referral"] == brought[user]
        assert document[str(user)].get("referrer") == expected.friends.get(user)
    opened = Counter((user, purse) for user, purse in db.execute("SELECT user, purse FROM ledger WHERE reason='start'"))
    assert set(opened.values()) <= {1}


def check_totals(document: Mapping[str, Any]) -> None:
    users = [entry for key, entry in document.items() if key != "global"]
    for counter in COUNTERS:
        assert document["global"][counter] == sum(user.get(counter, 0) for user in users), f"the total of {counter}"


# --- the files -------------------------------------------------------------------------------------------------------


def read_data(data_file: Path) -> dict[str, Any]:
    document = json.loads(data_file.read_bytes())
    assert isinstance(document, dict)
    return document


@contextmanager
def reading(data_file: Path) -> Iterator[sqlite3.Connection]:
    """A copy of data.db with its write-ahead log, so that looking changes nothing. Not while the bot runs."""
    with tempfile.TemporaryDirectory() as folder:
        for suffix in (".db", ".db-wal"):
            source = data_file.with_suffix(suffix)
            if source.exists():
                shutil.copy(source, Path(folder) / f"copy{suffix}")
        with closing(sqlite3.connect(Path(folder) / "copy.db")) as db:
            yield db


def purses_of(document: Mapping[str, Any]) -> Purses:
    return {
        (int(key), purse): entry.get(purse, 0) for key, entry in document.items() if key != "global" for purse in PURSES
    }


def ledger_sums(db: sqlite3.Connection) -> Purses:
    return {(user, purse): total for user, purse, total in db.execute(
        "SELECT user, purse, SUM(amount) FROM ledger GROUP BY user, purse"
    )}  # fmt: skip


def agree(purses: Purses, sums: Purses, when: str) -> None:
    """sum(ledger) = purse, for everybody and every purse."""
    wrong = {key: (purses.get(key, 0), sums.get(key, 0)) for key in purses.keys() | sums.keys()
             if purses.get(key, 0) != sums.get(key, 0)}  # fmt: skip
    assert not wrong, f"{when}: (user, purse) → (purse, sum of the ledger): {wrong}"


class Watch:
    """Reads data.json over and over while a bot works (and dies): it is always there, whole, and the owner's alone."""

    PAUSE_S = 0.003  # a watcher, not a wait: it must leave the processor to what it watches

    def __init__(self, data_file: Path) -> None:
        self._data_file = data_file
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="data.json watch")
        self.seqs: list[int] = []
        """The numbers of the last change in it, without repeats."""
        self.faults: list[str] = []

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self.PAUSE_S):
            try:
                seq = int(read_data(self._data_file)["global"]["seq"])
                mode = stat.S_IMODE(self._data_file.stat().st_mode)
            except (OSError, ValueError, LookupError, AssertionError) as error:
                self.faults.append(repr(error))
                continue
            if mode != 0o600:
                self.faults.append(f"mode {mode:o}")
            if self.seqs[-1:] != [seq]:
                self.seqs.append(seq)

    def check(self) -> None:
        """It was never missing, broken or open to others, it was rewritten meanwhile, and never went back."""
        assert self.faults == []
        assert len(self.seqs) > 1
        assert self.seqs == sorted(self.seqs)
