"""Pictures: /imagine with its options, changes of pictures, and the copy in the main admin's feed."""

import asyncio

import pytest

from gptbot.playground.png import picture
from tests.stories.conftest import ADMIN, House
from tests.stories.kit import Person


@pytest.fixture
async def painter(house: House) -> Person:
    """Alice, who may have a few pictures."""
    await house.start(NEW_USER_IMAGE_BALANCE="5")
    return await house.member(101, "Alice", "alice")


async def images_left(person: Person, count: str) -> None:
    await person.says("/balance")
    assert f"{count}:" in (await person.sees("Your balance"))["text"]


# --- options ---------------------------------------------------------------------------------------------------------


async def test_size_and_quality_go_to_the_model(house: House, painter: Person) -> None:
    await painter.says("/imagine a cat --size 1536x1024 --quality high")
    await painter.sees_file("photo")
    await painter.says("/imagine a dog —portrait")
    await painter.sees_file("photo")
    cat, dog = (request.body for request in house.model.requests)
    assert (cat["prompt"], cat["size"], cat["quality"]) == ("a cat", "1536x1024", "high")
    assert (dog["prompt"], dog["size"], "quality" in dog) == ("a dog", "1024x1536", False)
    await images_left(painter, "3 images")


async def test_the_owner_decides_what_may_be_chosen(house: House) -> None:
    await house.start(
        NEW_USER_IMAGE_BALANCE="5", IMAGE_SIZES="512x512, 256x512", IMAGE_QUALITIES="hd", IMAGE_QUALITY="standard"
    )
    alice = await house.member(101, "Alice")
    for said in ("a cat --size 1024x1024", "a cat --quality high", "a cat --landscape", "--hd", ""):
        await alice.says(f"/imagine {said}")
        usage = await alice.sees("/imagine a cat --size 256x512 --quality hd")
        assert "Sizes: 512x512, 256x512" in usage["text"]
    assert not house.model.requests
    await alice.says("/imagine a cat --square")
    await alice.sees_file("photo")
    assert (house.model.requests[0].body["size"], house.model.requests[0].body["quality"]) == ("512x512", "standard")
    await images_left(alice, "4 images")


async def test_the_usage_is_in_the_users_language(house: House) -> None:
    await house.start()
    ivan = await house.member(103, "Иван", language="ru")
    await ivan.says("/imagine кот --size 1x1")
    await ivan.sees("Качество: low, medium, high")


async def test_options_outlive_a_restart(house: House) -> None:
    await house.start(NEW_USER_IMAGE_BALANCE="5", STOP_GRACE_S="0.05")
    alice = await house.member(101, "Alice")
    house.model.next_fault("hang", on="images")
    await alice.says("/imagine a cat --low")
    await house.model.requested()
    await house.restart()
    await alice.sees_file("photo")
    assert house.model.requests[-1].body["quality"] == "low"
    await images_left(alice, "4 images")


# --- the admin's feed ------------------------------------------------------------------------------------------------


async def test_the_admin_gets_the_picture_without_a_name(house: House) -> None:
    await house.start(NEW_USER_IMAGE_BALANCE="5", REPORTS="each")
    admin, alice = await house.member(ADMIN, "Olga"), await house.member(101, "Alice")
    await alice.says("/privacy")
    await alice.sees("a copy of each picture that is drawn, without your name.")
    await alice.says("/imagine a cat")
    _, drawn = await alice.sees_file("photo")
    shown, copied = await admin.sees_file("photo")
    assert copied == drawn
    assert "Alice" not in str(shown)
    assert "caption" not in shown
    assert len(house.model.requests) == 1


async def test_the_askers_picture_never_waits_for_the_copy(house: House) -> None:
    await house.start(NEW_USER_IMAGE_BALANCE="5", REPORTS="digest", STOP_GRACE_S="0.05")
    admin, alice = await house.member(ADMIN, "Olga"), await house.member(101, "Alice")
    house.telegram.faults.next("copyMessage", "hang")
    await alice.says("/imagine a cat")
    await alice.sees_file("photo")
    await images_left(alice, "4 images")
    await house.telegram.until(lambda: house.telegram.calls_of("copyMessage"))
    await house.restart()
    await admin.sees_file("photo")
    await images_left(alice, "4 images")


async def test_a_copy_that_is_refused_harms_nobody(house: House) -> None:
    await house.start(NEW_USER_IMAGE_BALANCE="5", REPORTS="each")
    admin, alice = await house.member(ADMIN, "Olga"), await house.member(101, "Alice")
    house.telegram.faults.next("copyMessage", "refuse", status=400, description="Bad Request: message can't be copied")
    await alice.says("/imagine a cat")
    await alice.sees_file("photo")
    await admin.sees("a cat")
    await images_left(alice, "4 images")


@pytest.mark.parametrize("why", ["PHOTO_INVALID_DIMENSIONS", "file of size 14000000 bytes is too big for a photo"])
async def test_a_picture_that_can_be_no_photo_comes_as_a_file(house: House, painter: Person, why: str) -> None:
    house.telegram.faults.next("sendPhoto", "refuse", status=400, description=f"Bad Request: {why}")
    await painter.says("/imagine a cat")
    message, content = await painter.sees_file("document")
    assert message["document"]["file_name"] == "picture.png"
    assert content.startswith(b"\x89PNG")
    await images_left(painter, "4 images")


@pytest.mark.parametrize("settings", [{"REPORTS": "off"}, {"REPORTS": "each", "REPORT_PICTURES": "false"}])
async def test_no_copy_where_the_owner_wants_none(house: House, settings: dict[str, str]) -> None:
    await house.start(NEW_USER_IMAGE_BALANCE="5", **settings)
    admin, alice = await house.member(ADMIN, "Olga"), await house.member(101, "Alice")
    await alice.says("/privacy")
    assert "copy" not in (await alice.sees("Who sees it"))["text"]
    await asyncio.gather(alice.says("/imagine a cat"), admin.says("/imagine a dog"))
    await alice.sees_file("photo")
    await admin.sees_file("photo")
    await house.stop()
    assert not house.telegram.calls_of("copyMessage")


# --- changing a picture ----------------------------------------------------------------------------------------------


async def test_a_picture_that_the_bot_drew_is_changed(house: House, painter: Person) -> None:
    await painter.says("/imagine a cat")
    shown, drawn = await painter.sees_file("photo")
    await painter.says("/imagine make it night --quality high", reply_to=shown)
    _, changed = await painter.sees_file("photo")
    request = house.model.requests[-1]
    assert request.path == "/v1/images/edits"
    assert list(request.files.values()) == [drawn]
    assert (request.body["prompt"], request.body["quality"]) == ("make it night", "high")
    assert changed != drawn
    await images_left(painter, "3 images")


@pytest.mark.parametrize("as_file", [False, True])
async def test_a_picture_that_somebody_sent_is_changed(house: House, painter: Person, *, as_file: bool) -> None:
    mine = picture("mine")
    if as_file:
        sent = house.telegram.send_document(101, 101, mine, "mine.png", "image/png")
    else:
        sent = house.telegram.send_photo(101, 101, mine, caption="look")
    await painter.says("/imagine make it night", reply_to=sent)
    await painter.sees_file("photo")
    assert list(house.model.requests[-1].files.values()) == [mine]


async def test_a_reply_to_no_picture_is_refused(house: House, painter: Person) -> None:
    await painter.says("/imagine make it night", reply_to=painter.last)
    await painter.sees("has no picture")
    await painter.says("/imagine")
    await painter.sees("To change a picture, reply to it")
    assert not house.model.requests
    await images_left(painter, "5 images")


async def test_a_picture_that_telegram_does_not_give_costs_nothing(house: House, painter: Person) -> None:
    for size, said in ((21_000_000, "too large to be changed"), (0, "could not get this picture")):
        sent = house.telegram.send_photo(101, 101, picture("mine") + bytes(size))
        if not size:
            house.telegram.world.files.pop(sent["photo"][-1]["file_id"])
        await painter.says("/imagine make it night", reply_to=sent)
        await painter.sees(said)
    assert not house.model.requests
    await images_left(painter, "5 images")


async def test_a_change_that_is_refused_costs_nothing(house: House, painter: Person) -> None:
    sent = house.telegram.send_photo(101, 101, picture("mine"))
    house.model.next_fault("content_policy", on="images")
    await painter.says("/imagine something forbidden", reply_to=sent)
    await painter.sees("refused this request")
    await images_left(painter, "5 images")
