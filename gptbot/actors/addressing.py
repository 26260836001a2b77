"""Whether something said in a group is meant for the bot (SPEC §5, groups)."""

from gptbot.actors.desk import Desk
from gptbot.domain.updates import MessageSent


def addressed(message: MessageSent) -> bool:
    """Whether a message that is no command may be meant for the bot."""
    by_reply = message.reply is not None and message.reply.by_us
    return message.place.private or message.mentions_us or by_reply


async def meant_for_another(desk: Desk, message: MessageSent) -> bool:
    """Whether somebody only talks with the one whose answer they reply to; a mention of the bot addresses it."""
    if message.place.private or message.mentions_us or message.reply is None:
        return False
    chat_id, message_id = message.place.chat_id, message.reply.message_id
    for under_way in desk.under_way.values():
        if under_way.grows_in(chat_id, message_id):
            return under_way.asker != message.person.id
    known = await desk.database.message(chat_id, message_id)
    if known is None:
        return False
    turns = await desk.database.chain(known.turn, 1)
    return bool(turns) and turns[-1].user != message.person.id
