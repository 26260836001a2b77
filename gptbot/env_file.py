"""Reads a `.env` file through python-dotenv, and tells what is odd in it."""

import difflib
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream


class Variable(NamedTuple):
    """One variable: its name as it was written, its text, and where it came from."""

    name: str
    text: str
    from_environment: bool = False


@dataclass(frozen=True, slots=True)
class EnvFile:
    """What the file holds. `faults` stop the start, `notes` don't; neither shows a value."""

    exists: bool
    variables: dict[str, Variable] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_env_file(path: Path) -> EnvFile:
    """The variables of `path`; a missing file is an empty one. `${NAME}` is expanded as python-dotenv does it."""
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return EnvFile(exists=False)
    except UnicodeDecodeError:
        return EnvFile(exists=True, faults=[f"{path} is not a UTF-8 text file: save it as UTF-8 (plain text)."])
    except OSError as error:
        return EnvFile(exists=True, faults=[f"{path} can't be read ({error.strerror}): expected a readable file."])
    bindings = list(parse_stream(io.StringIO(text)))
    readable = "".join(binding.original.string for binding in bindings if not binding.error)
    values = dotenv_values(stream=io.StringIO(readable))
    return EnvFile(
        exists=True,
        variables={name: Variable(name, value) for name, value in values.items() if value is not None},
        faults=[
            f"line {_line(binding)} of {path.name} can't be read: expected NAME=value (a quote left open?)."
            for binding in bindings
            if binding.error
        ],
        notes=list(_set_twice(bindings, path.name)),
    )


def _line(binding: Binding) -> int:
    """The line a statement begins in; the parser counts the blank lines before it as its own."""
    leading = re.match(r"\s*", binding.original.string)
    return binding.original.line + (leading.group().count("\n") if leading else 0)


def _set_twice(bindings: Iterable[Binding], file_name: str) -> Iterator[str]:
    seen: dict[str, int] = {}
    for binding in bindings:
        if binding.key is None or not binding.value:
            continue
        if binding.key in seen:
            lines = f"lines {seen[binding.key]} and {_line(binding)}"
            yield f"{binding.key} is set twice in {file_name} ({lines}): the last one counts."
        seen[binding.key] = _line(binding)


def near_misses(names: Iterable[str], known: Sequence[str]) -> Iterator[str]:
    """A note for each of `names` that is not known but looks like one that is."""
    for name in names:
        if name in known:
            continue
        if alike := difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.8):
            yield f"{name} in .env is not a setting: did you mean {alike[0]}?"
