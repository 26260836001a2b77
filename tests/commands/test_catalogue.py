"""The table of commands against SPEC §4 and §7, and the menus against Telegram's limits (Bot API, BotCommand)."""

import re
from dataclasses import replace
from typing import get_args

import pytest

from gptbot.commands.catalogue import BUTTONS, BY_NAME, COMMANDS, menu
from gptbot.commands.registry import Command, Does, Group, index
from gptbot.domain.rules import Language, Package, Rules
from gptbot.texts import LANGUAGES, Words
from tests.commands.making_account import ADMIN, GROUP, RULES, World

LANGUAGE_CODES: tuple[Language, ...] = get_args(Language)
USER_COMMANDS = {
    "start": "",
    "help": "",
    "invite": "ref",
    "stats": "profile",
    "balance": "",
    "prompt": "p",
    "reset_prompt": "",
    "topup": "",
    "paysupport": "",
    "ask_favor": "askfavor favor",
    "imagine": "img i image",
    "switch_model": "switch sw model",
    "pro": "prem premium gpt4",
    "context": "extended_context ec remember",
    "new": "",
    "delete_context": "dc clear_history ch erase_context",
    "settings": "",
    "voice": "",
    "cancel": "",
    "language": "",
    "privacy": "",
    "export": "",
    "forget": "",
}
ADMIN_COMMANDS = {
    "data": "d",
    "refill": "r",
    "block": "ban",
    "unblock": "unban",
    "stop": "",
    "announce": "a notify alert broadcast",
    "recent_users": "recent last",
    "top_users": "top",
    "status": "",
    "refund": "",
}


def aliases(*, admin: bool) -> dict[str, set[str]]:
    return {command.name: set(command.aliases) for command in COMMANDS if command.admin is admin}


def test_the_users_commands_and_aliases_are_those_of_spec_4() -> None:
    assert aliases(admin=False) == {name: set(others.split()) for name, others in USER_COMMANDS.items()}


def test_the_admins_commands_and_aliases_are_those_of_spec_7() -> None:
    assert aliases(admin=True) == {name: set(others.split()) for name, others in ADMIN_COMMANDS.items()}


def test_every_alias_leads_to_its_command() -> None:
    for name, others in (USER_COMMANDS | ADMIN_COMMANDS).items():
        assert {BY_NAME[each].name for each in (name, *others.split())} == {name}


def test_two_commands_can_not_claim_a_name() -> None:
    with pytest.raises(ValueError):
        index([Command("a", Group.OTHER, Does.ASK), Command("b", Group.OTHER, Does.ASK, ("a",))])


def test_what_is_more_than_one_transaction_is_named_so() -> None:
    assert {command.run for command in COMMANDS if isinstance(command.run, Does)} == set(Does)


def test_before_start_only_these_answer() -> None:
    assert {command.name for command in COMMANDS if not command.registered and not command.admin} == {
        "start",
        "help",
        "privacy",
    }


@pytest.mark.parametrize("language", LANGUAGE_CODES)
@pytest.mark.parametrize("group", [False, True])
@pytest.mark.parametrize("admin", [False, True])
def test_menus_are_within_telegrams_limits(language: Language, group: bool, admin: bool) -> None:
    commands = menu(Words(language), RULES, group=group, admin=admin)
    assert 0 < len(commands) <= 100
    for command in commands:
        assert re.fullmatch(r"[a-z0-9_]{1,32}", command["command"])
        assert 1 <= len(command["description"]) <= 256
    shown = {command["command"] for command in commands}
    assert bool(shown & set(ADMIN_COMMANDS)) is (admin and not group)


@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_no_description_is_of_a_command_that_is_not_there(language: Language) -> None:
    described = {key.removeprefix("command.") for key in LANGUAGES[language] if key.startswith("command.")}
    assert described == {command.name for command in COMMANDS} | {"unknown"}


@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_a_usage_shows_an_example(language: Language) -> None:
    usages = {key: text for key, text in LANGUAGES[language].items() if key.startswith("usage.")}
    assert {key.removeprefix("usage.") for key in usages} <= {command.name for command in COMMANDS}
    for key, text in usages.items():
        assert f"<code>/{key.removeprefix('usage.')} " in text


def test_buttons_have_their_areas() -> None:
    assert {"favor", "lang"} <= BUTTONS.keys()
    assert all(re.fullmatch(r"[a-z]{1,10}", area) for area in BUTTONS)


# --- /help -----------------------------------------------------------------------------------------------------------


SPEAKING = replace(RULES, speech_model="speech-1", transcription_model="ears-1")
SELLING = replace(RULES, packages=(Package("balance", 100_000, 50),))
EVERYTHING = replace(SPEAKING, packages=SELLING.packages)


def help_seen(user: int, *, group: bool = False, language: Language = "en", rules: Rules = EVERYTHING) -> str:
    world = World(rules=rules)
    world.add(10)
    world.book.accounts[user].language = language
    run = BY_NAME["help"].run
    assert not isinstance(run, Does)
    (call,) = world.says(user, run, place=GROUP if group else None)
    return call.text


@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_help_names_every_command_with_the_admins_only_for_the_admin(language: Language) -> None:
    named = re.compile(r"^/(\w+) — \S", re.MULTILINE)
    assert set(named.findall(help_seen(10, language=language))) == set(USER_COMMANDS)
    assert set(named.findall(help_seen(ADMIN, language=language))) == set(USER_COMMANDS | ADMIN_COMMANDS)
    assert set(named.findall(help_seen(ADMIN, group=True, language=language))) == set(USER_COMMANDS) - {"paysupport"}
    assert len(help_seen(ADMIN, language=language)) <= 4096


@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_help_tells_what_can_be_sent(language: Language) -> None:
    words = Words(language)
    assert words.plain("help.reads_and_hears") in help_seen(10, language=language)
    assert words.plain("help.reads") in help_seen(10, language=language, rules=RULES)


def test_spoken_answers_are_offered_only_where_the_owner_has_them() -> None:
    assert "/voice" not in help_seen(10, rules=RULES)
    offered = {
        rules.speech_model: {it["command"] for it in menu(Words("en"), rules, group=False, admin=False)}
        for rules in (RULES, SPEAKING)
    }
    assert offered["speech-1"] - offered[None] == {"voice"}


def test_what_belongs_to_payments_is_offered_only_where_they_are_on() -> None:
    assert "/paysupport" not in help_seen(10, rules=RULES)
    for admin, more in ((False, {"paysupport"}), (True, {"paysupport", "refund"})):
        offered = [
            {it["command"] for it in menu(Words("en"), rules, group=False, admin=admin)} for rules in (SELLING, RULES)
        ]
        assert offered[0] - offered[1] == more
