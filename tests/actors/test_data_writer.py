"""data.json follows: soon while it is small, rarely as it grows, whole at the end (SPEC §3, DESIGN §5)."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import orjson
import pytest

from gptbot.actors.data_writer import PAUSE_MAX_S, SMALL_USERS, DataWriter
from gptbot.domain.records import Account
from gptbot.domain.rows import InboxDone
from gptbot.edges.data_file import JsonDataFile
from gptbot.ports import InboxUpdate, StorageUnavailable
from tests.actors.making_storage import Made, registering, storage_in


class SlowFile(JsonDataFile):
    """Takes `takes_s` of the test's clock for each writing; refuses while `broken`."""

    made: Made
    takes_s = 0.0
    broken = False
    writings = 0
    began_at = 0.0

    async def write(self, pieces: Sequence[bytes]) -> str:
        if self.broken:
            raise StorageUnavailable("no room")
        self.began_at = self.made.clock.monotonic()
        self.made.clock._now += self.takes_s
        digest = await super().write(pieces)
        self.writings += 1
        return digest


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[tuple[Made, SlowFile, DataWriter]]:
    async with storage_in(tmp_path) as made:
        file = SlowFile(tmp_path / "data.json", backup_count=3, backup_days=3)
        file.made = made
        writer = DataWriter(made.storage, made.real, file, made.clock, made.supervisor, 30)
        writer.start()
        yield made, file, writer
        file.close()


def document(file: SlowFile) -> dict[str, dict[str, object]]:
    parsed = orjson.loads(file._path.read_bytes())
    assert isinstance(parsed, dict)
    return parsed


async def until_written(made: Made, file: SlowFile, count: int) -> None:
    async def wait() -> None:
        while file.writings < count:
            await made.clock.sleep(0.01)

    await made.clock.finish(wait(), at_most_s=600)


async def test_a_change_shows_within_a_second(house: tuple[Made, SlowFile, DataWriter]) -> None:
    made, file, writer = house
    file.takes_s = 0.5
    await made.storage.commit(lambda tx: tx.register(1, Account(balance=5)))
    await until_written(made, file, 1)
    await writer.write()  # comes after the one under way, and leaves nothing to do
    changed_at = made.clock.monotonic()
    await made.storage.commit(lambda tx: tx.set(1, name="Ann"))
    await until_written(made, file, 3)
    assert file.began_at - changed_at < 1
    assert document(file)["1"]["name"] == "Ann"


async def test_many_changes_are_one_writing(house: tuple[Made, SlowFile, DataWriter]) -> None:
    made, file, _ = house
    for user in range(1, 50):
        await made.storage.commit(registering(user))
    await until_written(made, file, 1)
    assert len(document(file)) == 50
    assert file.writings == 1


async def test_a_large_file_is_written_for_a_few_per_cent_of_the_time(
    house: tuple[Made, SlowFile, DataWriter],
) -> None:
    made, file, writer = house
    made.book.accounts.update({user: Account() for user in range(1, SMALL_USERS + 1)})
    file.takes_s = 0.5
    await writer.write()
    assert 30 * 0.5 <= writer.pause_s < PAUSE_MAX_S
    file.takes_s = 60
    await writer.write()
    assert writer.pause_s == PAUSE_MAX_S


async def test_a_disk_that_refuses_is_tried_again(house: tuple[Made, SlowFile, DataWriter]) -> None:
    made, file, _ = house
    file.broken = True
    await made.storage.commit(lambda tx: tx.register(1, Account(balance=5)))
    await made.clock.advance(3)
    assert file.writings == 0
    file.broken = False
    await until_written(made, file, 1)
    assert document(file)["1"]["balance"] == 5


async def test_finished_updates_are_remembered_for_three_days(house: tuple[Made, SlowFile, DataWriter]) -> None:
    made, _, _ = house
    now, day = made.clock.now(), 86_400
    updates = [InboxUpdate(number, 1, b"{}") for number in (1, 2)]
    await made.real.write([InboxDone(now - 2 * day, 1), InboxDone(now - 4 * day, 2)], updates, now)
    await made.storage.commit(registering(1))

    async def until_forgotten() -> None:
        while not await made.real.write([], updates[1:], now):
            await made.clock.sleep(0.01)

    await made.clock.finish(until_forgotten(), at_most_s=600)
    assert await made.real.write([], updates[:1], now) == set()


async def test_the_stop_leaves_everything_in_the_file(house: tuple[Made, SlowFile, DataWriter]) -> None:
    made, file, writer = house
    await made.storage.commit(lambda tx: tx.register(1, Account(balance=5)))
    await writer.stop()
    assert document(file)["1"]["balance"] == 5
    assert made.real.start_state().patches == []
