"""What a new account's owner reads first (SPEC §4, /start)."""

from gptbot.commands.people import display_name
from gptbot.commands.visit import tell
from gptbot.domain.accounts import Joined
from gptbot.domain.outgoing import Text
from gptbot.domain.rules import Rules
from gptbot.domain.transaction import Transaction
from gptbot.texts import Words, join


def welcome(tx: Transaction, rules: Rules, words: Words, user: int, joined: Joined) -> Text:
    """The text for `user`; the friend who brought them is told, too."""
    account = tx.book.accounts[user]
    name = display_name(user, account)
    key = "start.back" if joined.back else "start.welcome"
    parts = [words(key, name=name, balance=account.balance)]
    if joined.referrer is not None and joined.bonus:
        friend = display_name(joined.referrer, tx.book.get(joined.referrer))
        parts.append(words("start.invited", friend=friend, bonus=joined.bonus))
        tell(tx, rules, joined.referrer, "referral.came", friend=name, bonus=joined.bonus)
    return join(*parts, by="\n\n")
