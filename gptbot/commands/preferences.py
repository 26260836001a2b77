"""/settings (SPEC §4): one message with a keyboard that is edited in place. A row of it is an entry in `SETTINGS`.

The choices lie in the account, so in data.json: what the reports are to the main admin as well (`Account.reports`).
/voice is one of its rows as a command.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast, get_args

from gptbot.commands.dialog_mode import context_tokens_offered
from gptbot.commands.start import member
from gptbot.commands.visit import Visit, words_for
from gptbot.domain.accounts import PURSE_OF, can_afford, report_mode, streaming, switch_model
from gptbot.domain.outgoing import Button, Keyboard, Text
from gptbot.domain.records import Account
from gptbot.domain.rules import ReportMode, Tier
from gptbot.domain.transaction import Transaction
from gptbot.texts import LANGUAGE_NAMES, Words, join

AREA = "set"
SWITCH = ("on", "off")


@dataclass(frozen=True, slots=True)
class Setting:
    """One row: its line in the text is `settings.<name>`, the name of a value `settings.<name>.<value>`.

    `values` offers none to people whom the setting doesn't concern; `choose` returns the pop-up's text ("" for none).
    `label` names a value where that can't be a text of its own.
    """

    name: str
    icon: str
    values: Callable[[Visit, Account], Sequence[str]]
    current: Callable[[Transaction, Visit, Account], str]
    choose: Callable[[Transaction, Visit, str], str]
    label: Callable[[Words, str], str] | None = None

    def shown(self, words: Words, value: str) -> str:
        return self.label(words, value) if self.label else words.plain(f"settings.{self.name}.{value}")


def settings(tx: Transaction, visit: Visit, args: str) -> None:
    if member(tx, visit) is not None:
        tx.send(visit.reply(*_page(tx, visit)))


def choose(tx: Transaction, visit: Visit, args: Sequence[str]) -> str:
    """A button of /settings; its data: whose it is, the setting, the value."""
    words = visit.words
    if len(args) != 3:
        return words.plain("button.stale")
    if args[0] != str(visit.user):
        return words.plain("button.not_yours")
    account = tx.book.get(visit.user)
    if account is None:
        return words.plain("start.needed")
    setting = next((it for it in SETTINGS if it.name == args[1] and args[2] in it.values(visit, account)), None)
    if setting is None:
        return words.plain("button.stale")
    popup = setting.choose(tx, visit, args[2])
    # in the language that may just have been chosen
    now = replace(visit, words=words_for(visit.rules, tx.book.get(visit.user), visit.person.language))
    now.change(tx, *_page(tx, now))
    return popup


def _page(tx: Transaction, visit: Visit) -> tuple[Text, Keyboard]:
    words, account = visit.words, tx.book.accounts[visit.user]
    lines, keyboard = [words("settings.intro")], []
    for setting in SETTINGS:
        current = setting.current(tx, visit, account)
        row = [
            Button(
                f"{'✓' if value == current else setting.icon} {setting.shown(words, value)}",
                f"{AREA}:{visit.user}:{setting.name}:{value}",
            )
            for value in setting.values(visit, account)
        ]
        if row:
            line = words(f"settings.{setting.name}", value=setting.shown(words, current))
            lines.append(join(Text(setting.icon), line, by=" "))
            keyboard.append(row)
    return join(*lines), keyboard


def voice(tx: Transaction, visit: Visit, args: str) -> None:
    """Spoken answers: switched over, or as `args` says (on, off)."""
    account, wanted = member(tx, visit), args.lower()
    if account is None:
        return
    if visit.rules.speech_model is None:
        visit.say(tx, "voice.not_offered")
    elif wanted not in ("", *SWITCH):
        visit.say(tx, "usage.voice")
    else:
        on = not account.voice if wanted == "" else wanted == "on"
        tx.set(visit.user, voice=on)
        tx.send(visit.reply(_voice_now(visit, account) if on else visit.words("voice.off")))


def _voice_now(visit: Visit, account: Account) -> Text:
    words, rules = visit.words, visit.rules
    text = words("voice.on", tokens=rules.speech_tokens_per_1000, balance=account.premium_balance)
    if rules.is_admin(visit.user):
        return join(text, words("balance.admin"))
    return text if account.premium_balance > 0 else join(text, words("voice.empty"))


# --- the rows --------------------------------------------------------------------------------------------------------


def _choose_model(tx: Transaction, visit: Visit, value: str) -> str:
    tier = switch_model(tx, visit.user, cast("Tier", value))
    account = tx.book.accounts[visit.user]
    if can_afford(account, PURSE_OF[tier], is_admin=visit.rules.is_admin(visit.user)):
        return ""
    return visit.words.plain("model.empty")


def _context_values(visit: Visit, account: Account) -> list[str]:
    """What is offered, and the user's own number."""
    return [str(tokens) for tokens in sorted({*context_tokens_offered(visit.rules), max(account.context_tokens, 0)})]


def _choose_context(tx: Transaction, visit: Visit, value: str) -> str:
    tx.set(visit.user, context_tokens=int(value))
    return ""


def _choose_language(tx: Transaction, visit: Visit, value: str) -> str:
    tx.set(visit.user, language=value)
    return ""


def _streaming_values(visit: Visit, _: Account) -> Sequence[str]:
    return SWITCH if visit.rules.streaming != "off" else ()


def _choose_streaming(tx: Transaction, visit: Visit, value: str) -> str:
    tx.set(visit.user, streaming=None if value == "on" else "off")
    return ""


def _voice_values(visit: Visit, _: Account) -> Sequence[str]:
    return SWITCH if visit.rules.speech_model is not None else ()


def _choose_voice(tx: Transaction, visit: Visit, value: str) -> str:
    tx.set(visit.user, voice=value == "on")
    if value == "off":
        return ""
    return visit.words.plain("settings.voice.cost", tokens=visit.rules.speech_tokens_per_1000)


def _report_values(visit: Visit, _: Account) -> Sequence[str]:
    """The feed goes to the main admin, who alone decides about it."""
    return get_args(ReportMode) if visit.is_admin and visit.user == visit.rules.main_admin else ()


def _choose_reports(tx: Transaction, visit: Visit, value: str) -> str:
    tx.set(visit.user, reports=value)
    return ""


SETTINGS: tuple[Setting, ...] = (
    Setting("model", "🤖", lambda *_: get_args(Tier), lambda _tx, _visit, account: account.model, _choose_model),
    Setting(
        "context",
        "💬",
        _context_values,
        lambda _tx, _visit, account: str(max(account.context_tokens, 0)),
        _choose_context,
        lambda words, value: words.plain("settings.context.0") if value == "0" else value,
    ),
    Setting(
        "language",
        "🌐",
        lambda *_: tuple(LANGUAGE_NAMES),
        lambda _tx, visit, _account: visit.words.language,
        _choose_language,
        lambda _, value: LANGUAGE_NAMES[value],  # type: ignore[index]  # a Language as a button's data brings it
    ),
    Setting(
        "streaming",
        "⚡",
        _streaming_values,
        lambda _tx, visit, account: "off" if streaming(account, visit.rules) == "off" else "on",
        _choose_streaming,
    ),
    Setting("voice", "🔊", _voice_values, lambda _tx, _visit, account: "on" if account.voice else "off", _choose_voice),
    Setting(
        "reports", "📊", _report_values, lambda tx, visit, _account: report_mode(tx.book, visit.rules), _choose_reports
    ),
)
"""Every row, from the top."""
