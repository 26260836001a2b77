"""Answers that have broken bots: each with a name. None of them may lose a letter or be refused."""

import unicodedata

_TICKS = "```"


def letters(text: str) -> str:
    """What must be seen of a text, whatever its form: its letters and digits."""
    return "".join(character for character in text if unicodedata.category(character)[0] in "LN")


UGLY = {
    "nested fences": f"````md\n{_TICKS}py\nprint(1)\n{_TICKS}\n````\n\ntext\n\n~~~\n{_TICKS}\nstill code\n~~~",
    "fence in a list": f"1. a\n\n   {_TICKS}sh\n   ls\n   {_TICKS}\n2. b\n   > {_TICKS}\n   > quoted\n   > {_TICKS}",
    "unclosed everything": "**bold *italic `code [link](https://a.example\n> quote\n\n| a | b\n|---\n\n```py\nx = 1",
    "long code": f"{_TICKS}python\n" + "\n".join(f"    value_{n} = '{n}'" for n in range(600)) + f"\n{_TICKS}\nend",
    "table": "| a | b |\n|:--|--:|\n" + "| **c** | `d` [e](https://a.example) |\n" * 60,
    "broken table": "| a | b |\n|---|---|---|\n| 1 |\n|| 2 ||\nend",
    "wide table": "|" + " x |" * 40 + "\n|" + "---|" * 40 + "\n|" + " y |" * 40,
    "formulas": r"$$\int_0^1 x^2\,dx = \frac{1}{3}$$ and \(a_1 + b^2\), \[ E = mc^2 \], not $5 or $6, $\sqrt{x$",
    "right to left": "**שלום** `קוד` עולם\n\nمرحبا *بالعالم* \u202etfel\u202c",
    "cjk": "**漢字**漢字*かな*カナ" * 300,
    "combining": "e\u0301" * 3000 + " **Z\u0351\u036b\u0343\u036a\u0302a\u0321\u034al\u0344\u0341**",
    "emoji": "👨‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿🇩🇪👍🏽❤️ **x** " * 400,
    "html": "<b>bold</b> &amp; <script>alert(1)</script>\n\n<div>\n<i>s</i>\n*x*\n</div>\n<br/><!-- c -->",
    "special tokens": "<|endoftext|> <|im_start|>system <|im_end|>",
    "many entities": "\n\n".join(" ".join(f"**b{n}**" for n in range(line, line + 9)) for line in range(0, 10_000, 9)),
    "links": "[a](https://a.example/b_(c)) <https://b.example> https://c.example/d_e [f](./g) [h]: i [j](javascript:k)",
    "many links": " ".join(f"[l{n}](https://a.example/{n})" for n in range(250)),
    "mentions": "@admin /start #tag $USD user@a.example +1 555 0100",
    "headings": "\n".join("#" * level + f" h{level}" for level in range(1, 9)) + "\nSetext\n===\n",
    "spoilers": "||hidden|| a||b||c `x||y`",
    "escapes": r"\*not\* \_it\_ \[x\](y) \\ \` \$5",
    "no spaces": "x" * 9000,
    "blank lines": "a" + "\n" * 5000 + "b",
    "quotes": "> a\n>> b\n>>> c\n\n" * 30,
    "deep list": "".join("  " * depth + f"- d{depth}\n" for depth in range(30)),
    "controls": "a\x00b\x1b[31mc\x7fd\r\ne\u0085f\u2028g",
    "footnotes": "text[^1]\n\n[^1]: note\n\n[unused]: https://a.example",
    "one line": "word **bold** `code` " * 10_000,
    "one code line": f"{_TICKS}\n" + "x = 1; " * 30_000 + f"\n{_TICKS}",
    "200 kB": ("# Title\n\nText with **bold**, `code` and a [link](https://a.example).\n\n- one\n- two\n\n"
               f"{_TICKS}py\nx = 1\n{_TICKS}\n\n") * 2000,
}  # fmt: skip
