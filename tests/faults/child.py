"""What a bot's process does in the fault tests: `python main.py` in a process that a fork server made.

The libraries take seconds to import; forked from a server that has them already, a bot starts in a moment, and a suite
that kills and starts dozens of them stays quick. It imports little itself, so that the fork server stays what it is.
"""

import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from tests.faults.steps import Plan, install


def run_main(
    main: Path,
    arguments: Sequence[str],
    environ: Mapping[str, str],
    folder: Path,
    out: Connection,
    err: Connection,
    plan: Plan | None = None,
) -> None:
    """Runs `main` as a program: own arguments, environment, working folder, stdout and stderr; trouble by a plan."""
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    out.close()
    err.close()
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    sys.argv = [str(main), *arguments]
    if plan is not None:
        install(plan)
    runpy.run_path(str(main), run_name="__main__")
