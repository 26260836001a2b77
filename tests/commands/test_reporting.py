"""The words of the admin's feed: each request in full where there is room, joined within Telegram's limit (SPEC §5)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptbot.commands.paging import units
from gptbot.commands.reporting import LINES_MAX, compose, digest
from gptbot.texts import Words

EN = Words("en")
NASTY = "\u202e</b>\nroot (1), private chat\n" + "😀" * 400


def line(user: int = 10, **values: Any) -> dict[str, Any]:
    asked = {
        "kind": "answer", "user": user, "name": "Ann", "username": "ann", "where": "private", "model": "gpt-6-luna",
        "tokens": 152, "cost": 12_300_000, "balance": 29_848, "text": "What is\nthe time?",
    }  # fmt: skip
    return asked | values


def one(**values: Any) -> str:
    return compose(EN, [line(**values)], skip_rest=False).text.text


def test_a_request_is_told_in_full() -> None:
    assert one() == ("Ann (@ann, 10), private chat\nWhat is the time?\ngpt-6-luna: 152 tokens, $0.0123. Balance: 29848")


@pytest.mark.parametrize(
    ("values", "piece"),
    [
        ({"where": "Our group"}, "10), \u2068Our group\u2069\n"),
        ({"where": ""}, "10), \u2068—\u2069\n"),
        ({"kind": "picture", "tokens": 1}, "gpt-6-luna: picture, $0.0123"),
        ({"kind": "refused", "tokens": 0, "cost": 0}, "gpt-6-luna: refused, 0 tokens, $0."),
        ({"text": ""}, "private chat\ngpt-6-luna"),
        ({"name": "", "username": ""}, "10, private chat\n"),
        ({"username": None}, "Ann (10), private chat"),
        ({"text": "x" * 500}, "x" * 299 + "…\n"),
        ({"text": "/stop now"}, "\n/\u2060stop now\n"),
    ],
)
def test_each_part_has_its_place(values: dict[str, Any], piece: str) -> None:
    assert piece in one(**values)


def test_without_the_text_there_is_none() -> None:
    bare = line()
    del bare["text"]
    assert compose(EN, [bare], skip_rest=False).text.text.count("\n") == 1


def test_a_line_of_another_version_is_shown_as_far_as_it_goes() -> None:
    assert compose(EN, [{"user": 10}], skip_rest=False).text.text.startswith("10, private chat")


def test_several_are_joined_in_order() -> None:
    composed = compose(EN, [line(1), line(2), line(3)], skip_rest=False)
    assert composed.taken == 3
    places = [composed.text.text.index(f"(@ann, {user})") for user in (1, 2, 3)]
    assert places == sorted(places)
    assert composed.text.text.count("\n\n") == 2


def test_what_does_not_fit_is_left_for_the_next_message() -> None:
    composed = compose(EN, [line(user) for user in range(50)], skip_rest=False)
    assert composed.taken == LINES_MAX
    assert "more" not in composed.text.text


def test_in_a_flood_the_rest_is_summed_up() -> None:
    composed = compose(EN, [line(user) for user in range(500)], skip_rest=True)
    assert composed.taken == 500
    rest = 500 - LINES_MAX
    assert composed.text.text.endswith(f"… and {rest} requests more: {rest * 152} tokens, $5.90")


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("count", [1, 2, 19, 20, 21, 300])
@pytest.mark.parametrize("skip_rest", [False, True])
def test_no_message_is_too_long_whatever_people_write(language: Any, count: int, skip_rest: bool) -> None:
    lines = [line(10**18 + n, name=NASTY, username=NASTY, where=NASTY, text=NASTY, model=NASTY) for n in range(count)]
    text, taken = compose(Words(language), lines, skip_rest=skip_rest)
    assert 1 <= taken <= count
    assert units(text.text) <= 4096
    assert len(text.entities) <= 100
    assert units(digest(Words(language), lines).text) <= 4096
    assert "\u202e" not in text.text
    shown = min(taken, LINES_MAX)
    assert text.text.count("\n") <= 4 * shown + 1  # nobody writes a line of the feed's own


@given(st.text(max_size=50), st.text(max_size=50))
def test_nobody_writes_a_line_of_the_feed(name: str, text: str) -> None:
    expected = 2 if compose(EN, [line(text=text)], skip_rest=False).text.text.count("\n") == 2 else 1
    assert one(name=name, text=text).count("\n") == expected


def test_a_digest_sums_up_and_names_who_asked_most() -> None:
    lines = [line(user, cost=10**9) for user in (1, 2, 2, 3, 2)]
    assert digest(EN, lines).text.split("\n") == [
        "5 requests by 3 users: 760 tokens, $5.00",
        "Ann (@ann, 2): 3 requests, $3.00. Balance: 29848",
        "Ann (@ann, 1): 1 request, $1.00. Balance: 29848",
        "Ann (@ann, 3): 1 request, $1.00. Balance: 29848",
    ]


def test_a_digest_of_many_people_names_the_first_ten() -> None:
    assert digest(EN, [line(user) for user in range(1, 40)]).text.endswith("… and 29 users more")
