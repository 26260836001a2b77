"""Each method that the Bot API stand-in offers is called over HTTP and answers what aiogram's types accept.

aiogram's own client sends the call and reads the answer: a required field that is missing or of a wrong type fails
there. A field that aiogram does not know fails here. docs/PLAYGROUND.md lists the methods; so does this file.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any, get_args

import pytest
from aiogram import Bot
from aiogram import methods as m
from aiogram import types as t
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.methods import TelegramMethod
from aiogram.types import BufferedInputFile, TelegramObject
from pydantic import BaseModel

from gptbot.playground import stars
from gptbot.playground.bot_api import METHODS, TOKEN, UPDATE_METHODS, BotApiServer
from gptbot.playground.ogg import silence
from gptbot.playground.params import JSON_PARAMETERS, Params
from gptbot.playground.png import picture
from gptbot.playground.strict import CLASSES

ALICE, BOB, GROUP = 101, 102, -100500
QUESTION, ANSWER, PHOTO, TOPIC = 1, 2, 3, 4
"""Ids of what `furnished` puts there, in order; the topic's is its message_thread_id. 5 is a bill, 6 its payment."""
OFFERED = METHODS.keys() | UPDATE_METHODS
Call = TelegramMethod[Any]


def furnished() -> BotApiServer:
    """A server on which each call below has something to act upon."""
    server = BotApiServer(strict=True)
    server.add_user(ALICE, "Alice", "alice")
    server.add_user(BOB, "Bob")
    server.add_group(GROUP, "Book club", [ALICE, BOB], forum=True)
    world, chat = server.world, server.world.chats[ALICE]
    server.send_text(ALICE, ALICE, "/start at https://a.example")
    keyboard = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}
    world.post(chat, world.bot, {"text": "Sure?", "reply_markup": keyboard})
    server.press(ALICE, ALICE, ANSWER, "Yes")
    file = world.store_file(picture("a"), "a.png", "image/png")
    size = {"file_id": file.file_id, "file_unique_id": "a", "width": 64, "height": 64}
    world.post(chat, world.bot, {"photo": [size], "caption": "A"})
    server.add_topic(GROUP, "Recipes")
    chat.pinned.add(ANSWER)
    bill = {"title": "Tokens", "description": "100000 tokens", "payload": "p1", "currency": "XTR", "provider_token": ""}
    prices = [{"label": "Tokens", "amount": 50}]
    bill_id = stars.send_invoice(world, Params({**bill, "chat_id": ALICE, "prices": prices}))["message_id"]
    server.pay_bill(ALICE, ALICE, bill_id)
    stars.pay(world, server.pay_bill(ALICE, ALICE, bill_id))
    return server


def file(name: str, content: bytes = b"content") -> BufferedInputFile:
    return BufferedInputFile(content, name)


def entity(kind: str, offset: int, length: int, **more: Any) -> t.MessageEntity:
    return t.MessageEntity(type=kind, offset=offset, length=length, **more)


def button(text: str, **more: Any) -> t.InlineKeyboardMarkup:
    return t.InlineKeyboardMarkup(inline_keyboard=[[t.InlineKeyboardButton(text=text, **more)]])


REPLY = t.ReplyParameters(message_id=QUESTION, allow_sending_without_reply=True)
PNG = file("a.png", picture("b"))
BOLD = [entity("bold", 0, 2)]
RICH = "# A\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- [x] done\n\n1. one\n\n> q\n\n---\n\n$$x^2$$\n\n```py\nx\n```"

CALLS: list[Call] = [
    m.GetMe(),
    m.GetUpdates(offset=1, limit=10, timeout=0, allowed_updates=["message", "callback_query"]),
    m.GetWebhookInfo(),
    m.SetWebhook(url="http://127.0.0.1:1/hook", secret_token="s", allowed_updates=["message"]),
    m.DeleteWebhook(drop_pending_updates=True),
    m.SendMessage(chat_id=ALICE, text="Hello /help", entities=BOLD, reply_parameters=REPLY,
                  reply_markup=button("Go", callback_data="go"), disable_notification=True,
                  link_preview_options=t.LinkPreviewOptions(is_disabled=True)),
    m.SendMessage(chat_id=GROUP, message_thread_id=TOPIC, text="code", entities=[entity("pre", 0, 4, language="py")]),
    m.SendRichMessage(chat_id=ALICE, rich_message=t.InputRichMessage(markdown=RICH, skip_entity_detection=True)),
    m.SendMessageDraft(chat_id=ALICE, draft_id=7, text="Hel", entities=BOLD, can_stop=True, keep_on_stop=True),
    m.SendChatAction(chat_id=GROUP, message_thread_id=TOPIC, action="typing"),
    m.SendPhoto(chat_id=ALICE, photo=PNG, caption="A cat", caption_entities=BOLD, reply_parameters=REPLY),
    m.SendPhoto(chat_id=ALICE, photo="file-1"),
    m.SendDocument(chat_id=ALICE, document=file("a.txt"), caption="A text", caption_entities=BOLD),
    m.SendVoice(chat_id=ALICE, voice=file("a.ogg", silence(1.0)), duration=1),
    m.SendAudio(chat_id=ALICE, audio=file("a.mp3"), duration=3, performer="Me", title="Song"),
    m.SendVideo(chat_id=ALICE, video=file("a.mp4"), duration=3, width=64, height=48),
    m.SendMediaGroup(chat_id=ALICE, media=[t.InputMediaPhoto(media=PNG, caption="A", caption_entities=[]),
                                           t.InputMediaPhoto(media="file-1")]),
    m.CopyMessage(chat_id=BOB, from_chat_id=ALICE, message_id=PHOTO, caption="Copied", caption_entities=BOLD,
                  reply_markup=button("Read", url="https://a.example")),
    m.CopyMessages(chat_id=BOB, from_chat_id=ALICE, message_ids=[QUESTION, PHOTO], remove_caption=True),
    m.ForwardMessage(chat_id=BOB, from_chat_id=ALICE, message_id=QUESTION),
    m.EditMessageText(chat_id=ALICE, message_id=ANSWER, text="Well", entities=BOLD),
    m.EditMessageText(chat_id=ALICE, message_id=ANSWER, rich_message=t.InputRichMessage(markdown="# A")),
    m.EditMessageCaption(chat_id=ALICE, message_id=PHOTO, caption="The cat", caption_entities=BOLD),
    m.EditMessageReplyMarkup(chat_id=ALICE, message_id=ANSWER, reply_markup=button("No", callback_data="no")),
    m.DeleteMessage(chat_id=ALICE, message_id=ANSWER),
    m.DeleteMessages(chat_id=ALICE, message_ids=[QUESTION, ANSWER]),
    m.PinChatMessage(chat_id=ALICE, message_id=PHOTO, disable_notification=True),
    m.UnpinChatMessage(chat_id=ALICE, message_id=ANSWER),
    m.UnpinChatMessage(chat_id=ALICE),
    m.UnpinAllChatMessages(chat_id=ALICE),
    m.SetMessageReaction(chat_id=ALICE, message_id=QUESTION, reaction=[t.ReactionTypeEmoji(emoji="👍")], is_big=True),
    m.SetMessageReaction(chat_id=ALICE, message_id=QUESTION),
    m.AnswerCallbackQuery(callback_query_id="1", text="Done", show_alert=True),
    m.SetMyCommands(commands=[t.BotCommand(command="help", description="What I can do")],
                    scope=t.BotCommandScopeChat(chat_id=ALICE), language_code="en"),
    m.GetMyCommands(scope=t.BotCommandScopeAllPrivateChats()),
    m.DeleteMyCommands(scope=t.BotCommandScopeAllGroupChats(), language_code="ru"),
    m.SendInvoice(chat_id=ALICE, title="Tokens", description="100000 tokens", payload="p1", currency="XTR",
                  provider_token="", prices=[t.LabeledPrice(label="Tokens", amount=50)]),
    m.AnswerPreCheckoutQuery(pre_checkout_query_id="1", ok=True),
    m.AnswerPreCheckoutQuery(pre_checkout_query_id="1", ok=False, error_message="Not for sale any more"),
    m.RefundStarPayment(user_id=ALICE, telegram_payment_charge_id="stx6"),
    m.GetFile(file_id="file-1"),
    m.GetChat(chat_id=ALICE),
    m.GetChat(chat_id=GROUP),
    m.GetChatMember(chat_id=GROUP, user_id=ALICE),
    m.GetChatMember(chat_id=GROUP, user_id=BOB),
    m.GetChatMember(chat_id=GROUP, user_id=42),
]  # fmt: skip
"""Typical calls, each with the parameters that the stand-in looks at; at least one of every method."""


def name_of(call: Call) -> str:
    return str(type(call).__api_method__)


@pytest.fixture
async def server() -> AsyncIterator[BotApiServer]:
    server = furnished()
    await server.start()
    yield server
    await server.stop()


class Session(AiohttpSession):
    async def close(self) -> None:
        """aiogram's own waits a quarter of a second for connections with TLS."""
        if self._session is not None:
            await self._session.close()


@pytest.fixture
async def bot(server: BotApiServer) -> AsyncIterator[Bot]:
    async with Bot(TOKEN, session=Session(api=TelegramAPIServer.from_base(server.url))) as bot:
        yield bot


def unknown_fields(value: Any, path: str) -> Iterator[str]:
    """Paths of fields that aiogram's types do not have, at any depth."""
    if isinstance(value, BaseModel):
        yield from (f"{path}.{name}" for name in value.model_extra or {})
        for name in type(value).model_fields:
            yield from unknown_fields(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, list):
        for item in value:
            yield from unknown_fields(item, path)


def test_every_method_that_is_offered_is_called_here() -> None:
    assert {name_of(call).lower() for call in CALLS} == OFFERED, "give CALLS a typical call of the new method"


@pytest.mark.parametrize("call", CALLS, ids=name_of)
async def test_an_answer_is_what_aiograms_types_accept(call: Call, bot: Bot, server: BotApiServer) -> None:
    result = await bot(call)
    wanted = type(call).__returning__
    if bool in get_args(wanted):  # Message | bool: True is for inline messages, which there are none of here
        assert isinstance(result, t.Message)
    assert list(unknown_fields(result, name_of(call))) == []
    assert server.unknown_parameters == []
    sent = server.calls[-1]
    assert sent.ok
    assert sent.answer is not None
    assert (sent.answer["result"] is True) == (wanted is bool)


@pytest.mark.parametrize("call", CALLS, ids=name_of)
async def test_a_parameter_that_the_method_does_not_have_is_noticed(call: Call, bot: Bot, server: BotApiServer) -> None:
    await bot(type(call).model_validate({**dict(call), "colour": "red"}))
    assert server.unknown_parameters == [f"{name_of(call)}.colour"]


@pytest.mark.parametrize("name", sorted(OFFERED))
def test_what_travels_as_json_in_a_form_is_read_as_json(name: str) -> None:
    structured = {
        field for field, info in CLASSES[name].model_fields.items() if any(map(is_structure, parts(info.annotation)))
    }
    assert structured <= JSON_PARAMETERS


def parts(annotation: Any) -> Iterator[Any]:
    """The members of a union, or the type itself."""
    yield from (inner for part in get_args(annotation) or () for inner in parts(part))
    yield annotation


def is_structure(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, TelegramObject) and annotation is not t.InputFile
