"""Requests held against aiogram's own method classes: a second opinion on names and types of parameters."""

from collections.abc import Iterator, Mapping
from typing import Any

import aiogram.methods
from pydantic import BaseModel, ValidationError

from gptbot.playground.params import Params
from gptbot.playground.refusals import bad_request

CLASSES: Mapping[str, type[aiogram.methods.TelegramMethod[Any]]] = {
    cls.__api_method__.lower(): cls
    for cls in vars(aiogram.methods).values()
    if isinstance(cls, type)
    and issubclass(cls, aiogram.methods.TelegramMethod)
    and isinstance(getattr(cls, "__api_method__", None), str)
}


def unknown_parameters(method: str, params: Params) -> list[str]:
    """Paths of parameters that the method does not have ("scope.chat"). Raises Refusal on wrong types."""
    cls = CLASSES.get(method.lower())
    if cls is None:
        return []
    values = dict(params)
    for name in params.files:
        if name in cls.model_fields and name not in values:
            values[name] = f"attach://{name}"
    try:
        parsed = cls.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise bad_request(f"not a valid call of {method}: {place}: {first['msg']}") from None
    return list(_extras(parsed, ""))


def _extras(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, BaseModel):
        for name in value.model_extra or {}:
            yield path + name
        for name in type(value).model_fields:
            yield from _extras(getattr(value, name), f"{path}{name}.")
    elif isinstance(value, list):
        for item in value:
            yield from _extras(item, path)
