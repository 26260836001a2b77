"""What Telegram does with a text and its entities before it takes them (Bot API, MessageEntity).

Offsets and lengths are in UTF-16 units. One simplification: a carriage return becomes a space like any other
control character, where Telegram drops it.
"""

import re
from collections.abc import Sequence
from typing import Any

from gptbot.playground.refusals import bad_request

Entity = dict[str, Any]

TEXT_UNITS_MAX = 4096
CAPTION_UNITS_MAX = 1024
ENTITIES_MAX = 100

SENT_TYPES = frozenset(
    [
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
        "date_time",
    ]
)
"""Types that a bot may ask for."""
FOUND_TYPES = frozenset(["mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number"])
"""Types that Telegram finds by itself: taken without a word and worked out anew."""
REQUIRED_FIELDS = {"text_link": "url", "text_mention": "user", "custom_emoji": "custom_emoji_id"}

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_URL = re.compile(r"(?:(?:https?|tg|ton)://)?(?:[\w-]+\.)+[\w-]+(?::\d+)?(?:[/?#]\S*)?|(?:tg|ton)://\S+", re.IGNORECASE)
_FINDABLE = re.compile(
    r"(?P<url>(?<![\w@/])(?:https?://(?:[\w-]+\.)*[\w-]+(?::\d+)?(?:[/?#][^\s<>\"]*[^\s<>\".,;:!?)\]'])?"
    r"|(?:www\.|t\.me/)[^\s<>\"]*[^\s<>\".,;:!?)\]']))"
    r"|(?P<email>(?<![\w.])[\w.+-]+@(?:[\w-]+\.)+[a-z]{2,})"
    r"|(?P<bot_command>(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/]))"
    r"|(?P<mention>(?<![\w@/])@[A-Za-z0-9_]{3,32}\b)"
    r"|(?P<cashtag>(?<!\w)\$[A-Z]{3,8}\b)"
    r"|(?P<hashtag>(?<!\w)#\w*[^\W\d]\w*)"
)


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def checked_message_text(
    text: str, entities: Sequence[Any], *, too_long: str = "message is too long"
) -> tuple[str, list[Entity]]:
    """A message's text as Telegram keeps it. Raises Refusal for an empty or too long one and for bad entities."""
    if not text:
        raise bad_request("message text is empty")
    kept, kept_entities = _checked(text, entities)
    if not kept:
        raise bad_request("text must be non-empty")
    if utf16_length(kept) > TEXT_UNITS_MAX:
        raise bad_request(too_long)
    return kept, kept_entities


def checked_caption(text: str, entities: Sequence[Any]) -> tuple[str, list[Entity]]:
    """The same for a caption, which may be empty."""
    kept, kept_entities = _checked(text, entities)
    if utf16_length(kept) > CAPTION_UNITS_MAX:
        raise bad_request("message caption is too long")
    return kept, kept_entities


def found_entities(text: str) -> list[Entity]:
    """The links, mentions, commands and tags that Telegram marks in any text."""
    found = []
    for match in _FINDABLE.finditer(text):
        if match.lastgroup is not None:
            offset = utf16_length(text[: match.start()])
            found.append({"type": match.lastgroup, "offset": offset, "length": utf16_length(match.group())})
    return found


def is_valid_url(url: str) -> bool:
    """Whether Telegram takes it for a button or a text link."""
    return _URL.fullmatch(url) is not None


def _checked(text: str, entities: Sequence[Any]) -> tuple[str, list[Entity]]:
    text = _CONTROL.sub(" ", text)
    given = _given_entities(entities)
    if given:
        _check_bounds(text, given)
    cut = len(text) - len(text.lstrip(" \n"))
    # What is formatted keeps its indentation, unless that is all there is of it.
    cut = min([cut, *(e["offset"] for e in given if e["offset"] + e["length"] > cut)])
    trimmed = text[cut:].rstrip(" \n")
    kept = _nested(_clipped(given, cut, utf16_length(trimmed)))
    return trimmed, _merged(kept, found_entities(trimmed))


def _given_entities(entities: Sequence[Any]) -> list[Entity]:
    given = []
    for entity in entities:
        if not isinstance(entity, dict):
            raise bad_request("can't parse MessageEntity: expected an Object")
        for field in ("type", "offset", "length"):
            if field not in entity:
                raise bad_request(f"can't parse MessageEntity: Can't find field \"{field}\"")
        kind = entity["type"]
        if kind in FOUND_TYPES:
            continue
        if kind not in SENT_TYPES:
            raise bad_request("can't parse MessageEntity: Unsupported type specified")
        required = REQUIRED_FIELDS.get(kind)
        if required and required not in entity:
            raise bad_request(f"can't parse MessageEntity: Can't find field \"{required}\"")
        if kind == "text_link" and not is_valid_url(entity["url"]):
            raise bad_request(f"entity URL '{entity['url']}' is invalid: Wrong HTTP URL")
        if entity["offset"] < 0:
            raise bad_request(f"receive an entity with incorrect offset {entity['offset']}")
        if entity["length"] < 0:
            raise bad_request(f"receive an entity with incorrect length {entity['length']}")
        if entity["length"]:
            given.append(entity)
    given.sort(key=lambda e: (e["offset"], -e["length"]))
    return given[:ENTITIES_MAX]


def _check_bounds(text: str, entities: list[Entity]) -> None:
    """Entities must lie within the text, nest, and not cut a surrogate pair; `entities` are sorted by offset."""
    boundaries = {0: 0}  # UTF-16 offset → byte offset, at each character's beginning
    units = size = 0
    for character in text:
        units += 2 if ord(character) > 0xFFFF else 1
        size += len(character.encode("utf-8", "surrogatepass"))
        boundaries[units] = size
    open_ends: list[int] = []
    for entity in entities:
        begin, end = entity["offset"], entity["offset"] + entity["length"]
        if begin > units:
            raise bad_request(f"entity begins after the end of the text at UTF-16 offset {begin}")
        if begin not in boundaries:
            raise bad_request(f"entity begins in a middle of a UTF-16 symbol at byte offset {boundaries[begin + 1]}")
        if end > units:
            raise bad_request(
                f"entity beginning at UTF-16 offset {begin} ends after the end of the text at UTF-16 offset {end}"
            )
        while open_ends and open_ends[-1] <= begin:
            open_ends.pop()
        crossing = bool(open_ends) and end > open_ends[-1]
        if crossing or end not in boundaries:
            at = boundaries[end if end in boundaries else end + 1]
            raise bad_request(f"entity ends in a middle of a UTF-16 symbol at byte offset {at}")
        open_ends.append(end)


def _clipped(entities: list[Entity], cut: int, units: int) -> list[Entity]:
    clipped = []
    for entity in entities:
        begin = max(entity["offset"] - cut, 0)
        end = min(entity["offset"] - cut + entity["length"], units)
        if end > begin:
            clipped.append({**entity, "offset": begin, "length": end - begin})
    return clipped


def _nested(entities: list[Entity]) -> list[Entity]:
    """Without those that Telegram drops in silence: within code, within their own kind, a quote in a quote."""
    kept: list[Entity] = []
    for entity in entities:
        end = entity["offset"] + entity["length"]
        around = {_kind(e) for e in kept if e["offset"] <= entity["offset"] and end <= e["offset"] + e["length"]}
        if not around & {"code", "pre", _kind(entity)}:
            kept.append(entity)
    return kept


def _kind(entity: Entity) -> str:
    return str(entity["type"]).removeprefix("expandable_")


def _merged(given: list[Entity], found: list[Entity]) -> list[Entity]:
    """Found ones give way to code and links that cover them, as in Telegram."""
    covering = [e for e in given if e["type"] in ("code", "pre", "text_link", "text_mention")]

    def free(entity: Entity) -> bool:
        begin, end = entity["offset"], entity["offset"] + entity["length"]
        return all(end <= e["offset"] or begin >= e["offset"] + e["length"] for e in covering)

    merged = given + [e for e in found if free(e)]
    return sorted(merged, key=lambda e: (e["offset"], -e["length"]))
