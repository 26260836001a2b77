"""Reading a command out of a text (Bot API: "/name@bot arguments")."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptbot.domain.commands import ParsedCommand, parse_command

NAME = "abcdefghijklmnopqrstuvwxyz0123456789_"
names = st.text(NAME + NAME.upper(), min_size=1, max_size=32)
arguments = st.text(max_size=50).map(str.strip)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/start", ParsedCommand("start", "")),
        ("/start 555", ParsedCommand("start", "555")),
        ("/START\n 555 \n", ParsedCommand("start", "555")),
        ("/p  be\nshort ", ParsedCommand("p", "be\nshort")),
        ("/help@TheBot", ParsedCommand("help", "", names_us=True)),
        ("/help@thebot me", ParsedCommand("help", "me", names_us=True)),
        ("/help@other_bot me", ParsedCommand("help", "me", for_other=True)),
        ("/gpt4 /help", ParsedCommand("gpt4", "/help")),
    ],
)
def test_commands(text: str, expected: ParsedCommand) -> None:
    assert parse_command(text, "TheBot") == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        " /start",
        "start",
        "//start",
        "/ start",
        "/etc/passwd",
        "/привет",
        "/help@",
        "/a-b",
        "/help@@TheBot",
        "/é",
    ],
)
def test_what_only_looks_like_a_command_is_a_text(text: str) -> None:
    assert parse_command(text, "TheBot") is None


@given(name=names, args=arguments, separator=st.sampled_from([" ", "\n", "  ", "\t"]))
def test_name_and_arguments_come_out_as_they_went_in(name: str, args: str, separator: str) -> None:
    assert parse_command(f"/{name}{separator}{args}", "TheBot") == ParsedCommand(name.lower(), args)


@given(name=names, bot=names, args=arguments)
def test_only_a_command_for_this_bot_is_taken_as_its_own(name: str, bot: str, args: str) -> None:
    command = parse_command(f"/{name}@{bot} {args}", "TheBot")
    assert command == ParsedCommand(name.lower(), args, bot.lower() != "thebot", bot.lower() == "thebot")


@given(text=st.text())
def test_no_text_breaks_it(text: str) -> None:
    command = parse_command(text, "TheBot")
    if command is not None:
        assert text.startswith("/")
        assert command.name == command.name.lower()
        assert command.args == command.args.strip()
