"""Telegram's JSON becomes the bot's own updates, whatever is missing, new or odd in it."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptbot.domain.updates import (
    BotMembership,
    ButtonPressed,
    ChatMigrated,
    GenerationStopped,
    Me,
    MessageEdited,
    MessageSent,
    Person,
    Place,
    RepliedTo,
    SentFile,
    Unread,
)
from gptbot.edges.lenient_json import dumps, loads, scrub
from gptbot.edges.telegram_content import NAME_LENGTH_MAX, SPEECH_EXTENSIONS
from gptbot.edges.telegram_decode import ALLOWED_UPDATES, Undecodable, decode

ME = Me(42, "GptBot", "GPT")
ALICE = {"id": 7, "is_bot": False, "first_name": "Alice", "last_name": "Ng", "username": "ally", "language_code": "en"}
CHAT = {"id": 7, "type": "private", "first_name": "Alice"}
GROUP = {"id": -100, "type": "supergroup", "title": "Friends"}


def message(**fields: Any) -> dict[str, Any]:
    return {"message_id": 5, "from": ALICE, "chat": CHAT, "date": 1_700_000_000, "text": "hi"} | fields


def read(**fields: Any) -> MessageSent:
    update = decode({"update_id": 1, "message": message(**fields)}, ME)
    assert isinstance(update, MessageSent)
    return update


def entity(kind: str, text: str, part: str, **more: Any) -> dict[str, Any]:
    offset = len(text[: text.index(part)].encode("utf-16-le")) // 2
    return {"type": kind, "offset": offset, "length": len(part.encode("utf-16-le")) // 2} | more


def test_a_message_is_read_whole() -> None:
    assert read() == MessageSent(
        update_id=1,
        person=Person(7, "Alice Ng", "ally", "en"),
        place=Place(7),
        message_id=5,
        text="hi",
        at=1_700_000_000,
    )


def test_only_what_is_read_is_asked_for() -> None:
    kinds = {"message", "edited_message", "callback_query", "my_chat_member", "stopped_message_generation"}
    assert set(ALLOWED_UPDATES) == kinds | {"pre_checkout_query"}


@pytest.mark.parametrize("draft_id", [901, "901"])
def test_a_stop_under_a_draft_belongs_to_the_person_of_the_private_chat(draft_id: Any) -> None:
    stopped = {"chat": CHAT, "draft_id": draft_id, "message_thread_id": 3}
    update = decode({"update_id": 1, "stopped_message_generation": stopped}, ME)
    assert isinstance(update, GenerationStopped)
    assert (update.person.id, update.place, update.draft_id) == (7, Place(7, thread_id=3), 901)


@pytest.mark.parametrize("stopped", [{"chat": CHAT}, {"chat": GROUP, "draft_id": 9}, {"chat": CHAT, "draft_id": "x"}])
def test_a_stop_that_names_no_draft_or_no_private_chat_cannot_be_read(stopped: Any) -> None:
    with pytest.raises(Undecodable):
        decode({"update_id": 1, "stopped_message_generation": stopped}, ME)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"text": "x"}, "text"),
        ({"photo": []}, "photo"),
        ({"voice": {}}, "voice"),
        ({"animation": {}, "document": {}}, "animation"),
        ({"document": {}}, "document"),
        ({"venue": {}, "location": {}}, "location"),
        ({"dice": {}}, "dice"),
        ({"pinned_message": {}}, "service"),
        ({"new_chat_members": []}, "service"),
        ({"successful_payment": {}}, "service"),
        ({"story": {}}, "other"),
        ({"something_new": {}}, "other"),
        ({}, "other"),
    ],
)
def test_the_kind_of_content_is_told(fields: dict[str, Any], kind: str) -> None:
    without_text = {name: value for name, value in message().items() if name != "text"}
    update = decode({"update_id": 1, "message": without_text | fields}, ME)
    assert isinstance(update, MessageSent)
    assert update.kind == kind


def test_a_caption_is_the_text_and_an_album_keeps_its_id() -> None:
    update = read(text=None, photo=[{}], caption="look", media_group_id="g1")
    assert (update.kind, update.text, update.album) == ("photo", "look", "g1")


@pytest.mark.parametrize(
    ("text", "part", "left"),
    [
        ("@gptbot what is it?", "@gptbot", "what is it?"),
        ("😀 @gptbot, what?", "@gptbot", "😀, what?"),
        ("@GPTBOT: hello", "@GPTBOT", "hello"),
        ("hello @gptbot", "@gptbot", "hello"),
        ("hello @gptbot there", "@gptbot", "hello there"),
        ("@gptbot", "@gptbot", ""),
    ],
)
def test_a_mention_of_us_is_taken_out(text: str, part: str, left: str) -> None:
    for fields in ({"entities": [entity("mention", text, part)]}, {}):
        update = read(text=text, **fields)
        assert (update.text, update.mentions_us) == (left, True)
    update = read(text=None, photo=[], caption=text, caption_entities=[entity("mention", text, part)])
    assert (update.text, update.mentions_us) == (left, True)


def test_a_mention_by_id_counts_too() -> None:
    update = read(text="Bot, hi", entities=[entity("text_mention", "Bot, hi", "Bot", user={"id": 42})])
    assert (update.text, update.mentions_us) == ("hi", True)


@pytest.mark.parametrize("text", ["/start@gptbot x", "/start@GPTBOT"])
def test_a_command_keeps_our_name(text: str) -> None:
    for fields in ({"entities": [entity("bot_command", text, text.split()[0])]}, {}):
        update = read(text=text, **fields)
        assert (update.text, update.mentions_us) == (text, True)


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("@other hi", [{"type": "mention", "offset": 0, "length": 6}]),
        ("/start@other", [{"type": "bot_command", "offset": 0, "length": 12}]),
        ("x@gptbot.com @gptbots", None),
        ("`@gptbot`", [{"type": "code", "offset": 0, "length": 9}]),
        ("hi", [{"type": "mention", "offset": 0, "length": 99}, {"type": "mention", "offset": -1}, None, 5]),
    ],
)
def test_what_is_no_mention_of_us_stays(text: str, entities: Any) -> None:
    update = read(text=text, entities=entities) if entities is not None else read(text=text)
    assert (update.text, update.mentions_us) == (text, False)


def test_broken_characters_are_mended_and_names_are_never_empty() -> None:
    sender = {"id": 9, "first_name": " \0\n ", "last_name": ""}
    update = read(**{"from": sender, "text": "a\0b\ud800\ud83d\ude00"})
    assert update.person == Person(9, "9")
    assert update.text == "ab\ufffd😀"


def test_a_channel_may_be_the_sender() -> None:
    group = {"id": -7, "type": "supergroup", "title": "Friends"}
    raw = {"update_id": 1, "message": message(chat=group, sender_chat={"id": -5, "title": "News", "username": "news"})}
    del raw["message"]["from"]  # type: ignore[attr-defined]  # the value is a dict here
    update = decode(raw, ME)
    assert isinstance(update, MessageSent)
    assert update.person == Person(-5, "News", "news")


def test_who_writes_in_the_name_of_a_chat_is_that_chat_and_not_telegrams_stand_in() -> None:
    stand_in = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
    update = read(**{"from": stand_in, "sender_chat": GROUP, "chat": GROUP})
    assert update.person == Person(-100, "Friends")


def test_posts_of_the_linked_channel_are_not_meant_for_us() -> None:
    post = message(**{"from": {"id": 777000, "first_name": "Telegram"}, "sender_chat": {"id": -5}, "chat": GROUP})
    post |= {"is_automatic_forward": True, "text": "@gptbot"}
    assert isinstance(decode({"update_id": 1, "message": post}, ME), Unread)


@pytest.mark.parametrize(
    ("chat", "field", "value"), [(-5, "migrate_to_chat_id", -100), (-100, "migrate_from_chat_id", -5)]
)
def test_both_notices_of_a_migration_tell_the_same(chat: int, field: str, value: int) -> None:
    sender = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    raw = message(**{"chat": {"id": chat, "type": "group"}, "from": sender, field: value})
    update = decode({"update_id": 1, "message": raw}, ME)
    assert isinstance(update, ChatMigrated)
    assert (update.old, update.new) == (-5, -100)


@pytest.mark.parametrize("value", [0, "x", None, -100])
def test_a_migration_that_leads_nowhere_is_none(value: object) -> None:
    raw = {"update_id": 1, "message": message(chat=GROUP, migrate_to_chat_id=value)}
    assert isinstance(decode(raw, ME), MessageSent)


@pytest.mark.parametrize("sender", [{"id": 0}, {"id": -5}, {"id": 2**63}, {}])
def test_a_person_has_a_positive_id(sender: dict[str, object]) -> None:
    with pytest.raises(Undecodable):
        read(**{"from": sender, "sender_chat": {"id": -5, "type": "private"}})


def test_another_bot_is_not_answered() -> None:
    update = decode({"update_id": 1, "message": message(**{"from": {"id": 8, "is_bot": True, "first_name": "B"}})}, ME)
    assert isinstance(update, Unread)


@pytest.mark.parametrize(
    ("fields", "thread"),
    [
        ({"chat": GROUP, "message_thread_id": 3, "is_topic_message": True}, 3),
        ({"chat": GROUP | {"is_forum": True}, "message_thread_id": 3}, 3),
        ({"chat": GROUP, "message_thread_id": 3}, None),
        ({"chat": GROUP | {"is_forum": True}, "message_thread_id": 3, "reply_to_message": {"message_id": 3}}, None),
        ({"message_thread_id": 3}, 3),
    ],
)
def test_a_topic_is_told_from_a_thread_of_replies(fields: dict[str, Any], thread: int | None) -> None:
    assert read(**fields).place.thread_id == thread


def test_a_group_has_its_kind_and_title() -> None:
    assert read(chat=GROUP).place == Place(-100, "supergroup", None, "Friends")
    assert read(chat={"id": -5}).place.kind == "supergroup"


@pytest.mark.parametrize(
    ("fields", "reply"),
    [
        (
            {"reply_to_message": {"message_id": 3, "from": {"id": 42}, "text": "answer"}, "quote": {"text": "part"}},
            RepliedTo(3, "answer", True, 42, "part"),
        ),
        ({"reply_to_message": {"message_id": 3, "from": {"id": 7}, "caption": "c"}}, RepliedTo(3, "c", False, 7)),
        ({"reply_to_message": {"message_id": 3, "date": 0}}, RepliedTo(3, "", False)),
        (
            {"external_reply": {"message_id": 9, "origin": {"sender_user": {"id": 42}}}, "quote": {"text": "q"}},
            RepliedTo(0, "q", True, 42, "q"),
        ),
        ({"external_reply": {}}, RepliedTo(0, "", False)),
        ({"external_reply": {"message_id": 9, "chat": {"id": -7}}}, RepliedTo(0, "", False)),
        (
            {
                "reply_to_message": {
                    "message_id": 3,
                    "photo": [{"file_id": "b", "width": 9}, {"file_id": "a", "width": 80}],
                }
            },
            RepliedTo(3, "", False, file=SentFile("picture", "a", mime="image/jpeg")),
        ),
        (
            {"reply_to_message": {"message_id": 3, "document": {"file_id": "d", "mime_type": "image/png"}}},
            RepliedTo(3, "", False, file=SentFile("picture", "d", mime="image/png")),
        ),
        (
            {"reply_to_message": {"message_id": 3, "document": {"file_id": "d", "mime_type": "text/plain"}}},
            RepliedTo(3, "", False, file=SentFile("document", "d", mime="text/plain")),
        ),
        ({"reply_to_message": {"message_id": 3, "photo": [{}, 5, {"file_id": 7}]}}, RepliedTo(3, "", False)),
        (
            {"reply_to_message": {"message_id": 3, "from": {"id": 42}, "voice": {"file_id": "v", "duration": 4}}},
            RepliedTo(3, "", True, 42, file=SentFile("speech", "v", "voice.ogg", duration_s=4)),
        ),
        (
            {"external_reply": {"voice": {"file_id": "x"}}},
            RepliedTo(0, "", False, file=SentFile("speech", "x", "voice.ogg")),
        ),
        (
            {"external_reply": {"photo": [{"file_id": "x"}]}},
            RepliedTo(0, "", False, file=SentFile("picture", "x", mime="image/jpeg")),
        ),
        ({"reply_to_message": {"message_id": 3, "forum_topic_created": {}}}, None),
        ({"reply_to_message": {"message_id": 3}, "message_thread_id": 3, "is_topic_message": True}, None),
        ({"reply_to_message": 5}, None),
    ],
)
def test_a_reply_tells_what_telegram_shows_of_it(fields: dict[str, Any], reply: RepliedTo | None) -> None:
    assert read(**fields).reply == reply


@pytest.mark.parametrize(
    ("fields", "file"),
    [
        (
            {"photo": [{"file_id": "s", "width": 90, "height": 60, "file_size": 10},
                       {"file_id": "l", "width": 600, "height": 900, "file_size": 70},
                       {"file_id": "m", "width": 800, "height": 200, "file_size": 40}, {"width": 5000, "height": 9}]},
            SentFile("picture", "l", mime="image/jpeg", size=70),
        ),
        (
            {"document": {"file_id": "d", "file_name": "me.JPG", "mime_type": "image/jpeg", "file_size": 9}},
            SentFile("picture", "d", "me.JPG", "image/jpeg", 9),
        ),
        (
            {"document": {"file_id": "d", "file_name": "a.webp", "mime_type": "application/octet-stream"}},
            SentFile("picture", "d", "a.webp", "image/webp"),
        ),
        (
            {"voice": {"file_id": "v", "mime_type": "audio/ogg", "duration": 7, "file_size": 900}},
            SentFile("speech", "v", "voice.ogg", "audio/ogg", 900, 7),
        ),
        ({"voice": {"file_id": "v", "mime_type": "audio/mpeg"}}, SentFile("speech", "v", "voice.mp3", "audio/mpeg")),
        (
            {"audio": {"file_id": "a", "file_name": "memo.AAC", "mime_type": "audio/aac", "duration": 60}},
            SentFile("speech", "a", "memo.m4a", "audio/aac", 0, 60),
        ),
        ({"audio": {"file_id": "a"}}, SentFile("speech", "a", "audio.mp3")),
        (
            {"video_note": {"file_id": "n", "length": 240, "duration": 3, "file_size": 5000}},
            SentFile("speech", "n", "video_note.mp4", "", 5000, 3),
        ),
        (
            {"document": {"file_id": "d", "file_name": "note.oga", "mime_type": "audio/ogg; codecs=opus"}},
            SentFile("speech", "d", "note.ogg", "audio/ogg"),
        ),
        (
            {"document": {"file_id": "d", "file_name": "talk.m4a", "mime_type": "application/octet-stream"}},
            SentFile("speech", "d", "talk.m4a", "application/octet-stream"),
        ),
        (
            {"document": {"file_id": "d", "file_name": "film.mp4", "mime_type": "video/mp4"}},
            SentFile("document", "d", "film.mp4", "video/mp4"),
        ),
        (
            {"document": {"file_id": "d", "file_name": " a\n\0b.pdf ", "mime_type": "application/pdf",
                          "file_size": -1}},
            SentFile("document", "d", "a b.pdf", "application/pdf"),
        ),
        ({"document": {"file_id": "d", "file_name": 5, "mime_type": [], "file_size": "x"}}, SentFile("document", "d")),
        ({"document": {"file_id": ""}}, None),
        ({"voice": {"duration": 3}}, None),
        ({"voice": 5}, None),
        ({"animation": {"file_id": "g"}, "document": {"file_id": "g", "mime_type": "video/mp4"}}, None),
        ({"video": {"file_id": "v"}}, None),
        ({"sticker": {"file_id": "s"}}, None),
        ({"location": {}}, None),
        ({"text": "hi"}, None),
    ],
)  # fmt: skip
def test_a_file_that_the_bot_can_use_is_told(fields: dict[str, Any], file: SentFile | None) -> None:
    without_text = {name: value for name, value in message().items() if name != "text"}
    update = decode({"update_id": 1, "message": without_text | fields}, ME)
    assert isinstance(update, MessageSent)
    assert update.files == (() if file is None else (file,))
    reply = read(reply_to_message={"message_id": 3} | fields).reply
    assert reply is not None
    assert reply.file == file
    assert reply.picture == (file if file is not None and file.kind == "picture" else None)


def test_a_long_name_keeps_its_extension() -> None:
    update = read(text=None, document={"file_id": "d", "file_name": "a" * 5000 + ".pdf"})
    assert update.files[0].name.endswith("a.pdf")
    assert len(update.files[0].name) == NAME_LENGTH_MAX


@pytest.mark.parametrize("field", ["forward_origin", "forward_date"])
def test_forwarded_messages_say_so(field: str) -> None:
    assert read(**{field: {}}).forwarded


def test_an_edit_is_read() -> None:
    update = decode({"update_id": 2, "edited_message": message(text="hi @gptbot")}, ME)
    assert isinstance(update, MessageEdited)
    assert (update.message_id, update.text) == (5, "hi")


def test_a_button_is_read_with_any_data() -> None:
    query: dict[str, Any] = {"id": "77", "from": ALICE, "message": message(), "data": "a\0b\ud800"}
    update = decode({"update_id": 3, "callback_query": query}, ME)
    assert isinstance(update, ButtonPressed)
    assert (update.callback_id, update.data, update.message_id, update.place) == ("77", "ab\ufffd", 5, Place(7))
    odd: list[Any] = [None, 5, [], {}]
    for data in odd:
        update = decode({"update_id": 3, "callback_query": {"id": "77", "from": ALICE, "data": data}}, ME)
        assert isinstance(update, ButtonPressed)
        assert (update.data, update.message_id, update.place) == ("", 0, Place(7))


@pytest.mark.parametrize(
    ("member", "here"),
    [
        ({"status": "member"}, True),
        ({"status": "administrator"}, True),
        ({"status": "restricted", "can_send_messages": True}, True),
        ({"status": "restricted"}, False),
        ({"status": "kicked"}, False),
        ({"status": "left"}, False),
        (None, False),
    ],
)
def test_membership_tells_whether_we_can_write(member: Any, here: bool) -> None:
    update = decode({"update_id": 4, "my_chat_member": {"chat": CHAT, "from": ALICE, "new_chat_member": member}}, ME)
    assert isinstance(update, BotMembership)
    assert update.here is here


def test_everything_else_is_unread_with_its_name() -> None:
    update = decode({"update_id": 5, "inline_query": {"id": "1", "from": ALICE, "query": "x"}}, ME)
    assert update == Unread(
        update_id=5, person=Person(7, "Alice Ng", "ally", "en"), place=Place(7), reason="inline_query"
    )
    assert isinstance(decode({"update_id": 6}, ME), Unread)
    assert isinstance(decode({"update_id": 6, "poll": {"id": "3"}}, ME), Unread)


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        {"message": message()},
        {"update_id": "1", "message": message()},
        {"update_id": 2**63, "message": message()},
        {"update_id": 1, "message": message(chat={"id": 2**64})},
        {"update_id": 1, "message": message(**{"from": {"id": 1.5}})},
        {"update_id": 1, "message": message(message_id=None)},
        {"update_id": 1, "callback_query": {"from": ALICE}},
        {"update_id": 1, "callback_query": {"id": "1"}},
    ],
)
def test_what_nothing_can_be_done_with_says_so(raw: Any) -> None:
    with pytest.raises(Undecodable):
        decode(raw, ME)


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(codec=None, exclude_categories=()), max_size=8)
    | st.sampled_from(["@gptbot", "/start@gptbot", "private", "mention", "text_mention", "bot_command"])
    | st.sampled_from(["audio/ogg", "image/png", "a.oga", "a.b.mp3", ".ogg", "x.aac", "video/mp4", "file"])
)
FIELD_NAMES = """
    update_id message edited_message callback_query my_chat_member from chat id type text entities offset length
    user message_id reply_to_message quote external_reply origin sender_user sender_chat first_name username title
    date data new_chat_member status caption media_group_id message_thread_id is_bot language_code photo voice audio
    video_note document animation file_id file_name mime_type file_size duration width height
"""
FIELDS = st.sampled_from(FIELD_NAMES.split())
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(FIELDS | st.text(max_size=3), inner, max_size=8),
    max_leaves=40,
)


@given(JSON | st.dictionaries(FIELDS, JSON, max_size=6))
def test_no_json_raises_anything_but_undecodable(raw: Any) -> None:
    try:
        decode(raw, ME)
    except Undecodable:
        return


@given(
    st.fixed_dictionaries(
        {"update_id": st.just(1), "message": st.dictionaries(FIELDS, JSON).map(lambda d: message() | d)}
    )
)
def test_odd_fields_of_a_message_raise_nothing_but_undecodable(raw: Any) -> None:
    try:
        update = decode(raw, ME)
    except Undecodable:
        return
    assert update.person.name
    if isinstance(update, MessageSent):
        update.text.encode()
        for file in update.files:
            assert file.file_id.encode()
            assert min(file.size, file.duration_s) >= 0
            assert file.kind != "speech" or file.name.rpartition(".")[2].lower() in SPEECH_EXTENSIONS


FILES = st.dictionaries(
    st.sampled_from(["file_id", "file_name", "mime_type", "file_size", "duration", "width", "height"]), SCALARS
)


@given(
    st.sampled_from(["photo", "document", "voice", "audio", "video_note"]), FILES | st.lists(FILES, max_size=3) | JSON
)
def test_an_odd_file_is_read_or_left_out(field: str, file: Any) -> None:
    for read_file in read(**{"text": None, field: file}).files:
        assert read_file.file_id.encode()
        assert "\n" not in read_file.name
        assert min(read_file.size, read_file.duration_s) >= 0
        assert len((read_file.name + read_file.mime).encode()) < 8 * NAME_LENGTH_MAX
        assert read_file.kind != "speech" or read_file.name.rpartition(".")[2].lower() in SPEECH_EXTENSIONS


@given(JSON)
def test_what_is_stored_can_be_read_again(value: Any) -> None:
    stored = dumps(value)
    stored.decode()
    assert loads(stored) is not NotImplemented


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_scrubbed_text_is_encodable_and_keeps_what_was_right(text: str) -> None:
    clean = scrub(text)
    clean.encode()
    assert "\0" not in clean
    assert scrub(clean) == clean


def test_json_is_read_as_far_as_it_goes() -> None:
    assert loads(b'{"a":"\\ud83d"}') == {"a": "\ud83d"}
    assert loads(b'"\xff"') == "\ufffd"
    with pytest.raises(ValueError, match="not JSON"):
        loads(b"[" * 100_000)
    with pytest.raises(ValueError, match="not JSON"):
        loads(b"")
    assert orjson.loads(dumps({"a": "\ud800", "n": 2**70}))["a"] == "\ufffd"
