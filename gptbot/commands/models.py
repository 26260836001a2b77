"""/switch_model: basic or premium, and what each takes (SPEC §4)."""

from gptbot.commands.start import member
from gptbot.commands.visit import Visit
from gptbot.domain.accounts import PURSE_OF, can_afford, switch_model
from gptbot.domain.rules import Tier
from gptbot.domain.transaction import Transaction
from gptbot.texts import join

_TIERS: dict[str, Tier | None] = {"": None, "basic": "basic", "premium": "premium"}


def switch(tx: Transaction, visit: Visit, args: str) -> None:
    """Takes the tier that `args` names, or the other one than now."""
    account = member(tx, visit)
    if account is None:
        return
    wanted = args.lower()
    if wanted not in _TIERS:
        visit.say(tx, "usage.switch_model")
        return
    tier = switch_model(tx, visit.user, _TIERS[wanted])
    purse = PURSE_OF[tier]
    is_admin = visit.rules.is_admin(visit.user)
    model = visit.rules.model(tier).id
    parts = [visit.words(f"model.now.{tier}", model=model, balance=getattr(account, purse))]
    if is_admin:
        parts.append(visit.words("balance.admin"))
    elif not can_afford(account, purse, is_admin=False):
        parts.append(visit.words("model.empty"))
    tx.send(visit.reply(join(*parts)))
