"""What Telegram makes of a rich message given as Markdown, as far as is known (Bot API, "Rich message formatting").

Formatting within a line is left out: a RichText is always a plain string here. The parser is as keen as Telegram's:
lone line breaks collapse, "$5 and $10" is a formula, an image is fetched. The names of the refusals are made up, but
for their beginning, which is Telegram's.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pyromark

from gptbot.playground.refusals import bad_request
from gptbot.playground.world import Json

CHARACTERS_MAX = 32_768
BLOCKS_MAX = 500
LEVELS_MAX = 16
COLUMNS_MAX = 20

_OPTIONS = (
    pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_STRIKETHROUGH
    | pyromark.Options.ENABLE_TASKLISTS
    | pyromark.Options.ENABLE_MATH
)
_ALIGN = {"Center": "center", "Right": "right"}
_INLINE = frozenset(["Emphasis", "Strong", "Strikethrough", "Link", "Image"])
_KEPT = str.maketrans("$|", "\ue000\ue001")
_RESTORED = str.maketrans("\ue000\ue001", "$|")
_FORMULA = re.compile(r"\$([^$\n]+)\$")
_SPOILER = re.compile(r"\|\|(.+?)\|\|")

Event = tuple[Any, Any]


def checked_rich_message(given: Any) -> Json:
    """The RichMessage that is kept. Raises Refusal."""
    if not isinstance(given, dict):
        raise bad_request("object expected as rich message")
    if len([kind for kind in ("html", "markdown", "blocks") if given.get(kind)]) != 1:
        raise bad_request("RICH_MESSAGE_CONTENT_INVALID")
    markdown = given.get("markdown")
    if not isinstance(markdown, str):
        raise bad_request("RICH_MESSAGE_CONTENT_UNSUPPORTED")  # by this stand-in
    if len(markdown) > CHARACTERS_MAX:
        raise bad_request("RICH_MESSAGE_TOO_LONG")
    blocks = _Parser(markdown).blocks()
    if not blocks:
        raise bad_request("RICH_MESSAGE_EMPTY")
    if sum(1 for _ in _all_blocks(blocks)) > BLOCKS_MAX:
        raise bad_request("RICH_MESSAGE_BLOCKS_TOO_MANY")
    return {"blocks": blocks} | ({"is_rtl": True} if given.get("is_rtl") else {})


def rich_text(blocks: Sequence[Json]) -> str:
    """What can be read in it, block by block."""
    return "\n\n".join(_block_text(block) for block in blocks)


def _block_text(block: Json) -> str:
    match block["type"]:
        case "table":
            return "\n".join(" | ".join(cell["text"] for cell in row) for row in block["cells"])
        case "list":
            return "\n".join(f"{item['label']} {rich_text(item['blocks'])}" for item in block["items"])
        case "blockquote":
            return rich_text(block["blocks"])
        case "mathematical_expression":
            return str(block["expression"])
        case "divider":
            return "———"
        case _:
            return str(block.get("text", ""))


def _all_blocks(blocks: Sequence[Json]) -> Iterator[Json]:
    for block in blocks:
        yield block
        for inner in (*block.get("items", ()), *block.get("cells", ())):
            yield {}
            if isinstance(inner, dict):
                yield from _all_blocks(inner["blocks"])
        yield from _all_blocks(block.get("blocks", ()))


class _Parser:
    def __init__(self, markdown: str) -> None:
        self._source = markdown.encode()
        self._events: list[Event] = list(pyromark.events_with_range(markdown, options=_OPTIONS))
        self._at = 0
        self._level = 0

    def blocks(self) -> list[Json]:
        """Up to the end of what encloses them, which is passed."""
        found: list[Json] = []
        loose = ""
        while self._at < len(self._events):
            payload, _ = self._events[self._at]
            name, particulars = _start(payload)
            if isinstance(payload, dict) and "End" in payload:
                self._at += 1
                break
            if (name is None and payload != "Rule") or name in _INLINE:
                loose += self._inline()
                continue
            found += _paragraph(loose)
            loose = ""
            self._at += 1
            found.append({"type": "divider"} if name is None else self._block(name, particulars))
        return found + _paragraph(loose)

    def _block(self, name: str, particulars: Any) -> Json:
        self._level += 1
        if self._level > LEVELS_MAX:
            raise bad_request("RICH_MESSAGE_DEPTH_INVALID")
        try:
            match name:
                case "Table":
                    if len(particulars) > COLUMNS_MAX:
                        raise bad_request("RICH_MESSAGE_TABLE_COLUMNS_TOO_MANY")
                    return {"type": "table", "cells": self._rows(particulars)}
                case "List":
                    return {"type": "list", "items": self._items(particulars)}
                case "BlockQuote":
                    return {"type": "blockquote", "blocks": self.blocks()}
                case "HtmlBlock":
                    raise bad_request("RICH_MESSAGE_TAG_INVALID")
            if name == "CodeBlock":
                text = self._until_end(inner=True).removesuffix("\n")
                language = particulars.get("Fenced", "") if isinstance(particulars, dict) else ""
                return {"type": "pre", "text": text} | ({"language": language} if language else {})
            content, *after = [payload for payload, _ in self._events[self._at : self._at + 2]]
            formula = isinstance(content, dict) and "DisplayMath" in content and after == [{"End": "Paragraph"}]
            text = self._until_end()
            if formula:
                return {"type": "mathematical_expression", "expression": text}
            if name == "Heading":
                return {"type": "heading", "text": text, "size": int(particulars["level"][1:])}
            return {"type": "paragraph", "text": text}
        finally:
            self._level -= 1

    def _rows(self, alignments: Sequence[str]) -> list[list[Json]]:
        rows: list[list[Json]] = []
        while (row := _start(self._events[self._at][0])[0]) in ("TableHead", "TableRow"):
            self._at += 1
            rows.append([])
            while _start(self._events[self._at][0])[0] == "TableCell":
                self._at += 1
                align = _ALIGN.get(alignments[len(rows[-1])], "left")
                cell = {"text": self._until_end(), "align": align, "valign": "top"}
                rows[-1].append(cell | ({"is_header": True} if row == "TableHead" else {}))
            self._at += 1
        self._at += 1
        return rows

    def _items(self, first: int | None) -> list[Json]:
        items: list[Json] = []
        while _start(self._events[self._at][0])[0] == "Item":
            self._at += 1
            item: Json = {"label": "•" if first is None else f"{first + len(items)}."}
            payload, _ = self._events[self._at]
            if isinstance(payload, dict) and "TaskListMarker" in payload:
                self._at += 1
                done = bool(payload["TaskListMarker"])
                item = {"label": "☑" if done else "☐", "has_checkbox": True} | ({"is_checked": True} if done else {})
            items.append(item | {"blocks": self.blocks()})
        self._at += 1
        return items

    def _until_end(self, *, inner: bool = False) -> str:
        """The text up to the end of what encloses it, which is passed. `inner`: it is a part of a longer one."""
        text = ""
        while not (isinstance(self._events[self._at][0], dict) and "End" in self._events[self._at][0]):
            text += self._inline()
        self._at += 1
        return text if inner else _found_in(text).removesuffix("\n")

    def _inline(self) -> str:
        payload, place = self._events[self._at]
        self._at += 1
        if payload in ("SoftBreak", "HardBreak"):
            return " " if payload == "SoftBreak" else "\n"
        name, particulars = _start(payload)
        if name is not None:
            self._level += 1
            text = self._until_end(inner=True)
            self._level -= 1
            return f"[fetched: {particulars['dest_url']}]" if name == "Image" else text
        if not isinstance(payload, dict):
            return ""
        if payload.keys() & {"InlineHtml", "Html"}:
            raise bad_request("RICH_MESSAGE_TAG_INVALID")
        text = str(payload.get("Text", payload.get("Code", payload.get("InlineMath", payload.get("DisplayMath", "")))))
        if "Text" in payload and self._source[: place["start"]].endswith(b"\\"):
            text = text[:1].translate(_KEPT) + text[1:]
        return text if "Text" in payload else text.translate(_KEPT)


def _start(payload: Any) -> tuple[str | None, Any]:
    tag = payload.get("Start") if isinstance(payload, dict) else None
    return next(iter(tag.items())) if isinstance(tag, dict) else (tag, None)


def _found_in(text: str) -> str:
    """What Telegram takes for formulas and spoilers loses its signs, formulas their spaces."""
    text = _FORMULA.sub(lambda found: found[1].replace(" ", ""), _SPOILER.sub(r"\1", text))
    return text.translate(_RESTORED)


def _paragraph(text: str) -> list[Json]:
    return [{"type": "paragraph", "text": _found_in(text)}] if text.strip() else []
