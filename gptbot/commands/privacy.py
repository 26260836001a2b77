"""What is kept of a person and who sees it, and how they have it deleted (SPEC §4: /privacy, /forget).

/forget asks first. What it asked is a `Dialog` of its own place, so that it survives a restart and a button of an
earlier question is known as such; messages are no input to it.
"""

from collections.abc import Sequence

from gptbot.commands.start import member
from gptbot.commands.visit import Visit
from gptbot.domain.accounts import report_mode
from gptbot.domain.book import Book, DialogKey
from gptbot.domain.outgoing import Button, Text
from gptbot.domain.transaction import Transaction
from gptbot.texts import join

AREA = "forget"
ASKED_S = 900
"""For how long the button holds."""
_PLACE = -(2**62)
"""Stands for the topic, below every real one and below those of announcements, which are counted down from -1."""


def privacy(tx: Transaction, visit: Visit, args: str) -> None:
    """What is kept and who sees it, by the settings (SPEC §5: reports)."""
    tx.send(visit.reply(privacy_text(tx.book, visit)))


def privacy_text(book: Book, visit: Visit) -> Text:
    words, rules = visit.words, visit.rules
    if report_mode(book, rules) == "off":
        reports = words("privacy.reports_off")
    else:
        reports = words("privacy.reports_texts" if rules.report_texts else "privacy.reports_figures")
        if rules.report_pictures:
            reports = join(reports, words("privacy.pictures"), by=" ")
    kept = words("privacy.kept", days=rules.turns_kept_days)
    return join(kept, reports, words("privacy.model"), words("privacy.yours"), by="\n\n")


# --- /forget ---------------------------------------------------------------------------------------------------------


def forget(tx: Transaction, visit: Visit, args: str) -> None:
    """Says what goes and what stays, and asks."""
    if visit.rules.is_admin(visit.user):
        visit.say(tx, "forget.admin")
        return
    if not visit.place.private:
        visit.say(tx, "private.only")
        return
    if member(tx, visit) is None:
        return
    token = f"{visit.update.update_id:x}"
    tx.save_dialog(_key(visit.user), token, {"chart": AREA})
    buttons = [Button(visit.words.plain(f"forget.{it}"), f"{AREA}:{token}:{it}") for it in ("yes", "no")]
    visit.say(tx, "forget.ask", [buttons])


def decide(tx: Transaction, visit: Visit, args: Sequence[str]) -> str:
    """The buttons of /forget; their data: the token of the moment, "yes" or "no"."""
    asked = tx.book.dialogs.get(_key(visit.user))
    over = visit.words.plain("dialog.over")
    if len(args) != 2 or asked is None or asked.token != args[0] or tx.now - asked.at > ASKED_S:
        return over
    account = tx.book.get(visit.user)
    if account is None or args[1] not in ("yes", "no") or visit.rules.is_admin(visit.user):
        return over
    if args[1] == "no":
        keep(tx, visit)
        visit.change(tx, visit.words("forget.kept"))
        return ""
    tx.forget(visit.user, visit.update.update_id)
    visit.change(tx, visit.words("forget.done"))
    return ""


def keep(tx: Transaction, visit: Visit) -> bool:
    """/cancel, or any other command: whether /forget had asked and waited for the answer."""
    waited = _key(visit.user) in tx.book.dialogs
    tx.end_dialog(_key(visit.user))
    return waited


def _key(user: int) -> DialogKey:
    return DialogKey(user, user, _PLACE)
