"""Lists longer than a message are split or paged, and nothing of them is lost (SPEC §7)."""

from hypothesis import given
from hypothesis import strategies as st

from gptbot.commands.paging import UNITS_MAX, pages, turning, units
from gptbot.domain.outgoing import Text

HEADER = Text("Header", [{"type": "bold", "offset": 0, "length": 6}])


def test_a_short_list_is_one_message() -> None:
    [page] = pages(["a", "b"], HEADER)
    assert page.text == "Header\na\nb"
    assert list(page.entities) == list(HEADER.entities)


def test_no_lines_are_the_header_alone() -> None:
    assert pages([], HEADER) == [HEADER]


def test_a_line_longer_than_a_message_is_cut() -> None:
    found = pages(["😀" * 5000], HEADER)
    assert "".join(page.text for page in found).count("😀") == 5000
    assert all(units(page.text) <= UNITS_MAX for page in found)


@given(st.lists(st.text("ab😀", min_size=1, max_size=30).map(lambda bit: bit * 40), max_size=30))
def test_every_line_is_on_a_page_in_order_within_the_limit(lines: list[str]) -> None:
    found = pages(lines, HEADER)
    assert all(units(page.text) <= UNITS_MAX for page in found)
    assert "\n".join(page.text for page in found) == "\n".join(["Header", *lines])


def test_the_buttons_lead_to_the_pages_around() -> None:
    assert turning("top:9:cost", 0, 1) == []
    assert [button.data for button in turning("top:9:cost", 0, 3)[0]] == ["top:9:cost:0", "top:9:cost:1"]
    assert [button.data for button in turning("a", 1, 3)[0]] == ["a:0", "a:1", "a:2"]
    assert [button.label for button in turning("a", 2, 3)[0]] == ["◀", "3/3"]
