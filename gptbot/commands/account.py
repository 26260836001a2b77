"""What people ask about themselves and set for themselves (SPEC §4): /balance, /stats, /invite, /language and more."""

from collections.abc import Sequence
from urllib.parse import quote

from gptbot.commands.people import display_name
from gptbot.commands.start import member
from gptbot.commands.visit import Visit
from gptbot.domain.outgoing import Button, Text
from gptbot.domain.pricing import dollars
from gptbot.domain.rules import Language, Rules
from gptbot.domain.transaction import Transaction
from gptbot.texts import LANGUAGE_NAMES, Words, join
from gptbot.texts.names import safe_line

LANGUAGE_AREA = "lang"
ANSWER_TOKENS = 1_000
"""A usual question with its answer, for telling what a purse buys."""
_PROMPT_SHOWN_MAX = 300
_LANGUAGES: dict[str, Language] = {
    **{code: code for code in LANGUAGE_NAMES},
    **{name.lower(): code for code, name in LANGUAGE_NAMES.items()},
    "russian": "ru",
    "английский": "en",
}


def balance(tx: Transaction, visit: Visit, args: str) -> None:
    account = member(tx, visit)
    if account is None:
        return
    rules, words = visit.rules, visit.words
    text = words(
        "balance.purses",
        balance=account.balance,
        answers=_answers(account.balance),
        basic=rules.basic.id,
        premium_balance=account.premium_balance,
        premium_answers=_answers(account.premium_balance),
        premium=rules.premium.id,
        image_balance=account.image_balance,
        tier=words.plain(f"tier.{account.model}"),
        model=rules.model(account.model).id,
    )
    text = join(text, _premium_buys(words, rules), by="\n\n")
    if rules.is_admin(visit.user):
        text = join(text, words("balance.admin"), by="\n\n")
    elif account.balance < rules.economy.favor_min_limit:
        text = join(text, words("balance.low"), by="\n\n")
    tx.send(visit.reply(text))


def _premium_buys(words: Words, rules: Rules) -> Text:
    """What premium tokens are for beside answers."""
    lines = [words("balance.photos", premium=rules.premium.id)]
    if rules.transcription_model is not None:
        lines.append(words("balance.voice", tokens=rules.voice_tokens_per_s))
    if rules.speech_model is not None:
        lines.append(words("balance.speech", tokens=rules.speech_tokens_per_1000))
    return join(*lines)


def _answers(tokens: int) -> int:
    """Rounded up, as a turn starts with any positive purse (SPEC §4, balance rule)."""
    return -(-max(tokens, 0) // ANSWER_TOKENS)


def stats(tx: Transaction, visit: Visit, args: str) -> None:
    account = member(tx, visit)
    if account is None:
        return
    text = visit.words(
        "stats.text",
        requests=account.requests,
        tokens=account.tokens,
        premium_tokens=account.premium_tokens,
        images=account.images,
        cost=dollars(account.cost),
        referrals=tx.book.referrals.get(visit.user, 0),
        last_request=account.last_request or "—",
    )
    if account.referrer is not None:
        friend = display_name(account.referrer, tx.book.get(account.referrer))
        text = join(text, visit.words("stats.referrer", friend=friend))
    tx.send(visit.reply(text))


def invite(tx: Transaction, visit: Visit, args: str) -> None:
    """The link registers whoever opens it with a bonus for both."""
    if member(tx, visit) is None:
        return
    words, bonus = visit.words, visit.rules.economy.referral_bonus
    link = f"https://t.me/{visit.me.username}?start={visit.user}"
    share = f"https://t.me/share/url?url={quote(link, safe='')}&text={quote(words.plain('invite.share_text'), safe='')}"
    parts = [words("invite.link", link=link)]
    if bonus:
        parts.append(words("invite.bonus", bonus=bonus))
    parts.append(words("invite.came", came=tx.book.referrals.get(visit.user, 0)))
    tx.send(visit.reply(join(*parts, by="\n\n"), [[Button(words.plain("invite.share"), url=share)]]))


def reset_prompt(tx: Transaction, visit: Visit, args: str) -> None:
    account = member(tx, visit)
    if account is None:
        return
    key = "reset_prompt.already" if account.prompt is None else "reset_prompt.done"
    tx.set(visit.user, prompt=None)
    visit.say(tx, key, prompt=safe_line(visit.rules.default_prompt, _PROMPT_SHOWN_MAX))


# --- the language ----------------------------------------------------------------------------------------------------


def language(tx: Transaction, visit: Visit, args: str) -> None:
    """Sets what `args` names (a code or a language's name), or asks with buttons."""
    if member(tx, visit) is None:
        return
    if not args:
        buttons = [Button(name, f"{LANGUAGE_AREA}:{visit.user}:{code}") for code, name in LANGUAGE_NAMES.items()]
        visit.say(tx, "language.choose", [buttons])
    elif chosen := _LANGUAGES.get(args.lower()):
        tx.set(visit.user, language=chosen)
        tx.send(visit.reply(_language_set(chosen)))
    else:
        visit.say(tx, "usage.language")


def choose_language(tx: Transaction, visit: Visit, args: Sequence[str]) -> str:
    """A button of /language; its data: whose it is, and the code."""
    if len(args) != 2 or args[1] not in LANGUAGE_NAMES:
        return visit.words.plain("button.stale")
    if args[0] != str(visit.user):
        return visit.words.plain("button.not_yours")
    if tx.book.get(visit.user) is None:
        return visit.words.plain("start.needed")
    chosen = _LANGUAGES[args[1]]
    tx.set(visit.user, language=chosen)
    visit.change(tx, _language_set(chosen))
    return ""


def _language_set(chosen: Language) -> Text:
    return Words(chosen)("language.set", language=LANGUAGE_NAMES[chosen])
