"""One picture: asked for with /imagine, drawn by the image model, charged when it was delivered (SPEC §4)."""

import asyncio

import structlog

from gptbot.actors.desk import Desk
from gptbot.actors.question import Question, showing_action
from gptbot.commands import imagine
from gptbot.commands.visit import Visit
from gptbot.domain.accounts import can_afford
from gptbot.domain.outgoing import media
from gptbot.domain.pricing import picture_cost
from gptbot.domain.records import NANO
from gptbot.domain.settling import After, Charge
from gptbot.domain.transaction import Transaction
from gptbot.domain.wish import Wish
from gptbot.ports import FileError, ModelError, ModelTrouble, Picture, Refused

log = structlog.get_logger()

ORIGINAL_MAX = 20_000_000
"""Bytes of a picture to be changed: what bots may download (Bot API getFile)."""


class Drawing:
    """One picture until it is delivered, refused or failed. `run` once."""

    def __init__(self, desk: Desk, question: Question, wish: Wish) -> None:
        self._desk = desk
        self._question = question
        self._wish = wish
        self._visit = Visit.of(question.update, desk.rules, desk.me, desk.storage.book)
        self._interrupted = False
        self._blocked = False
        self._drawn = False
        self._limit: asyncio.Timeout | None = None

    def interrupt(self, *, blocked: bool = False) -> bool:
        """The asker doesn't want it any more, or was blocked. False: it is drawn."""
        if self._drawn:
            return False
        self._interrupted, self._blocked = True, blocked
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time())
        return True

    async def run(self) -> None:
        """Returns once the wish is finished and its update done."""
        started = self._desk.clock.monotonic()
        outcome, trouble = await self._draw_and_deliver()
        drawn = outcome == "settled"
        cost = picture_cost(self._desk.rules.image_price) if drawn else 0
        now, total_s = self._desk.clock.now(), self._desk.clock.monotonic() - started
        self._desk.figures.turn(now, self._desk.rules.image_model, outcome, total_s=total_s)
        if drawn:
            self._desk.figures.spent(now, self._desk.rules.image_model, cost)
        log.info(
            "picture.finished",
            update_id=self._question.update.update_id,
            user=self._visit.user,
            chat=self._visit.place.kind,
            model=self._desk.rules.image_model,
            outcome=outcome,
            trouble=trouble or None,
            charged=int(drawn and not self._desk.rules.is_admin(self._visit.user)),
            cost_usd=cost / NANO,
            total_s=round(total_s, 3),
            question=self._question.text,
        )

    async def _draw_and_deliver(self) -> tuple[str, str]:
        account = self._desk.storage.book.get(self._visit.user)
        is_admin = self._desk.rules.is_admin(self._visit.user)
        if account is not None and account.blocked:  # while the wish waited
            self._blocked = True
            return await self._stop()
        if account is None or not can_afford(account, "image_balance", is_admin=is_admin):
            purse = self._visit.words.plain("purse.image_balance")
            balance = account.image_balance if account else 0
            return await self._finish("refused", "turn.no_balance", purse=purse, balance=balance)
        picture = None
        try:
            async with (
                asyncio.timeout(self._desk.rules.turn_timeout_s) as self._limit,
                showing_action(self._desk, self._visit.place, "upload_photo", 0),
            ):
                if not self._interrupted:
                    picture = await self._draw()
        except TimeoutError:
            if not self._interrupted:
                return await self._fail(ModelError(ModelTrouble.TIMEOUT, "drawing took longer than TURN_TIMEOUT_S"))
        except ModelError as error:
            return await self._fail(error)
        except FileError as error:
            log.warning("file.failed", trouble=error.trouble, detail=error.detail)
            await self._finish("failed", f"imagine.file.{error.trouble}")
            return "failed", f"file {error.trouble}"
        finally:
            self._limit = None
        if picture is None:
            return await self._stop()
        self._drawn = True
        self._desk.model_answered(self._desk.rules.image_model)
        return await self._deliver(picture, is_admin=is_admin)

    async def _draw(self) -> Picture:
        """From nothing, or from the picture that came with the wish or that it replies to."""
        given, original = imagine.picture_of(self._question.update), None
        if given is not None:
            original = await self._desk.files.download(given.file_id, ORIGINAL_MAX)
        return await self._desk.image_model.draw(self._wish, original)

    async def _deliver(self, picture: Picture, *, is_admin: bool) -> tuple[str, str]:
        update = self._question.update
        watcher = self._desk.delivery.watch(update.update_id)
        photo = media(
            update.place,
            "photo",
            picture.filename,
            picture.content,
            reply_to=None if update.place.private else update.message_id,
        )

        after = After(asker=self._visit.user, charge=self._charge(is_admin=is_admin))
        if after["charge"]["report"] is not None and self._desk.rules.report_pictures:
            after["show_to"] = self._desk.rules.main_admin

        def commit(tx: Transaction) -> bool:
            if tx.book.get(update.person.id) is None:  # forgotten meanwhile: nothing of them is kept
                tx.done(*update.update_ids)
                return False
            tx.meet(update.person)
            tx.send(photo, after=after, settles=update.update_id)
            tx.done(*update.joined)
            return True

        if not await self._desk.storage.commit(commit):
            watcher.cancel()
            return "undelivered", ""
        outcome = await watcher
        self._desk.muted.learn(update.place, outcome)
        return ("undelivered", "") if isinstance(outcome, Refused) else ("settled", "")

    def _charge(self, *, is_admin: bool) -> Charge:
        rules = self._desk.rules
        cost = picture_cost(rules.image_price)
        return Charge(
            user=self._visit.user,
            update_id=self._question.update.update_id,
            purse="image_balance",
            amount=0 if is_admin else 1,
            counted={"requests": 1, "images": 1, "cost": cost},
            reason="picture",
            report=self._question.report(self._desk, "picture", model=rules.image_model, tokens=1, cost=cost),
        )

    async def _stop(self) -> tuple[str, str]:
        if self._blocked:
            await self._desk.storage.commit(lambda tx: tx.done(*self._question.update.update_ids))
            return "withdrawn", ""
        return await self._finish("withdrawn", "turn.stopped")

    async def _fail(self, error: ModelError) -> tuple[str, str]:
        log.warning("model.failed", trouble=error.trouble, detail=error.detail, model=self._desk.rules.image_model)
        await self._desk.model_failed(self._desk.rules.image_model, error)
        await self._finish("failed", f"turn.failed.{error.trouble}")
        return "failed", error.trouble

    async def _finish(self, outcome: str, key: str, **values: object) -> tuple[str, str]:
        def say(tx: Transaction) -> None:
            tx.send(self._visit.reply(self._visit.words(key, **values)))
            tx.done(*self._question.update.update_ids)

        await self._desk.storage.commit(say)
        return outcome, ""
