"""Whom an announcement is for: what can be written, and the people it means (SPEC §7)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptbot.domain.audiences import Audience, BadSpec, Selection, parse, select
from gptbot.domain.book import Book
from gptbot.domain.records import Account, Totals, date_text

NOW = 1_800_000_000
DAY = 86400


def people(**accounts: Account) -> Book:
    return Book.of({int(name[1:]): account for name, account in accounts.items()}, Totals())


def users(book: Book, spec: str) -> tuple[int, ...]:
    audience = parse(spec)
    assert isinstance(audience, Audience)
    return select(book, audience, NOW, (1,)).users


@pytest.mark.parametrize(
    ("spec", "audience"),
    [
        ("all", Audience("all")),
        (" ALL ", Audience("all")),
        ("test", Audience("test")),
        ("req10", Audience("requests", "10")),
        ("req 010", Audience("requests", "10")),
        ("bal1000", Audience("balance", "1000")),
        ("bal-5", Audience("balance", "-5")),
        ("active7", Audience("active", "7")),
        ("langRU", Audience("language", "ru")),
        ("langpt-br", Audience("language", "pt-br")),
        ("555", Audience("user", "555")),
        ("@JohnDoe", Audience("username", "johndoe")),
        ("-1001234567890", Audience("group", "-1001234567890")),
        ("req", BadSpec.NUMBER),
        ("req-1", BadSpec.NUMBER),
        ("active0", BadSpec.NUMBER),
        ("active99999", BadSpec.NUMBER),
        ("bal" + "9" * 16, BadSpec.NUMBER),
        ("0", BadSpec.NUMBER),
        ("9" * 30, BadSpec.NUMBER),
        ("", BadSpec.UNKNOWN),
        ("everybody", BadSpec.UNKNOWN),
        ("req٣", BadSpec.UNKNOWN),
        ("@no spaces", BadSpec.UNKNOWN),
        ("all all", BadSpec.UNKNOWN),
    ],
)
def test_what_can_be_written(spec: str, audience: Audience | BadSpec) -> None:
    assert parse(spec) == audience


@given(st.text(max_size=60) | st.from_regex(r"(all|test|req|bal|active|lang|@|-)?[a-z0-9_ -]{0,20}", fullmatch=True))
def test_any_text_means_an_audience_or_is_refused(text: str) -> None:
    audience = parse(text)
    if isinstance(audience, Audience):
        assert parse(audience.spec) == audience
        assert len(audience.spec.encode()) <= 40
        select(people(_1=Account()), audience, NOW, (1,))


@given(st.integers(0, 10**15 - 1), st.lists(st.integers(-10, 10**15), max_size=10))
def test_at_least_means_at_least(least: int, numbers: list[int]) -> None:
    book = Book.of({i: Account(requests=n, balance=n) for i, n in enumerate(numbers, 1)}, Totals())
    expected = tuple(i for i, n in enumerate(numbers, 1) if n >= least)
    assert users(book, f"req{least}") == users(book, f"bal{least}") == expected


def test_blocked_users_and_those_who_blocked_the_bot_are_left_out_and_counted() -> None:
    book = people(
        _1=Account(requests=5),
        _2=Account(requests=5, blocked=True),
        _3=Account(requests=5, unreachable=True),
        _4=Account(requests=5, blocked=True, unreachable=True),
        _5=Account(requests=1, blocked=True),
    )
    selection = select(book, Audience("requests", "5"), NOW, (1,))
    assert selection == Selection((1,), left_out_blocked=2, left_out_unreachable=1)
    assert selection.left_out == 3
    assert select(book, Audience("user", "2"), NOW, (1,)) == Selection((), 1, 0)


def test_active_counts_days_back_from_now() -> None:
    book = people(
        _1=Account(last_request=date_text(NOW - DAY)),
        _2=Account(last_request=date_text(NOW - DAY - 1)),
        _3=Account(last_request=""),
        _4=Account(last_request="some day"),
    )
    assert users(book, "active1") == (1,)
    assert users(book, "active36500") == (1, 2)


def test_a_language_is_the_chosen_one_before_telegrams() -> None:
    book = people(
        _1=Account(language="ru", telegram_language="en"),
        _2=Account(telegram_language="en-US"),
        _3=Account(telegram_language="pt-br"),
        _4=Account(),
    )
    assert users(book, "langru") == (1,)
    assert users(book, "langen") == (2,)
    assert users(book, "langpt") == (3,)


def test_one_person_by_id_or_username_in_any_case() -> None:
    book = people(_555=Account(username="JohnDoe"))
    assert users(book, "555") == users(book, "@JOHNDOE") == (555,)
    assert users(book, "556") == users(book, "@nobody") == ()


def test_test_is_the_admin_and_a_group_is_the_group() -> None:
    book = people(_1=Account(), _2=Account())
    assert users(book, "test") == (1,)
    assert users(book, "-100123") == (-100123,)
    assert users(book, "all") == (1, 2)
