"""The soak itself, for a moment of each part, so that it still runs when it is needed."""

import time
from pathlib import Path

import pytest

from tests.soak import __main__ as soak
from tests.soak.limits import BULK, Limits
from tests.soak.parts import SMOKE, Part, parts_of
from tests.soak.tally import Tally


@pytest.mark.parametrize("name", ["faults", "load B"])
async def test_a_part_runs_and_adds_its_figures_to_the_table(name: str, tmp_path: Path) -> None:
    tally = Tally(seed=1)
    before = tally.turns
    assert await parts_of(SMOKE)[name](tmp_path / "home", 1, tally)
    assert tally.turns > before
    assert "| verdict | passed |" in tally.table("passed")


def test_a_round_goes_through_all_parts_and_ends_with_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[int] = []
    monkeypatch.setattr(soak, "parts_of", lambda _: {"one": noting(done), "two": noting(done)})
    assert soak.run(tmp_path, seed=5, minutes=0) == 0
    said = capsys.readouterr().out
    assert "| verdict | passed |" in said
    assert "1 whole rounds" in said
    first = list(done)
    assert soak.run(tmp_path, seed=5, minutes=0) == 0
    assert done[2:] == first, "the same seed, the same seeds of the parts"


def test_it_stops_at_the_first_failure_with_its_seed_and_keeps_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fails(folder: Path, _: int, __: Tally) -> str:
        folder.mkdir()
        raise AssertionError("somebody paid twice")

    never: list[int] = []
    monkeypatch.setattr(soak, "parts_of", lambda _: {"bad": fails, "next": noting(never)})
    with pytest.raises(AssertionError, match="paid twice"):
        soak.run(tmp_path, seed=5, minutes=60)
    assert (tmp_path / "1-bad").is_dir()
    assert "failed during bad, seed " in capsys.readouterr().out
    assert never == []


def test_interrupted_it_tells_what_was_done_so_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def interrupted(_: Path, __: int, tally: Tally) -> str:
        tally.kills = 7
        raise KeyboardInterrupt

    monkeypatch.setattr(soak, "parts_of", lambda _: {"long": interrupted})
    assert soak.run(tmp_path, seed=5, minutes=60) == 130
    said = capsys.readouterr().out
    assert "interrupted during long" in said
    assert "| 7 |" in said


def noting(seeds: list[int]) -> Part:
    async def part(_: Path, seed: int, __: Tally) -> str:
        seeds.append(seed)
        return "done"

    return part


def test_telegrams_limits_are_kept_per_chat_per_group_and_for_bulk() -> None:
    limits, now = Limits(), time.monotonic()
    limits._looked_at = now + 10  # no stall
    assert [limits.allow("sendmessage", 1, now) for _ in range(7)] == [True] * 6 + [False]
    assert [limits.allow("sendmessage", -1, now) for _ in range(21)] == [True] * 20 + [False]
    assert limits.allow("sendmessage", 2, now), "another chat goes on"
    allowed = [limits.allow(BULK, 100 + chat, now) for chat in range(33)]
    assert allowed.count(True) == 33 - 29, "bulk gives way to what was sent besides"
    assert limits.floods == {"chat": 1, "group": 1, "bulk": 29}


def test_what_comes_bunched_because_the_stand_ins_stood_still_is_no_flood() -> None:
    limits, now = Limits(), time.monotonic()
    limits._looked_at = now - 2.0
    assert all(limits.allow(BULK, chat, now) for chat in range(1, 60))
