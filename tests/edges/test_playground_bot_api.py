"""The Bot API stand-in behaves as Telegram does: polling, refusals, faults, limits, the people's side."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from gptbot.playground.bot_api import TOKEN, BotApiServer
from gptbot.playground.faults import RateLimits
from gptbot.playground.png import picture
from gptbot.playground.serving import LoopbackServer
from gptbot.playground.text_rules import found_entities

Json = dict[str, Any]
ALICE, BOB, GROUP = 101, 102, -100500


class Bot:
    """A bot that is nothing but an HTTP client."""

    def __init__(self, session: aiohttp.ClientSession, server: BotApiServer) -> None:
        self.session = session
        self.server = server

    async def ask(self, method: str, token: str = TOKEN, **params: Any) -> Json:
        """The whole answer."""
        async with self.session.post(f"{self.server.url}/bot{token}/{method}", json=params) as response:
            body: Json = orjson.loads(await response.read())
            assert response.status == (200 if body["ok"] else body["error_code"])
            return body

    async def call(self, method: str, **params: Any) -> Any:
        body = await self.ask(method, **params)
        assert body["ok"], body
        return body["result"]

    async def refused(self, method: str, **params: Any) -> str:
        body = await self.ask(method, **params)
        assert not body["ok"], body
        return str(body["description"])


@pytest.fixture
async def server() -> AsyncIterator[BotApiServer]:
    server = BotApiServer(strict=False)
    server.add_user(ALICE, "Alice", "alice")
    server.add_user(BOB, "Bob")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def bot(server: BotApiServer) -> AsyncIterator[Bot]:
    async with aiohttp.ClientSession() as session:
        yield Bot(session, server)


def polls(server: BotApiServer, count: int) -> Callable[[], bool]:
    """Whether `count` getUpdates calls have come and the last of them waits."""
    return lambda: len(server.calls_of("getUpdates")) >= count and server.world.updates.poll_waits


# --- requests


async def test_a_wrong_token_is_refused_with_401(bot: Bot) -> None:
    body = await bot.ask("getMe", token="1:wrong")
    assert body == {"ok": False, "error_code": 401, "description": "Unauthorized"}


async def test_an_unknown_method_is_refused_with_404(bot: Bot) -> None:
    body = await bot.ask("sendTelepathy")
    assert (body["error_code"], body["description"]) == (404, "Not Found: method not found")


async def test_a_method_can_be_taken_away_as_on_an_older_server(bot: Bot, server: BotApiServer) -> None:
    server.without.add("sendMessageDraft")
    body = await bot.ask("sendMessageDraft", chat_id=ALICE, draft_id=1, text="a")
    assert body["error_code"] == 404


async def test_parameters_are_taken_from_query_form_json_and_multipart_alike(bot: Bot, server: BotApiServer) -> None:
    url = f"{server.url}/bot{TOKEN}/sendMessage"
    keyboard = '{"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}'
    values = {"chat_id": str(ALICE), "text": "[1]", "reply_markup": keyboard}
    multipart = aiohttp.FormData(values, default_to_multipart=True)
    answers = []
    for request in (
        bot.session.get(url, params=values),
        bot.session.post(url, data=values),
        bot.session.post(url, data=multipart),
        bot.session.post(url, json={**values, "reply_markup": orjson.loads(keyboard)}),
    ):
        async with request as response:
            answers.append(orjson.loads(await response.read())["result"])
    assert {a["text"] for a in answers} == {"[1]"}
    assert all(a["reply_markup"]["inline_keyboard"][0][0]["callback_data"] == "b" for a in answers)


async def test_aiograms_classes_judge_the_parameters() -> None:
    server = BotApiServer(strict=True)
    server.add_user(ALICE, "Alice")
    await server.start()
    async with aiohttp.ClientSession() as session:
        bot = Bot(session, server)
        assert "chat_id" in await bot.refused("sendMessage", text="no chat")
        assert "not a valid call of sendMessage" in await bot.refused("sendMessage", chat_id=ALICE, text=["a"])
        reply = {"message_id": 1, "allow_sending": True}
        await bot.refused("sendMessage", chat_id=ALICE, text="a", reply_parameters=reply, colour="red")
    await server.stop()
    assert server.unknown_parameters == ["sendMessage.colour", "sendMessage.reply_parameters.allow_sending"]


async def test_calls_are_recorded_with_their_answers(bot: Bot, server: BotApiServer) -> None:
    await bot.call("sendMessage", chat_id=ALICE, text="a")
    await bot.ask("sendMessage", chat_id=999, text="b")
    first, second = server.calls_of("sendMessage")
    assert first.ok
    assert not second.ok
    assert first.params["text"] == "a"


# --- polling


async def test_an_update_comes_again_until_a_later_offset_confirms_it(bot: Bot, server: BotApiServer) -> None:
    server.send_text(ALICE, ALICE, "one")
    server.send_text(ALICE, ALICE, "two")
    first, second = await bot.call("getUpdates")
    assert await bot.call("getUpdates", offset=first["update_id"]) == [first, second]
    assert await bot.call("getUpdates", offset=second["update_id"]) == [second]
    assert await bot.call("getUpdates", offset=second["update_id"] + 1) == []
    assert await bot.call("getUpdates", offset=0) == []


async def test_limit_bounds_a_batch_and_a_negative_offset_forgets(bot: Bot, server: BotApiServer) -> None:
    for text in "abcd":
        server.send_text(ALICE, ALICE, text)
    assert [u["message"]["text"] for u in await bot.call("getUpdates", limit=2)] == ["a", "b"]
    assert [u["message"]["text"] for u in await bot.call("getUpdates", offset=-1)] == ["d"]
    assert len(await bot.call("getUpdates")) == 1


async def test_a_long_poll_ends_with_the_update_that_arrives(bot: Bot, server: BotApiServer) -> None:
    poll = asyncio.create_task(bot.call("getUpdates", timeout=50))
    await server.until(polls(server, 1))
    server.send_text(ALICE, ALICE, "hello")
    assert [u["message"]["text"] for u in await poll] == ["hello"]


async def test_a_long_poll_without_updates_ends_empty_when_the_server_stops(bot: Bot, server: BotApiServer) -> None:
    poll = asyncio.create_task(bot.call("getUpdates", timeout=50))
    await server.until(polls(server, 1))
    await server.world.updates.close()
    assert await poll == []


async def test_a_second_poll_gives_the_first_a_conflict(bot: Bot, server: BotApiServer) -> None:
    first = asyncio.create_task(bot.ask("getUpdates", timeout=50))
    await server.until(polls(server, 1))
    second = asyncio.create_task(bot.call("getUpdates", timeout=50))
    refused = await first
    assert refused["error_code"] == 409
    assert refused["description"] == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    await server.until(polls(server, 2))
    server.send_text(ALICE, ALICE, "hello")
    assert len(await second) == 1


async def test_allowed_updates_stay_until_they_are_set_anew(bot: Bot, server: BotApiServer) -> None:
    await bot.call("getUpdates", allowed_updates=["callback_query"])
    server.send_text(ALICE, ALICE, "unheard")
    await bot.call("getUpdates")
    server.send_text(ALICE, ALICE, "unheard, too")
    assert await bot.call("getUpdates", allowed_updates=[]) == []
    server.send_text(ALICE, ALICE, "heard")
    assert len(await bot.call("getUpdates")) == 1


async def test_a_raw_update_goes_out_as_it_is(bot: Bot, server: BotApiServer) -> None:
    server.push_raw({"update_id": 7000, "telepathy": {"strength": 9}})
    server.send_text(ALICE, ALICE, "next")
    first, second = await bot.call("getUpdates")
    assert first == {"update_id": 7000, "telepathy": {"strength": 9}}
    assert second["update_id"] == 7001


# --- webhook


async def test_a_webhook_gets_each_update_until_it_takes_it_and_polling_is_refused(
    bot: Bot, server: BotApiServer
) -> None:
    came: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    statuses = iter((500, 200, 200))

    async def take(request: web.Request) -> web.Response:
        text = orjson.loads(await request.read())["message"]["text"]
        came.put_nowait((request.headers["X-Telegram-Bot-Api-Secret-Token"], text))
        return web.Response(status=next(statuses))

    app = web.Application()
    app.router.add_post("/hook", take)
    receiver = LoopbackServer(app)
    url = await receiver.start("127.0.0.1", 0)
    server.world.updates.webhook_retry_s = 0.001

    poll = asyncio.create_task(bot.ask("getUpdates", timeout=50))
    await server.until(polls(server, 1))
    await bot.call("setWebhook", url=f"{url}/hook", secret_token="s3cret")
    assert (await poll)["description"] == "Conflict: terminated by setWebhook request"
    server.send_text(ALICE, ALICE, "refused once")
    server.send_text(ALICE, ALICE, "next")
    assert [await came.get() for _ in range(3)] == [
        ("s3cret", "refused once"),
        ("s3cret", "refused once"),
        ("s3cret", "next"),
    ]
    assert "webhook is active" in await bot.refused("getUpdates")
    assert (await bot.call("getWebhookInfo"))["url"] == f"{url}/hook"
    await bot.call("deleteWebhook", drop_pending_updates=True)
    assert await bot.call("getUpdates") == []
    await receiver.stop()


async def test_a_webhook_must_be_https(bot: Bot) -> None:
    assert "HTTPS" in await bot.refused("setWebhook", url="http://example.com")


# --- refusals


@pytest.mark.parametrize(
    ("params", "description"),
    [
        ({"text": ""}, "Bad Request: message text is empty"),
        ({"text": " \n "}, "Bad Request: text must be non-empty"),
        ({"text": "x" * 4097}, "Bad Request: message is too long"),
        ({"text": "😀" * 2049}, "Bad Request: message is too long"),
        ({"text": "x", "chat_id": 999}, "Bad Request: chat not found"),
        ({"text": "x", "chat_id": ""}, "Bad Request: chat_id is empty"),
        ({"text": "x", "parse_mode": "HTML"}, "Bad Request: unsupported parse_mode"),
        ({"text": "x", "message_thread_id": 5}, "Bad Request: message thread not found"),
        ({"text": "x", "reply_parameters": {"message_id": 99}}, "Bad Request: message to be replied not found"),
    ],
)
async def test_a_message_is_refused_in_telegrams_words(bot: Bot, params: Json, description: str) -> None:
    assert await bot.refused("sendMessage", **{"chat_id": ALICE, **params}) == description


@pytest.mark.parametrize(
    ("entity", "description"),
    [
        ({"type": "shout", "offset": 0, "length": 1}, "can't parse MessageEntity: Unsupported type specified"),
        ({"type": "bold", "offset": 0}, "can't parse MessageEntity: Can't find field \"length\""),
        ({"type": "text_link", "offset": 0, "length": 1}, "can't parse MessageEntity: Can't find field \"url\""),
        ({"type": "text_link", "offset": 0, "length": 1, "url": "x y"}, "entity URL 'x y' is invalid: Wrong HTTP URL"),
        ({"type": "bold", "offset": -1, "length": 1}, "receive an entity with incorrect offset -1"),
        ({"type": "bold", "offset": 9, "length": 1}, "entity begins after the end of the text at UTF-16 offset 9"),
        (
            {"type": "bold", "offset": 1, "length": 9},
            "entity beginning at UTF-16 offset 1 ends after the end of the text at UTF-16 offset 10",
        ),
        ({"type": "bold", "offset": 2, "length": 1}, "entity begins in a middle of a UTF-16 symbol at byte offset 5"),
        ({"type": "bold", "offset": 0, "length": 2}, "entity ends in a middle of a UTF-16 symbol at byte offset 5"),
    ],
)
async def test_entities_are_checked_for_real(bot: Bot, entity: Json, description: str) -> None:
    refusal = await bot.refused("sendMessage", chat_id=ALICE, text="a😀bc", entities=[entity])
    assert refusal == f"Bad Request: {description}"


async def test_crossing_entities_are_refused_and_nested_ones_taken(bot: Bot) -> None:
    crossing = [{"type": "bold", "offset": 0, "length": 3}, {"type": "italic", "offset": 2, "length": 3}]
    assert "ends in a middle" in await bot.refused("sendMessage", chat_id=ALICE, text="abcdef", entities=crossing)
    nested = [{"type": "bold", "offset": 0, "length": 4}, {"type": "italic", "offset": 1, "length": 2}]
    sent = await bot.call("sendMessage", chat_id=ALICE, text="abcdef", entities=nested)
    assert sent["entities"] == nested


async def test_a_text_is_trimmed_with_its_entities_and_only_100_count(bot: Bot) -> None:
    entities = [{"type": "bold", "offset": i, "length": 1} for i in range(150)]
    sent = await bot.call("sendMessage", chat_id=ALICE, text="  " + "x" * 150 + "\n", entities=entities)
    assert sent["text"] == "x" * 150
    assert len(sent["entities"]) == 98  # of the first hundred two lay on the blanks


async def test_links_commands_and_mentions_are_found_by_telegram() -> None:
    text = "😀 /help@some_bot see https://a.example/x?y=1. #tag @alice me@a.example"
    found = [(e["type"], text.encode("utf-16-le")[e["offset"] * 2 :][: e["length"] * 2].decode("utf-16-le"))
             for e in found_entities(text)]  # fmt: skip
    assert found == [
        ("bot_command", "/help@some_bot"),
        ("url", "https://a.example/x?y=1"),
        ("hashtag", "#tag"),
        ("mention", "@alice"),
        ("email", "me@a.example"),
    ]


@pytest.mark.parametrize(
    ("button", "description"),
    [
        ({"text": "a", "callback_data": "ж" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "a", "url": "nowhere"}, "inline keyboard button URL 'nowhere' is invalid: Wrong HTTP URL"),
        ({"callback_data": "x"}, "can't parse inline keyboard button: Can't find field \"text\""),
        ({"text": "a"}, "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"),
    ],
)
async def test_buttons_are_checked(bot: Bot, button: Json, description: str) -> None:
    markup = {"inline_keyboard": [[button]]}
    assert (
        await bot.refused("sendMessage", chat_id=ALICE, text="x", reply_markup=markup) == f"Bad Request: {description}"
    )


async def test_a_reply_to_a_vanished_message_may_be_allowed(bot: Bot) -> None:
    reply = {"message_id": 99, "allow_sending_without_reply": True}
    sent = await bot.call("sendMessage", chat_id=ALICE, text="x", reply_parameters=reply)
    assert "reply_to_message" not in sent


async def test_an_edit_must_change_something_that_is_there_and_the_bots(bot: Bot, server: BotApiServer) -> None:
    sent = await bot.call("sendMessage", chat_id=ALICE, text="x")
    where = {"chat_id": ALICE, "message_id": sent["message_id"]}
    assert "message is not modified" in await bot.refused("editMessageText", **where, text="x ")
    edited = await bot.call("editMessageText", **where, text="y")
    assert (edited["text"], edited["message_id"]) == ("y", sent["message_id"])
    assert "edit_date" in edited
    assert await bot.refused("editMessageText", **where, text="y" * 4097) == "Bad Request: MESSAGE_TOO_LONG"
    missing = await bot.refused("editMessageText", chat_id=ALICE, message_id=99, text="y")
    assert missing == "Bad Request: message to edit not found"
    theirs = server.send_text(ALICE, ALICE, "mine")["message_id"]
    assert await bot.refused("editMessageText", chat_id=ALICE, message_id=theirs, text="y") == (
        "Bad Request: message can't be edited"
    )


async def test_the_keyboard_of_a_message_can_be_changed_alone(bot: Bot) -> None:
    markup = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
    sent = await bot.call("sendMessage", chat_id=ALICE, text="https://a.example", reply_markup=markup)
    where = {"chat_id": ALICE, "message_id": sent["message_id"]}
    assert "not modified" in await bot.refused("editMessageReplyMarkup", **where, reply_markup=markup)
    edited = await bot.call("editMessageReplyMarkup", **where)
    assert "reply_markup" not in edited
    assert edited["entities"] == sent["entities"]


async def test_a_block_refuses_messages_and_tells_the_bot(bot: Bot, server: BotApiServer) -> None:
    server.block(ALICE)
    server.block(ALICE)
    assert await bot.refused("sendMessage", chat_id=ALICE, text="x") == "Forbidden: bot was blocked by the user"
    server.unblock(ALICE)
    await bot.call("sendMessage", chat_id=ALICE, text="x")
    statuses = [u["my_chat_member"]["new_chat_member"]["status"] for u in await bot.call("getUpdates")]
    assert statuses == ["kicked", "member"]


async def test_a_person_who_never_wrote_is_not_found(bot: Bot, server: BotApiServer) -> None:
    server.add_user(103, "Carol", started=False)
    assert await bot.refused("sendMessage", chat_id=103, text="x") == "Bad Request: chat not found"
    server.send_text(103, 103, "/start")
    await bot.call("sendMessage", chat_id=103, text="x")


async def test_a_bot_that_was_put_out_of_a_group_is_refused(bot: Bot, server: BotApiServer) -> None:
    server.add_group(GROUP, "Friends", [ALICE, BOB])
    server.remove_bot(ALICE, GROUP)
    refusal = await bot.refused("sendMessage", chat_id=GROUP, text="x")
    assert refusal == "Forbidden: bot was kicked from the supergroup chat"


# --- methods


async def test_copies_take_content_and_buttons_and_forwards_name_the_author(bot: Bot, server: BotApiServer) -> None:
    original = server.send_photo(ALICE, ALICE, picture("x"), "see /help", reply_to=server.send_text(ALICE, ALICE, "a"))
    where = {"from_chat_id": ALICE, "message_id": original["message_id"], "chat_id": BOB}
    markup = {"inline_keyboard": [[{"text": "a", "url": "https://a.example"}]]}
    copied = await bot.call("copyMessage", **where, reply_markup=markup)
    copy = server.world.chats[BOB].messages[copied["message_id"]]
    assert (copy["caption"], copy["photo"]) == ("see /help", original["photo"])
    assert copy["reply_markup"] == markup
    assert "reply_to_message" not in copy
    forwarded = await bot.call("forwardMessage", **where)
    assert forwarded["forward_origin"]["sender_user"]["id"] == ALICE
    gone = await bot.refused("copyMessage", **{**where, "message_id": 999})
    assert gone == "Bad Request: message to copy not found"


async def test_an_album_stays_one_when_it_is_copied(bot: Bot, server: BotApiServer) -> None:
    album = server.send_album(ALICE, ALICE, [picture("x"), picture("y")], "both")
    assert len({m["media_group_id"] for m in album}) == 1
    ids = [m["message_id"] for m in album]
    copied = await bot.call("copyMessages", chat_id=BOB, from_chat_id=ALICE, message_ids=[*ids, 999])
    copies = [server.world.chats[BOB].messages[m["message_id"]] for m in copied]
    assert len({m["media_group_id"] for m in copies}) == 1
    assert copies[0]["caption"] == "both"
    bare = await bot.call("copyMessages", chat_id=BOB, from_chat_id=ALICE, message_ids=ids, remove_caption=True)
    assert "caption" not in server.world.chats[BOB].messages[bare[0]["message_id"]]


async def test_copies_of_many_keep_albums_apart_and_go_to_the_topic(bot: Bot, server: BotApiServer) -> None:
    server.add_group(GROUP, "Friends", [ALICE], forum=True)
    topic = server.add_topic(GROUP, "News")
    albums = [server.send_album(ALICE, ALICE, [b"x", b"y"], names=["x.txt", "y.txt"]) for _ in range(2)]
    ids = [message["message_id"] for album in albums for message in album]
    where = {"chat_id": GROUP, "from_chat_id": ALICE, "message_thread_id": topic}
    copied = await bot.call("copyMessages", **where, message_ids=ids)
    copies = [server.world.chats[GROUP].messages[m["message_id"]] for m in copied]
    assert [copy["message_thread_id"] for copy in copies] == [topic] * 4
    groups = [copy["media_group_id"] for copy in copies]
    assert groups[0] == groups[1] != groups[2] == groups[3]


@pytest.mark.parametrize(
    ("ids", "description"),
    [
        ([], "there must be 1 to 100 message identifiers"),
        (list(range(1, 102)), "there must be 1 to 100 message identifiers"),
        (["one"], "there must be 1 to 100 message identifiers"),
        ([2, 1], "message identifiers must be in a strictly increasing order"),
        ([1, 1], "message identifiers must be in a strictly increasing order"),
        ([998, 999], "there are no messages to copy"),
    ],
)
async def test_ids_of_messages_to_copy_are_checked(bot: Bot, ids: list[Any], description: str) -> None:
    refused = await bot.refused("copyMessages", chat_id=BOB, from_chat_id=ALICE, message_ids=ids)
    assert refused == f"Bad Request: {description}"


async def test_recordings_are_sent_with_what_is_told_about_them(bot: Bot, server: BotApiServer) -> None:
    for method, name, told, found in (
        ("sendVoice", "said.ogg", {"duration": 4}, {"duration": 4, "mime_type": "audio/ogg", "file_size": 5}),
        ("sendAudio", "said.mp3", {"title": "Said"}, {"title": "Said", "file_name": "said.mp3", "duration": 1}),
    ):
        field = method.removeprefix("send").lower()
        form = aiohttp.FormData({"chat_id": str(ALICE), "caption": "hear", **{k: str(v) for k, v in told.items()}})
        form.add_field(field, b"sound", filename=name)
        async with bot.session.post(f"{server.url}/bot{TOKEN}/{method}", data=form) as response:
            sent = orjson.loads(await response.read())["result"]
        assert sent["caption"] == "hear"
        assert sent[field].items() >= found.items()
        again = {"chat_id": BOB, field: sent[field]["file_id"], "caption": "c" * 1025}
        assert await bot.refused(method, **again) == "Bad Request: message caption is too long"


async def test_an_album_is_sent_as_one_with_a_caption_each(bot: Bot, server: BotApiServer) -> None:
    known = server.world.store_file(picture("x"), "x.png", "image/png").file_id
    media = [{"type": "photo", "media": "attach://new", "caption": "one"}, {"type": "photo", "media": known}]
    form = aiohttp.FormData({"chat_id": str(ALICE), "media": orjson.dumps(media).decode()})
    form.add_field("new", picture("y"), filename="y.png")
    async with bot.session.post(f"{server.url}/bot{TOKEN}/sendMediaGroup", data=form) as response:
        first, second = orjson.loads(await response.read())["result"]
    assert first["media_group_id"] == second["media_group_id"]
    assert (first["caption"], "caption" in second) == ("one", False)
    assert second["photo"][0]["file_id"] == known


@pytest.mark.parametrize(
    ("kinds", "description"),
    [
        ([], "there are no messages to send"),
        (["photo"] * 11, "an album has 2 to 10 items"),
        (["photo", "document"], "document can't be mixed with other media types"),
        (["photo", "voice"], "can't parse InputMedia: type 'voice' can't be in an album"),
    ],
)
async def test_what_is_no_album_is_refused(bot: Bot, server: BotApiServer, kinds: list[str], description: str) -> None:
    known = server.world.store_file(picture("x"), "x.png", "image/png").file_id
    media = [{"type": kind, "media": known} for kind in kinds]
    assert await bot.refused("sendMediaGroup", chat_id=ALICE, media=media) == f"Bad Request: {description}"
    assert not server.world.chats[ALICE].messages


async def test_a_large_file_is_told_of_but_not_given(bot: Bot, server: BotApiServer) -> None:
    sent = server.send_document(ALICE, ALICE, bytes(20_000_001), "large.bin", "application/octet-stream")
    assert sent["document"]["file_size"] == 20_000_001
    refused = await bot.refused("getFile", file_id=sent["document"]["file_id"])
    assert refused == "Bad Request: file is too big"


async def test_files_are_uploaded_described_and_downloaded(bot: Bot, server: BotApiServer) -> None:
    form = aiohttp.FormData()
    form.add_field("chat_id", str(ALICE))
    form.add_field("document", b'{"a": 1}', filename="data.json")
    async with bot.session.post(f"{server.url}/bot{TOKEN}/sendDocument", data=form) as response:
        document = orjson.loads(await response.read())["result"]["document"]
    assert (document["file_name"], document["file_size"], document["mime_type"]) == ("data.json", 8, "application/json")
    path = (await bot.call("getFile", file_id=document["file_id"]))["file_path"]
    async with bot.session.get(f"{server.url}/file/bot{TOKEN}/{path}") as response:
        assert await response.read() == b'{"a": 1}'
    again = await bot.call("sendDocument", chat_id=BOB, document=document["file_id"])
    assert again["document"]["file_id"] == document["file_id"]
    assert "wrong file identifier" in await bot.refused("sendDocument", chat_id=BOB, document="nothing")


async def test_a_photo_must_be_a_picture_and_a_caption_short(bot: Bot, server: BotApiServer) -> None:
    async def send(content: bytes, caption: str = "") -> Json:
        form = aiohttp.FormData({"chat_id": str(ALICE), "photo": "attach://p", "caption": caption})
        form.add_field("p", content, filename="p.png")
        async with bot.session.post(f"{server.url}/bot{TOKEN}/sendPhoto", data=form) as response:
            body: Json = orjson.loads(await response.read())
            return body

    assert (await send(picture("x")))["result"]["photo"][0]["width"] == 256
    assert (await send(b"no picture"))["description"] == "Bad Request: IMAGE_PROCESS_FAILED"
    assert (await send(b""))["description"] == "Bad Request: file must be non-empty"
    assert (await send(picture("x"), "c" * 1025))["description"] == "Bad Request: message caption is too long"


async def test_drafts_are_for_private_chats_and_end_with_the_message(bot: Bot, server: BotApiServer) -> None:
    server.add_group(GROUP, "Friends", [ALICE])
    assert await bot.refused("sendMessageDraft", chat_id=GROUP, draft_id=1, text="a") == (
        "Bad Request: TEXTDRAFT_PEER_INVALID"
    )
    await bot.refused("sendMessageDraft", chat_id=ALICE, draft_id=0, text="a")
    await bot.call("sendMessageDraft", chat_id=ALICE, draft_id=1)
    await bot.call("sendMessageDraft", chat_id=ALICE, draft_id=1, text="abc", can_stop=True)
    assert server.world.chats[ALICE].drafts[1]["text"] == "abc"
    await bot.call("sendMessage", chat_id=ALICE, text="abcd")
    assert not server.world.chats[ALICE].drafts


async def test_the_stop_button_of_a_draft_tells_the_bot(bot: Bot, server: BotApiServer) -> None:
    await bot.call("sendMessageDraft", chat_id=ALICE, draft_id=7, text="abc", can_stop=True)
    server.stop_draft(ALICE, ALICE, 7)
    (update,) = await bot.call("getUpdates")
    assert update["stopped_message_generation"]["draft_id"] == 7
    assert update["stopped_message_generation"]["chat"]["id"] == ALICE


async def test_a_button_is_answered_once_and_in_time(bot: Bot, server: BotApiServer) -> None:
    markup = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes:1"}]]}
    sent = await bot.call("sendMessage", chat_id=ALICE, text="?", reply_markup=markup)
    pressed = server.press(ALICE, ALICE, sent["message_id"], "Yes")
    (update,) = await bot.call("getUpdates")
    assert update["callback_query"]["data"] == "yes:1"
    await bot.call("answerCallbackQuery", callback_query_id=pressed.id, text="Done")
    assert pressed.answer is not None
    assert pressed.answer["text"] == "Done"
    too_old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    assert await bot.refused("answerCallbackQuery", callback_query_id=pressed.id) == too_old
    late = server.press(ALICE, ALICE, sent["message_id"], "yes:1")
    server.expire_callbacks()
    assert await bot.refused("answerCallbackQuery", callback_query_id=late.id) == too_old


async def test_only_a_forger_presses_a_button_that_is_not_there(bot: Bot, server: BotApiServer) -> None:
    sent = await bot.call("sendMessage", chat_id=ALICE, text="?")
    with pytest.raises(LookupError):
        server.press(ALICE, ALICE, sent["message_id"], "Yes")
    server.press(ALICE, ALICE, sent["message_id"], "admin:all", forged=True)
    assert (await bot.call("getUpdates"))[0]["callback_query"]["data"] == "admin:all"


async def test_the_menu_is_kept_per_scope_and_language(bot: Bot, server: BotApiServer) -> None:
    english = [{"command": "help", "description": "Help"}]
    admin = [{"command": "stop", "description": "Stop"}]
    await bot.call("setMyCommands", commands=english)
    await bot.call("setMyCommands", commands=admin, scope={"type": "chat", "chat_id": BOB})
    assert await bot.call("getMyCommands") == english
    async with bot.session.get(f"{server.url}/control/menu/{BOB}") as response:
        assert orjson.loads(await response.read()) == admin
    await bot.call("deleteMyCommands", scope={"type": "chat", "chat_id": BOB})
    assert await bot.call("getMyCommands", scope={"type": "chat", "chat_id": BOB}) == []
    wrong = [{"command": "Help!", "description": "Help"}]
    assert await bot.refused("setMyCommands", commands=wrong) == "Bad Request: BOT_COMMAND_INVALID"


async def test_chats_and_members_are_told(bot: Bot, server: BotApiServer) -> None:
    server.add_group(GROUP, "Friends", [ALICE])
    assert (await bot.call("getChat", chat_id=GROUP))["title"] == "Friends"
    assert (await bot.call("getChatMember", chat_id=GROUP, user_id=ALICE))["status"] == "creator"
    assert (await bot.call("getChatMember", chat_id=GROUP, user_id=BOB))["status"] == "left"


# --- people


async def test_a_reply_shows_one_level_and_the_quote(server: BotApiServer) -> None:
    first = server.send_text(ALICE, ALICE, "first")
    second = server.send_text(ALICE, ALICE, "second", reply_to=first)
    third = server.send_text(ALICE, ALICE, "third", reply_to=second, quote="con")
    assert third["reply_to_message"]["text"] == "second"
    assert "reply_to_message" not in third["reply_to_message"]
    assert third["quote"] == {"text": "con", "position": 2, "is_manual": True}


async def test_an_edit_of_a_person_is_an_update(bot: Bot, server: BotApiServer) -> None:
    sent = server.send_text(ALICE, ALICE, "helo")
    server.edit_text(ALICE, ALICE, sent["message_id"], "hello")
    _, update = await bot.call("getUpdates")
    assert update["edited_message"]["text"] == "hello"
    assert update["edited_message"]["edit_date"] >= sent["date"]


async def test_every_kind_of_content_is_a_valid_message_for_aiogram(bot: Bot, server: BotApiServer) -> None:
    from aiogram.types import Update

    server.send_sticker(ALICE, ALICE)
    server.send_location(ALICE, ALICE)
    server.send_contact(ALICE, ALICE)
    server.send_poll(ALICE, ALICE)
    server.send_voice(ALICE, ALICE, b"ogg", 3)
    server.send_document(ALICE, ALICE, b"x", "a.txt")
    server.send_photo(ALICE, ALICE, picture("x"), "cap")
    server.send_audio(ALICE, ALICE, b"mp3", 3)
    server.send_video(ALICE, ALICE, b"mp4", "cap")
    server.send_video_note(ALICE, ALICE, b"mp4", 3)
    server.send_album(ALICE, ALICE, [picture("x"), picture("y")])
    server.forward_text(ALICE, ALICE, "said elsewhere")
    server.block(ALICE)
    kinds = [Update.model_validate(update).event_type for update in await bot.call("getUpdates")]
    assert kinds == ["message"] * 13 + ["my_chat_member"]


async def test_in_privacy_mode_a_group_shows_the_bot_only_what_is_meant_for_it(bot: Bot, server: BotApiServer) -> None:
    server.world.privacy_mode = True
    server.add_group(GROUP, "Friends", [ALICE, BOB])
    answer = await bot.call("sendMessage", chat_id=GROUP, text="hello all")
    server.send_text(ALICE, GROUP, "not for you")
    server.send_text(ALICE, GROUP, "/help@other_bot")
    server.send_text(ALICE, GROUP, "/help")
    server.send_text(ALICE, GROUP, "@playground_bot hi")
    server.send_text(BOB, GROUP, "indeed", reply_to=answer)
    heard = [u["message"]["text"] for u in await bot.call("getUpdates")]
    assert heard == ["/help", "@playground_bot hi", "indeed"]


async def test_a_reply_in_a_forum_stays_in_its_topic(bot: Bot, server: BotApiServer) -> None:
    server.add_group(GROUP, "Friends", [ALICE], forum=True)
    topic = server.add_topic(GROUP, "Tea")
    asked = server.send_text(ALICE, GROUP, "well?", thread_id=topic)
    reply = {"message_id": asked["message_id"]}
    assert (await bot.call("sendMessage", chat_id=GROUP, text="yes", reply_parameters=reply))[
        "message_thread_id"
    ] == topic


async def test_a_condition_is_waited_for_and_gives_up_in_time(server: BotApiServer) -> None:
    waiting = asyncio.create_task(server.until(lambda: len(server.world.chats[ALICE].messages) >= 2))
    server.send_text(ALICE, ALICE, "one")
    server.send_text(ALICE, ALICE, "two")
    assert await waiting is True
    with pytest.raises(TimeoutError):
        await server.until(lambda: False, timeout_s=0.01)


# --- faults and limits


async def test_a_queued_429_asks_to_wait_and_does_nothing(bot: Bot, server: BotApiServer) -> None:
    server.faults.next("sendMessage", "429", times=2, retry_after=7)
    for _ in range(2):
        body = await bot.ask("sendMessage", chat_id=ALICE, text="x")
        assert body["parameters"] == {"retry_after": 7}
        assert body["description"] == "Too Many Requests: retry after 7"
    await bot.call("sendMessage", chat_id=ALICE, text="x")
    assert len(server.world.chats[ALICE].messages) == 1
    assert server.faults.left == 0


async def test_faults_can_wait_for_certain_parameters(bot: Bot, server: BotApiServer) -> None:
    server.faults.next("sendMessage", "refuse", status=403, description="Forbidden: user is deactivated",
                       where=lambda params: params["chat_id"] == BOB)  # fmt: skip
    await bot.call("sendMessage", chat_id=ALICE, text="x")
    assert await bot.refused("sendMessage", chat_id=BOB, text="x") == "Forbidden: user is deactivated"


async def test_a_server_error_and_wrong_json_do_nothing(bot: Bot, server: BotApiServer) -> None:
    server.faults.next("sendMessage", "5xx", status=502)
    assert (await bot.ask("sendMessage", chat_id=ALICE, text="x"))["error_code"] == 502
    server.faults.next("sendMessage", "wrong_json")
    with pytest.raises(orjson.JSONDecodeError):
        await bot.ask("sendMessage", chat_id=ALICE, text="x")
    assert not server.world.chats[ALICE].messages


@pytest.mark.parametrize(("kind", "arrived"), [("reset_before", 0), ("reset_after", 1)])
async def test_a_reset_breaks_the_connection_before_or_after_the_deed(
    bot: Bot, server: BotApiServer, kind: Any, arrived: int
) -> None:
    server.faults.next("sendMessage", kind)
    with pytest.raises((aiohttp.ClientError, ConnectionError)):
        await bot.ask("sendMessage", chat_id=ALICE, text="x")
    assert len(server.world.chats[ALICE].messages) == arrived


async def test_a_hanging_request_gets_no_answer(bot: Bot, server: BotApiServer) -> None:
    server.faults.next("sendMessage", "hang")
    hanging = asyncio.create_task(bot.ask("sendMessage", chat_id=ALICE, text="x"))
    await server.until(lambda: server.calls_of("sendMessage"))
    await bot.call("getMe")
    assert not hanging.done()
    await server.stop()
    with pytest.raises((aiohttp.ClientError, ConnectionError)):
        await hanging
    assert not server.world.chats[ALICE].messages


async def test_a_slow_request_is_done_at_once_and_answered_late(bot: Bot, server: BotApiServer) -> None:
    server.faults.next("sendMessage", "slow", seconds=0.02)
    slow = asyncio.create_task(bot.call("sendMessage", chat_id=ALICE, text="x"))
    await server.until(lambda: server.world.chats[ALICE].messages)
    assert not slow.done()
    assert (await slow)["text"] == "x"


def test_an_unknown_fault_is_a_mistake_of_the_test() -> None:
    with pytest.raises(ValueError, match="unknown fault"):
        BotApiServer(strict=False).faults.next("sendMessage", "typo")  # type: ignore[arg-type]  # the point of the test


async def test_limits_refuse_what_comes_too_fast_per_chat(bot: Bot, server: BotApiServer) -> None:
    server.limits = RateLimits(private_burst=2)
    for _ in range(2):
        await bot.call("sendMessage", chat_id=ALICE, text="x")
    body = await bot.ask("sendMessage", chat_id=ALICE, text="x")
    assert body["error_code"] == 429
    assert body["parameters"]["retry_after"] in (1, 2)
    await bot.call("sendMessage", chat_id=BOB, text="x")
    assert server.limits.refused == 1


def test_limits_are_telegrams() -> None:
    limits = RateLimits()
    group = [limits.retry_after(GROUP, now, private=False, hint=False) for now in range(21)]
    assert group == [None] * 20 + [40]
    assert limits.retry_after(GROUP, 60.0, private=False, hint=False) is None
    many = [limits.retry_after(chat, 100.0, private=True, hint=False) for chat in range(31)]
    assert many == [None] * 30 + [1]
    hints = [limits.retry_after(ALICE, 200.0, private=True, hint=True) for _ in range(21)]
    assert hints == [None] * 20 + [5]


async def test_an_answer_can_be_delayed(bot: Bot, server: BotApiServer) -> None:
    server.delay_s = 0.02
    loop = asyncio.get_running_loop()
    began = loop.time()
    await bot.call("getMe")
    assert loop.time() - began >= 0.02


# --- the people's side over HTTP


async def test_a_page_acts_over_http_and_only_with_json(bot: Bot, server: BotApiServer) -> None:
    url = f"{server.url}/control/send_text"
    async with bot.session.post(url, json={"user_id": ALICE, "chat_id": ALICE, "text": "hi"}) as response:
        assert orjson.loads(await response.read())["result"]["text"] == "hi"
    async with bot.session.post(url, data='{"user_id": 101, "chat_id": 101, "text": "hi"}') as response:
        assert response.status == 415
    async with bot.session.post(url, json={"user_id": ALICE}) as response:
        assert response.status == 400
    async with bot.session.post(f"{server.url}/control/stop", json={}) as response:
        assert response.status == 404
    assert len(await bot.call("getUpdates")) == 1


async def test_a_page_sees_everything_first_and_then_each_change(bot: Bot, server: BotApiServer) -> None:
    server.send_text(ALICE, ALICE, "before")
    async with bot.session.get(f"{server.url}/control/events") as response:
        snapshot = orjson.loads((await response.content.readuntil(b"\n\n"))[6:])
        assert snapshot["type"] == "snapshot"
        assert [m["text"] for chat in snapshot["chats"] for m in chat["messages"]] == ["before"]
        await bot.call("sendMessage", chat_id=ALICE, text="after")
        event = orjson.loads((await response.content.readuntil(b"\n\n"))[6:])
        assert (event["type"], event["message"]["text"]) == ("message", "after")


@pytest.mark.parametrize(
    ("name", "mime_type", "kind"),
    [
        ("me.png", "image/png", "photo"),
        ("talk.mp3", "", "audio"),
        ("film.mp4", "video/mp4", "video"),
        ("anim.gif", "image/gif", "document"),
        ("notes", "", "document"),
    ],
)
async def test_a_page_uploads_any_file_and_it_goes_as_an_app_would_send_it(
    bot: Bot, server: BotApiServer, name: str, mime_type: str, kind: str
) -> None:
    body = {"user_id": ALICE, "chat_id": ALICE, "name": name, "mime_type": mime_type, "caption": "c"}
    content = b64encode(b"bytes").decode()
    async with bot.session.post(f"{server.url}/control/send_upload", json=body | {"content": content}) as response:
        message = orjson.loads(await response.read())["result"]
    file = message[kind][0] if kind == "photo" else message[kind]
    assert (message["caption"], server.world.files[file["file_id"]].content) == ("c", b"bytes")


async def test_a_page_sends_voice_messages_and_albums(bot: Bot, server: BotApiServer) -> None:
    where = {"user_id": ALICE, "chat_id": ALICE}
    content = b64encode(b"sound").decode()
    url = f"{server.url}/control"
    async with bot.session.post(f"{url}/send_voice", json=where | {"content": content, "duration_s": 4}) as response:
        assert orjson.loads(await response.read())["result"]["voice"]["duration"] == 4
    async with bot.session.post(f"{url}/send_album", json=where | {"contents": [content, content]}) as response:
        assert len(orjson.loads(await response.read())["result"]) == 2
    async with bot.session.post(f"{url}/send_album", json=where | {"contents": ["not base64", content]}) as response:
        assert response.status == 400
