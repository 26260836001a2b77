"""Payments past full queues, checkouts past all of them, refunds whose outcome is unknown at first (SPEC §4)."""

from pathlib import Path

from gptbot.actors.intake import Intake
from gptbot.actors.user import Arrived
from gptbot.domain.payments import payload_of
from gptbot.domain.rules import Package
from gptbot.domain.updates import AnyUpdate, CheckoutAsked, PaymentReceived, PaymentReturned, Person, Place
from gptbot.limits import USER_MAILBOX
from gptbot.ports import InboxUpdate, RefusalKind, Refused, Sent, Unknown
from tests.actors.making_desk import Office, office_in

ANN, ADMIN = 7, 9
TOKENS = Package("balance", 100_000, 50)


def payment(update_id: int, charge: str = "stx") -> PaymentReceived:
    return PaymentReceived(
        update_id=update_id,
        person=Person(ANN, "Ann"),
        place=Place(ANN),
        charge=charge,
        amount=50,
        payload=payload_of(TOKENS, ANN),
    )


async def arrive(office: Office, *updates: AnyUpdate) -> None:
    await office.made.storage.record([InboxUpdate(it.update_id, it.person.id, b"{}") for it in updates])
    await office.directory.route([Arrived(it) for it in updates])


async def test_money_is_taken_however_much_waits(tmp_path: Path) -> None:
    async with office_in(tmp_path, ANN, packages=(TOKENS,)) as office:
        flood: list[AnyUpdate] = [office.message(ANN, "/balance") for _ in range(USER_MAILBOX + 20)]
        await arrive(office, *flood, payment(office.updates + 1))
        await office.quiet()
        assert office.made.storage.book.accounts[ANN].balance == 101_000
        assert await office.unfinished() == []


async def test_a_payment_that_is_told_twice_at_once_is_booked_once(tmp_path: Path) -> None:
    async with office_in(tmp_path, ANN) as office:
        await arrive(office, payment(1), payment(2))
        await office.quiet()
        assert office.made.storage.book.accounts[ANN].balance == 101_000


async def test_a_checkout_is_answered_past_all_queues_and_not_stored(tmp_path: Path) -> None:
    async with office_in(tmp_path, ANN, packages=(TOKENS,)) as office:
        office.model.gate.clear()
        await office.says(ANN, *(f"question {number}" for number in range(20)))
        asked = CheckoutAsked(
            update_id=500,
            person=Person(ANN, "Ann"),
            place=Place(ANN),
            query_id="q",
            currency="XTR",
            amount=50,
            payload=payload_of(TOKENS, ANN),
        )
        intake = Intake(office.made.storage, office.made.real, office.directory, lambda _: None)
        await intake.take([(500, b"{}", asked)])
        await office.until(lambda: "answerPreCheckoutQuery" in [it.method for it, _ in office.messenger.delivered])
        (answer,) = [it for it, _ in office.messenger.delivered if it.method == "answerPreCheckoutQuery"]
        assert answer.params == {"pre_checkout_query_id": "q", "ok": True}
        assert 500 not in await office.unfinished()
        office.model.gate.set()
        await office.quiet()


async def test_a_refund_whose_outcome_is_unknown_is_asked_for_again(tmp_path: Path) -> None:
    async with office_in(tmp_path, ANN, ADMIN) as office:
        await arrive(office, payment(office.updates + 1))
        await office.quiet()
        office.updates += 1
        office.messenger.plan(0, Unknown("reset"), Refused(RefusalKind.ALREADY_REFUNDED, "CHARGE_ALREADY_REFUNDED"))
        await office.says(ADMIN, f"/refund {ANN} stx")
        await office.until(lambda: "Stars given back" in "".join(office.messenger.texts(ADMIN)))
        assert office.made.storage.book.accounts[ANN].balance == 1_000
        assert office.messenger.asked_whether_reachable == 1


async def test_a_second_refund_beside_the_first_is_told_that_it_is_under_way(tmp_path: Path) -> None:
    async with office_in(tmp_path, ANN, ADMIN) as office:
        await arrive(office, payment(office.updates + 1))
        await office.quiet()
        office.updates += 1
        office.messenger.gate.clear()
        await office.says(ADMIN, f"/refund {ANN} stx", f"/refund {ANN} stx")
        await office.until(lambda: office.desk.refunding == {"stx"})
        office.messenger.gate.set()
        await office.until(lambda: len(office.messenger.texts(ADMIN)) == 3)
        said = "\n".join(office.messenger.texts(ADMIN))
        assert "at this moment" in said or "were given back before" in said
        refunds = [outcome for it, outcome in office.messenger.delivered if it.method == "refundStarPayment"]
        assert len(refunds) == 1
        assert isinstance(refunds[0], Sent)
        assert office.made.storage.book.accounts[ANN].balance == 1_000


async def test_telegrams_own_notice_of_a_refund_that_is_under_way_is_left_to_who_asked_for_it(tmp_path: Path) -> None:
    async with office_in(tmp_path, ANN, ADMIN) as office:
        await arrive(office, payment(office.updates + 1))
        await office.quiet()
        office.updates += 1
        office.messenger.gate.clear()
        await office.says(ADMIN, f"/refund {ANN} stx")
        await office.until(lambda: office.desk.refunding == {"stx"})
        office.updates += 1
        notice = PaymentReturned(
            update_id=office.updates, person=Person(ANN, "Ann"), place=Place(ANN), charge="stx", amount=50, payload=""
        )
        await arrive(office, notice)
        await office.made.clock.finish(office.directory.quiet())
        office.messenger.gate.set()
        await office.until(lambda: not office.desk.refunding)
        await office.quiet()
        said = "\n".join(office.messenger.texts(ADMIN))
        assert said.count("Stars given back") == 1
        assert "were given back before" not in said
        assert office.made.storage.book.accounts[ANN].balance == 1_000
