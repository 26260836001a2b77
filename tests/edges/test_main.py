"""The command line as a process: statuses, one clear message, nothing heavy loaded too early (SPEC §2)."""

import os
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gptbot import VERSION
from gptbot.settings import HOME

KEY = "sk-proj-Zq8w4e5r6t7y8u9i0o1p2a3s"
TOKEN = "1234567890:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
HEAVY = {"aiogram", "openai", "tiktoken", "aiohttp", "httpx2", "requests", "telegramify_markdown", "transitions"}

WITH_A_FAKE = """\
import sys, types
def put(name, code):
    module = types.ModuleType(name)
    exec(code, module.__dict__)
    sys.modules[name] = module
    package, _, attribute = name.rpartition(".")
    setattr(__import__(package, fromlist=["x"]), attribute, module)
put({name!r}, {code!r})
import main
from gptbot import VERSION
sys.exit(main.main(sys.argv[1:]))
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with main.py alone, so that no `.env` of the developer's is read."""
    shutil.copy(HOME / "main.py", tmp_path)
    return tmp_path


def environment(**variables: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(HOME), "PYTHONDONTWRITEBYTECODE": "1"} | variables


def good(home: Path) -> None:
    (home / ".env").write_text(
        f"OPENAI_API_KEY={KEY}\nTELEGRAM_API_KEY={TOKEN}\nADMIN_ID=777\nDATA_FILE={home}/data.json\nLOG_FORMAT=json\n"
    )


def run(home: Path, *arguments: str, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(home / "main.py"), *arguments]
    return subprocess.run(
        command, cwd=cwd or home, env=environment(**variables), capture_output=True, text=True, timeout=50, check=False
    )


def run_with(home: Path, name: str, code: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """main.py with the module `name` replaced by `code`."""
    command = [sys.executable, "-c", WITH_A_FAKE.format(name=name, code=code), *arguments]
    return subprocess.run(
        command, cwd=home, env=environment(**variables), capture_output=True, text=True, timeout=50, check=False
    )


def test_without_settings_it_ends_with_status_2_and_one_message(home: Path) -> None:
    done = run(home)
    assert (done.returncode, done.stdout) == (2, "")
    assert "cp example.env .env" in done.stderr
    assert all(name in done.stderr for name in ("OPENAI_API_KEY", "TELEGRAM_API_KEY", "ADMIN_CHAT_ID"))
    assert "Traceback" not in done.stderr
    assert [path.name for path in home.iterdir()] == ["main.py"], "nothing was written"


def test_the_env_file_beside_main_is_read_from_any_working_folder(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    good(home)
    done = run(home, cwd=tmp_path_factory.mktemp("elsewhere"), REPORTS="never")
    assert done.returncode == 2
    assert "REPORTS is 'never' (set in the environment, which wins over .env)" in done.stderr
    assert "is missing" not in done.stderr
    assert KEY not in done.stderr
    assert TOKEN not in done.stderr


def test_another_settings_file_can_be_named(home: Path) -> None:
    good(home)
    done = run(home, "--env-file", os.devnull)
    assert done.returncode == 2
    assert "ADMIN_CHAT_ID is missing" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["--help"], ["--version"], ["--check"]])
def test_nothing_heavy_is_imported_before_the_settings_are_good(home: Path, arguments: list[str]) -> None:
    command = [sys.executable, "-X", "importtime", str(home / "main.py"), *arguments]
    done = subprocess.run(command, cwd=home, env=environment(), capture_output=True, text=True, timeout=50, check=False)
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "argparse" in loaded
    assert loaded & HEAVY == set()


def test_a_check_loads_none_of_the_slow_libraries(home: Path) -> None:
    good(home)
    report = "\nasync def run_check(settings):\n    return 1\n"
    done = run_with(home, "gptbot.edges.check", report, "--check")
    assert done.returncode == 1, done.stderr
    code = "import sys, gptbot.edges.check, gptbot.edges.data_file; print(*sorted(sys.modules))"
    listed = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=50, check=True
    )
    assert set(listed.stdout.split()) & HEAVY == {"aiohttp"}


def test_a_check_of_wrong_settings_tells_them_with_status_1(home: Path) -> None:
    done = run(home, "--check")
    assert done.returncode == 1
    assert "OPENAI_API_KEY is missing" in done.stderr


def test_help_tells_the_options_and_the_exit_statuses(home: Path) -> None:
    done = run(home, "--help")
    assert done.returncode == 0
    for word in ("--demo", "--check", "--accept-data", "--version", "exit status"):
        assert word in done.stdout


def test_the_version_is_that_of_the_project(home: Path) -> None:
    project = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]
    assert run(home, "--version").stdout == f"gptbot {project['version']}\n"
    assert project["version"] == VERSION


@pytest.mark.parametrize("arguments", [["--nonsense"], ["--demo", "--check"], ["start"]])
def test_wrong_arguments_end_with_usage_and_status_2(home: Path, arguments: list[str]) -> None:
    done = run(home, *arguments)
    assert done.returncode == 2
    assert "usage:" in done.stderr


# --- with the bot itself replaced ------------------------------------------------------------------------------------

WIRING = "gptbot.wiring"


def test_the_bot_gets_settings_and_flags_and_its_status_is_ours(home: Path) -> None:
    good(home)
    code = (
        "import os, structlog\n"
        "def run(settings, *, accept_data):\n"
        "    structlog.get_logger().info('turn.finished', key=settings.telegram_api_key.get_secret_value())\n"
        "    print(settings.admin_chat_id, accept_data, oct(os.umask(0)))\n"
        "    return 7\n"
    )
    done = run_with(home, WIRING, code, "--accept-data")
    assert done.returncode == 7, done.stderr
    assert "(777,) True 0o77" in done.stdout
    assert '"event":"turn.finished","key":"[secret]"' in done.stdout
    assert "False 0o77" in run_with(home, WIRING, code).stdout


def test_what_the_operator_must_mend_is_one_line_and_status_2(home: Path) -> None:
    good(home)
    code = (
        "from gptbot.errors import OperatorError\ndef run(settings, *, accept_data): raise OperatorError('Mend it.')\n"
    )
    done = run_with(home, WIRING, code)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "Mend it.\n")


def test_a_log_file_that_can_not_be_written_is_one_line_and_status_2(home: Path) -> None:
    good(home)
    done = run(home, LOG_FILE=str(home))
    assert done.returncode == 2
    assert done.stderr.startswith("LOG_FILE ")
    assert done.stderr.count("\n") == 1


def test_notes_on_the_settings_are_logged(home: Path) -> None:
    good(home)
    with (home / ".env").open("a") as file:
        file.write("QUEUE_LENGHT=3\n")
    done = run_with(home, WIRING, "def run(settings, *, accept_data): return 0\n")
    assert "did you mean QUEUE_LENGTH?" in done.stdout


def test_a_crash_is_a_log_record_without_secrets(home: Path) -> None:
    good(home)
    done = run_with(home, WIRING, f"def run(settings, *, accept_data): raise ValueError({TOKEN!r})\n")
    assert done.returncode == 1
    assert '"event":"process.crashed"' in done.stdout
    assert TOKEN not in done.stdout + done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_starts_ends_it_quietly(home: Path, number: signal.Signals) -> None:
    good(home)
    code = "import os, time\n" + (
        f"def run(settings, *, accept_data):\n    os.kill(os.getpid(), {int(number)})\n    time.sleep(30)\n"
    )
    done = run_with(home, WIRING, code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_demo_needs_no_settings(home: Path) -> None:
    code = "PORT = 8080\ndef main(port, *, fresh): print('the demo', port, fresh); return 0\n"
    done = run_with(home, "gptbot.playground.demo", code, "--demo")
    assert (done.returncode, done.stdout, done.stderr) == (0, "the demo 8080 False\n", "")
    done = run_with(home, "gptbot.playground.demo", code, "--demo", "--fresh", "--port", "0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "the demo 0 True\n", "")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--fresh"], "--port and --fresh go with --demo"),
        (["--check", "--port", "5"], "--port and --fresh go with --demo"),
        (["--demo", "--port", "65536"], "--port is a number below 65536"),
    ],
)
def test_options_of_the_demo_that_make_no_sense_are_refused(home: Path, arguments: list[str], problem: str) -> None:
    done = run(home, *arguments)
    assert done.returncode == 2
    assert problem in done.stderr


def test_a_package_that_is_not_installed_is_told_in_a_sentence(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.modules['pydantic'] = None; import main; sys.exit(main.main([]))"],
        cwd=home, env=environment(), capture_output=True, text=True, timeout=50, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == (
        "The Python package pydantic is not installed: run `make setup`, then .venv/bin/python main.py\n"
    )
