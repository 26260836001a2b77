"""One turn: drives the reply chain chart (`fsm/reply_chain`) and carries its effects out (DESIGN §6).

Runs as a child of the user's actor, which may call `interrupt` at any moment.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Literal, TypeVar

import structlog

from fsm import reply_chain as chart
from gptbot.actors.answer import Answer
from gptbot.actors.asking_again import keep_unanswered, replaced_by
from gptbot.actors.conversation import Conversation
from gptbot.actors.desk import Desk
from gptbot.actors.preparing import Preparation
from gptbot.actors.question import Question, showing_action
from gptbot.actors.reading import Declined, seconds_of
from gptbot.actors.showing import AnswerView
from gptbot.actors.speaking import speak, wanted
from gptbot.commands.answer_buttons import under_apology
from gptbot.commands.visit import Visit
from gptbot.domain.outgoing import without_buttons
from gptbot.domain.records import NANO
from gptbot.domain.rules import ModelSpec
from gptbot.domain.transaction import Transaction
from gptbot.domain.visible import blank
from gptbot.ports import ChatMessage, ChatRequest, Completed, ModelError, ModelTrouble, RefusalKind, Refused, TextDelta

log = structlog.get_logger()

T = TypeVar("T")

WORTH_RETRYING = (ModelTrouble.BUSY, ModelTrouble.SERVER, ModelTrouble.TIMEOUT, ModelTrouble.EMPTY)
"""Troubles that may be over when the asker tries again."""


class Turn:
    """One question until it is settled, refused or failed. `run` once."""

    def __init__(self, desk: Desk, question: Question) -> None:
        self._desk = desk
        self._question = question
        self._visit = Visit.of(question.update, desk.rules, desk.me, desk.storage.book)
        self._flow = chart.ReplyChain()
        self._conversation = Conversation(desk, question)
        self._preparation = Preparation(desk, question, self._visit, self._conversation)
        self._interruption: chart.StopRequested | chart.UserBlocked | None = None
        self._limit: asyncio.Timeout | None = None
        self._pictures: Sequence[bytes] = ()
        self._refusal: Mapping[str, object] = {}
        self._context: list[ChatMessage] = []
        self._answer = Answer(desk, question)
        self._view = AnswerView(desk, question, self._visit.words, self._answer.pieces)
        self._words_sent = 0
        self._retry_offered = False
        self._last_words: list[Callable[[Transaction], object]] = []
        # for the log
        self._started = desk.clock.monotonic()
        self._first_text_s: float | None = None
        self._trouble: str | None = None

    def interrupt(self, *, blocked: bool = False) -> bool:
        """Stops the answer that is being written: by the asker, or because they were blocked. False: it's too late."""
        if self._flow.state not in chart.STOPPABLE:
            return False
        if blocked or self._interruption is None:
            self._interruption = chart.UserBlocked() if blocked else chart.StopRequested()
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time())
        return True

    @property
    def _model(self) -> ModelSpec:
        return self._desk.rules.model(self._question.asked.tier)

    async def run(self) -> None:
        """Returns once the turn is finished and its update done."""
        event: chart.Event | None = await self._conversation.find_parent()
        while event is not None:
            effects = self._flow.handle(event)
            event = None
            for effect in effects:
                event = await self._carry_out(effect) or event
        self._log()
        if self._flow.state == "settled" and wanted(self._desk, self._question):
            # Beside the turn: the next question does not wait for it.
            spoken = speak(self._desk, self._question, "".join(self._answer.pieces), self._answer.turn)
            self._desk.supervisor.spawn(f"speech {self._question.update.update_id}", spoken)

    async def _carry_out(self, effect: chart.Effect) -> chart.Event | None:
        """Returns what happened next, if that is known already."""
        match effect:
            case chart.BuildContext():
                return await self._build_context(effect)
            case chart.AskModel():
                return await self._ask()
            case chart.CommitAnswer():
                return await self._commit_answer()
            case chart.SayRefused(reason):
                self._say_refused(reason)
            case chart.SayStopped():
                self._last_words.append(lambda tx: self._visit.say(tx, "turn.stopped"))
            case chart.Apologise(trouble):
                self._last_words.append(lambda tx: self._apologise(tx, trouble))
            case chart.ShowGrowing():
                self._take_button()
                self._view.begin()
            case chart.Settle(charge=False):
                await self._desk.storage.commit(self._settle_free)
                if self._retry_offered:
                    self._take_button()
                self._view.remove()
            case chart.Settle() | chart.StopModel():
                # Settled by the commit that noted the last part (`domain/settling`); the call was broken off by
                # `interrupt`.
                pass
        return None

    # --- before the model --------------------------------------------------------------------------------------------

    async def _build_context(self, context: chart.BuildContext) -> chart.Event:
        account = self._desk.storage.book.get(self._visit.user)
        if account is None:
            return chart.Refused("start.needed")
        if account.blocked:  # while the question waited
            return chart.UserBlocked()
        try:
            async with showing_action(self._desk, self._visit.place, "typing", self._desk.rules.typing_after_s):
                self._pictures = await self._within_limit(lambda: self._preparation.prepare(account, context))
        except Declined as declined:
            self._refusal = declined.values
            return chart.Refused(declined.key)
        except TimeoutError:
            return self._interruption or await self._failed(ModelError(ModelTrouble.TIMEOUT, "reading the files"))
        except ModelError as error:
            return await self._failed(error)
        dropped = await self._conversation.gather(self._pictures, self._model)
        self._context = self._conversation.messages(self._pictures)
        if dropped:
            self._flow.handle(chart.ContextTrimmed(self._flow.turns - dropped, dropped))
        return chart.ContextReady()

    def _say_refused(self, reason: str) -> None:
        self._last_words.append(lambda tx: tx.send(self._visit.reply(self._visit.words(reason, **self._refusal))))

    # --- the model ---------------------------------------------------------------------------------------------------

    async def _ask(self) -> chart.Event:
        try:
            async with self._view:
                await self._within_limit(self._read_answer_trimming)
        except TimeoutError:
            if self._interruption is None:
                problem = "the whole answer took longer than TURN_TIMEOUT_S"
                return await self._failed(ModelError(ModelTrouble.TIMEOUT, problem))
        except ModelError as error:
            return await self._failed(error)
        if self._interruption is not None:
            return self._interruption
        self._desk.model_answered(self._model.id)
        return chart.AnswerCompleted()

    async def _within_limit(self, work: Callable[[], Awaitable[T]]) -> T:
        """Raises TimeoutError TURN_TIMEOUT_S after the turn began, and as soon as it is interrupted."""
        if self._interruption is not None:
            raise TimeoutError
        left_s = self._started + self._desk.rules.turn_timeout_s - self._desk.clock.monotonic()
        try:
            async with asyncio.timeout(left_s) as self._limit:
                return await work()
        finally:
            self._limit = None

    async def _read_answer_trimming(self) -> None:
        """Our count of tokens is an estimate: where the model finds the context too long, it is asked once more."""
        try:
            await self._read_answer()
        except ModelError as error:
            if error.trouble is not ModelTrouble.CONTEXT or self._answer.pieces:
                raise
            dropped = self._conversation.halve()
            if dropped is None:
                raise
            log.warning("turn.trimmed_again", update_id=self._question.update.update_id, detail=error.detail)
            self._context = self._conversation.messages(self._pictures)
            self._flow.handle(chart.ContextTrimmed(self._flow.turns - dropped, self._flow.turns_dropped + dropped))
            await self._read_answer()

    async def _read_answer(self) -> None:
        spec = self._model
        request = ChatRequest(spec.id, self._context, spec.max_output, spec.reasoning_effort)
        async with aclosing(self._desk.chat_model.stream(request)) as events:
            async for event in events:
                match event:
                    case TextDelta(text):
                        self._answer.pieces.append(text)
                        if self._first_text_s is None and not blank(text):
                            self._first_text_s = self._desk.clock.monotonic() - self._started
                            for effect in self._flow.handle(chart.FirstTextArrived()):
                                await self._carry_out(effect)
                    case Completed():
                        self._view.written()
                        self._answer.usage = event.usage
                        self._judge_end(event)

    def _judge_end(self, end: Completed) -> None:
        """An answer without a word is none; one that was cut is marked as such."""
        if self._first_text_s is not None:
            ends: dict[str, Literal["length", "broken"]] = {"length": "length", "content_filter": "broken"}
            self._answer.end = ends.get(end.finish_reason, "whole")
            return
        if end.refusal or end.finish_reason == "content_filter":
            raise ModelError(ModelTrouble.CONTENT, end.refusal or end.finish_reason)
        raise ModelError(ModelTrouble.EMPTY, f"finish_reason {end.finish_reason}")

    async def _failed(self, error: ModelError) -> chart.ModelFailed:
        listening = not self._context  # nothing else is asked of a model before the context is built
        model = (self._desk.rules.transcription_model or "") if listening else self._model.id
        log.warning("model.failed", trouble=error.trouble, detail=error.detail, model=model)
        self._trouble = error.trouble
        self._answer.end = "broken"
        await self._desk.model_failed(model, error)
        return chart.ModelFailed(error.trouble)

    # --- the answer --------------------------------------------------------------------------------------------------

    async def _commit_answer(self) -> chart.Event:
        edits = self._view.take_message()
        outcome = await self._answer.commit(
            self._context,
            self._visit.words,
            heard_s=0 if self._question.again else seconds_of(self._conversation.files),
            parent=self._conversation.parent,
            replaced=await replaced_by(self._desk, self._question, self._conversation.former),
            edits=edits,
        )
        if isinstance(outcome, Refused) and outcome.kind is RefusalKind.WITHHELD:  # blocked or forgotten meanwhile
            self._view.give_back(edits)
        self._desk.muted.learn(self._visit.place, outcome)
        return chart.DeliveryRefused() if isinstance(outcome, Refused) else chart.AnswerDelivered()

    # --- the end -----------------------------------------------------------------------------------------------------

    def _apologise(self, tx: Transaction, trouble: str) -> None:
        keyboard = None
        known = tx.book.get(self._visit.user) is not None  # not forgotten meanwhile: nothing of them is kept then
        if trouble in WORTH_RETRYING and self._context and known:
            parent = self._conversation.parent
            turn = keep_unanswered(tx, self._question, parent=parent, model=self._model.id)
            keyboard = under_apology(self._visit.words, turn)
            self._retry_offered = True
        self._visit.say(tx, f"turn.failed.{trouble}", keyboard)

    def _take_button(self) -> None:
        """The one that was pressed goes once there is something in its place: what was refused may be asked again."""
        update, pressed = self._question.update, self._question.pressed
        if pressed:
            bare = without_buttons(update.place.chat_id, pressed)
            self._desk.supervisor.spawn(f"buttons {update.update_id}", self._desk.messenger.hint(bare))

    def _settle_free(self, tx: Transaction) -> None:
        for word in self._last_words:
            word(tx)
        self._words_sent = len(tx.outbox)
        tx.done(*self._question.update.update_ids)

    def _log(self) -> None:
        """One wide event for the whole turn (SPEC §10)."""
        answer, update, outcome = self._answer, self._question.update, self._flow.state
        usage = answer.usage
        settled = outcome == "settled"
        now, total_s = self._desk.clock.now(), self._desk.clock.monotonic() - self._started
        figures = self._desk.figures
        figures.turn(now, self._model.id, outcome, total_s=total_s, first_text_s=self._first_text_s)
        if settled:
            figures.spent(now, self._model.id, answer.cost, usage)
        log.info(
            "turn.finished",
            outcome=outcome,
            trouble=self._trouble,
            update_id=update.update_id,
            user=update.person.id,
            chat=update.place.kind,
            model=self._model.id,
            origin=self._flow.origin,
            turns=self._flow.turns,
            turns_dropped=self._flow.turns_dropped,
            turns_remembered=self._conversation.turns_remembered,
            files=len(self._conversation.files),
            tokens_in=usage.prompt if usage else 0,
            tokens_out=usage.completion if usage else 0,
            tokens_cached=usage.cached if usage else 0,
            charged=usage.total if usage and settled else 0,
            cost_usd=answer.cost / NANO,
            first_text_s=None if self._first_text_s is None else round(self._first_text_s, 3),
            total_s=round(total_s, 3),
            messages=answer.messages,
            telegram_calls=self._view.calls + answer.messages + self._words_sent,
            question=self._question.text,
        )
