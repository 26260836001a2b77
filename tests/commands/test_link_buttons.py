"""Link buttons as an admin writes them: what lines mean, and what is said to be wrong with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm.announcement_parts import Link, Links
from gptbot.commands.link_buttons import LABEL_MAX, ROW_MAX, ROWS_MAX, BadLinks, Wrong, lines, parse
from gptbot.playground.text_rules import is_valid_url

SITE = Link("Our site", "https://example.org/a-b?c=d#e")


@pytest.mark.parametrize(
    "text",
    [
        "Our site - https://example.org/a-b?c=d#e",
        "Our site – https://example.org/a-b?c=d#e",
        "Our site: https://example.org/a-b?c=d#e",
        "Our site https://example.org/a-b?c=d#e",
        "\n  Our   site-https://example.org/a-b?c=d#e \r\n \n",
        "| Our site - https://example.org/a-b?c=d#e |",
    ],
)
def test_a_line_is_a_button_however_its_dash_is_written(text: str) -> None:
    assert parse(text) == ((SITE,),)


def test_lines_are_rows_and_bars_part_the_buttons_of_a_row() -> None:
    text = "A - http://a.org | B - tg://resolve?domain=b\n\nJean-Paul - HTTPS://c.org:8080"
    assert parse(text) == (
        (Link("A", "http://a.org"), Link("B", "tg://resolve?domain=b")),
        (Link("Jean-Paul", "HTTPS://c.org:8080"),),
    )


def test_an_address_may_hold_another() -> None:
    assert parse("Old - https://web.archive.org/https://a.org") == (
        (Link("Old", "https://web.archive.org/https://a.org"),),
    )


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("", Wrong.EMPTY, 0),
        (" \n\u200b\n", Wrong.EMPTY, 0),
        ("Site - https://a.org\nSite - a.org", Wrong.NO_ADDRESS, 2),
        ("https://a.org - Site", Wrong.NO_ADDRESS, 1),
        ("Site - javascript:alert(1)", Wrong.NO_ADDRESS, 1),
        ("Site - ftp://a.org", Wrong.NO_ADDRESS, 1),
        ("Site - https://", Wrong.NO_ADDRESS, 1),
        ("|", Wrong.NO_ADDRESS, 1),
        ("A - https://a.org | B", Wrong.NO_ADDRESS, 1),
        ("\n\nhttps://a.org", Wrong.NO_LABEL, 3),
        ("\u200b - https://a.org", Wrong.NO_LABEL, 1),
        ("Site - https://localhost", Wrong.BAD_ADDRESS, 1),
        ("Site - https://?", Wrong.BAD_ADDRESS, 1),
        (f"{'x' * 65} - https://a.org", Wrong.LONG_LABEL, 1),
        (" | ".join(["A - https://a.org"] * 4), Wrong.WIDE, 1),
        ("\n".join(["A - https://a.org"] * 9), Wrong.MANY, 9),
    ],
)  # fmt: skip
def test_the_first_fault_is_told_with_its_line(text: str, reason: Wrong, line: int) -> None:
    assert parse(text) == BadLinks(reason, line)


words = st.text(st.characters(codec="utf-8", exclude_characters="|"), min_size=1, max_size=20)
hosts = st.builds(
    lambda name, zone, port: f"{name}.{zone}{port}",
    st.text("az09", min_size=1, max_size=9),
    st.sampled_from(["org", "example", "museum"]),
    st.sampled_from(["", ":80", ":8443"]),
)
addresses = st.builds(
    lambda scheme, host, path: f"{scheme}://{host}/{path}",
    st.sampled_from(["http", "https", "tg"]),
    hosts,
    st.text([chr(code) for code in range(33, 127) if chr(code) != "|"], max_size=20),
)
written = st.lists(st.lists(st.tuples(words, addresses), min_size=1, max_size=4), min_size=1, max_size=10)


def check(found: Links) -> None:
    assert 1 <= len(found) <= ROWS_MAX
    for row in found:
        assert 1 <= len(row) <= ROW_MAX
        for link in row:
            assert 1 <= len(link.label) <= LABEL_MAX
            assert link.label.strip()
            assert is_valid_url(link.url), link.url
            assert link.url.lower().startswith(("http://", "https://", "tg://"))


@given(st.text() | st.text("ab -–:|/\n.htps", max_size=200))
def test_any_text_is_buttons_that_telegram_takes_or_a_fault_with_a_line_of_it(text: str) -> None:
    found = parse(text)
    if isinstance(found, BadLinks):
        assert (found.line == 0) == (found.reason is Wrong.EMPTY)
        assert found.line <= len(text.split("\n"))
    else:
        check(found)


@given(written)
def test_what_is_understood_reads_the_same_when_written_again(rows: list[list[tuple[str, str]]]) -> None:
    found = parse("\n".join(" | ".join(f"{label} - {url}" for label, url in row) for row in rows))
    if not isinstance(found, BadLinks):
        check(found)
        assert parse(lines(found)) == found


@given(
    st.lists(
        st.lists(st.tuples(st.text("azая09", min_size=1, max_size=64), addresses), min_size=1, max_size=3),
        min_size=1,
        max_size=8,
    )
)
def test_plain_lines_keep_every_text_and_address(rows: list[list[tuple[str, str]]]) -> None:
    links = tuple(tuple(Link(label, url) for label, url in row) for row in rows)
    assert parse(lines(links)) == links
