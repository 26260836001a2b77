"""The house rules that a test can see: who may import whom, who may touch the world, how long is too long."""

import ast
import re
import tomllib
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
    ("gptbot.redaction", set()),
    ("gptbot.env_file", {"gptbot.errors"}),
    ("gptbot.logs", {"gptbot.redaction", "gptbot.errors", "gptbot.settings"}),
    ("gptbot.setting", {"gptbot.setting", "gptbot.domain", "gptbot.errors", "gptbot.env_file", "gptbot.redaction"}),
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


# --- nothing is left out ---------------------------------------------------------------------------------------------

WIRING = ("main", "gptbot.wiring", "gptbot.__init__", "gptbot")
"""Puts everything together, and so may import all of it."""


def test_every_module_has_a_layer() -> None:
    """A new package must not escape the import rules by being unknown to them."""
    for path in TREES:
        name = module(path)
        assert name in WIRING or any(inside(name, layer) for layer, _ in LAYERS), f"{path} is in no layer"


def test_the_linters_and_the_types_are_strict_for_all_that_runs() -> None:
    """What is switched off, is switched off for tests only."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert {"S", "BLE", "ASYNC", "T20", "PLE", "B"} <= set(project["ruff"]["lint"]["select"])
    assert set(project["ruff"]["lint"]["ignore"]) <= {"RUF001", "RUF002", "RUF003", "S101", "N818"}
    assert all(pattern.startswith("tests/") for pattern in project["ruff"]["lint"]["per-file-ignores"])
    assert project["mypy"]["strict"] is True
    assert {"main.py", "gptbot", "fsm", "tests"} <= set(project["mypy"]["files"])
    assert all(set(override) <= {"module", "ignore_missing_imports"} for override in project["mypy"]["overrides"])
    assert project["pytest"]["ini_options"]["filterwarnings"] == ["error"]


def test_every_exception_from_a_check_says_why() -> None:
    for path in (path for path in TREES if not inside(path, "gptbot/playground/")):
        for number, line in enumerate((ROOT / path).read_text(encoding="utf-8").splitlines(), start=1):
            if found := re.search(r"# (?:noqa(?:: *[A-Z0-9, ]+)?|type: ignore(?:\[[a-z-]+\])?)(.*)", line):
                assert len(found[1].strip(" #()-")) >= 5, f"{path}:{number} gives no reason"
                assert re.search(r"noqa: [A-Z]|ignore\[", line), f"{path}:{number} switches everything off"


# --- what no code may do ---------------------------------------------------------------------------------------------

DECODERS = {"PIL", "cv2", "imageio", "numpy", "wand", "pymupdf", "fitz"}
UNSAFE = {
    "pickle", "marshal", "shelve", "xml", "lxml", "yaml", "ctypes", "importlib.import_module", "tarfile",
    "zipfile",
}  # fmt: skip


def test_no_code_is_made_of_data_and_no_picture_is_unpacked() -> None:
    """Pictures go to the model as they came: a small file that unpacks to gigapixels harms nobody here."""
    for path in TREES:
        names = set(imports(TREES[path]))
        touched = {name.partition(".")[0] for name in names} | names
        assert not touched & (DECODERS | UNSAFE)
        for node in ast.walk(TREES[path]):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"eval", "exec", "compile", "input", "breakpoint"}, f"{path}:{node.lineno}"
            if isinstance(node, ast.keyword):
                shell = isinstance(node.value, ast.Constant) and node.value.value is True and node.arg == "shell"
                assert not shell, f"{path}:{node.value.lineno} asks a shell"


def test_no_library_that_is_installed_unpacks_pictures() -> None:
    locked = {package["name"] for package in tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]}
    assert not locked & {"pillow", "opencv-python", "imageio", "numpy", "pymupdf", "brotli", "zstandard"}


def test_commands_and_texts_wait_for_nothing_and_touch_nothing() -> None:
    for path in (path for path in TREES if inside(path, "gptbot/commands/", "gptbot/texts/")):
        tree = TREES[path]
        assert not {name.partition(".")[0] for name in imports(tree)} & (WORLD - {"structlog"})
        assert not any(isinstance(node, ast.AsyncFunctionDef | ast.Await) for node in ast.walk(tree))


TASK_MAKERS = {"create_task", "ensure_future", "TaskGroup", "Thread"}
OWN_TASKS = {
    "gptbot/actors/supervisor.py": "makes them all",
    "gptbot/edges/check.py": "is a program of its own (--check)",
    "gptbot/edges/token_counter.py": "a thread that may hang in a download, and must not hold up the end",
}


def test_tasks_come_from_the_supervisor_by_no_back_door_either() -> None:
    for path in (path for path in TREES if inside(path, "gptbot/edges/", "gptbot/actors/", "gptbot/app")):
        if path not in OWN_TASKS:
            assert not TASK_MAKERS & set(calls(TREES[path])), path
            assert "asyncio.gather" not in {
                ast.unparse(node.func) for node in ast.walk(TREES[path]) if isinstance(node, ast.Call)
            }, path


def test_processes_are_started_at_one_place_and_without_a_shell() -> None:
    starters = {
        "subprocess_exec", "create_subprocess_exec", "create_subprocess_shell", "subprocess_shell", "Popen",
        "system",
    }  # fmt: skip
    found = {
        path for path, tree in TREES.items() if starters & set(calls(tree)) and not inside(path, "gptbot/playground/")
    }
    assert found == {"gptbot/edges/documents.py"}


READERS_OF_THE_ENVIRONMENT = {
    "gptbot/settings.py", "gptbot/env_file.py", "gptbot/logs.py",
    "gptbot/edges/token_counter.py",  # TIKTOKEN_CACHE_DIR is tiktoken's only way to be told a folder
}  # fmt: skip


def test_nothing_prints_and_the_environment_is_the_settings_business() -> None:
    for path in (path for path in TREES if path != "main.py" and not inside(path, "gptbot/playground/")):
        assert "print" not in set(calls(TREES[path]))
        if path not in READERS_OF_THE_ENVIRONMENT:
            attributes = {node.attr for node in ast.walk(TREES[path]) if isinstance(node, ast.Attribute)}
            assert not attributes & {"environ", "getenv", "putenv"}


OPENERS = {
    "open", "read_text", "read_bytes", "write_text", "connect", "getenv", "ClientSession", "AsyncOpenAI", "Queue",
}  # fmt: skip


def test_importing_a_module_does_nothing() -> None:
    """No file, no environment, no client at import (DESIGN §2): only what runs inside functions may."""
    for path in TREES:
        at_import = [node for node in TREES[path].body if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        for node in at_import:
            body = node.body if isinstance(node, ast.ClassDef) else [node]
            for part in body:
                if not isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.If):
                    assert not OPENERS & set(calls(part)), f"{path}:{part.lineno}"


def test_whatever_listens_listens_on_loopback_unless_the_owner_says_otherwise() -> None:
    from gptbot.settings import Settings

    hosts = {name: field.default for name, field in Settings.model_fields.items() if name.endswith("_host")}
    assert hosts
    assert set(hosts.values()) == {"127.0.0.1"}
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            anywhere = isinstance(node, ast.Constant) and node.value in ("0.0.0.0", "::")
            assert not anywhere, f"{path}:{getattr(node, 'lineno', 0)} listens everywhere"
            if isinstance(node, ast.arguments):
                for argument, default in zip(reversed(node.args), reversed(node.defaults), strict=False):
                    if argument.arg == "host" and isinstance(default, ast.Constant):
                        assert default.value == "127.0.0.1", f"{path}:{argument.lineno}"


PATIENCE_S = 0.05
REAL_PROCESSES = ("tests/soak/", "tests/bench/", "tests/faults")
"""These watch other processes, which nothing but looking again can do."""


def test_no_test_waits_by_the_clock() -> None:
    """A pause lets others run and no more; what a test waits for, it waits for."""
    for path in sorted((ROOT / "tests").rglob("*.py")):
        if path.relative_to(ROOT).as_posix().startswith(REAL_PROCESSES):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "sleep":
                module_name = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
                assert module_name != "time", f"{path}:{node.lineno}"
                seconds = node.args[0]
                if module_name == "asyncio" and isinstance(seconds, ast.Constant):
                    assert float(str(seconds.value)) <= PATIENCE_S, f"{path}:{node.lineno}"
