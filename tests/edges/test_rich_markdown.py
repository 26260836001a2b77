"""Rich Markdown: Telegram parses it, so nothing in it may mean more than the model meant (PLATFORM, rich messages)."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptbot.edges.rendering import TelegramRenderer
from gptbot.edges.rich_markdown import rich_markdown
from gptbot.playground.refusals import Refusal
from gptbot.playground.rich_rules import checked_rich_message, rich_text
from tests.edges.test_rendering import MARKDOWN, NASTY

TABLE = "| a | b |\n|---|---|\n| 1 | 2 |"


def made(markdown: str) -> str:
    found = rich_markdown(markdown)
    assert found is not None
    return found.text


def read(markdown: str) -> str:
    """What Telegram shows of it."""
    return rich_text(checked_rich_message({"markdown": made(markdown)})["blocks"])


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("$5 and $10", "$5 and $10"),
        (r"\$5 and \$10", "$5 and $10"),
        ("one\ntwo\n\nthree", "one\ntwo\n\nthree"),
        ("> a\n> b", "a\nb"),
        ("<b>x</b> & <script>alert(1)</script>", "<b>x</b> & <script>alert(1)</script>"),
        ("<div>\n*x* ||y||\n</div>", "<div>\n*x* ||y||\n</div>"),
        ("a < b > c", "a < b > c"),
        ("a || b || c", "a || b || c"),
        ("![a cat](https://a.example/cat.png)", "🖼 a cat"),
        ("![](https://a.example/c_t.png)", "🖼 https://a.example/c_t.png"),
        ("![a cat](cat.png)", "![a cat](cat.png)"),
        ("![not an image]", "![not an image]"),
        ("[docs](./README.md)", "[docs](./README.md)"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("<me@a.example>", "<me@a.example>"),
        ("`$1 <b> ||x||`", "$1 <b> ||x||"),
        ("```html\n<b>$1</b>\n```", "<b>$1</b>"),
        ("@user /start #tag", "@user /start #tag"),
        ("<|endoftext|>", "<|endoftext|>"),
    ],
)
def test_what_is_no_markup_is_shown_as_it_was_written(markdown: str, shown: str) -> None:
    assert read(markdown) == shown


def test_tables_formulas_and_tasks_stay_what_they_are() -> None:
    text = made(TABLE + "\n\n$$x^2$$\n\n- [x] done\n\narea \\(a^2\\)")
    blocks = checked_rich_message({"markdown": text})["blocks"]
    assert [block["type"] for block in blocks] == ["table", "mathematical_expression", "list", "paragraph"]
    assert [[cell["text"] for cell in row] for row in blocks[0]["cells"]] == [["a", "b"], ["1", "2"]]
    assert blocks[2]["items"][0]["label"] == "☑"
    assert "$a^2$" in text


@pytest.mark.parametrize(
    ("markdown", "helps"),
    [
        (TABLE, True),
        ("$x^2$", True),
        ("$$\nx^2\n$$", True),
        ("- [ ] a", True),
        ("# a\n\n- **b** `c`\n\n```py\n| a |\n|---|\n```", False),
        ("it costs $5, not $6", False),
    ],
)
def test_it_helps_where_entities_cannot(markdown: str, helps: bool) -> None:
    found = rich_markdown(markdown)
    assert found is not None
    assert found.helps is helps


def test_addresses_are_links_because_telegram_is_told_not_to_look_for_them() -> None:
    assert made("see https://a.example/b_c.") == r"see [https://a.example/b\_c](https://a.example/b_c)."
    assert made("[https://a.example](https://b.example)") == "[https://a.example](https://b.example)"
    assert made("<https://a.example>") == "[https://a.example](https://a.example)"


@pytest.mark.parametrize(
    "markdown",
    [
        "x" * 32_769,
        "- a\n" * 300,
        "\n\n".join(["a"] * 501),
        ">" * 17 + " a",
        "|" * 22 + "\n" + "|-" * 21 + "|",
        "```\n![x](https://a.example/i.png)\n```",
        "`<img src=https://a.example/i.png>`",
        "text\n\n[1]: https://a.example",
    ],
    ids=["long", "items", "blocks", "deep", "columns", "image in code", "tag in code", "what would not be shown"],
)
def test_what_telegram_would_refuse_or_might_fetch_is_no_rich_message(markdown: str) -> None:
    assert rich_markdown(markdown) is None


def test_right_to_left_is_told() -> None:
    renderer = TelegramRenderer("on")
    assert renderer.rich("**שלום** world") == {
        "markdown": "**שלום** world",
        "skip_entity_detection": True,
        "is_rtl": True,
    }
    assert renderer.rich("hello שלום") == {"markdown": "hello שלום", "skip_entity_detection": True}


def test_the_setting_decides() -> None:
    assert TelegramRenderer("off").rich(TABLE) is None
    assert TelegramRenderer("auto").rich(TABLE) is not None
    assert TelegramRenderer("auto").rich("**plain**") is None
    assert TelegramRenderer("on").rich("**plain**") is not None


@pytest.mark.parametrize("name", NASTY)
def test_nasty_input_is_harmless_or_no_rich_message(name: str) -> None:
    check(NASTY[name][:30_000])


@given(MARKDOWN)
def test_whatever_comes_telegram_fetches_nothing_and_refuses_nothing(markdown: str) -> None:
    check(markdown)


@given(st.lists(st.sampled_from(["$5", "a", "<b>", "||", "==", "word", "слово", "😀", "1 < 2"]), min_size=1))
def test_plain_words_stay_as_they_are(words: list[str]) -> None:
    text = " ".join(words)
    if not re.match(r"=|<b>$|\|", text):
        assert read(text).split() == text.split()


def check(markdown: str) -> None:
    content: Any = TelegramRenderer("on").rich(markdown) if markdown.strip() else None
    if content is None:
        return
    try:
        message = checked_rich_message(content)
    except Refusal as refusal:
        if "EMPTY" in refusal.description:  # signs of markup and nothing else
            return
        raise
    assert "[fetched:" not in rich_text(message["blocks"])
