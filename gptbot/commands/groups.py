"""What groups are told about the bot (SPEC §5)."""

from gptbot.domain.outgoing import Button, Keyboard, Text
from gptbot.domain.updates import Me
from gptbot.texts import Words


def greeting(words: Words, me: Me) -> tuple[Text, Keyboard]:
    """What a group reads first: how to ask, and who pays."""
    return words("group.greeting", bot=me.username), [[private_chat(words, me)]]


def private_chat(words: Words, me: Me) -> Button:
    """The way from a group to the private chat with the bot."""
    return Button(words.plain("start.open_private"), url=f"https://t.me/{me.username}")
