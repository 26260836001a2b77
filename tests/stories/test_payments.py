"""Topping up with Telegram Stars, refunds and /paysupport (SPEC §4, §7)."""

from gptbot.playground.world import Json
from tests.stories.conftest import ADMIN, House
from tests.stories.kit import Person

PACKAGES = {"PAYMENTS": "stars", "TOPUP_PACKAGES": "tokens:100000:50, premium:20000:100,images:10:60"}
START = 30_000


async def selling(house: House) -> tuple[Person, Person]:
    """The bot with packages; the admin and Alice."""
    await house.start(**PACKAGES)
    return await house.member(ADMIN, "Olga", "owner"), await house.member(101, "Alice", "alice")


async def chooses(person: Person, button: str = "100000 tokens: 50 ⭐") -> None:
    await person.says("/topup")
    await person.sees("Top up with Telegram Stars")
    await person.presses(button)


async def bill_for(person: Person, button: str = "100000 tokens: 50 ⭐") -> Json:
    await chooses(person, button)
    return await person.sees_bill()


def charge_of(house: House) -> str:
    """Telegram's id of the first payment."""
    return next(iter(house.telegram.world.payments))


async def test_stars_buy_what_the_package_says_and_the_admin_is_told(house: House) -> None:
    admin, alice = await selling(house)
    await bill_for(alice)
    await alice.presses("Pay 50 ⭐")
    await alice.sees(f"Added for 50 ⭐: 100000 tokens. Your balance now: {START + 100_000} tokens.")
    told = await admin.sees("Payment of 50 ⭐")
    assert "Alice (@alice, 101)" in told["text"]
    assert f"/refund 101 {charge_of(house)}" in told["text"]
    await alice.pays(await bill_for(alice, "10 images: 60 ⭐"))
    await alice.sees("Added for 60 ⭐: 10 images. Your balance now: 10 images.")
    await house.stop()
    assert (house.data()["101"]["balance"], house.data()["101"]["image_balance"]) == (START + 100_000, 10)


async def test_without_packages_topup_points_to_the_admin_and_old_bills_are_declined(house: House) -> None:
    _, alice = await selling(house)
    bill = await bill_for(alice)
    await house.restart(PAYMENTS="off")
    await alice.says("/topup")
    await alice.sees("please ask the admin")
    await alice.sees_bill_declined(await alice.pays(bill), "Nothing can be bought here at the moment")


async def test_a_changed_package_is_declined_and_its_button_is_stale(house: House) -> None:
    _, alice = await selling(house)
    bill = await bill_for(alice)
    await house.restart(TOPUP_PACKAGES="tokens:100000:70")
    await alice.sees_bill_declined(await alice.pays(bill), "This offer has changed")
    await alice.presses("100000 tokens: 50 ⭐")
    await alice.sees_popup("This button no longer works.")


async def test_a_bill_is_for_one_person_only(house: House) -> None:
    _, alice = await selling(house)
    bob = await house.member(102, "Bob", "bob")
    stranger = house.person(103, "Carol")
    bill = await bill_for(alice)
    for other, why in ((bob, "made for somebody else"), (stranger, "press Start")):
        checkout = house.telegram.pay_bill(other.id, alice.chat.id, bill["message_id"])
        await other.sees_bill_declined(checkout, why)


async def test_a_blocked_person_can_not_pay_but_what_arrives_is_booked(house: House) -> None:
    admin, alice = await selling(house)
    bill = await bill_for(alice)
    await admin.says("/block @alice")
    await admin.sees("Blocked")
    await alice.sees_bill_declined(await alice.pays(bill), "You can't buy anything")
    payload = house.telegram.world.bills[alice.chat.id, bill["message_id"]]
    late = {**payload, "telegram_payment_charge_id": "late", "provider_payment_charge_id": ""}
    house.telegram.send(alice.id, alice.chat.id, {"successful_payment": late})
    told = await admin.sees("Payment of 50 ⭐")
    assert "This user is blocked and was not told." in told["text"]
    await house.stop()
    assert house.data()["101"]["balance"] == START + 100_000


async def test_the_same_payment_told_twice_is_booked_once(house: House) -> None:
    _, alice = await selling(house)
    await alice.pays(await bill_for(alice))
    await alice.sees("Added for 50 ⭐")
    payment = house.telegram.world.payments[charge_of(house)]["payment"]
    house.telegram.send(alice.id, alice.chat.id, {"successful_payment": payment})
    await alice.sees_nothing_until("/balance", "Your balance")
    await house.stop()
    assert house.data()["101"]["balance"] == START + 100_000


async def test_a_payment_whose_package_is_gone_is_booked_by_what_was_paid_for(house: House) -> None:
    _, alice = await selling(house)
    paid = {"currency": "XTR", "total_amount": 7, "invoice_payload": "topup:premium:500:7:101"}
    await house.restart(PAYMENTS="off")
    charge = {"telegram_payment_charge_id": "old", "provider_payment_charge_id": ""}
    house.telegram.send(alice.id, alice.chat.id, {"successful_payment": paid | charge})
    await alice.sees("Added for 7 ⭐: 500 premium tokens. Your balance now: 500 premium tokens.")


async def test_a_payment_that_means_nothing_is_told_to_the_admin_and_can_be_given_back(house: House) -> None:
    admin, alice = await selling(house)
    bill = {"currency": "XTR", "total_amount": 7, "invoice_payload": "from another program"}
    house.telegram.world.bills[alice.chat.id, 1] = bill
    charge = {"telegram_payment_charge_id": "odd", "provider_payment_charge_id": ""}
    house.telegram.world.payments["odd"] = {"user_id": 101, "payment": bill | charge, "refunded": False}
    house.telegram.send(alice.id, alice.chat.id, {"successful_payment": bill | charge})
    await alice.sees("I can't tell what it was for")
    await admin.sees("could not be added")
    await admin.says("/refund 101 odd")
    await admin.sees("I had added nothing for this payment")


async def test_a_refund_takes_off_what_the_stars_had_brought_even_below_zero_and_only_once(house: House) -> None:
    admin, alice = await selling(house)
    await alice.pays(await bill_for(alice))
    await alice.sees("Added for 50 ⭐")
    await admin.says(f"/refill 101 -{START + 60_000}")
    await alice.sees("The admin took")
    await admin.says(f"/refund @Alice {charge_of(house)}")
    await alice.sees("Taken off your balance: 100000 tokens. It is now: -60000 tokens.")
    await admin.sees("Stars given back.\nTo: Alice (@alice, 101)\nTaken off: 100000 tokens\nBalance now: -60000 tokens")
    await admin.says(f"/refund 101 {charge_of(house)}")
    await admin.sees("were given back before")
    await house.stop()
    assert house.data()["101"]["balance"] == -60_000
    assert len([c for c in house.telegram.calls_of("refundStarPayment") if c.ok]) == 1


async def test_refunds_that_can_not_be_are_said(house: House) -> None:
    admin, alice = await selling(house)
    await alice.pays(await bill_for(alice))
    await alice.sees("Added for 50 ⭐")
    await admin.says("/refund 101")
    await admin.sees("/refund @johndoe")
    await admin.says("/refund nobody stx")
    await admin.sees("/refund @johndoe")
    await admin.says(f"/refund {ADMIN} {charge_of(house)}")
    await admin.sees("Somebody else made this payment")
    await admin.says("/refund 101 stx99")
    await admin.sees("Telegram did not give the Stars back: Bad Request: CHARGE_NOT_FOUND")
    await alice.says(f"/refund 101 {charge_of(house)}")
    await alice.sees("/help")


async def test_a_refund_whose_answer_was_lost_is_asked_again_and_booked_once(house: House) -> None:
    admin, alice = await selling(house)
    await alice.pays(await bill_for(alice))
    await alice.sees("Added for 50 ⭐")
    house.telegram.faults.next("refundStarPayment", "reset_after")
    await admin.says(f"/refund 101 {charge_of(house)}")
    await admin.sees("Stars given back")
    await alice.sees(f"It is now: {START} tokens.")
    assert len(house.telegram.calls_of("refundStarPayment")) == 2


async def test_a_refund_of_telegrams_own_is_booked_too(house: House) -> None:
    admin, alice = await selling(house)
    await alice.pays(await bill_for(alice))
    await alice.sees("Added for 50 ⭐")
    house.telegram.give_stars_back(charge_of(house))
    await alice.sees(f"It is now: {START} tokens.")
    await admin.sees("Stars given back")


async def test_a_bill_that_telegram_does_not_take_is_said(house: House) -> None:
    _, alice = await selling(house)
    house.telegram.faults.next("sendInvoice", "refuse", description="Bad Request: PAYMENT_UNSUPPORTED")
    await chooses(alice)
    await alice.sees("Telegram took no bill from me")


async def test_a_question_about_a_payment_reaches_the_admin(house: House) -> None:
    admin, alice = await selling(house)
    await alice.says("/paysupport")
    await alice.sees("Write it behind")
    await alice.says("/paysupport I paid twice!")
    await alice.sees("passed it on")
    told = await admin.sees("Question about a payment")
    assert "I paid twice!" in told["text"]


async def test_in_a_group_nothing_is_sold(house: House) -> None:
    _, alice = await selling(house)
    house.telegram.add_group(-100, "Friends", [alice.id])
    there = alice.in_chat(-100)
    await there.says("/topup")
    await there.sees("please send the command in our private chat")
