"""The words of the admin's feed (SPEC §5): lines of requests in, messages out. Pure; the pace is the actor's.

A line is the JSON that `Question.report` and `settling` make: kind, user, name, username, where ("private" or the
chat's title), model, tokens, cost (billionths of a dollar), balance, and text unless the setting leaves it out.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from gptbot.commands.paging import UNITS_MAX, units
from gptbot.commands.people import identity
from gptbot.domain.outgoing import Text
from gptbot.domain.pricing import dollars
from gptbot.domain.records import Account
from gptbot.texts import Words, join
from gptbot.texts.names import safe_line, safe_name

Line = Mapping[str, Any]

LINES_MAX = 20
"""Turns in one message."""
TEXT_MAX = 300
JOINED_TEXT_MAX = 80
"""Characters of a question where its turn has a message of its own, and where several share one."""
DIGEST_PEOPLE_MAX = 10
_TITLE_MAX = 40
_MODEL_MAX = 60
_RESERVED = 200
"""UTF-16 units kept for the last line ("and 7 more")."""


class Composed(NamedTuple):
    """A message of the feed and how many lines it speaks for, from the first."""

    text: Text
    taken: int


def compose(words: Words, lines: Sequence[Line], *, skip_rest: bool) -> Composed:
    """One message for the first of these lines: a single one in full, several as one short paragraph each.

    `skip_rest` sums up those that don't fit, so that the feed catches up with a flood; else they are left for the next.
    """
    if len(lines) == 1:
        return Composed(_turn(words, lines[0], TEXT_MAX), 1)
    parts: list[Text] = []
    room = UNITS_MAX - _RESERVED
    for line in lines[:LINES_MAX]:
        part = _turn(words, line, JOINED_TEXT_MAX)
        room -= units(part.text) + 2
        if room < 0:
            break
        parts.append(part)
    rest = lines[len(parts) :]
    if not rest or not skip_rest:
        return Composed(join(*parts, by="\n\n"), len(parts))
    more = words("report.more", more=len(rest), tokens=_sum(rest, "tokens"), cost=dollars(_sum(rest, "cost")))
    return Composed(join(*parts, more, by="\n\n"), len(lines))


def digest(words: Words, lines: Sequence[Line]) -> Text:
    """All lines in one message: the sums, and who asked most."""
    by_person: dict[int, list[Line]] = {}
    for line in lines:
        by_person.setdefault(_number(line, "user"), []).append(line)
    header = words(
        "report.digest",
        requests=len(lines),
        users=len(by_person),
        tokens=_sum(lines, "tokens"),
        cost=dollars(_sum(lines, "cost")),
    )
    busiest = sorted(by_person.values(), key=len, reverse=True)
    parts = [
        words(
            "report.digest.person",
            who=_who(theirs[-1]),
            requests=len(theirs),
            cost=dollars(_sum(theirs, "cost")),
            balance=_number(theirs[-1], "balance"),
        )
        for theirs in busiest[:DIGEST_PEOPLE_MAX]
    ]
    if len(busiest) > DIGEST_PEOPLE_MAX:
        parts.append(words("report.digest.more", users=len(busiest) - DIGEST_PEOPLE_MAX))
    return join(header, *parts)


def _turn(words: Words, line: Line, text_max: int) -> Text:
    """One request: who and where, what was asked, what it took."""
    where = str(line.get("where", "private"))
    place = words.plain("report.private") if where == "private" else safe_name(where, _TITLE_MAX)
    parts = [words("report.who", who=_who(line), where=place)]
    if text := safe_line(str(line.get("text", "")), text_max):
        parts.append(words("report.text", text=text))
    kind = str(line.get("kind", "answer"))
    parts.append(
        words(
            f"report.{kind}" if kind in ("answer", "picture") else "report.other",
            kind=safe_line(kind, _MODEL_MAX),
            model=safe_line(str(line.get("model", "")), _MODEL_MAX),
            tokens=_number(line, "tokens"),
            cost=dollars(_number(line, "cost")),
            balance=_number(line, "balance"),
        )
    )
    return join(*parts)


def _who(line: Line) -> str:
    account = Account(name=str(line.get("name", "")), username=str(line.get("username") or ""))
    return identity(_number(line, "user"), account)


def _number(line: Line, key: str) -> int:
    """A row of another version may lack a key; the feed shows what there is."""
    value = line.get(key, 0)
    return value if isinstance(value, int) else 0


def _sum(lines: Iterable[Line], key: str) -> int:
    return sum(_number(line, key) for line in lines)
