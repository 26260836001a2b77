"""A call of the Bot API on its way out: held against aiogram's class of the method, and put into a form."""

import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import aiogram.methods
import aiohttp
from aiogram.methods import TelegramMethod
from aiogram.types import BufferedInputFile
from pydantic import ValidationError

from gptbot.domain.outgoing import Attachment
from gptbot.edges.lenient_json import dumps, scrub


def faults_of(method: str, params: Mapping[str, Any], attachment: Attachment | None) -> str:
    """What aiogram's class of the method does not accept or does not know; empty if all is well.

    A method that aiogram does not know yet goes out as it is.
    """
    known = getattr(aiogram.methods, method[:1].upper() + method[1:], None)
    if not (isinstance(known, type) and issubclass(known, TelegramMethod)):
        return ""
    files = {} if attachment is None else {attachment.field: BufferedInputFile(attachment.content, attachment.filename)}
    try:
        call = known(**params, **files)
    except ValidationError as error:
        return "; ".join(
            f"{'.'.join(map(str, fault['loc']))}: {fault['type']}"
            for fault in error.errors(include_url=False, include_context=False, include_input=False)
        )
    return "; ".join(f"{name}: unknown" for name in call.model_extra or ())


def urlencoded(params: Mapping[str, Any]) -> bytes:
    return urlencode({name: _field(value) for name, value in params.items()}).encode()


def _field(value: object) -> str:
    """A parameter as text: what is no string goes as JSON."""
    return scrub(value) if isinstance(value, str) else dumps(value).decode()


def form(params: Mapping[str, Any], attachment: Attachment) -> aiohttp.FormData:
    fields = aiohttp.FormData(quote_fields=False)
    for name, value in params.items():
        fields.add_field(name, _field(value))
    fields.add_field(attachment.field, io.BytesIO(attachment.content), filename=attachment.filename)
    return fields
