"""Finds the mentions of the bot in a text and takes them out (Bot API MessageEntity)."""

import re
from collections.abc import Mapping
from typing import Any

from gptbot.domain.updates import Me
from gptbot.edges.lenient_json import as_dict, whole_number


def without_mentions(text: str, entities: list[Any] | None, me: Me) -> tuple[str, bool]:
    """`text` without the mentions of us, and whether there was one; `/command@us` counts as one and stays."""
    if entities is None:
        # With Telegram there is none then; a server that sends no entities at all is read by the look of the text.
        return _by_look(text, me)
    units = text.encode("utf-16-le", "surrogatepass")  # offsets of entities count UTF-16 units of two bytes
    us = f"@{me.username}".casefold()
    kept, end, mentions_us = b"", 0, False
    for start, stop, entity in sorted(_ranges(entities, len(units) // 2), key=lambda found: found[:2]):
        words = units[2 * start : 2 * stop].decode("utf-16-le", "replace").casefold()
        if entity.get("type") == "bot_command":
            mentions_us = mentions_us or words.endswith(us)
        elif start >= end and _names_us(entity, words, us, me):
            mentions_us = True
            kept += units[2 * end : 2 * start]
            end = stop
    if not end:
        return text, mentions_us
    return _tidy(*(part.decode("utf-16-le", "surrogatepass") for part in (kept, units[2 * end :]))), True


def _names_us(entity: Mapping[str, Any], words: str, us: str, me: Me) -> bool:
    if entity.get("type") == "text_mention":
        return as_dict(entity.get("user")).get("id") == me.id
    return entity.get("type") == "mention" and words == us


def _ranges(entities: list[Any], length: int) -> list[tuple[int, int, dict[str, Any]]]:
    """Start and end of each entity in UTF-16 units, those only that lie within the text."""
    found = []
    for entity in map(as_dict, entities):
        start, units = whole_number(entity.get("offset")), whole_number(entity.get("length"))
        if start is not None and units is not None and 0 <= start < start + units <= length:
            found.append((start, start + units, entity))
    return found


def _by_look(text: str, me: Me) -> tuple[str, bool]:
    if "@" not in text or not me.username:
        return text, False
    mention = re.compile(rf"(?<![\w@/]){re.escape('@' + me.username)}(?!\w)", re.IGNORECASE)
    found = mention.search(text)
    if found is None:
        return text, re.match(rf"/\w+@{re.escape(me.username)}(?!\w)", text, re.IGNORECASE) is not None
    return _tidy(text[: found.start()], text[found.end() :]), True


def _tidy(before: str, after: str) -> str:
    """The two sides of a mention as one text: "@bot, what is it?" becomes "what is it?"."""
    if not before.strip():
        return after.lstrip(" ,:\n\t").rstrip()
    return f"{before.rstrip(' ,')}{after}".strip() if not after[:1].isalnum() else f"{before}{after}".strip()
