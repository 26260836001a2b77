"""Coming in, and what a person asks about themselves: /start with links of every shape, help, menus, language."""

import re

import pytest

from gptbot.playground.methods_other import menu
from tests.stories.conftest import ADMIN, House
from tests.stories.kit import Person

# --- /start ----------------------------------------------------------------------------------------------------------


async def test_the_first_launch_makes_data_json_with_the_admins(bot: House) -> None:
    entry = bot.data()[str(ADMIN)]
    assert (entry["balance"], entry["premium_balance"], entry["image_balance"]) == (777777, 77777, 777)
    assert list(bot.data()) == ["global", str(ADMIN)]


async def test_start_registers_with_the_starting_balance(bot: House) -> None:
    alice = bot.person(101, "Alice", "alice")
    await alice.says("/start")
    shown = await alice.sees("Hi, Alice!")
    assert "You have 30000 tokens" in shown["text"]
    await bot.stop()
    entry = bot.data()["101"]
    assert entry["balance"] == 30_000
    assert (entry["name"], entry["username"]) == ("Alice", "@alice")
    assert entry["joined"] == entry["last_request"]


async def test_registration_outlives_a_crash_as_soon_as_it_was_said(bot: House, alice: Person) -> None:
    await bot.restart()
    await alice.says("/balance")
    await alice.sees("30000 tokens")


async def test_before_start_everything_points_to_it_and_nothing_registers(bot: House) -> None:
    stranger = bot.person(500, "Stranger")
    for said in ("How are you?", "/balance", "/stats", "/invite", "/prompt", "/pro why", "/imagine cat", "/cancel"):
        await stranger.says(said)
        await stranger.sees("Please press /start first")
    assert not bot.model.requests
    await bot.stop()
    assert "500" not in bot.data()


async def test_help_and_privacy_are_for_strangers_too(bot: House) -> None:
    stranger = bot.person(500, "Stranger")
    await stranger.says("/help")
    await stranger.sees("Write me anything")
    await stranger.says("/privacy")
    await stranger.sees("What is kept")


async def test_a_stranger_who_sends_no_text_is_pointed_to_start(bot: House) -> None:
    stranger = bot.person(500, "Stranger")
    bot.telegram.send_sticker(500, 500)
    await stranger.sees("/start first")


async def test_a_known_user_is_greeted_and_gets_nothing_again(bot: House, alice: Person) -> None:
    await alice.says("/start")
    await alice.sees("Good to see you again, Alice!")
    await alice.says("/balance")
    await alice.sees("30000 tokens")


# --- friends ---------------------------------------------------------------------------------------------------------


async def test_through_a_friends_link_both_get_the_bonus_and_both_are_told(bot: House, alice: Person) -> None:
    bob = bot.person(102, "Bob", "bob")
    await bob.says("/start 101")
    welcome = await bob.sees("Hi, Bob!")
    assert "You have 50000 tokens" in welcome["text"]
    assert "Your friend Alice invited you" in welcome["text"]
    await alice.sees("Bob came through your link: each of you gets a bonus of 20000 tokens.")
    await alice.says("/balance")
    await alice.sees("50000 tokens")
    await bob.says("/stats")
    await bob.sees("Invited by: Alice")
    await alice.says("/stats")
    await alice.sees("Friends invited: 1")


LINKS = (
    "999", "0", "-101", "+101", "0101", "101.0", "1e2", "１０１", "ref101", "ref_101", "101 102", "101-101", "@alice",
    "alice", "None", "null", "a" * 64, "_" * 64, "9" * 64, "9" * 4000, "٣", "<b>101</b>", "\u202e101", "101\u200b",
    str(2**63), str(-(2**63)), "💥", "%31%30%31", "101;DROP TABLE ledger", "*oneself*",
)  # fmt: skip


async def test_a_link_of_any_other_shape_just_registers(bot: House, alice: Person) -> None:
    for user, payload in enumerate(LINKS, start=200):
        newcomer = bot.person(user, "Bob")
        await newcomer.says(f"/start {user if payload == '*oneself*' else payload}")
        shown = await newcomer.sees("Hi, Bob!")
        assert "You have 30000 tokens" in shown["text"], payload
        assert "invited" not in shown["text"], payload
    await alice.says("/balance")
    await alice.sees("30000 tokens")
    await bot.stop()
    assert not [user for user, entry in bot.data().items() if "referrer" in entry]


async def test_a_link_counts_only_at_registration_and_once(bot: House, alice: Person, bob: Person) -> None:
    await bob.says("/start 101")
    await bob.sees("Good to see you again")
    carol = bot.person(103, "Carol")
    await carol.says("/start 101")
    await carol.sees("50000 tokens")
    for _ in range(3):
        await carol.says("/start 101")
        await carol.sees("Good to see you again")
    await carol.says("/balance")
    await carol.sees("50000 tokens")
    await alice.says("/balance")
    await alice.sees("50000 tokens")
    await bob.says("/balance")
    await bob.sees("30000 tokens")


async def test_two_starts_at_once_register_once(bot: House, alice: Person) -> None:
    bob = bot.person(102, "Bob")
    await bob.says("/start 101")
    await bob.says("/start 101")
    await bob.sees("Hi, Bob!")
    await bob.sees("Good to see you again, Bob!")
    await alice.says("/balance")
    await alice.sees("50000 tokens")


async def test_a_blocked_friend_brings_nobody(bot: House, admin: Person, alice: Person) -> None:
    await admin.says("/block @ALICE")
    await admin.sees("Blocked: Alice (@alice, 101)")
    bob = bot.person(102, "Bob")
    await bob.says("/start 101")
    shown = await bob.sees("Hi, Bob!")
    assert "You have 30000 tokens" in shown["text"]
    await bot.stop()
    assert bot.data()["101"]["balance"] == 30_000


async def test_credit_waits_for_registration(bot: House, alice: Person) -> None:
    """The first bot paid the referrer before the newcomer existed: here a link that was only opened pays nobody."""
    bob = bot.person(102, "Bob")
    await bob.says("/help")
    await bob.sees("Write me anything")
    await alice.says("/stats")
    await alice.sees("Friends invited: 0")


async def test_no_bonus_where_the_owner_gives_none(house: House) -> None:
    await house.start(REFERRAL_BONUS="0")
    alice = await house.member(101, "Alice")
    bob = house.person(102, "Bob")
    await bob.says("/start 101")
    shown = await bob.sees("You have 30000 tokens")
    assert "bonus" not in shown["text"]
    await alice.says("/invite")
    shown = await alice.sees("came through it: 1")
    assert "bonus" not in shown["text"]


async def test_invite_gives_a_link_that_works_and_a_share_button(bot: House, alice: Person) -> None:
    await alice.says("/invite")
    shown = await alice.sees("https://t.me/playground_bot?start=101")
    assert "Friends who came through it: 0" in shown["text"]
    button = shown["reply_markup"]["inline_keyboard"][0][0]
    assert button["text"] == "Share the link"
    assert button["url"].startswith("https://t.me/share/url?url=https%3A%2F%2Ft.me%2Fplayground_bot%3Fstart%3D101&")
    bob = bot.person(102, "Bob")
    await bob.says("/start 101")
    await bob.sees("Your friend Alice")
    await alice.says("/ref")
    await alice.sees("Friends who came through it: 1")


# --- what people ask about themselves --------------------------------------------------------------------------------


async def test_stats_count_what_was_used(bot: House, alice: Person) -> None:
    await alice.says("/stats")
    shown = await alice.sees("Your statistics")
    assert "Requests: 0\nTokens: 0\n" in shown["text"]
    await alice.says("How far is the moon?")
    await alice.sees("You asked")
    await alice.says("/profile")
    shown = await alice.sees("Requests: 1")
    assert "Tokens: 0" not in shown["text"]
    assert "$" in shown["text"]


async def test_balance_shows_three_purses_and_what_they_buy(bot: House, alice: Person) -> None:
    await alice.says("/balance")
    shown = await alice.sees("Your balance")
    assert "30000 tokens: answers of gpt-6-luna, enough for about 30 answers" in shown["text"]
    assert "0 premium tokens: answers of gpt-6.2-sol" in shown["text"]
    assert "0 images" in shown["text"]


async def test_an_admin_pays_nothing_and_is_told_so(bot: House, admin: Person) -> None:
    await admin.says("question")
    await admin.sees("You asked")
    await admin.says("/balance")
    shown = await admin.sees("777777 tokens")
    assert "nothing is ever taken" in shown["text"]


async def test_topup_points_to_the_admin(bot: House, alice: Person) -> None:
    await alice.says("/topup")
    await alice.sees("please ask the admin")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"REPORTS": "each"}, "the beginning of the question's text"),
        ({"REPORTS": "digest", "REPORT_TEXTS": "false"}, "The report has no text of your question"),
        ({"REPORTS": "off"}, "not reported"),
    ],
)
async def test_privacy_says_what_the_settings_do(house: House, settings: dict[str, str], said: str) -> None:
    await house.start(**settings)
    alice = await house.member(101, "Alice")
    await alice.says("/privacy")
    shown = await alice.sees(said)
    assert "kept for 180 days" in shown["text"]


# --- help, commands --------------------------------------------------------------------------------------------------


async def test_help_shows_the_admins_commands_to_the_admin_only(bot: House, alice: Person, admin: Person) -> None:
    await alice.says("/help")
    shown = await alice.sees("/balance — what you have left")
    assert "/refill" not in shown["text"]
    await admin.says("/help")
    await admin.sees("/refill — change a user's balance")


async def test_commands_work_in_any_case_and_with_the_bots_name(bot: House, alice: Person) -> None:
    for said in (
        "/balance",
        "/BALANCE",
        "/Balance@playground_bot",
        "/balance@PLAYGROUND_BOT please",
        "/balance\n\nnow",
    ):
        await alice.says(said)
        await alice.sees("Your balance")


async def test_a_command_for_another_bot_is_not_ours(bot: House, alice: Person) -> None:
    await alice.says("/balance@other_bot")
    await alice.says("/stop@other_bot")
    await alice.sees_nothing_until("/stats", "Your statistics")


async def test_unknown_commands_get_a_polite_word_and_admins_ones_are_unknown(bot: House, alice: Person) -> None:
    for said in (
        "/nonsense",
        "/1",
        "/_",
        "/nonsense@playground_bot x",
        "/stop",
        "/refill 101 5",
        "/d",
        "/announce all",
    ):
        await alice.says(said)
        await alice.sees("I don't know this command. Everything I can do: /help")
    assert not bot.model.requests


async def test_what_only_looks_like_a_command_is_a_question(bot: House, alice: Person) -> None:
    for text in ("/", "/etc/passwd what is it?", "/balance, please", "//help", "What does /help do?"):
        await alice.says(text)
        await alice.sees("You asked:")
        assert bot.model.requests[-1].body["messages"][-1]["content"] == text


async def test_aliases_do_the_same(bot: House, alice: Person) -> None:
    for said, answer in (
        ("/profile", "Your statistics"),
        ("/ref", "Your link"),
        ("/askfavor", "You still have"),
        ("/favor", "You still have"),
        ("/switch", "premium"),
        ("/sw", "basic"),
        ("/model", "premium"),
        ("/p Be brief", "Saved"),
        ("/i", "/imagine"),
        ("/img", "/imagine"),
        ("/image", "/imagine"),
        ("/prem", "/pro"),
        ("/premium", "/pro"),
        ("/gpt4", "/pro"),
    ):
        await alice.says(said)
        await alice.sees(answer)


# --- language --------------------------------------------------------------------------------------------------------


async def test_the_language_is_telegrams_unless_chosen(bot: House) -> None:
    codes = {"en": "Hi", "ru": "Здравствуйте", "ru-RU": "Здравствуйте", "pt-br": "Hi", "": "Hi"}
    for user, (code, greeting) in enumerate(codes.items(), start=101):
        alice = bot.person(user, "Alice", language=code or None)
        await alice.says("/start")
        await alice.sees(f"{greeting}, Alice!")


async def test_telegrams_language_may_change(bot: House, alice: Person) -> None:
    bot.telegram.world.users[101]["language_code"] = "ru"
    await alice.says("/balance")
    await alice.sees("Ваш баланс")


async def test_the_owner_can_set_one_language_for_all(house: House) -> None:
    house.person(ADMIN, "Olga")
    await house.start(LANGUAGE="ru")
    alice = house.person(101, "Alice", language="en")
    await alice.says("/start")
    await alice.sees("Здравствуйте")
    await house.telegram.until(lambda: menu(house.telegram.world, ADMIN))
    descriptions = [command["description"] for command in menu(house.telegram.world, 101)]
    assert "сколько у вас осталось" in descriptions


async def test_a_language_is_chosen_by_button_and_stays(bot: House, alice: Person) -> None:
    await alice.says("/language")
    asked = await alice.sees("Which language")
    await alice.presses("Русский")
    shown = await alice.sees("Язык бота теперь: Русский")
    assert shown["message_id"] == asked["message_id"]
    assert not shown.get("reply_markup")
    await bot.restart()
    await alice.says("/balance")
    await alice.sees("Ваш баланс")


async def test_a_language_is_chosen_by_word(bot: House, alice: Person) -> None:
    for word in ("ru", "RU", "русский", "Russian"):
        await alice.says(f"/language {word}")
        await alice.sees("Язык бота теперь: Русский")
    await alice.says("/language klingon")
    await alice.sees("Пример: /language ru")
    await alice.says("/language en")
    await alice.sees("English")


async def test_russian_nouns_follow_their_number(bot: House, admin: Person) -> None:
    """Each refill takes the purse from the number before to the next one."""
    await bot.member(101, "Иван", language="ru")
    ivan = bot.person(101, "Иван")
    numbers = {1: "1 токен", 2: "2 токена", 5: "5 токенов", 11: "11 токенов", 21: "21 токен", 112: "112 токенов"}
    held = 30_000
    for number, words in numbers.items():
        await admin.says(f"/refill 101 {number - held}")
        await ivan.sees(re.compile(rf"\b{words}\.$"))
        held = number
    await ivan.says("/balance")
    await ivan.sees("хватит примерно на 1 ответ\n")


# --- menus -----------------------------------------------------------------------------------------------------------


async def test_menus_are_set_per_scope_and_language_and_the_admins_only_for_the_admin(house: House) -> None:
    world = house.telegram.world
    house.person(ADMIN, "Olga")
    house.person(101, "Alice", language="en")
    house.person(102, "Иван", language="ru")
    await house.start()
    wanted = [("all_private_chats", 0, 0), ("all_group_chats", 0, 0), ("chat", ADMIN, 0)]
    await house.telegram.until(lambda: all((*scope, code) in world.commands for scope in wanted for code in ("", "ru")))
    assert len(world.commands) == 6
    english = {command["command"]: command["description"] for command in menu(world, 101)}
    russian = {command["command"]: command["description"] for command in menu(world, 102)}
    assert english["balance"] == "what you have left"
    assert russian["balance"] == "сколько у вас осталось"
    assert english.keys() == russian.keys()
    admins = {"data", "refill", "block", "unblock", "recent_users", "top_users", "status", "stop", "announce"}
    assert not admins & english.keys()
    assert not admins & {command["command"] for command in world.commands["all_group_chats", 0, 0, ""]}
    assert {command["command"] for command in menu(world, ADMIN)} == admins | english.keys()
