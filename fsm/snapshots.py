"""Dataclasses to plain JSON values and back, checking every value on the way in.

A snapshot may have been written by an older version of the program, or touched by hand; what comes back from
storage is therefore read by the type hints of the fields, strictly: a wrong type is `BadSnapshot`, never a
surprise three steps later.
"""

from dataclasses import fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


class BadSnapshot(ValueError):
    """A stored snapshot can't be used: another chart or version, or its values are not what they should be."""


def to_plain(value: object) -> Any:
    """`value` in JSON's own types: dataclasses become objects, tuples become arrays."""
    if is_dataclass(value):
        return {f.name: to_plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    return value


def from_plain(hint: Any, value: object) -> Any:
    """`value`, as it came out of JSON, in the type `hint` says. Raises BadSnapshot.

    Knows what charts need: str, int, bool, None, Any, Literal, `X | Y`, `tuple[X, ...]`, `dict[str, Any]`
    and dataclasses of these.
    """
    kind: Any = get_origin(hint) or hint
    if kind is Any:
        return value
    if kind in (Union, UnionType):
        return _first_that_fits(get_args(hint), value)
    if kind is Literal and isinstance(value, str) and value in get_args(hint):
        return value
    if kind is tuple and isinstance(value, list):
        return tuple(from_plain(get_args(hint)[0], item) for item in value)
    if isinstance(value, dict) and isinstance(kind, type) and is_dataclass(kind):
        return kind(**fields_from_plain(kind, value))
    if type(value) is kind:  # not isinstance: True is an int
        return value
    raise BadSnapshot(f"{value!r:.60} is not {hint}")


def fields_from_plain(cls: Any, data: dict[str, Any]) -> dict[str, Any]:
    """The arguments of dataclass `cls` out of `data`, which must have exactly them. Raises BadSnapshot."""
    names = {f.name for f in fields(cls) if f.init}
    if names != data.keys():
        raise BadSnapshot(f"{cls.__name__} has the fields {sorted(names)}, the snapshot {sorted(map(str, data))}")
    hints = _hints(cls)
    return {name: from_plain(hints[name], value) for name, value in data.items()}


def _first_that_fits(hints: tuple[Any, ...], value: object) -> Any:
    for hint in hints:
        try:
            return from_plain(hint, value)
        except BadSnapshot:
            continue
    raise BadSnapshot(f"{value!r:.60} is none of {hints}")


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)
