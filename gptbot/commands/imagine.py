"""/imagine: what is wished for, and how to wish."""

from gptbot.commands.visit import Visit
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import MessageSent, SentFile
from gptbot.domain.wish import Wish, parse_wish


def wish_of(visit: Visit, message: MessageSent, args: str) -> Wish | None:
    """The wish in the words behind the command; None calls for `explain`.

    As a reply it is the wish to change the picture of that message.
    """
    if _replies_to_no_picture(message):
        return None
    return parse_wish(args, visit.rules.image_sizes, visit.rules.image_qualities)


def explain(tx: Transaction, visit: Visit, message: MessageSent) -> None:
    """Why this is no wish; else how to wish, with the options that the owner allows."""
    if _replies_to_no_picture(message):
        visit.say(tx, "imagine.no_picture")
        return
    sizes, qualities = visit.rules.image_sizes, visit.rules.image_qualities
    visit.say(
        tx,
        "usage.imagine",
        sizes=", ".join(sizes),
        qualities=", ".join(qualities),
        size=sizes[-1],
        quality=qualities[-1],
    )


def _replies_to_no_picture(message: MessageSent) -> bool:
    return message.reply is not None and picture_of(message) is None


def picture_of(message: MessageSent) -> SentFile | None:
    """The picture that a wish is about: the first that came with it, else that of the message which it replies to."""
    own = next((file for file in message.files if file.kind == "picture"), None)
    return own or (message.reply.picture if message.reply is not None else None)
