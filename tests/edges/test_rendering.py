"""A model's Markdown as messages: nothing lost, nothing that Telegram refuses, whatever the input."""

import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptbot.domain.outgoing import Text
from gptbot.domain.visible import blank
from gptbot.edges.rendering import TelegramRenderer
from gptbot.edges.text_split import Span, split, utf16_len
from gptbot.playground.text_rules import checked_message_text

RENDERER = TelegramRenderer()


def covered(part: Text, entity: Any) -> str:
    units = part.text.encode("utf-16-le")
    return units[2 * entity["offset"] : 2 * (entity["offset"] + entity["length"])].decode("utf-16-le")


def formats(markdown: str) -> list[tuple[str, str]]:
    """Each entity's type with the text that it covers; the answer fits one message."""
    (part,) = RENDERER.render(markdown)
    return [(entity["type"], covered(part, entity)) for entity in part.entities]


def shown(markdown: str) -> str:
    (part,) = RENDERER.render(markdown)
    return part.text


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def check(parts: list[Text]) -> None:
    """Everything that Telegram asks of a message (Bot API sendMessage, "Formatting options")."""
    assert parts
    for part in parts:
        assert part.text == part.text.rstrip()
        assert not blank(part.text)
        assert utf16_len(part.text) <= 4096
        assert len(part.entities) <= 100
        part.text.encode()
        for entity in part.entities:
            words = covered(part, entity)
            assert words.strip()
            assert entity["offset"] >= 0
            assert entity["offset"] + entity["length"] <= utf16_len(part.text)
        check_nesting(part)
        kept, _ = checked_message_text(part.text, part.entities)
        assert squeezed(kept) == squeezed(part.text)


def check_nesting(part: Text) -> None:
    for one in part.entities:
        for other in part.entities:
            if one is other:
                continue
            start, end = max(one["offset"], other["offset"]), min(ends(one), ends(other))
            if start >= end:
                continue
            assert one["type"] != other["type"]
            assert (start, end) in ((one["offset"], ends(one)), (other["offset"], ends(other)))
            kinds = {one["type"].removeprefix("expandable_"), other["type"].removeprefix("expandable_")}
            assert "code" not in kinds or "blockquote" in kinds
            assert "pre" not in kinds or "blockquote" in kinds
            assert len(kinds) == 2


def ends(entity: Any) -> int:
    return int(entity["offset"]) + int(entity["length"])


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("**bold**", [("bold", "bold")]),
        ("*it* and __b__", [("italic", "it"), ("bold", "b")]),
        ("~~gone~~", [("strikethrough", "gone")]),
        ("`code`", [("code", "code")]),
        ("[site](https://a.example/x)", [("text_link", "site")]),
        ("# Title", [("underline", "Title"), ("bold", "Title")]),
        ("> quote", [("blockquote", "quote")]),
        ("😀 **жир** 😀 `x`", [("bold", "жир"), ("code", "x")]),
        ("**bold `code` bold**", [("bold", "bold"), ("code", "code"), ("bold", "bold")]),
        ("> a\n> > b", [("blockquote", "a\n\nb")]),
        ("[`x`](https://a.example)", [("text_link", "x")]),
        ("**a **b** c**", [("bold", "a b c")]),
        ("![](https://a.example/p.png)", [("text_link", "https://a.example/p.png")]),
    ],
)
def test_formatting_becomes_entities(markdown: str, expected: list[tuple[str, str]]) -> None:
    assert [(kind, squeezed(words)) for kind, words in formats(markdown)] == [
        (kind, squeezed(words)) for kind, words in expected
    ]


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("a < b and <b>c</b> &amp; <!-- d -->", "a < b and <b>c</b> & <!-- d -->"),
        ("<div>\n**x**\n</div>", "<div>\n**x**\n</div>"),
        ("a || b || c", "a || b || c"),
        ("`a||b` and `<b>`", "a||b and <b>"),
        ("costs $5, or 10$ more", "costs $5, or 10$ more"),
        ("**$10**-**$20**", "$10-$20"),
        ("set $A_B=$C_D", "set $A_B=$C_D"),
        ("about ~5 to ~6", "about ~5 to ~6"),
        ("[docs](./README.md)", "docs (./README.md)"),
        ("<https://a.example>", "https://a.example"),
        ("[1]: https://a.example", "[1]: https://a.example"),
        ("- a\n- b\n  - c", "• a\n• b\n  • c"),
        ("1. a\n2. b", "1. a\n2. b"),
        ("- [x] a\n- [ ] b", "✅ a\n⬜ b"),
        (r"area \(x^2\)", "area x²"),
        (r"$\frac{a}{b}$", "a/b"),
        (r"`\(x^2\)`", r"\(x^2\)"),
        (r"call \(now\)", "call (now)"),
        ("one\ntwo\n\nthree", "one\ntwo\n\nthree"),
        ("@user /start #tag", "@user /start #tag"),
        ("***", "————————"),
        ("[]()", "[]()"),
        ("**", "**"),
    ],
)
def test_nothing_that_was_written_is_lost(markdown: str, text: str) -> None:
    assert shown(markdown) == text


def test_code_has_its_language() -> None:
    (part,) = RENDERER.render("```python title=x\nif a < b:\n    pass\n```")
    assert part == Text(
        "if a < b:\n    pass", [{"type": "pre", "language": "python", "offset": 0, "length": utf16_len(part.text)}]
    )


def test_a_table_keeps_its_links_and_formulas() -> None:
    text = shown("| a | b |\n|---|---|\n| [x](https://a.example) | $y^2$ <br> z |")
    assert "x (https://a.example)" in text
    assert "y²" in text
    assert "<br>" not in text


def test_a_long_code_block_goes_on_with_its_language() -> None:
    code = "\n".join(f"    line_{n} = {n}" for n in range(600))
    parts = RENDERER.render(f"Here:\n\n```python\n{code}\n```\n\nDone.")
    check(parts)
    assert len(parts) > 2
    assert all(part.entities[-1]["language"] == "python" for part in parts)
    for part in parts[1:]:
        assert part.entities[0]["offset"] == 0
        assert part.text.startswith("    line_")
    assert squeezed("".join(part.text for part in parts)) == squeezed(f"Here:{code}Done.")


def test_cuts_are_between_paragraphs_then_lines_then_words() -> None:
    paragraph = "word " * 150 + "end."
    parts = split("\n\n".join([paragraph] * 20))
    assert all(part.text.endswith("end.") and part.text.startswith("word") for part in parts)
    parts = split("\n".join([paragraph] * 20))
    assert all(part.text.endswith("end.") for part in parts)
    parts = split("word " * 3000)
    assert all(set(part.text.split()) == {"word"} for part in parts)


def test_code_is_not_cut_where_a_paragraph_before_it_ends() -> None:
    text = "a " * 900 + "\n\n" + "x\n\n" * 900
    start = text.index("x")
    parts = split(text, [Span(start, len(text), {"type": "pre"})])
    assert parts[0].text == text[: start - 2].rstrip()


@pytest.mark.parametrize("cluster", ["😀", "👨‍👩‍👧‍👦", "👍🏽", "🇩🇪", "e\u0301\u0323", "1\ufe0f\u20e3", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "❤️"])
def test_what_is_seen_as_one_character_is_not_torn(cluster: str) -> None:
    for shift in range(12):
        parts = split("x" * shift + cluster * 5000)
        check(parts)
        assert "".join(part.text for part in parts) == "x" * shift + cluster * 5000
        for part in parts:
            assert part.text.lstrip("x").replace(cluster, "") == ""


def test_a_cluster_without_end_is_cut_all_the_same() -> None:
    parts = split("a" + "\u0301" * 10_000)
    assert sum(len(part.text) for part in parts) == 10_001


def test_more_than_a_hundred_entities_are_more_messages() -> None:
    parts = RENDERER.render(" ".join(f"**b{n}**" for n in range(350)))
    check(parts)
    assert sum(len(part.entities) for part in parts) == 350
    assert squeezed("".join(part.text for part in parts)) == "".join(f"b{n}" for n in range(350))


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\u200b\u2060", "\0\x01", "\u3164", "\r\n"])
def test_a_blank_answer_is_the_callers_matter(text: str) -> None:
    with pytest.raises(ValueError, match="nothing to show"):
        RENDERER.render(text)
    with pytest.raises(ValueError, match="nothing to show"):
        RENDERER.plain(text)


def test_plain_is_the_markdown_itself() -> None:
    assert RENDERER.plain("**a** [b](https://c.example)\r\n`d`") == [Text("**a** [b](https://c.example)\n`d`", [])]


def test_what_breaks_the_converter_comes_out_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(markdown: str) -> None:
        raise IndexError("odd")

    monkeypatch.setattr("gptbot.edges.rendering.convert", broken)
    assert RENDERER.render("**a**") == [Text("**a**", [])]


N = 12_000
NASTY = {
    "quotes": ">" * N,
    "brackets": "[" * N,
    "images": "![" * (N // 2),
    "stars": "*a " * (N // 3),
    "emphasis": "*" * N + "a" + "*" * N,
    "ticks": "`" * N,
    "odd ticks": "` `` " * (N // 5),
    "dollars": "$a $" * (N // 4),
    "prices": "$1 " * (N // 3),
    "tildes": "~x" * (N // 2),
    "html": "<div>\n" * (N // 6),
    "tags": "<b>" * (N // 3),
    "pipes": "|" * N + "\n" + "|-" * N,
    "deep list": "".join("  " * depth + "- a\n" for depth in range(150)),
    "links": "[a](<" * (N // 5),
    "roots": r"$\sqrt{" * (N // 7),
    "nested roots": "$" + r"\sqrt{" * 2000 + "}" * 2000 + "$",
    "hats": "$" + r"\hat" * 3000 + "x$",
    "open formulas": r"\[ x^2 " * (N // 7),
    "fractions": "$" + r"\frac{" * 2000 + "$",
    "open fence": "```py\n" + "x\n" * N,
    "entities": "&amp;" * (N // 5),
    "references": "".join(f"[{n}]: https://a.example/{n}\n" for n in range(500)),
    "spaces": "*a*" + " " * N + "b",
    "lines": "*a*" + "\n" * N + "b",
    "emoji": "👨‍👩‍👧**x**" * 1000,
    "bold": "**b** " * (N // 6),
    "fence in html": "<div>\n```\n<b>\n```\n</div>",
    "surrogates": "**\ud800** \udfff",
    "controls": "**a\0\x1b[31m**\x7f",
    "rtl": "\u202e**abc**\u202c",
    "only markup": "# \n\n> \n\n- \n\n```\n```",
    "tabs": "\t**x**\n\t\ty",
    "setext": "a\n=\nb\n-",
    "tg links": "[x](tg://user?id=1) ![e](tg://emoji?id=5368324170671202286)",
    "bad links": "[x](javascript:alert(1)) [y](#z) [z](<a b>)",
    "footnotes": "a[^1]\n\n[^1]: b",
    "html code": "<pre>\n  x\n\n  y\n</pre>",
    "cr": "**a**\rb\r\n\r\nc",
    "spoiler": "||a|| | b\n|-|-|\n||c||",
    "numbers": "999999999999. a\n1. b",
    "strong in word": "a**b**c__d__e",
    "math in link": "[$x^2$](https://a.example)",
    "link in link": "[a [b](https://b.example) c](https://c.example)",
    "image link": "[![alt](https://a.example/i.png)](https://b.example)",
    "table": "| a |\n|-|\n" + "| **b** `c` |\n" * 800,
}


@pytest.mark.parametrize("name", NASTY)
def test_nasty_input_comes_out_in_bounds(name: str) -> None:
    check(RENDERER.render(NASTY[name]))
    check(RENDERER.plain(NASTY[name]))


PIECES = st.sampled_from(
    [
        "*",
        "**",
        "_",
        "`",
        "```",
        "```py\n",
        "~~",
        "~",
        "$",
        "$$",
        "[",
        "](",
        ")",
        "](https://a.example)",
        "!",
        "<",
        ">",
        "> ",
        "<b>",
        "</b>",
        "<div>\n",
        "|",
        "||",
        "\n|-|-|\n",
        "# ",
        "- ",
        "1. ",
        "- [ ] ",
        "\n",
        "\n\n",
        " ",
        "    ",
        "\\",
        "\\(",
        "\\)",
        "\\[",
        "\\]",
        "\\frac{a}{b}",
        "^2",
        "&lt;",
        "😀",
        "👨‍👩‍👧",
        "e\u0301",
        "\u202e",
        "слово",
        "word",
        "x",
        "1",
        "[1]: https://b.example\n",
    ]
)
MARKDOWN = st.lists(PIECES | st.text(max_size=5), max_size=60).map("".join)


@given(MARKDOWN, st.integers(1, 400))
def test_whatever_comes_is_within_bounds(markdown: str, times: int) -> None:
    text = (markdown * times)[:20_000]
    try:
        parts = RENDERER.render(text)
    except ValueError:
        return
    check(parts)


@given(MARKDOWN)
def test_every_word_is_still_there(markdown: str) -> None:
    if blank(markdown):
        return
    parts = RENDERER.render(markdown)
    there = "".join(part.text for part in parts) + "".join(e.get("url", "") for part in parts for e in part.entities)
    for word in ("слово", "😀"):
        assert there.count(word) >= min(markdown.count(word), 1)


WORDS = st.lists(st.text(st.sampled_from("abcжзи😀"), min_size=1, max_size=6), min_size=1, max_size=6).map(" ".join)
BLOCKS = st.one_of(
    WORDS.map(lambda w: (w, w)),
    WORDS.map(lambda w: (f"**{w}**", w)),
    WORDS.map(lambda w: (f"## {w}", w)),
    WORDS.map(lambda w: (f"> {w}", w)),
    WORDS.map(lambda w: (f"`{w}` and [{w}](https://a.example)", f"{w} and {w}")),
    WORDS.map(lambda w: (f"- {w}\n- *{w}*", f"• {w}\n• {w}")),
    WORDS.map(lambda w: (f"```sh\n{w} <b>\n```", f"{w} <b>")),
)


@given(st.lists(BLOCKS, min_size=1, max_size=60))
def test_the_visible_text_is_the_plain_text_of_the_markdown(blocks: list[tuple[str, str]]) -> None:
    parts = RENDERER.render("\n\n".join(markdown for markdown, _ in blocks))
    check(parts)
    assert squeezed("".join(part.text for part in parts)) == squeezed("".join(text for _, text in blocks))


@given(st.text(st.characters(codec="utf-8"), max_size=40), st.integers(1, 600))
def test_a_split_loses_nothing_but_white_space(text: str, times: int) -> None:
    long = (text * times)[:30_000]
    parts = split(long)
    for part in parts:
        assert utf16_len(part.text) <= 4096
        assert not blank(part.text)
    kept = "".join(part.text for part in parts)
    visible = [c for c in long if not blank(c) and unicodedata.category(c) != "Cf"]
    assert [c for c in kept if not blank(c) and unicodedata.category(c) != "Cf"] == visible
