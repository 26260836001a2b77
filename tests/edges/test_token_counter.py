"""Counting tokens with the table, without it, and while it is being loaded."""

import asyncio
import threading
from pathlib import Path

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gptbot.edges.token_counter import INLINE_CHARS_MAX, TiktokenCounter, estimate


def encoding() -> tiktoken.Encoding:
    """A real encoding with a small table: the bytes and a few merges."""
    ranks = {bytes([byte]): byte for byte in range(256)}
    for merge in (b"he", b"ll", b"hell", b"hello", b" w", b"or", b"ld", b"orld", b" world", b"  "):
        ranks[merge] = len(ranks)
    return tiktoken.Encoding(
        "small",
        pat_str=r"\s?\w+|\s+|[^\w\s]+",
        mergeable_ranks=ranks,
        special_tokens={"<|endoftext|>": len(ranks)},
    )


async def loaded() -> TiktokenCounter:
    counter = TiktokenCounter(load=encoding)
    await counter.load()
    return counter


async def test_the_table_counts_exactly() -> None:
    counter = await loaded()
    assert counter.count("hello world") == 2
    assert counter.count("") == 0
    assert counter.count("ы") == 2


async def test_special_tokens_in_a_users_text_are_text() -> None:
    assert (await loaded()).count("<|endoftext|>") > 1


async def test_broken_text_is_counted_too() -> None:
    assert (await loaded()).count("\ud800a") > 0
    assert TiktokenCounter().count("\ud800a") > 0


async def test_many_texts_are_counted_off_the_loop_when_they_are_long() -> None:
    threads: list[str] = []

    class Watched(TiktokenCounter):
        def count(self, text: str) -> int:
            threads.append(threading.current_thread().name)
            return super().count(text)

    counter = Watched(load=encoding)
    await counter.load()
    assert await counter.count_many(["hello", "", "hello world"]) == [1, 0, 2]
    assert set(threads) == {threading.main_thread().name}
    threads.clear()
    assert await counter.count_many(["hello " * INLINE_CHARS_MAX]) == [counter.count("hello " * INLINE_CHARS_MAX)]
    assert threading.main_thread().name not in threads[:1]


async def test_nobody_waits_for_the_table() -> None:
    gate = threading.Event()

    def slow() -> tiktoken.Encoding:
        gate.wait()
        return encoding()

    counter = TiktokenCounter(load=slow)
    loading = asyncio.ensure_future(counter.load())
    await asyncio.sleep(0)
    assert counter.count("hello world") == estimate("hello world") > 2
    gate.set()
    await loading
    assert counter.count("hello world") == 2


@pytest.mark.parametrize("error", [ConnectionError("no network"), ValueError("hash mismatch"), ImportError("x")])
async def test_a_table_that_cant_be_had_is_said_once(error: Exception) -> None:
    def fail() -> tiktoken.Encoding:
        raise error

    counter = TiktokenCounter(load=fail)
    with capture_logs() as logs:
        await counter.load()
        assert await counter.count_many(["hello"]) == [estimate("hello")]
    assert [line["event"] for line in logs] == ["tokens.estimated"]
    assert logs[0]["reason"] == type(error).__name__


async def test_a_download_that_hangs_harms_nobody() -> None:
    gate = threading.Event()

    def hang() -> tiktoken.Encoding:
        gate.wait()
        raise OSError("at last")

    loading = asyncio.ensure_future(TiktokenCounter(load=hang).load())
    await asyncio.sleep(0)
    loading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loading
    gate.set()


async def test_the_table_is_kept_in_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "elsewhere")
    seen: list[str] = []

    def get_encoding(name: str) -> tiktoken.Encoding:
        import os

        seen.extend([name, os.environ["TIKTOKEN_CACHE_DIR"]])
        return encoding()

    monkeypatch.setattr(tiktoken, "get_encoding", get_encoding)
    counter = TiktokenCounter(tmp_path)
    await counter.load()
    assert seen == ["o200k_base", str(tmp_path)]
    assert counter.count("hello") == 1


TEXTS = st.text(max_size=300)


@given(TEXTS)
def test_the_estimate_lies_between_half_the_bytes_and_all_of_them(text: str) -> None:
    size = len(text.encode())
    assert size / 2 <= estimate(text) <= size


@given(TEXTS, TEXTS)
def test_the_estimate_never_shrinks_with_more_text(one: str, other: str) -> None:
    assert max(estimate(one), estimate(other)) <= estimate(one + other) <= estimate(one) + estimate(other)


@given(TEXTS)
def test_bytes_are_the_upper_bound_of_any_table(text: str) -> None:
    assert len(ENCODING.encode(text, disallowed_special=())) <= len(text.encode())


ENCODING = encoding()


def test_the_estimate_is_above_what_is_known_of_the_real_table() -> None:
    """Ten tokens of o200k_base, nine words and a full stop."""
    assert 10 <= estimate("The quick brown fox jumps over the lazy dog.") <= 44
