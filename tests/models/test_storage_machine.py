"""Storage is a dict that survives any changes, rewrites, crashes, hand edits and losses: a plain dict is its model."""

import asyncio
import copy
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from gptbot.domain.book import DialogKey
from gptbot.domain.outgoing import Text, message
from gptbot.domain.records import COUNTERS, FIELDS, NANO, PURSES, Account
from gptbot.domain.rows import OutboxGone
from gptbot.domain.rules import ADMIN_PURSES, Purse
from gptbot.domain.transaction import SUMS, Transaction
from gptbot.domain.updates import Place
from gptbot.edges.data_file import JsonDataFile
from gptbot.edges.database import SqliteDatabase
from gptbot.errors import OperatorError
from gptbot.ports import InboxUpdate, StorageConflict, StorageUnavailable
from tests.models.effort import effort, time_limit
from tests.models.life import ADMIN, AsyncMachine, Life, Moment, opened_in

pytestmark = time_limit

USERS = (1, 2, 3)
ALWAYS = ("requests", "tokens", "balance", "last_request")
HALF_A_CHARACTER = "\ud83d"
"""No text of Telegram's gets this far, but a bug would bring it here: it must harm nobody else."""


# --- the model -------------------------------------------------------------------------------------------------------


@dataclass
class Patch:
    """What a letter changed: sums by how much, anything else to what."""

    sums: Counter[tuple[int, str]] = field(default_factory=Counter)
    values: dict[tuple[int, str], Any] = field(default_factory=dict)
    totals: Counter[str] = field(default_factory=Counter)


@dataclass
class Model:
    """What is in data.json; of users the fields that differ from the default."""

    users: dict[int, dict[str, Any]] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTERS, 0))
    others: dict[str, Any] = field(default_factory=dict)
    patch: Patch = field(default_factory=Patch)

    def get(self, user: int, name: str) -> Any:
        return self.users[user].get(name, FIELDS.get(name))

    def put(self, user: int, name: str, value: Any) -> None:
        before = self.get(user, name)
        if name in SUMS:
            self.patch.sums[user, name] += value - before
        elif value != before:
            self.patch.values[user, name] = value
        self.users[user][name] = value
        if value == FIELDS.get(name):
            del self.users[user][name]

    def add(self, patch: Patch) -> None:
        for (user, name), amount in patch.sums.items():
            self.users.setdefault(user, {})
            self.put(user, name, self.get(user, name) + amount)
        for (user, name), value in patch.values.items():
            self.users.setdefault(user, {})
            self.put(user, name, value)
        for counter, amount in patch.totals.items():
            self.totals[counter] += amount

    def claim(self, user: int, username: str) -> None:
        for other in self.users:
            if other != user and self.get(other, "username").lower() == username.lower():
                self.put(other, "username", "")


@dataclass
class Beside:
    """What is only in data.db. `keys` are the ledger's."""

    keys: set[str] = field(default_factory=set)
    inbox: dict[int, bool] = field(default_factory=dict)  # update id → unfinished
    dialogs: dict[int, str] = field(default_factory=dict)
    outbox: dict[int, str] = field(default_factory=dict)


class Impossible(Exception):
    """This step must be refused, with the letter it is in."""


class Step(NamedTuple):
    """A step of a letter: of the transaction, and of the model. `model` may raise Impossible or KeyError."""

    what: str
    real: Callable[[Transaction], object]
    model: Callable[[Model, Beside], object]


def registers(user: int, purses: Mapping[Purse, int], name: str, referrer: int | None, key: str) -> Step:
    def real(tx: Transaction) -> None:
        account = Account(name=name, username=name, referrer=referrer, **purses)  # type: ignore[arg-type]  # purses only
        tx.register(user, account)
        for purse in PURSES:
            tx.opening(user, purse, getattr(account, purse), reason="start", key=f"{key}:{purse}")

    def model(it: Model, beside: Beside) -> None:
        if user in it.users:
            raise Impossible
        it.users[user] = {}
        for purse in PURSES:
            it.put(user, purse, purses[purse])
        it.put(user, "name", name)
        it.put(user, "referrer", referrer)
        if name:
            it.claim(user, name)
        it.put(user, "username", name)
        beside.keys |= {f"{key}:{purse}" for purse in PURSES if purses[purse]}

    return Step(f"register {user}", real, model)


def sets(user: int, values: dict[str, Any]) -> Step:
    def model(it: Model, _: Beside) -> None:
        if values.get("username"):
            it.users[user]  # nobody claims a name for somebody unknown
            it.claim(user, values["username"])
        for name, value in values.items():
            it.put(user, name, value)

    return Step(f"{user}: {values}", lambda tx: tx.set(user, **values), model)


def counts(user: int, counter: Any, amount: int) -> Step:
    def model(it: Model, _: Beside) -> None:
        it.put(user, counter, it.get(user, counter) + amount)
        it.totals[counter] += amount
        it.patch.totals[counter] += amount

    return Step(f"{user}: {counter} + {amount}", lambda tx: tx.count(user, counter, amount), model)


def books(user: int, purse: Any, amount: int, key: str) -> Step:
    def model(it: Model, beside: Beside) -> None:
        it.put(user, purse, it.get(user, purse) + amount)
        if key in beside.keys:
            raise Impossible
        beside.keys.add(key)

    def real(tx: Transaction) -> None:
        tx.book_purse(user, purse, amount, reason="test", key=key)

    return Step(f"{user}: {purse} + {amount} ({key})", real, model)


def talks(user: int, text: str | None) -> Step:
    key = DialogKey(user, user, 0)

    def real(tx: Transaction) -> None:
        tx.end_dialog(key) if text is None else tx.save_dialog(key, "token", {"text": text})

    def model(_: Model, beside: Beside) -> None:
        beside.dialogs.pop(user, None)
        if text is not None:
            beside.dialogs[user] = text

    return Step(f"dialog of {user}: {text}", real, model)


def breaks() -> Step:
    def real(_: Transaction) -> None:
        raise Impossible

    def model(_: Model, __: Beside) -> None:
        raise Impossible

    return Step("break", real, model)


def spoils(user: int) -> Step:
    """A value that no file takes: found out only when the rows are made."""

    def model(it: Model, _: Beside) -> None:
        it.users[user]
        raise Impossible

    return Step(f"spoil {user}", lambda tx: tx.set(user, joined=HALF_A_CHARACTER), model)


amounts = st.integers(-1000, 1000)
users = st.sampled_from(USERS)
words = st.sampled_from(["", "Ann", "ann", "Bob", "Ünï 🎉", 'quote " and \\'])
settings_of_a_user = st.one_of(
    st.fixed_dictionaries({"prompt": st.sampled_from([None, "Be brief", "You are Marv\n- a robot 🤖"])}),
    st.fixed_dictionaries({"username": words, "name": words}),
    st.fixed_dictionaries({"blocked": st.booleans(), "model": st.sampled_from(["basic", "premium"])}),
    st.fixed_dictionaries({"language": st.sampled_from([None, "ru"]), "context_tokens": st.sampled_from([0, 500])}),
    st.fixed_dictionaries({"last_request": st.just("2026-01-02 03:04:05"), "unreachable": st.booleans()}),
)


KINDS = ("register", "set", "set", "count", "count", "book", "book", "talk", "odd")


def drawn(data: st.DataObject, key: str, used: str) -> Step:
    """Any step. `key` is a new one for the ledger, `used` one that it may have already."""
    user = data.draw(users)
    match data.draw(st.sampled_from(KINDS)):
        case "register":
            purses = data.draw(st.fixed_dictionaries(dict.fromkeys(PURSES, amounts)))
            return registers(user, purses, data.draw(words), data.draw(st.sampled_from([None, *USERS])), key)
        case "set":
            return sets(user, data.draw(settings_of_a_user))
        case "count":
            return counts(user, data.draw(st.sampled_from(COUNTERS)), data.draw(st.integers(1, 10**6)))
        case "book":
            return books(user, data.draw(st.sampled_from(PURSES)), data.draw(amounts), key)
        case "talk":
            return talks(user, data.draw(st.sampled_from([None, "one", "two"])))
        case _:
            return data.draw(st.sampled_from([breaks(), spoils(user), books(user, "balance", 7, used)]))


def rule_of(steps: Sequence[Step]) -> Callable[[Transaction], None]:
    def carry_out(tx: Transaction) -> None:
        for step in steps:
            step.real(tx)

    return carry_out


# --- the machine -----------------------------------------------------------------------------------------------------


class StorageMachine(AsyncMachine):
    """`life` is None while the bot is down.

    `history` is the model after each numbered change, `kept` the number that data.db knows to be in data.json.
    """

    def __init__(self) -> None:
        super().__init__()
        self.life: Life | None = None
        self.model, self.beside = Model(), Beside()
        self.history: dict[int, Model] = {}
        self.since: list[tuple[int, Patch]] = []  # letters, each with the number of its commit's last change
        self.seq = self.kept = 0
        self.lost = False  # data.db is
        self.keys = self.updates = self.starts = 0
        self.tampered = 0  # how often, since it went down
        self.backup: tuple[bytes, Model] | None = None

    def teardown(self) -> None:
        try:
            if self.life is not None:
                self.do(self.life.crash())
        finally:
            super().teardown()

    @property
    def up(self) -> Life:
        assert self.life is not None
        return self.life

    @property
    def is_down(self) -> bool:
        """And few things have been done to its files since: the interesting part is how it starts then."""
        return self.life is None and self.tampered < 3

    @property
    def data_json(self) -> Path:
        return self.folder / "data.json"

    @initialize()
    def first_launch(self) -> None:
        self.do(self._open())
        document = json.loads(self.data_json.read_bytes())
        marks = document["global"].keys() - {*COUNTERS, "seq"}
        self.marks = {name: document["global"][name] for name in marks}  # the bot's own, the same for ever
        assert document[str(ADMIN)].items() >= ADMIN_PURSES.items()
        self.model.users[ADMIN] = {name: value for name, value in document[str(ADMIN)].items() if value}
        self._is_up()
        newcomer = registers(1, {"balance": 100, "premium_balance": 0, "image_balance": 1}, "Ann", None, "first")
        assert self.do(self._hand_in([[newcomer]])) == [None]
        newcomer.model(self.model, self.beside)
        self.since.append((self.up.opened.counters.seq, self.model.patch))
        self._changed(self.up.opened.counters.seq)

    # --- while it runs -----------------------------------------------------------------------------------------------

    @precondition(lambda self: self.life)
    @rule(data=st.data(), letters=st.integers(1, 4))
    def changes(self, data: st.DataObject, letters: int) -> None:
        self._change(data, letters)

    def _change(self, data: st.DataObject, letters: int) -> None:
        """Letters that wait together, some of which are impossible; "saved" is what the reply says."""
        batch = [[self._drawn(data) for _ in range(data.draw(st.integers(1, 3)))] for _ in range(letters)]
        replies = self.do(self._hand_in(batch))
        seq = self.up.opened.counters.seq
        taken = 0
        for steps, reply in zip(batch, replies, strict=True):
            wanted = self._after(steps)
            if reply is not None:
                # What an impossible letter of the same commit did, before that was known, may have been in the way.
                alone = taken + 1 == letters
                if wanted and (alone or isinstance(reply, StorageUnavailable | StorageConflict)):
                    raise AssertionError(f"refused: {steps}") from reply
                continue
            assert wanted is not None, f"taken: {steps}"
            self.model, self.beside = wanted
            self.since.append((seq, self.model.patch))
            taken += 1
        self._changed(seq)

    async def _hand_in(self, batch: Sequence[Sequence[Step]]) -> list[BaseException | None]:
        letters = [self.up.storage.commit(rule_of(steps)) for steps in batch]
        work = asyncio.gather(*letters, return_exceptions=True)
        await self.up.clock.finish(work)
        return work.result()

    def _drawn(self, data: st.DataObject) -> Step:
        self.keys += 1
        return drawn(data, f"key{self.keys}", data.draw(st.sampled_from(sorted(self.beside.keys) or ["key"])))

    def _after(self, steps: Sequence[Step]) -> tuple[Model, Beside] | None:
        """The model after these; None when they are impossible."""
        model, beside = copy.deepcopy((self.model, self.beside))
        model.patch = Patch()
        try:
            for step in steps:
                step.model(model, beside)
        except (Impossible, KeyError):
            return None
        return model, beside

    def _changed(self, seq: int) -> None:
        self.seq = seq
        self.history[seq] = copy.deepcopy(self.model)

    @precondition(lambda self: self.life)
    @rule(repeated=st.booleans(), count=st.integers(1, 3))
    def updates_come(self, repeated: bool, count: int) -> None:
        fresh = range(self.updates + 1, self.updates + count + 1)
        again = list(self.beside.inbox) if repeated else []
        self.updates += count
        new = self.do(self.up.storage.record([InboxUpdate(number, 1, b"{}") for number in [*again, *fresh]]))
        assert new == set(fresh)
        self.beside.inbox.update(dict.fromkeys(fresh, True))

    @precondition(lambda self: self.life and any(self.beside.inbox.values()))
    @rule(data=st.data())
    def an_update_is_finished_with_a_message(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from([number for number, is_open in self.beside.inbox.items() if is_open]))

        def finish(tx: Transaction) -> int:
            tx.done(number)
            return tx.send(message(Place(1), Text(f"done {number}")))

        row = self.do(self.up.storage.commit(finish))
        assert row not in self.beside.outbox
        self.beside.inbox[number] = False
        self.beside.outbox[row] = f"done {number}"

    @precondition(lambda self: self.life and self.beside.outbox)
    @rule(data=st.data())
    def a_message_is_sent(self, data: st.DataObject) -> None:
        row = data.draw(st.sampled_from(sorted(self.beside.outbox)))
        self.do(self.up.storage.commit(lambda tx: tx.write(OutboxGone(row))))
        del self.beside.outbox[row]

    @precondition(lambda self: self.life)
    @rule()
    def data_json_is_rewritten(self) -> None:
        self.do(self.up.writer.write())
        self.kept = self.seq
        assert self._document() == self._expected(self.model, self.seq)

    @precondition(lambda self: self.life)
    @rule()
    def somebody_copies_data_json(self) -> None:
        self.backup = self.data_json.read_bytes(), self._model_of_the_file()

    # --- how it ends -------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.life)
    @rule(data=st.data())
    def is_stopped(self, data: st.DataObject) -> None:
        self._change(data, 2)
        self.do(self.up.stop())
        self.life, self.kept = None, self.seq
        assert self._document() == self._expected(self.model, self.seq)

    @precondition(lambda self: self.life)
    @rule(data=st.data())
    def crashes(self, data: st.DataObject) -> None:
        self._change(data, 1)
        self._is_down(self.do(self.up.crash()))

    @precondition(lambda self: self.life)
    @rule(data=st.data(), moment=st.sampled_from(["before commit", "after commit"]))
    def crashes_in_a_commit(self, data: st.DataObject, moment: Moment) -> None:
        """Nobody was told "saved": the whole letter is there, or nothing of it, and here we know which."""
        steps = [self._drawn(data) for _ in range(2)]
        wanted = self._after(steps)
        if wanted is None:
            return
        life = self.up
        self._is_down(self.do(life.dies_at(moment, life.storage.commit(rule_of(steps)))))
        if moment == "after commit":
            self.model, self.beside = wanted
            self.since.append((life.files.seq_at_death, self.model.patch))
            self._changed(life.files.seq_at_death)

    @precondition(lambda self: self.life)
    @rule(data=st.data(), moment=st.sampled_from(["before file", "after file", "after note"]))
    def crashes_while_data_json_is_rewritten(self, data: st.DataObject, moment: Moment) -> None:
        self._change(data, 2)
        self._is_down(self.do(self.up.dies_at(moment, self.up.writer.write())))
        if moment == "after note":
            self.kept = self.seq
        (self.folder / ".data.json.new").write_bytes(b'{"global": {"req')  # a half of the next one

    def _is_down(self, left: Path) -> None:
        self.life, self.folder = None, left

    # --- while it is down --------------------------------------------------------------------------------------------

    @precondition(lambda self: self.is_down)
    @rule(edit=st.sampled_from(["balance", "prompt", "new", "gone", "foreign", "order"]), data=st.data())
    def data_json_is_edited(self, edit: str, data: st.DataObject) -> None:
        """By hand, with whatever order and spacing; what data.db knows beyond it is added to that at the start."""
        self.tampered += 1
        document, file = self._document(), self._model_of_the_file()
        user = data.draw(st.sampled_from(sorted(file.users)))
        later = [number for number, _ in self.since if number > document["global"]["seq"]]
        if edit == "balance":
            document[str(user)]["balance"] = amount = data.draw(amounts)
            file.put(user, "balance", amount)
        elif edit == "prompt":
            document[str(user)]["prompt"] = "by hand"
            file.put(user, "prompt", "by hand")
        elif edit == "new":
            document["77"] = {"requests": 0, "tokens": 0, "balance": 5, "last_request": ""}
            file.users[77] = {"balance": 5}
        elif edit == "gone" and user != ADMIN and not later:
            del document[str(user)]
            del file.users[user]
        elif edit == "foreign":
            document["notes"] = file.others["notes"] = ["mine"]
        else:
            document = {key: document[key] for key in sorted(document, reverse=True)}
        self.data_json.write_text(json.dumps(document, indent=data.draw(st.sampled_from([None, 2]))), encoding="utf-8")
        self._take_file(document["global"]["seq"], file)
        self.backup = None  # the same number means another content now

    @precondition(lambda self: self.is_down)
    @rule()
    def data_db_is_lost(self) -> None:
        """History, and what data.json had not taken in yet, are gone with it; nothing else."""
        self.tampered += 1
        for file in self.folder.glob("data.db*"):
            file.unlink()
        self.lost, self.beside, self.since = True, Beside(), []
        self.backup = None  # its number may come to mean another change
        self._take_file(self._document()["global"]["seq"], self._model_of_the_file())

    @precondition(lambda self: self.is_down and not self.lost)
    @rule(how=st.sampled_from(["missing", "torn", "unmarked"]))
    def a_bad_data_json_is_refused_and_left_alone(self, how: str) -> None:
        self.tampered += 1
        good = self.data_json.read_bytes()
        if how == "missing":
            self.data_json.unlink()
        elif how == "torn":
            self.data_json.write_bytes(good[: len(good) // 2])
        else:
            self.data_json.write_bytes(good.replace(b'"journal"', b'"diary"', 1))
        self._is_refused()
        self.data_json.write_bytes(good)

    @precondition(lambda self: self.is_down and self.backup)
    @rule()
    def an_older_data_json_is_put_back_and_accepted(self) -> None:
        """Only where it can't be completed from data.db must the owner accept it; then it is taken as it is."""
        assert self.backup is not None
        content, file = self.backup
        self.data_json.write_bytes(content)
        seq = self._document()["global"]["seq"]
        refused = not self.lost and not self.kept <= seq <= self.seq
        if refused:
            self._is_refused()
            self.since = []
        self._take_file(seq, file)
        self._start(accept=refused)
        self.backup = None

    def _is_refused(self) -> None:
        before = self._contents()
        with pytest.raises(OperatorError):
            opened_in(self.folder)
        assert self._contents() == before

    def _contents(self) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in self.folder.iterdir() if ".db" not in file.name}

    def _take_file(self, seq: int, file: Model) -> None:
        """The file is the truth up to its number; what came after it is added to that."""
        self.history[seq] = copy.deepcopy(file)
        self.model = copy.deepcopy(file)
        for number, patch_after in self.since:
            if number > seq:
                self.model.add(patch_after)

    @precondition(lambda self: self.is_down)
    @rule(died_in=st.sampled_from([(JsonDataFile, "write_now"), (SqliteDatabase, "adopt")]))
    def recovery_crashes(self, died_in: tuple[type, str]) -> None:
        self.tampered += 1

        class Died(BaseException):
            pass

        with patch.object(*died_in, side_effect=Died), pytest.raises(Died):
            opened_in(self.folder)
        if died_in[1] == "adopt":  # data.json holds everything already
            self._take_file(self._document()["global"]["seq"], self.model)

    @precondition(lambda self: not self.life)
    @rule()
    def is_started(self) -> None:
        self._start()

    def _start(self, *, accept: bool = False) -> None:
        self.do(self._open(accept=accept))
        self._is_up()

    async def _open(self, *, accept: bool = False) -> None:
        self.starts += 1
        with patch("gptbot.edges.opening.time.time", return_value=1_800_000_000 + self.starts):
            self.life = Life(self.folder, accept=accept)

    def _is_up(self) -> None:
        """Everything is as it was, on the disk before anything runs."""
        self.seq = self.kept = self.up.opened.counters.seq
        self.tampered = 0
        self.lost, self.since, self.history = False, [], {self.seq: copy.deepcopy(self.model)}
        assert self._document() == self._expected(self.model, self.seq)
        assert not (self.folder / ".data.json.new").exists()
        database = self.up.opened.database
        unfinished = [number for number, is_open in self.beside.inbox.items() if is_open]
        assert [update.update_id for _, update in self.do(database.pending_updates(0, 10_000))] == unfinished
        left = {row.id: json.loads(row.params)["text"] for row in self.do(database.outbox(0, 10_000))}
        assert left == self.beside.outbox

    # --- what must hold ----------------------------------------------------------------------------------------------

    @precondition(lambda self: self.life)
    @invariant()
    def memory_is_the_model(self) -> None:
        book = self.up.storage.book
        assert book.accounts.keys() == self.model.users.keys()
        for user, account in book.accounts.items():
            for name in FIELDS:
                assert getattr(account, name) == self.model.get(user, name), f"{name} of {user}"
        assert {name: getattr(book.totals, name) for name in COUNTERS} == self.model.totals
        assert {key.user: dialog.snapshot["text"] for key, dialog in book.dialogs.items()} == self.beside.dialogs
        for user in self.model.users:
            if name := self.model.get(user, "username"):
                assert book.find(f"@{name.upper() if name.isascii() else name}") == user
            came = sum(self.model.get(other, "referrer") == user for other in self.model.users)
            assert book.referrals.get(user, 0) == came

    @precondition(lambda self: self.life)
    @invariant()
    def the_ledger_sums_up_to_every_purse(self) -> None:
        sums = self.up.opened.database.ledger_sums()
        for user in self.model.users.keys() | sums.keys():
            for purse in PURSES:
                held = self.model.get(user, purse) if user in self.model.users else 0
                assert sums.get(user, {}).get(purse, 0) == held, f"{purse} of {user}"

    def _document(self) -> Any:
        return json.loads(self.data_json.read_bytes())

    def _model_of_the_file(self) -> Model:
        """As it was at the change that the file names; the file must show all of that and no more."""
        document = self._document()
        file = self.history[document["global"]["seq"]]
        assert document == self._expected(file, document["global"]["seq"])
        return copy.deepcopy(file)

    def _expected(self, model: Model, seq: int) -> dict[str, Any]:
        totals = {**model.totals, "cost": model.totals["cost"] / NANO}
        document: dict[str, Any] = {"global": {**totals, **self.marks, "seq": seq}}
        for user, entry in model.users.items():
            shown: dict[str, Any] = {name: FIELDS[name] for name in ALWAYS} | entry
            if "username" in shown:
                shown["username"] = f"@{shown['username']}"
            if "cost" in shown:
                shown["cost"] /= NANO
            document[str(user)] = shown
        return document | model.others


TestStorage = StorageMachine.TestCase
TestStorage.settings = effort(60, 30)
