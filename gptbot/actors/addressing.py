"""Whether something said in a group is meant for the bot (SPEC §5, groups)."""

from gptbot.domain.updates import MessageSent
from gptbot.ports import Database


def addressed(message: MessageSent) -> bool:
    """Whether a message that is no command may be meant for the bot."""
    by_reply = message.reply is not None and message.reply.by_us
    return message.place.private or message.mentions_us or by_reply


async def meant_for_another(database: Database, message: MessageSent) -> bool:
    """Whether somebody only talks with the one whose answer they reply to; a mention of the bot addresses it."""
    if message.place.private or message.mentions_us or message.reply is None:
        return False
    known = await database.message(message.place.chat_id, message.reply.message_id)
    if known is None:
        return False
    turns = await database.chain(known.turn, 1)
    return bool(turns) and turns[-1].user != message.person.id
