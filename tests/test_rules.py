"""The house rules that a test can see: who may import whom, who may touch the world, how long is too long."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CODE = [ROOT / "main.py", *sorted((ROOT / "fsm").rglob("*.py")), *sorted((ROOT / "gptbot").rglob("*.py"))]
TREES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in CODE}

WORLD = {
    "asyncio", "threading", "os", "io", "pathlib", "shutil", "socket", "sqlite3", "subprocess", "time", "random",
    "secrets", "logging", "structlog", "aiogram", "openai", "tiktoken", "aiohttp", "httpx2", "requests",
}  # fmt: skip
VENDORS = {"aiogram", "openai", "tiktoken", "aiohttp", "aiohttp_socks", "httpx2", "telegramify_markdown"}

LAYERS: list[tuple[str, set[str]]] = [
    # the first prefix that fits is the module's layer; the set is what it may import of our own
    ("fsm", {"fsm"}),
    ("gptbot.domain", {"gptbot.domain"}),
    ("gptbot.limits", set()),
    ("gptbot.errors", set()),
    ("gptbot.log_events", set()),
    ("gptbot.ports", {"gptbot.domain", "gptbot.ports"}),
    ("gptbot.texts", {"gptbot.domain", "gptbot.texts"}),
    ("gptbot.commands", {"fsm", "gptbot.domain", "gptbot.texts", "gptbot.commands", "gptbot.limits"}),
    (
        "gptbot.actors",
        {"fsm", "gptbot.domain", "gptbot.texts", "gptbot.commands", "gptbot.actors", "gptbot.ports", "gptbot.errors",
         "gptbot.limits", "gptbot.VERSION"},
    ),
    (
        "gptbot.edges",
        {"gptbot.domain", "gptbot.ports", "gptbot.errors", "gptbot.limits", "gptbot.edges", "gptbot.settings",
         "gptbot.redaction"},
    ),
    ("gptbot.playground.watched_bot", {"gptbot.app", "fsm"}),
    ("gptbot.playground", {"gptbot.playground", "gptbot.VERSION", "gptbot.env_file", "fsm"}),
    ("gptbot.app", {"gptbot.actors", "gptbot.commands", "gptbot.domain", "gptbot.ports"}),
]  # fmt: skip


def module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports(tree: ast.AST) -> Iterator[str]:
    """Every imported name, whole: "gptbot.ports.Clock"."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def calls(tree: ast.AST) -> Iterator[str]:
    """The last part of the name of everything that is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield node.func.attr
            elif isinstance(node.func, ast.Name):
                yield node.func.id


def inside(path: str, *prefixes: str) -> bool:
    return any(path == prefix or path.startswith(prefix) for prefix in prefixes)


@pytest.mark.parametrize("path", [path for path in TREES if inside(path, "fsm/", "gptbot/domain/")])
def test_charts_and_rules_are_pure(path: str) -> None:
    touched = {name.partition(".")[0] for name in imports(TREES[path])} & WORLD
    assert not touched, f"{path} imports {touched}"
    assert not {"open", "now", "today", "utcnow", "print"} & set(calls(TREES[path]))


@pytest.mark.parametrize("path", TREES)
def test_imports_go_one_way(path: str) -> None:
    own = next((allowed for layer, allowed in LAYERS if inside(module(path), layer)), None)
    if own is None:
        return
    for name in imports(TREES[path]):
        if name.partition(".")[0] in ("gptbot", "fsm"):
            assert any(inside(name, layer) for layer in own), f"{path} must not import {name}"


@pytest.mark.parametrize("path", [path for path in TREES if not inside(path, "gptbot/edges/", "gptbot/playground/")])
def test_vendors_stay_at_the_edges(path: str) -> None:
    assert not {name.partition(".")[0] for name in imports(TREES[path])} & VENDORS


@pytest.mark.parametrize(
    "path", [path for path in TREES if inside(path, "gptbot/actors/", "gptbot/commands/", "gptbot/app")]
)
def test_only_the_supervisor_creates_tasks(path: str) -> None:
    if path != "gptbot/actors/supervisor.py":
        assert not {"create_task", "ensure_future", "TaskGroup"} & set(calls(TREES[path]))


def test_files_are_opened_only_where_they_may_be() -> None:
    allowed = ("gptbot/edges/", "gptbot/playground/", "gptbot/logs.py", "gptbot/env_file.py", "main.py")
    for path, tree in TREES.items():
        if not inside(path, *allowed):
            assert not {"open", "read_text", "write_text", "read_bytes", "write_bytes"} & set(calls(tree)), path


def test_no_message_is_parsed_for_markup() -> None:
    """Formatting travels as entities, so nothing a user wrote can become markup (invariant 11)."""
    for path, tree in TREES.items():
        if inside(path, "gptbot/playground/"):
            continue
        strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        assert not strings & {"parse_mode", "HTML", "Markdown", "MarkdownV2"}, path


def test_broad_excepts_are_few_and_known() -> None:
    loops = {
        "gptbot/actors/supervisor.py", "gptbot/actors/user.py", "gptbot/actors/queue.py", "gptbot/actors/storage.py",
    }  # fmt: skip
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler):
                names = (
                    {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)} if node.type else {"bare"}
                )
                if "Exception" in names or "bare" in names:
                    assert path in loops, f"{path}:{node.lineno}"


def test_text_keys_that_the_code_names_exist() -> None:
    from gptbot.texts import LANGUAGES

    speakers = {"say", "words", "plain", "tell", "tell_after", "_finish", "_say"}
    for path, tree in TREES.items():
        if not inside(path, "gptbot/actors/", "gptbot/commands/"):
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            keys = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            if name in speakers:
                for key in (key for key in keys if "." in key and " " not in key):
                    assert key in LANGUAGES["en"], f"{path}:{node.lineno} says {key!r}"


@pytest.mark.parametrize("path", TREES)
def test_files_and_functions_stay_readable(path: str) -> None:
    lines = (ROOT / path).read_text(encoding="utf-8").count("\n")
    assert lines <= 400, f"{path} has {lines} lines: it is two files"
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = (node.end_lineno or node.lineno) - node.lineno + 1
            assert size <= 60, f"{path}:{node.name} has {size} lines: it is two functions"
