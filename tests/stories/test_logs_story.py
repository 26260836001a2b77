"""What the operator reads: one wide event a turn, no words of users, no key, names from the catalogue (SPEC §10)."""

import asyncio
import io
import json
import logging
import stat
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from gptbot import logs
from gptbot.log_events import EVENTS
from gptbot.playground.faults import FaultKind
from gptbot.playground.model_faults import ModelFaultKind
from gptbot.settings import load_settings
from tests.stories.conftest import ADMIN, BREAKS, TOKEN, House
from tests.stories.kit import Person, to

KEY = "sk-stories-0123456789abcdefghij"


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Logging is the process's: everything is put back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(False)
    structlog.reset_defaults()


class Lines(io.StringIO):
    """A stdout that is no terminal; `outlet` writes to it (and to LOG_FILE)."""

    outlet: logs.Outlet

    def records(self, event: str = "") -> list[dict[str, Any]]:
        every = [json.loads(line) for line in self.getvalue().splitlines()]
        return [record for record in every if not event or record["event"] == event]


async def logged(house: House, **variables: str) -> tuple[Lines, Person]:
    """The running bot with its log, and a person who has pressed /start."""
    house.environ |= {"LOG_FORMAT": "json", "OPENAI_API_KEY": KEY, **variables}
    out = Lines()
    out.outlet = logs.configure(load_settings(house.folder / "none.env", house.environ), out)
    await house.start()
    return out, await house.member(101, "Alice", "alice")


async def test_each_turn_is_one_wide_event_with_the_figures_of_spec_10(house: House) -> None:
    out, alice = await logged(house)
    await alice.says("first secret words")
    answer = await alice.sees("You asked")
    house.model.gate, house.model.holds_after = asyncio.Event(), 3
    await alice.says("second secret words", reply_to=answer)
    await house.model.requested(2)
    house.model.gate.set()
    await alice.sees("second")
    house.model.next_fault("insufficient_quota")
    await alice.says("third secret words")
    await alice.sees("quota")
    await house.stop()
    first, second, third = out.records("turn.finished")
    for number, record in enumerate((first, second, third)):
        assert record["update_id"] == first["update_id"] + number
        assert (record["user"], record["chat"], record["model"]) == (101, "private", "gpt-6-luna")
        assert record["total_s"] >= 0
    assert (first["outcome"], first["origin"], first["turns"]) == ("settled", "alone", 0)
    assert (second["outcome"], second["origin"], second["turns"]) == ("settled", "chained", 1)
    assert second["tokens_in"] > first["tokens_in"] > 0
    assert second["tokens_out"] > 0
    assert second["tokens_cached"] == 0
    assert second["charged"] == second["tokens_in"] + second["tokens_out"]
    assert 0 < first["cost_usd"] < 0.001
    assert 0 <= second["first_text_s"] <= second["total_s"]
    assert second["messages"] == 1
    assert (third["outcome"], third["trouble"], third["charged"], third["cost_usd"]) == ("failed", "quota", 0, 0)
    assert third["first_text_s"] is None


async def test_a_picture_is_one_wide_event_too(house: House) -> None:
    out, alice = await logged(house, NEW_USER_IMAGE_BALANCE="1")
    await alice.says("/imagine a secret cat")
    await alice.sees_file("photo")
    await house.stop()
    (record,) = out.records("picture.finished")
    assert (record["user"], record["chat"], record["outcome"]) == (101, "private", "settled")
    assert (record["model"], record["cost_usd"], record["charged"]) == ("gpt-image-2.6-flare", 0.013, 1)
    assert record["total_s"] >= 0


async def a_busy_day(house: House, alice: Person) -> None:
    """All kinds of things, several of them going wrong."""
    telegram, model = house.telegram, house.model
    admin = await house.member(ADMIN, "Secretname")
    await alice.says("/prompt")
    await alice.sees("Send me yours")
    await alice.says("secret prompt")
    await alice.presses("✅ Save")
    await alice.sees("Saved")
    model.answer = lambda body: "secret answer **bold**"
    telegram.faults.next(
        "sendMessage", "refuse", where=to(alice.id), description="Bad Request: can't parse entities: x"
    )
    await alice.says("secret question")
    await alice.sees("secret answer")
    faults: tuple[ModelFaultKind, ...] = ("invalid_key", "model_not_found", "context_length_exceeded", "wrong_json")
    for fault in faults:
        model.next_fault(fault)
        await alice.says("secret question")
        await alice.sees("")
    kinds: tuple[FaultKind, ...] = ("reset_after", "5xx", "wrong_json")
    for kind in kinds:
        telegram.faults.next("sendMessage", kind, where=to(alice.id))
        await alice.says("/balance")
        await alice.sees("Your balance")
    telegram.faults.next("getUpdates", "5xx")
    telegram.push_raw({"message": {"text": "secret text without a chat"}})
    await alice.says("/secretcommand")
    await alice.sees("I don't know this command")
    await admin.says("/announce @alice")
    await admin.sees("Now send me")
    await admin.says("secret announcement")
    telegram.faults.next("copyMessage", "refuse", where=to(alice.id), description="Bad Request: secretless")
    await admin.presses("✅ Send (1)")
    await admin.sees("The announcement was sent")
    await house.restart()


async def test_no_line_holds_words_of_users_or_any_key_and_every_event_is_in_the_catalogue(house: House) -> None:
    out, alice = await logged(house)
    await a_busy_day(house, alice)
    await house.stop()
    everything = out.getvalue()
    assert len(out.records()) > 20
    assert "secret" not in everything.replace("[secret]", "").replace("secretless", "")
    for key in (KEY, TOKEN, TOKEN.partition(":")[2]):
        assert key not in everything
    assert {record["event"] for record in out.records()} <= EVENTS.keys() - BREAKS
    assert all(list(record)[:3] == ["timestamp", "level", "event"] for record in out.records())


async def test_words_are_logged_where_the_owner_asks_for_it(house: House) -> None:
    out, alice = await logged(house, LOG_TEXTS="true")
    house.keys.clear()
    await alice.says(f"my words and your key {KEY} and {TOKEN}")
    await alice.sees("You asked")
    await house.stop()
    (record,) = out.records("turn.finished")
    assert record["question"] == "my words and your key [secret] and [secret]"


async def test_the_log_file_holds_the_same_and_is_the_owners_alone(house: House) -> None:
    path = house.folder / "bot.log"
    out, alice = await logged(house, LOG_FILE=str(path))
    await alice.says("Why?")
    await alice.sees("You asked")
    await house.stop()
    out.outlet.close()
    assert path.read_text("utf-8") == out.getvalue()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_bug_in_one_turn_is_an_apology_with_an_id_that_the_log_knows(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, alice = await logged(house)
    bob = await house.member(102, "Bob")
    with monkeypatch.context() as bug:
        bug.setattr("gptbot.actors.preparing.can_afford", lambda *_, **__: 1 / 0)
        await alice.says("secret question")
        shown = await alice.sees("Something went wrong on my side (error ")
    await bob.says("Why?")
    await bob.sees("You asked")
    await house.stop()
    (record,) = out.records("turn.broke")
    assert f"(error {record['error_id']})" in shown["text"]
    assert "ZeroDivisionError" in record["exception"]
    assert record["user"] == 101
    assert "secret question" not in out.getvalue()
