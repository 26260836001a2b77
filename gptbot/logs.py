"""Logs (SPEC §10): structlog to stdout (console on a terminal, else JSON lines) and, if wished, to a rotating file.

Whatever the standard library's loggers, the warnings module and uncaught exceptions say goes the same way.
Secrets are masked in the finished line, just before it is written, so no record can smuggle one out.
"""

import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor

from gptbot.redaction import Redactor
from gptbot.settings import Settings, SettingsError

log = structlog.get_logger()

TEXT_KEYS = frozenset({"text", "question", "answer", "prompt"})
"""What people wrote: dropped from every record unless LOG_TEXTS is on."""

Render = Callable[[EventDict], bytes]


def configure(settings: Settings, stream: TextIO | None = None) -> "Outlet":
    """Sends all logs where `settings` say; `stream` is stdout unless given. A later call takes the earlier one's place.

    The result closes LOG_FILE, if that is ever wanted. Raises SettingsError when LOG_FILE can't be written.
    """
    stream = stream or sys.stdout
    redactor = Redactor(settings.secrets)
    console = settings.log_format == "console" or (settings.log_format == "auto" and stream.isatty())
    render = _console_renderer(colors=stream.isatty()) if console else _render_json
    sinks = [Sink(render, redactor, _StreamOut(stream))]
    file = None
    if settings.log_file is not None:
        file = _open_log_file(settings.log_file, settings.log_file_max_mb, settings.log_file_count)
        sinks.append(Sink(_render_json, redactor, file))

    outlet = Outlet(sinks, file)
    level = getattr(logging, settings.log_level.upper())
    structlog.configure(
        processors=_processors(settings.log_texts),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: outlet,
        # A logger made at import must follow a later configure(); the bind per call costs about a microsecond.
        cache_logger_on_first_use=False,
    )
    _adopt_standard_library(level)
    return outlet


# --- from a record to a line -----------------------------------------------------------------------------------------


def _processors(texts: bool) -> list[Processor]:
    chain: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    if not texts:
        chain.append(_drop_texts)
    return [*chain, _as_argument]


def _drop_texts(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Numbers stay: `prompt=12` counts tokens."""
    return _without_texts(event)


def _without_texts(record: Mapping[Any, Any]) -> dict[Any, Any]:
    return {
        key: _inside(value) if isinstance(value, dict | list | tuple) else value
        for key, value in record.items()
        if key not in TEXT_KEYS or isinstance(value, int | float)
    }


def _inside(value: Any) -> Any:
    if isinstance(value, dict):
        return _without_texts(value)
    if isinstance(value, list | tuple):
        return [_inside(item) for item in value]
    return value


def _as_argument(_logger: Any, _method: str, event: EventDict) -> tuple[tuple[EventDict], dict[str, Any]]:
    """The last step: structlog hands this on as `Outlet.info(event)`."""
    return (event,), {}


def _render_json(event: EventDict) -> bytes:
    record = {"timestamp": event["timestamp"], "level": event["level"], "event": event["event"], **event}
    try:
        return orjson.dumps(record, default=repr, option=orjson.OPT_NON_STR_KEYS)
    except orjson.JSONEncodeError:  # an integer over 64 bits, half of a surrogate pair
        return json.dumps(record, default=repr, skipkeys=True).encode()


def _console_renderer(*, colors: bool) -> Render:
    renderer = structlog.dev.ConsoleRenderer(
        colors=colors,
        repr_native_str=True,  # a terminal must not obey escape sequences in somebody's name
        exception_formatter=structlog.dev.plain_traceback,
    )
    return lambda event: renderer(None, event["level"], dict(event)).encode(errors="backslashreplace")


# --- from a line to the world ----------------------------------------------------------------------------------------


class Sink:
    """One way out: how a record is rendered and where its line goes."""

    def __init__(self, render: Render, redactor: Redactor, write: Callable[[bytes], None]) -> None:
        self._render = render
        self._redactor = redactor
        self._write = write
        self._lock = threading.Lock()
        self._broken = False

    def __call__(self, event: EventDict) -> None:
        line = self._redactor.raw(self._render(event)) + b"\n"
        with self._lock:
            try:
                self._write(line)
                self._broken = False
            except (OSError, ValueError) as error:  # a full disk, a closed pipe: no reason to stop the bot
                if not self._broken and sys.__stderr__ is not None:
                    sys.__stderr__.write(f"log lines are being lost: {error}\n")
                self._broken = True


class Outlet:
    """What structlog calls a logger: hands each record to every sink."""

    def __init__(self, sinks: Sequence[Sink], file: "RotatingFile | None" = None) -> None:
        self._sinks = sinks
        self._file = file

    def msg(self, event: EventDict) -> None:
        for sink in self._sinks:
            sink(event)

    debug = info = warning = error = critical = msg

    def close(self) -> None:
        """Closes the log file; stdout stays open."""
        if self._file is not None:
            self._file.close()


class _StreamOut:
    """Writes lines to a text stream through its bytes, if it has any (a terminal, a pipe), else as text (a test)."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._buffer: BinaryIO | None = getattr(stream, "buffer", None)

    def __call__(self, line: bytes) -> None:
        if self._buffer is None:
            self._stream.write(line.decode())
            return
        self._buffer.write(line)
        self._buffer.flush()


class RotatingFile:
    """A log file, mode 0600, that is renamed to `.1` (then `.2`…) before it would grow past `size_max` bytes."""

    def __init__(self, path: Path, size_max: int, count: int) -> None:
        self._path = path
        self._size_max = size_max
        self._count = count
        self._open()

    def __call__(self, line: bytes) -> None:
        if self._file.closed:  # a rotation failed half-way, on a full disk perhaps
            self._open()
        if self._size and self._size + len(line) > self._size_max:
            self._rotate()
        self._size += self._file.write(line)

    def close(self) -> None:
        self._file.close()

    def _open(self) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.fchmod(descriptor, 0o600)
        self._file = os.fdopen(descriptor, "ab", buffering=0)
        self._size = os.fstat(descriptor).st_size

    def _rotate(self) -> None:
        self._file.close()
        for number in range(self._count - 1, -1, -1):
            older = self._numbered(number)
            if older.exists():
                older.replace(self._numbered(number + 1))
        self._open()

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}") if number else self._path


def _open_log_file(path: Path, max_mb: float, count: int) -> RotatingFile:
    try:
        return RotatingFile(path, int(max_mb * 1_000_000), count)
    except OSError as error:
        raise SettingsError(
            f"LOG_FILE {path} can't be written ({error.strerror}): expected a file in a folder that exists and is "
            "writable, or no LOG_FILE at all."
        ) from error


# --- what others say -------------------------------------------------------------------------------------------------


class _FromStandardLibrary(logging.Handler):
    """Hands what libraries log to structlog; the asyncio loop's unhandled exceptions come this way, too."""

    def emit(self, record: logging.LogRecord) -> None:
        log.log(
            _known_level(record.levelno),
            "library.logged",
            logger=record.name,
            message=record.getMessage(),
            exc_info=record.exc_info or None,
        )


def _known_level(number: int) -> int:
    """The next lower of the five levels; libraries may invent numbers between."""
    return max(logging.DEBUG, min(number // 10 * 10, logging.CRITICAL))


def _adopt_standard_library(level: int) -> None:
    """Libraries are heard from WARNING on (INFO with LOG_LEVEL=debug): their DEBUG prints whole requests."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _FromStandardLibrary)]:
        root.removeHandler(handler)
    root.addHandler(_FromStandardLibrary())
    root.setLevel(max(level, logging.WARNING) if level > logging.DEBUG else logging.INFO)
    logging.captureWarnings(True)


def watch_uncaught() -> None:
    """Logs what nobody caught, in the main thread, other threads and finalizers. For the whole process: main only."""
    sys.excepthook = _crashed
    threading.excepthook = _thread_crashed
    sys.unraisablehook = _ignored


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        log.critical("process.crashed", exc_info=(kind, error, trace))


def _thread_crashed(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        name = args.thread.name if args.thread else ""
        log.error("thread.crashed", thread=name, exc_info=(args.exc_type, args.exc_value, args.exc_traceback))


def _ignored(args: "sys.UnraisableHookArgs") -> None:
    if args.exc_value is not None:
        where = repr(args.object)
        log.error("exception.ignored", where=where, exc_info=(args.exc_type, args.exc_value, args.exc_traceback))


def tell_notes(settings: Settings) -> None:
    """What was odd in the settings, once logs have somewhere to go."""
    for note in settings.notes:
        log.warning("settings.looked_odd", note=note)
