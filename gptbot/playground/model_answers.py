"""What the model of the playground says, and how it counts: simple and the same each time."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

SHORT = 60
TURNS_SHOWN = 6
IMAGE_TOKENS = 85

Body = Mapping[str, Any]


def tokens(text: str) -> int:
    """The playground's count: a quarter of the UTF-8 bytes, rounded up."""
    return (len(text.encode("utf-8", "surrogatepass")) + 3) // 4


def usage(body: Body, answer: str) -> dict[str, Any]:
    """As OpenAI reports it: `prompt_tokens` are `tokens` of all contents (a picture 85), without any overhead."""
    prompt = sum(tokens(text_of(message)) + IMAGE_TOKENS * _pictures(message) for message in body["messages"])
    completion = tokens(answer)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0},
    }


def text_of(message: Mapping[str, Any]) -> str:
    """The words of a message whose content is a string or a list of parts."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n".join(str(part["text"]) for part in content if part.get("type") == "text")


def default_answer(body: Body) -> str:
    """Says which context came along, in a form that a person can check at a glance."""
    messages: Sequence[Mapping[str, Any]] = body["messages"]
    system = [text_of(m) for m in messages if m["role"] in ("system", "developer")]
    turns = [m for m in messages if m["role"] in ("user", "assistant")]
    question, earlier = turns[-1] if turns else {}, turns[:-1]
    lines = [f"**You asked:** {short(text_of(question), 200) or 'nothing'}"]
    if _pictures(question):
        lines += ["", f"I see {_seen(question)}."]
    lines += ["", "This is what I was given to answer it:", ""]
    lines.append(f"- **system prompt:** {short(' '.join(system), 200) or '*none*'}")
    lines.append(f"- **earlier messages:** {len(earlier) or '*none*'}")
    for message in earlier[-TURNS_SHOWN:]:
        speaker = "you" if message["role"] == "user" else "me"
        pictures = f" ({_seen(message)})" if _pictures(message) else ""
        lines.append(f"  - *{speaker}:* {short(text_of(message))}{pictures}")
    count = sum(tokens(text_of(message)) for message in messages)
    lines += ["", "```text", f"model: {body['model']}", f"context: {count} tokens", "```"]
    return "\n".join(lines)


def short(text: str, length: int = SHORT) -> str:
    """The first line of `text` with something in it, without Markdown signs, cut to `length` characters."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    plain = re.sub(r"[*_`~|\[\]<>#]", "", first).strip()
    return plain if len(plain) <= length else plain[: length - 1].rstrip() + "…"


def pieces(text: str) -> list[str]:
    """`text` cut into words with the space before them: the tokens of a stream."""
    return re.findall(r"\s*\S+|\s+$", text)


def _seen(message: Mapping[str, Any]) -> str:
    count = _pictures(message)
    return f"{count} picture{'s' if count > 1 else ''}"


def _pictures(message: Mapping[str, Any]) -> int:
    content = message.get("content")
    return sum(part.get("type") == "image_url" for part in content) if isinstance(content, list) else 0
