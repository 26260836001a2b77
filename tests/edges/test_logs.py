"""Logs: one way out for everything, no secret in any line, names from the catalogue (SPEC §10, DESIGN §8)."""

import ast
import asyncio
import gc
import io
import json
import logging
import re
import stat
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from gptbot import logs
from gptbot.log_events import EVENTS
from gptbot.redaction import MASK, Redactor
from gptbot.settings import HOME, Settings, SettingsError, load_settings

KEY = 'local key with "quotes" and \\ and ü'
OPENAI_SHAPE = "sk-proj-Zq8w4e5r6t7y8u9i0o1p2a3s"
TOKEN = "1234567890:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
FOREIGN_TOKEN = "9876543210:BBBdqTcvCH1vGWJxfSeofSAs0K5PALDsbb"
log = structlog.get_logger()


def settings(**variables: str) -> Settings:
    required = {"OPENAI_API_KEY": OPENAI_SHAPE, "TELEGRAM_API_KEY": TOKEN, "ADMIN_CHAT_ID": "777", "LOG_FORMAT": "json"}
    return load_settings(Path("/nonexistent/.env"), required | variables)


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Logging is the process's: everything is put back, so that other tests see what they expect."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    root.handlers[:], root.level = handlers, level
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    logging.captureWarnings(False)
    structlog.reset_defaults()


class Lines(io.StringIO):
    """A stdout that is no terminal."""

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]

    def last(self) -> dict[str, Any]:
        return self.records()[-1]


@pytest.fixture
def out() -> Lines:
    lines = Lines()
    logs.configure(settings(), lines)
    return lines


# --- shape -----------------------------------------------------------------------------------------------------------


def test_a_record_is_one_json_object_a_line_with_time_level_and_event_first(out: Lines) -> None:
    log.info("turn.finished", user_id=5, note="two\nlines", nested={"a": [1, None, True]})
    log.warning("turn.failed")
    first, second = out.records()
    assert list(first)[:3] == ["timestamp", "level", "event"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", first["timestamp"])
    assert (first["level"], first["event"], first["note"]) == ("info", "turn.finished", "two\nlines")
    assert first["nested"] == {"a": [1, None, True]}
    assert second["level"] == "warning"


def test_what_json_can_not_hold_is_written_somehow(out: Lines) -> None:
    log.info("odd.seen", big=2**80, half="\ud800", thing=object(), keys={1: 2}, infinite=float("inf"))
    assert out.last()["big"] == 2**80
    log.info("odd.seen", error=ValueError("x"), some={1, 2}, raw=b"\xff")
    assert out.last()["error"] == "ValueError('x')"


def test_the_level_of_the_settings_holds_for_loggers_made_before(out: Lines) -> None:
    log.debug("chatter.heard")
    logs.configure(settings(LOG_LEVEL="error"), out)
    log.warning("warning.heard")
    log.error("error.heard")
    assert [record["event"] for record in out.records()] == ["error.heard"]


def test_bound_context_is_in_every_record(out: Lines) -> None:
    with structlog.contextvars.bound_contextvars(update_id=7):
        log.bind(user_id=5).info("turn.finished")
    assert (out.last()["update_id"], out.last()["user_id"]) == (7, 5)


class Terminal(Lines):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_colours_and_no_escape_sequence_of_strangers() -> None:
    terminal = Terminal()
    logs.configure(settings(LOG_FORMAT="auto"), terminal)
    log.info("turn.finished", name="\x1b[2Jevil", user_id=5)
    text = terminal.getvalue()
    assert "\x1b[" in text
    assert "\x1b[2J" not in text
    assert "turn.finished" in text


def test_the_console_format_without_a_terminal_has_no_colours() -> None:
    out = Lines()
    logs.configure(settings(LOG_FORMAT="console"), out)
    try:
        raise ValueError(TOKEN)
    except ValueError:
        log.exception("turn.failed", question="?")
    text = out.getvalue()
    assert "\x1b" not in text
    assert f"ValueError: {MASK}" in text
    assert "question" not in text


# --- secrets and texts -----------------------------------------------------------------------------------------------


def test_no_secret_gets_through_anywhere_in_a_record(out: Lines) -> None:
    logs.configure(settings(OPENAI_API_KEY="gsk_aaaaaaaaaaaaaaaaaaaa", PROXY_URL="http://u:hunter22@h:1"), out)
    secrets = ["gsk_aaaaaaaaaaaaaaaaaaaa", "hunter22", TOKEN, TOKEN.partition(":")[2], FOREIGN_TOKEN, OPENAI_SHAPE]
    for secret in secrets:
        log.info("odd.seen", key=secret, nested={"list": [f"x{secret}", {secret: 1}]}, url=f"http://h/bot{secret}/x")
        log.info("odd.seen", shown=ValueError(f"\n{secret}"), raw=secret.encode(), text_of=f"line\n{secret}\t{secret}")
        logging.getLogger("aiohttp.client").warning("calling %s", f"https://h/bot{secret}/getMe")
        try:
            try:
                raise KeyError(secret)
            except KeyError as error:
                raise RuntimeError(f"Bearer {secret}") from error
        except RuntimeError:
            log.exception("turn.failed")
            logging.getLogger("openai").exception("request failed")
    assert len(out.records()) == 5 * len(secrets)
    for secret in secrets:
        assert secret not in out.getvalue()
    assert "RuntimeError: Bearer [secret]" in out.last()["exception"]


def test_a_secret_of_odd_characters_is_masked_as_json_and_repr_write_it() -> None:
    redactor = Redactor([KEY])
    for written in (KEY, json.dumps({"a": KEY}), json.dumps(KEY, ensure_ascii=False), repr(KEY), repr([KEY])):
        assert MASK in redactor.text(written)
        assert "quotes" not in redactor.text(written)


def test_ordinary_words_and_very_short_secrets_are_left_alone() -> None:
    plain = "a risk-averse person at a desk-bound task-management system at 12:30:45, ratio 123456:789, sk-learn"
    assert Redactor(["x", ""]).text(plain) == plain


def test_texts_of_people_are_dropped_unless_asked_for(out: Lines) -> None:
    said: dict[str, Any] = {"text": "t", "question": "q", "answer": "a", "prompt": ["p"], "nested": [{"text": "n"}]}
    log.info("turn.finished", **said, tokens={"prompt": 12})
    assert out.last().keys() & said.keys() == {"nested"}
    assert out.last()["nested"] == [{}]
    assert out.last()["tokens"] == {"prompt": 12}
    logs.configure(settings(LOG_TEXTS="true"), out)
    log.info("turn.finished", **said)
    assert out.last().items() >= said.items()


# --- what others say -------------------------------------------------------------------------------------------------


def test_libraries_are_heard_from_warning_on_in_the_same_form(out: Lines) -> None:
    logging.getLogger("httpx2").info("HTTP Request")
    logging.getLogger("aiohttp.server").error("Error %s", "handling", exc_info=ValueError("v"))
    (record,) = out.records()
    assert (record["level"], record["event"], record["logger"]) == ("error", "library.logged", "aiohttp.server")
    assert record["message"] == "Error handling"
    assert "ValueError: v" in record["exception"]


def test_libraries_own_levels_are_known_ones(out: Lines) -> None:
    logging.getLogger("odd").log(35, "between")
    logging.getLogger("odd").log(99, "above")
    assert [record["level"] for record in out.records()] == ["warning", "critical"]


def test_at_debug_libraries_say_info_but_never_whole_requests(out: Lines) -> None:
    logs.configure(settings(LOG_LEVEL="debug"), out)
    logging.getLogger("openai").debug("Request options: {'content': 'private'}")
    logging.getLogger("openai").info("retrying")
    assert [record["message"] for record in out.records()] == ["retrying"]


def test_a_second_configuration_does_not_double_what_libraries_say(out: Lines) -> None:
    logs.configure(settings(), out)
    logging.getLogger("odd").error("once")
    assert len(out.records()) == 1


def test_warnings_are_logged(out: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logs.configure(settings(), out)
        warnings.warn("old thing", UserWarning, stacklevel=1)
    assert out.last()["logger"] == "py.warnings"


async def test_an_exception_that_a_task_leaves_behind_is_logged(out: Lines) -> None:
    async def fail() -> None:
        raise ValueError(TOKEN)

    task = asyncio.ensure_future(fail())
    await asyncio.wait([task])
    del task
    gc.collect()
    assert (out.last()["logger"], out.last()["level"]) == ("asyncio", "error")
    assert f"ValueError: {MASK}" in out.last()["exception"]


def test_what_nobody_caught_is_logged_in_threads_finalizers_and_main(out: Lines) -> None:
    class Bad:
        def __del__(self) -> None:
            raise OSError("in a finalizer")

    def fail() -> None:
        raise ValueError(TOKEN)

    logs.watch_uncaught()
    thread = threading.Thread(target=fail, name="worker")
    thread.start()
    thread.join()
    assert (out.last()["event"], out.last()["thread"]) == ("thread.crashed", "worker")
    Bad()
    gc.collect()
    assert out.last()["event"] == "exception.ignored"
    sys.excepthook(ValueError, ValueError("v"), None)
    assert (out.last()["event"], out.last()["exception"]) == ("process.crashed", "ValueError: v")
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert out.last()["exception"] == "ValueError: v", "an interrupted start is no crash"


def test_what_was_odd_in_the_settings_is_told(out: Lines, tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text(f"OPENAI_API_KEY=x\nTELEGRAM_API_KEY={TOKEN}\nADMIN_ID=1\nQUEUE_LENGHT=5\n")
    logs.tell_notes(load_settings(env, {}))
    assert out.last()["event"] == "settings.looked_odd"
    assert "QUEUE_LENGHT" in out.last()["note"]


# --- where it goes ---------------------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "bot.log"


def test_the_file_gets_json_and_is_the_owners_alone(file: Path) -> None:
    file.touch(0o644)
    terminal = Terminal()
    outlet = logs.configure(settings(LOG_FORMAT="auto", LOG_FILE=str(file)), terminal)
    log.info("turn.finished", key=TOKEN)
    outlet.close()
    assert json.loads(file.read_text())["key"] == MASK
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "turn.finished" in terminal.getvalue()


def test_the_file_is_rotated_by_size_and_keeps_the_newest(file: Path) -> None:
    sink = logs.RotatingFile(file, size_max=10, count=2)
    for line in (b"first\n", b"second\n", b"third\n", b"a line longer than a file\n", b"x\n", b"yz\n"):
        sink(line)
    sink.close()
    contents = {path.name: path.read_text() for path in file.parent.iterdir()}
    assert contents == {"bot.log": "x\nyz\n", "bot.log.1": "a line longer than a file\n", "bot.log.2": "third\n"}


def test_a_restart_goes_on_in_the_same_file(file: Path) -> None:
    for _ in range(2):
        sink = logs.RotatingFile(file, size_max=10, count=1)
        sink(b"12345\n")
        sink.close()
    assert (file.read_text(), file.with_name("bot.log.1").read_text()) == ("12345\n", "12345\n")


def test_a_file_that_can_not_be_written_is_told_as_a_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"LOG_FILE .* can't be written"):
        logs.configure(settings(LOG_FILE=str(tmp_path)), Lines())


def test_a_log_that_can_not_be_written_stops_nobody_and_recovers(capsys: pytest.CaptureFixture[str]) -> None:
    class Full(Lines):
        full = True

        def write(self, text: str) -> int:
            if self.full:
                raise OSError(28, "No space left on device")
            return super().write(text)

    out = Full()
    said = io.StringIO()
    logs.configure(settings(), out)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "__stderr__", said)
        log.info("turn.finished")
        log.info("turn.finished")
    assert said.getvalue().count("log lines are being lost") == 1, "said once, not for each line"
    out.full = False
    log.info("turn.finished")
    assert len(out.records()) == 1


def test_a_failed_rotation_is_tried_again(file: Path) -> None:
    sink = logs.RotatingFile(file, size_max=4, count=1)
    sink(b"one\n")
    blocker = file.with_name("bot.log.1")
    blocker.mkdir()
    (blocker / "x").touch()
    with pytest.raises(IsADirectoryError):
        sink(b"two\n")
    (blocker / "x").unlink()
    blocker.rmdir()
    sink(b"two\n")
    sink.close()
    assert (file.read_text(), blocker.read_text()) == ("two\n", "one\n")


# --- the catalogue ---------------------------------------------------------------------------------------------------

LEVELS = {"debug", "info", "warning", "error", "critical", "exception", "log"}


def logged_events(source: str) -> Iterator[str | None]:
    """The name in each `log.<level>("name", ...)`; None where it is no constant (or a choice of constants)."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS):
            continue
        if not re.search(r"(^|[._])log(\.bind\(.*\))?$", ast.unparse(node.func.value)):
            continue
        position = 1 if node.func.attr == "log" else 0
        name = node.args[position] if len(node.args) > position else None
        names = [name.body, name.orelse] if isinstance(name, ast.IfExp) else [name]
        for choice in names:
            yield choice.value if isinstance(choice, ast.Constant) and isinstance(choice.value, str) else None


def test_the_walk_finds_names_however_they_are_logged() -> None:
    source = (
        'log.info("a.b", x=1)\nself._log.exception("c.d")\nlog.log(level, "e.f")\nlog.bind(x=1).error("g.h")\n'
        'log.warning("i.j" if x else "k.l")\nlog.info(f"m.{n}")\nmath.log(2)\ncatalog.info("no")\nlogger.error("no")'
    )
    assert sorted(name or "-" for name in logged_events(source) if name != "no") == [
        "-", "a.b", "c.d", "e.f", "g.h", "i.j", "k.l",
    ]  # fmt: skip


def sources() -> list[Path]:
    return [HOME / "main.py", *sorted((HOME / "gptbot").rglob("*.py"))]


def test_every_logged_event_is_in_the_catalogue_and_the_other_way_round() -> None:
    logged: dict[str | None, str] = {}
    for path in sources():
        for name in logged_events(path.read_text("utf-8")):
            logged[name] = str(path.relative_to(HOME))
    assert None not in logged, f"an event name that is no constant in {logged[None]}"
    assert {name: path for name, path in logged.items() if name not in EVENTS} == {}, "not in gptbot/log_events.py"
    assert EVENTS.keys() - logged.keys() == set(), "in gptbot/log_events.py, but never logged"


def test_event_names_tell_a_noun_and_what_happened() -> None:
    for name, meaning in EVENTS.items():
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", name), name
        assert len(meaning) > 10, name


def test_the_catalogue_lists_each_name_once() -> None:
    tree = ast.parse((HOME / "gptbot" / "log_events.py").read_text("utf-8"))
    (catalogue,) = [node for node in ast.walk(tree) if isinstance(node, ast.Dict)]
    assert len(catalogue.keys) == len(EVENTS)
