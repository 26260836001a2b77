"""What happens before the model is asked: which model it is, whether its purse allows it, and what the files hold."""

from collections.abc import Sequence
from dataclasses import replace

from fsm import reply_chain as chart
from gptbot.actors.conversation import Conversation
from gptbot.actors.desk import Desk
from gptbot.actors.question import Question
from gptbot.actors.reading import Declined, Material, Reading, check_files, of_kind, pictures_of
from gptbot.commands.visit import Visit
from gptbot.domain.accounts import PURSE_OF, can_afford
from gptbot.domain.records import Account
from gptbot.domain.rules import Purse


class Preparation:
    """Of one question. It writes into the question what it is from now on: its tier, its words, what is attached."""

    def __init__(self, desk: Desk, question: Question, visit: Visit, conversation: Conversation) -> None:
        self._desk = desk
        self._question = question
        self._visit = visit
        self._conversation = conversation

    async def prepare(self, account: Account, context: chart.BuildContext) -> Sequence[bytes]:
        """The question's pictures. Raises Declined; ModelError if a recording can't be heard."""
        question = self._question
        check_files(self._desk.rules, self._conversation.files)
        self._choose_tier(account)
        self._check_purses(account)
        material = await self._read_files()
        question.text, question.attached = material.words, material.attached
        if context.quote or context.shown:
            question.attached = replace(
                material.attached, quote=context.quote, shown=context.shown, shown_by_us=context.shown_by_us
            )
        return material.pictures

    def _choose_tier(self, account: Account) -> None:
        """Pictures are for the model that sees; so is what is said about them later, as far as the purse goes."""
        about_pictures = bool(of_kind(self._conversation.files, "picture") or self._question.attached.pictures)
        if about_pictures or (self._conversation.shows_pictures and self._affords(account, PURSE_OF["premium"])):
            self._question.asked = replace(self._question.asked, tier="premium")

    def _check_purses(self, account: Account) -> None:
        asked, files = self._question.asked, self._conversation.files
        needed: list[Purse] = [PURSE_OF["premium"]] if of_kind(files, "speech") else []
        for purse in (*needed, asked.purse):
            if not self._affords(account, purse):
                for_files = purse == PURSE_OF["premium"] and files
                words = {"purse": self._visit.words.plain(f"purse.{purse}"), "balance": getattr(account, purse)}
                raise Declined("media.no_premium" if for_files else "turn.no_balance", **words)

    def _affords(self, account: Account, purse: Purse) -> bool:
        return can_afford(account, purse, is_admin=self._desk.rules.is_admin(self._visit.user))

    async def _read_files(self) -> Material:
        """A question that is asked again brings its files' text along."""
        files, known = self._conversation.files, self._question.attached
        if not files:
            return Material(self._question.text, known, await pictures_of(self._desk, known.pictures))
        return await Reading(self._desk, self._question, self._visit, files).read()
