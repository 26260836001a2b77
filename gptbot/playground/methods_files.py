"""Bot API methods that send files: pictures, documents, recordings, albums. Each takes (world, params)."""

from gptbot.playground.media import described, sent_file
from gptbot.playground.methods import Method, caption_of, post
from gptbot.playground.params import Params
from gptbot.playground.refusals import bad_request
from gptbot.playground.world import Json, World

ALBUM_ITEMS_MIN, ALBUM_ITEMS_MAX = 2, 10
ALONE_OF_THEIR_KIND = ("audio", "document")
"""An album of these holds nothing else (Bot API, sendMediaGroup)."""
ALBUM_KINDS = frozenset(("photo", "video", *ALONE_OF_THEIR_KIND))
TOLD = {
    "audio": ("duration", "performer", "title"),
    "video": ("duration", "width", "height"),
    "video_note": ("duration", "length"),
    "voice": ("duration",),
}
"""What a bot tells about a file and Telegram believes, by kind."""


def send_photo(world: World, params: Params) -> Json:
    return _send(world, params, "photo")


def send_document(world: World, params: Params) -> Json:
    return _send(world, params, "document")


def send_voice(world: World, params: Params) -> Json:
    return _send(world, params, "voice")


def send_audio(world: World, params: Params) -> Json:
    return _send(world, params, "audio")


def send_video(world: World, params: Params) -> Json:
    return _send(world, params, "video")


def send_media_group(world: World, params: Params) -> list[Json]:
    items = [_item(params, item) for item in params.array("media")]
    kinds = {item.text("type") for item in items}
    if not items:
        raise bad_request("there are no messages to send")
    if not ALBUM_ITEMS_MIN <= len(items) <= ALBUM_ITEMS_MAX:
        raise bad_request("an album has 2 to 10 items")  # of one alone Telegram itself makes a usual message
    for kind in kinds - ALBUM_KINDS:
        raise bad_request(f"can't parse InputMedia: type {kind!r} can't be in an album")
    for kind in kinds.intersection(ALONE_OF_THEIR_KIND):
        if len(kinds) > 1:
            raise bad_request(f"{kind} can't be mixed with other media types")
    chat = world.writable_chat(params.get("chat_id"))
    contents = [_content(world, item, item.text("type"), item.text("media")) for item in items]
    album = {"media_group_id": str(world.next_message_id)}
    return [post(world, chat, params, content | album) for content in contents]


METHODS: dict[str, Method] = {
    "sendPhoto": send_photo,
    "sendDocument": send_document,
    "sendVoice": send_voice,
    "sendAudio": send_audio,
    "sendVideo": send_video,
    "sendMediaGroup": send_media_group,
}


def _send(world: World, params: Params, field: str) -> Json:
    chat = world.writable_chat(params.get("chat_id"))
    return post(world, chat, params, _content(world, params, field, params.text(field)))


def _content(world: World, params: Params, field: str, reference: str) -> Json:
    """The file and its caption as fields of a message. Raises Refusal."""
    words = caption_of(params)
    file = sent_file(world, params, field, reference)
    told = {name: params[name] if name in ("performer", "title") else params.integer(name)
            for name in TOLD.get(field, ()) if params.get(name)}  # fmt: skip
    return described(field, file, **told) | words


def _item(params: Params, item: object) -> Params:
    """An InputMedia as parameters of its own, with the files of the whole request."""
    if not isinstance(item, dict):
        raise bad_request("can't parse InputMedia: expected an Object")
    return Params(item, params.files)
