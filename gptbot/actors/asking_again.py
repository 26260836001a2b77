"""What a press of Regenerate, Continue or Retry asks, and what becomes of the turn it stands for (SPEC §5).

The press stays in the inbox until its question is settled, and the question is read from the stored turn: so it
survives a crash like any other.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from gptbot.actors.desk import Desk
from gptbot.actors.question import Again, Question
from gptbot.commands import answer_buttons
from gptbot.commands.visit import Visit
from gptbot.domain.asking import Asked
from gptbot.domain.attached import NOTHING, Attached
from gptbot.domain.rows import TurnGone, TurnReplaced, TurnRow
from gptbot.domain.transaction import Transaction
from gptbot.domain.updates import ButtonPressed, MessageEdited, MessageSent


async def asked_by_button(
    desk: Desk, visit: Visit, press: ButtonPressed, args: Sequence[str], asked: Asked | None
) -> Question | str:
    """The question that the button stands for, or the key of why there is none.

    A turn that was asked of the premium model is asked of it again. `asked`: its settings, if they were pinned.
    """
    meaning = answer_buttons.meaning(args)
    row = await desk.database.turn(meaning.turn) if meaning is not None else None
    if meaning is None or row is None or row.replaced or row.chat_id != press.place.chat_id:
        return "button.stale"
    account = desk.storage.book.get(press.person.id)
    if row.user != press.person.id or account is None:
        return "button.not_yours"
    going_on = meaning.action == "on"
    if going_on and not row.answer:
        return "button.stale"
    text = visit.words.plain("turn.continue") if going_on else row.question
    message = MessageSent(
        update_id=press.update_id,
        person=press.person,
        # of a message that is too old Telegram does not tell the topic (Bot API InaccessibleMessage)
        place=replace(press.place, thread_id=row.thread_id),
        # in a group that has moved it is lost
        message_id=row.message_id if row.message_id > 0 else press.message_id,
        text=text,
    )
    premium = row.model == desk.rules.premium.id != desk.rules.basic.id
    return Question(
        message,
        text,
        asked or Asked.now(account, premium=premium),
        pinned=asked is not None,
        again=Again(row.id, not row.answer, row.id if going_on else row.parent),
        pressed=press.message_id,
        attached=NOTHING if going_on else Attached.from_bytes(row.attached),
    )


async def replaced_by(desk: Desk, question: Question, former: int | None) -> Sequence[TurnGone | TurnReplaced]:
    """What becomes of the turns whose place the answer takes: the one asked again and the `former` one.

    Those that a later turn continues stay as they are, for its sake: the answer is then a fork beside them.
    """
    again = question.again
    if again is None:
        return ()
    turns = {None if again.unanswered else again.turn, former} - {None, again.parent}
    replaced = [TurnReplaced(turn) for turn in turns if turn and not await desk.database.followed(turn)]
    return [*replaced, TurnGone(again.turn)] if again.unanswered else replaced


def keep_unanswered(tx: Transaction, question: Question, *, parent: int | None, model: str) -> int:
    """Stores a question that got no answer, for its Retry button; the turn's id."""
    if question.again is not None and question.again.unanswered:
        return question.again.turn  # it is stored already
    attached = question.attached.to_bytes()
    return _keep(tx, question.update, question.text, parent=parent, model=model, attached=attached)


async def offer_anew(desk: Desk, visit: Visit, edit: MessageEdited, text: str) -> Callable[[Transaction], None] | None:
    """Offers to answer a question that was changed to `text`.

    None unless it is one of the editor's own that no later turn continues.
    """
    known = await desk.database.message(edit.place.chat_id, edit.message_id)
    row = await desk.database.turn(known.turn) if known is not None and known.role == "user" else None
    if row is None or row.user != edit.person.id or not text.strip():
        return None
    if row.question == text or await desk.database.followed(row.id):  # Telegram also reports edits that change no word
        return None
    parent, model = row.parent, row.model
    attached = Attached.from_bytes(row.attached).with_caption(row.question).to_bytes()

    def offer(tx: Transaction) -> None:
        turn = _keep(tx, edit, text, parent=parent, model=model, attached=attached)
        visit.say(tx, "turn.edited", answer_buttons.under_edit(visit.words, turn))

    return offer


def _keep(
    tx: Transaction,
    update: MessageSent | MessageEdited,
    text: str,
    *,
    parent: int | None,
    model: str,
    attached: bytes | None,
) -> int:
    turn, place = tx.new_turn(), update.place
    tx.write(
        TurnRow(
            id=turn,
            user=update.person.id,
            chat_id=place.chat_id,
            thread_id=place.thread_id,
            parent=parent,
            question=text,
            answer="",
            model=model,
            tokens=0,
            at=tx.now,
            message_id=update.message_id,
            attached=attached,
        )
    )
    return turn
