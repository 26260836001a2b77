"""The stand-in's rich messages: Telegram's limits and its keen parser (PLATFORM, rich messages)."""

from typing import Any

import pytest

from gptbot.playground.refusals import Refusal
from gptbot.playground.rich_rules import checked_rich_message, rich_text


def read(markdown: str) -> str:
    return rich_text(checked_rich_message({"markdown": markdown})["blocks"])


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ("text", "object expected"),
        ({}, "RICH_MESSAGE_CONTENT_INVALID"),
        ({"markdown": "a", "html": "b"}, "RICH_MESSAGE_CONTENT_INVALID"),
        ({"html": "a"}, "RICH_MESSAGE_CONTENT_UNSUPPORTED"),
        ({"markdown": "\n\n"}, "RICH_MESSAGE_EMPTY"),
        ({"markdown": "x" * 32_769}, "RICH_MESSAGE_TOO_LONG"),
        ({"markdown": "\n\n".join(["a"] * 501)}, "RICH_MESSAGE_BLOCKS_TOO_MANY"),
        ({"markdown": "> " * 17 + "a"}, "RICH_MESSAGE_DEPTH_INVALID"),
        ({"markdown": "|" * 22 + "\n" + "|-" * 21 + "|"}, "RICH_MESSAGE_TABLE_COLUMNS_TOO_MANY"),
        ({"markdown": "<div>a</div>"}, "RICH_MESSAGE_TAG_INVALID"),
        ({"markdown": "a <x>"}, "RICH_MESSAGE_TAG_INVALID"),
    ],
)
def test_what_breaks_a_limit_is_refused(given: Any, refusal: str) -> None:
    with pytest.raises(Refusal, match=refusal):
        checked_rich_message(given)


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("$5 and $10", "5and10"),
        (r"\$5 and \$10", "$5 and $10"),
        ("one\ntwo", "one two"),
        ("one  \ntwo", "one\ntwo"),
        ("a ||b|| c", "a b c"),
        ("![x](https://a.example)", "[fetched: https://a.example]"),
        ("*a **b** [c](https://d.example)*", "a b c"),
        ("1. a\n2. b\n   - [x] c", "1. a\n2. b\n\n☑ c"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a | b\n1 | 2"),
        ("a\n\n# ", "a\n\n"),
        ("> a\n\n---\n\n$$x$$\n\n```py\ny\n```", "a\n\n———\n\nx\n\ny"),
    ],
)
def test_it_parses_as_keenly_as_telegram(markdown: str, shown: str) -> None:
    assert read(markdown) == shown


def test_blocks_have_what_the_bot_api_requires_of_them() -> None:
    blocks = checked_rich_message({"markdown": "### a\n\n|a|b|\n|-|:-:|\n|1|2|\n\n- [x] c\n- [ ] d"})["blocks"]
    heading, table, tasks = blocks
    assert heading == {"type": "heading", "text": "a", "size": 3}
    assert table["cells"] == [
        [{"text": "a", "align": "left", "valign": "top", "is_header": True},
         {"text": "b", "align": "center", "valign": "top", "is_header": True}],
        [{"text": "1", "align": "left", "valign": "top"}, {"text": "2", "align": "center", "valign": "top"}],
    ]  # fmt: skip
    assert [item.get("is_checked") for item in tasks["items"]] == [True, None]
