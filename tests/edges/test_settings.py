"""Settings: every mistake in one message, no secret in it; example.env and the fields say the same (SPEC §2)."""

import contextlib
import re
import typing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from gptbot.domain.rules import Rules
from gptbot.errors import OperatorError
from gptbot.setting_fields import SECRET_FIELDS, expected
from gptbot.settings import HOME, Settings, SettingsError, load_settings

KEY = "sk-proj-Zq8w4e5r6t7y8u9i0o1p2a3s"
TOKEN = "1234567890:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
REQUIRED = {"OPENAI_API_KEY": KEY, "TELEGRAM_API_KEY": TOKEN, "ADMIN_CHAT_ID": "777"}
NO_FILE = Path("/nonexistent/.env")


def load(**variables: str) -> Settings:
    return load_settings(NO_FILE, REQUIRED | variables)


def message(env_file: Path = NO_FILE, /, **variables: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(env_file, REQUIRED | variables)
    return str(caught.value)


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


# --- where they come from --------------------------------------------------------------------------------------------


def test_the_environment_wins_over_the_file_and_an_empty_value_counts_as_not_set(env_file: Path) -> None:
    env_file.write_text(f"OPENAI_API_KEY={KEY}\nTELEGRAM_API_KEY={TOKEN}\nADMIN_CHAT_ID=1\nQUEUE_LENGTH=3\nREPORTS=\n")
    settings = load_settings(env_file, {"ADMIN_CHAT_ID": "2", "QUEUE_LENGTH": "  "})
    assert (settings.admin_chat_id, settings.queue_length, settings.reports) == ((2,), 3, "each")


def test_without_a_file_the_environment_is_enough() -> None:
    assert load().bot_id == 1234567890


def test_a_file_with_byte_order_mark_windows_line_ends_quotes_export_and_comments_is_read(env_file: Path) -> None:
    env_file.write_bytes(
        b'\xef\xbb\xbfOPENAI_API_KEY="k"\r\nexport TELEGRAM_API_KEY=1:a # mine\r\nADMIN_CHAT_ID = 5\r\n'
        b'DEFAULT_PROMPT="You are # Marv\\nand bored"\r\n'
    )
    settings = load_settings(env_file, {})
    assert settings.openai_api_key.get_secret_value() == "k"
    assert settings.admin_chat_id == (5,)
    assert settings.default_prompt == "You are # Marv\nand bored"


def test_the_older_name_of_the_admin_is_accepted_and_the_new_one_comes_first(env_file: Path) -> None:
    rest = {name: value for name, value in REQUIRED.items() if name != "ADMIN_CHAT_ID"}
    assert load_settings(NO_FILE, rest | {"ADMIN_ID": "9"}).admin_chat_id == (9,)
    assert load_settings(NO_FILE, {"ADMIN_ID": "9", **rest, "ADMIN_CHAT_ID": "8"}).admin_chat_id == (8,)
    assert load_settings(NO_FILE, {"ADMIN_CHAT_ID": "8", **rest, "ADMIN_ID": "9"}).admin_chat_id == (8,)
    env_file.write_text("ADMIN_CHAT_ID=8\n")
    assert load_settings(env_file, rest | {"ADMIN_ID": "9"}).admin_chat_id == (9,), "the environment wins here, too"
    with pytest.raises(SettingsError, match="ADMIN_ID is 'me'"):
        load_settings(NO_FILE, rest | {"ADMIN_ID": "me"})


def test_the_systems_own_language_variable_is_not_taken_for_a_setting() -> None:
    assert load(LANGUAGE="en_US:en").language == "auto"
    assert load(LANGUAGE="ru").language == "ru"


def test_quotes_that_docker_hands_on_are_taken_off() -> None:
    assert load(ADMIN_CHAT_ID='"5"', BASIC_MODEL="'m'").admin_chat_id == (5,)
    assert load(REPORTS='""').reports == "each"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfeO\x00", "UTF-8"),
        (b"\n\nOPENAI_API_KEY sk-abcdefghijkl\n", "line 3 of .env can't be read: expected NAME=value"),
        (b"A=1\nDEFAULT_PROMPT='open\n", "line 2 of .env"),
    ],
)
def test_a_broken_file_is_told_with_its_place_and_without_its_text(env_file: Path, content: bytes, words: str) -> None:
    env_file.write_bytes(content)
    told = message(env_file)
    assert words in told
    assert "sk-abcdefghijkl" not in told


def test_a_folder_in_the_files_place_is_told(env_file: Path) -> None:
    env_file.mkdir()
    assert "can't be read (Is a directory)" in message(env_file)


def test_a_missing_file_is_told_with_the_command_that_makes_it() -> None:
    with pytest.raises(SettingsError, match=r"cp example\.env \.env") as caught:
        load_settings(NO_FILE, {})
    assert all(name in str(caught.value) for name in REQUIRED)


def test_likely_spelling_mistakes_and_doubles_are_noted(env_file: Path) -> None:
    env_file.write_text("OPENAI_APIKEY=x\nbasic_model=y\nQUEUE_LENGHT=3\nTZ=UTC\nREPORTS=off\n\nREPORTS=each\n")
    notes = "\n".join(load_settings(env_file, REQUIRED).notes)
    assert "OPENAI_APIKEY in .env is not a setting: did you mean OPENAI_API_KEY?" in notes
    assert "basic_model in .env is not a setting: did you mean BASIC_MODEL?" in notes
    assert "did you mean QUEUE_LENGTH?" in notes
    assert "REPORTS is set twice in .env (lines 5 and 7)" in notes
    assert "TZ" not in notes
    with pytest.raises(SettingsError, match="did you mean OPENAI_API_KEY"):
        load_settings(env_file, {})


# --- what is wrong ---------------------------------------------------------------------------------------------------


def test_one_message_names_every_wrong_variable() -> None:
    wrong = {
        "TELEGRAM_API_KEY": "nonsense",
        "ADMIN_CHAT_ID": "@me",
        "OPENAI_BASE_URL": "ftp://x",
        "PROXY_URL": "socks5://host",
        "BASIC_PRICE_INPUT": "nan",
        "REPORTS": "never",
        "LOG_TEXTS": "maybe",
        "UPDATES": "webhook",
        "BASIC_MAX_OUTPUT": "2000000",
    }
    told = message(**wrong)
    for name in {*wrong, "WEBHOOK_URL", "WEBHOOK_SECRET"} - {"UPDATES"}:
        assert len(re.findall(rf"^  - {name}\b", told, re.MULTILINE)) == 1, name
    assert told.count("\n") == 10
    assert "expected one of each, digest, off" in told


def test_it_is_an_operators_error_with_status_2() -> None:
    with pytest.raises(OperatorError) as caught:
        load(REPORTS="never")
    assert caught.value.exit_status == 2


@pytest.mark.parametrize("name", sorted(field.upper() for field in Settings.model_fields))
def test_no_message_shows_a_secret_wherever_it_was_pasted(name: str) -> None:
    for secret in (KEY, TOKEN, "gsk_0123456789abcdef0123456789", "hunter2hunter2"):
        others = {"OPENAI_API_KEY": "hunter2hunter2", "QUEUE_LENGTH": "-1", "TURN_TIMEOUT_S": "-1"}
        with pytest.raises(SettingsError) as caught:
            load_settings(NO_FILE, REQUIRED | others | {name: f"{secret} \x7f"})
        assert secret not in str(caught.value)


def test_the_password_of_a_proxy_is_a_secret() -> None:
    assert "hunter2" not in message(PROXY_URL="http://me:hunter2@host")
    assert "hunter2" not in repr(load(PROXY_URL="http://me:hunter2@host:1"))
    assert "hunter2" in load(OPENAI_BASE_URL="http://me:hunter2@host/v1").secrets
    assert "hunter2" not in message(OPENAI_BASE_URL="htp://me:hunter2@h")


@pytest.mark.parametrize("field", sorted(Settings.model_fields))
@pytest.mark.parametrize(
    "text", ["\0", "9" * 400, "-1", "nan", "inf", "-inf", "1e400", "\ufffd", "[]", "٣", "🙂", "a b"]
)
def test_no_value_of_any_setting_raises_anything_but_the_one_message(field: str, text: str) -> None:
    with contextlib.suppress(SettingsError):
        load(**{field.upper(): text})


@given(text=st.text(max_size=30))
def test_a_number_is_either_read_within_its_bounds_or_refused(text: str) -> None:
    try:
        settings = load(QUEUE_LENGTH=text, BASIC_PRICE_INPUT=text)
    except SettingsError:
        return
    assert 1 <= settings.queue_length <= 1000
    assert 0 <= settings.basic_price_input <= 100_000


@pytest.mark.parametrize(
    ("text", "value"),
    [("30000", 30000), ("30_000", 30000), ("30 000", 30000), ("1 000 000", 1000000), ("1e5", 100000), ("3E4", 30000),
     ("+5", 5), ("7.0", 7), (" 8 ", 8)],
)  # fmt: skip
def test_a_plain_number_is_read_however_it_is_written(text: str, value: int) -> None:
    assert load(NEW_USER_BALANCE=text).new_user_balance == value


@pytest.mark.parametrize("text", ["30,000", "1.5", "3 0", "0x10", "1_00", "five", "-1", "1e13", "nan", "1__0"])
def test_an_unclear_number_is_refused(text: str) -> None:
    assert "expected a whole number from 0 to 1000000000000" in message(NEW_USER_BALANCE=text)


@pytest.mark.parametrize(("text", "value"), [("yes", True), ("On", True), ("1", True), ("FALSE", False), ("0", False)])
def test_switches_know_the_usual_words(text: str, value: bool) -> None:
    assert load(LOG_TEXTS=text).log_texts is value


def test_words_are_read_in_any_case_and_warn_means_warning() -> None:
    settings = load(LOG_LEVEL="WARN", LOG_FORMAT="JSON", LANGUAGE="RU", UPDATES="Polling")
    assert (settings.log_level, settings.log_format, settings.language) == ("warning", "json", "ru")


def test_the_word_off_is_no_model_and_other_ids_are_kept() -> None:
    settings = load(TRANSCRIPTION_MODEL="OFF", SPEECH_MODEL="Off-1")
    assert (settings.transcription_model, settings.speech_model) == (None, "Off-1")
    assert settings.rules().transcription_model is None
    assert (load().transcription_model, load(SPEECH_MODEL="off").speech_model) == ("gpt-transcribe", None)
    assert "expected the id of a model, without blanks, or off" in message(TRANSCRIPTION_MODEL="no model")


@pytest.mark.parametrize(
    ("text", "ids"),
    [("1", (1,)), ("1,2", (1, 2)), (" 2 , 1, 2 ", (2, 1)), ("[5, 6]", (5, 6)), ("5;6 7", (5, 6, 7)), ("1,", (1,))],
)
def test_admins_are_listed_in_order_once(text: str, ids: tuple[int, ...]) -> None:
    assert load(ADMIN_CHAT_ID=text).admin_chat_id == ids


@pytest.mark.parametrize("text", ["-100123", "0", "@me", ",", "12345678901234567", "1.5", str(2**52)])
def test_what_is_no_persons_id_is_refused(text: str) -> None:
    assert "ADMIN_CHAT_ID" in message(ADMIN_CHAT_ID=text)


@pytest.mark.parametrize("text", ["123", "abc:def", "123:", ":abc", "123:a b", "bot123:abc", "123:abc/x", "١٢٣:abc"])
def test_what_is_no_token_is_refused(text: str) -> None:
    assert "TELEGRAM_API_KEY (set in the environment" in message(TELEGRAM_API_KEY=text)


@pytest.mark.parametrize(
    ("text", "url"),
    [("http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080/v1"), ("https://[::1]:1/x", "https://[::1]:1/x")],
)
def test_addresses_lose_the_slash_at_their_end(text: str, url: str) -> None:
    assert load(OPENAI_BASE_URL=text).openai_base_url == url


@pytest.mark.parametrize("text", ["api.openai.com/v1", "http://", "http://h:99999", "http://h/?a=1", "http://h h"])
def test_what_is_no_address_is_refused(text: str) -> None:
    assert "expected an address like https://host" in message(OPENAI_BASE_URL=text)


def test_proxies_need_a_port_and_a_scheme_that_is_known() -> None:
    proxy = load(PROXY_URL="socks5h://u:p@h:1080").proxy_url
    assert proxy is not None
    assert proxy.get_secret_value() == "socks5://u:p@h:1080"
    assert "PROXY_URL" in message(PROXY_URL="https://h:1")


def test_paths_are_relative_to_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/marv")
    settings = load(DATA_FILE="sub/d.json", LOG_FILE="~/bot.log")
    assert settings.data_file == tmp_path / "sub" / "d.json"
    assert settings.log_file == Path("/home/marv/bot.log")
    assert load().data_file == HOME / "data.json"


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"UPDATES": "webhook", "WEBHOOK_SECRET": "s"}, "WEBHOOK_URL is missing: UPDATES=webhook needs it"),
        ({"UPDATES": "webhook", "WEBHOOK_URL": "https://h"}, "WEBHOOK_SECRET is missing"),
        ({"UPDATES": "webhook", "WEBHOOK_URL": "http://h", "WEBHOOK_SECRET": "s"}, "must begin with https"),
        ({"PREMIUM_MAX_OUTPUT": "600", "PREMIUM_CONTEXT_WINDOW": "600"}, "less than PREMIUM_CONTEXT_WINDOW (600)"),
        ({"PROMPT_TOKENS_MAX": "600", "BASIC_CONTEXT_WINDOW": "600"}, "less than BASIC_CONTEXT_WINDOW (600)"),
        ({"LOG_FILE": "/x/d.json", "DATA_FILE": "/x/d.json"}, "LOG_FILE is the same file as DATA_FILE"),
    ],
)
def test_settings_that_contradict_each_other_are_told(variables: dict[str, str], words: str) -> None:
    assert words in message(**variables)


def test_a_self_hosted_server_may_call_a_plain_webhook() -> None:
    assert load(
        UPDATES="webhook", WEBHOOK_URL="http://10.0.0.1/hook", WEBHOOK_SECRET="s", TELEGRAM_API_URL="http://10.0.0.2"
    ).webhook_url


# --- what they become ------------------------------------------------------------------------------------------------


def test_the_rules_carry_the_settings() -> None:
    rules = load(
        ADMIN_CHAT_ID="5,6", PREMIUM_MODEL="p", PREMIUM_MAX_OUTPUT="9", BASIC_REASONING_EFFORT="none", LANGUAGE="ru",
        DIALOG_IDLE_MINUTES="0.5", REPORT_DIGEST_MINUTES="2", FAVOR_AMOUNT="11", REPORTS="digest",
    ).rules()  # fmt: skip
    assert (rules.admins, rules.main_admin, rules.language) == ((5, 6), 5, "ru")
    assert (rules.premium.id, rules.premium.max_output, rules.basic.reasoning_effort) == ("p", 9, "none")
    assert (rules.dialog_idle_s, rules.report_digest_s, rules.economy.favor_amount) == (30.0, 120.0, 11)
    assert (rules.basic.price_input, rules.premium.price_cached, rules.image_price) == (0.10, 0.10, 0.013)


def test_the_defaults_of_settings_and_rules_are_the_same() -> None:
    made = load().rules()
    required = {"admins", "basic", "premium", "image_model", "image_price"}
    required |= {"transcription_model", "transcription_price", "speech_price"}  # rules made by hand have no such models
    assert made == Rules(**{name: getattr(made, name) for name in required})


def test_secrets_are_hidden_in_the_settings_own_text() -> None:
    assert {"openai_api_key", "telegram_api_key", "proxy_url", "webhook_secret"} == SECRET_FIELDS
    settings = load(WEBHOOK_SECRET="wwwwww", PROXY_URL="http://u:pppppp@h:1")
    assert set(settings.secrets) == {KEY, TOKEN, "wwwwww", "http://u:pppppp@h:1", "pppppp"}
    for text in (repr(settings), str(settings), repr(settings.model_dump())):
        assert not any(secret in text for secret in settings.secrets)


# --- example.env -----------------------------------------------------------------------------------------------------


class Entry(NamedTuple):
    active: bool
    value: str
    comment: str


def example() -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    comment: list[str] = []
    for line in (HOME / "example.env").read_text("utf-8").splitlines():
        if match := re.fullmatch(r"(#?)([A-Z][A-Z0-9_]*)=(.*)", line):
            hash_sign, name, value = match.groups()
            assert name not in entries, f"{name} is there twice"
            entries[name] = Entry(not hash_sign, value, " ".join(comment))
            comment = []
        elif line.startswith("#"):
            comment.append(line.removeprefix("#").strip())
        else:
            assert not line, f"neither comment nor setting: {line}"
            comment = []
    return entries


def test_example_env_explains_every_setting_and_nothing_else() -> None:
    assert set(example()) == {field.upper() for field in Settings.model_fields}


@pytest.mark.parametrize("name", sorted(example()))
def test_example_env_tells_meaning_values_default_and_what_breaks(name: str) -> None:
    comment = example()[name].comment
    parts = re.fullmatch(r"(?P<meaning>.+) Values: (?P<values>.+) Default: (?P<default>.+) When wrong: (.+)", comment)
    assert parts, f"{name}: meaning, Values:, Default: and When wrong: are expected, in this order"
    assert parts["values"].rstrip(".") == expected(name.lower()), "the words of the error message"
    assert len(parts["meaning"]) > 10
    if example()[name].active:
        assert "must be set" in parts["default"]
    elif (value := example()[name].value.strip('"')) and "://" not in value and name != "DATA_FILE":
        is_model_fact = re.search("PRICE|WINDOW", name)
        assert is_model_fact or value in parts["default"], "the default in words and the line below differ"
    else:
        assert value or "none" in parts["default"], "an empty default is called none"


def test_example_env_shows_the_true_defaults(monkeypatch: pytest.MonkeyPatch, env_file: Path) -> None:
    monkeypatch.chdir(HOME)
    optional = {name: entry for name, entry in example().items() if not entry.active}
    env_file.write_text("\n".join(f"{name}={entry.value}" for name, entry in optional.items()))
    shown, default = load_settings(env_file, REQUIRED), load()
    assert shown.notes == ()
    for name in optional:
        assert getattr(shown, name.lower()) == getattr(default, name.lower()), name


def test_example_env_as_it_is_lacks_just_the_required_three() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(HOME / "example.env", {})
    assert re.findall(r"^  - (\w+) is missing", str(caught.value), re.MULTILINE) == list(REQUIRED)
    assert str(caught.value).count("\n") == 3
    assert load_settings(HOME / "example.env", REQUIRED) == load()


def test_every_field_has_a_form_that_accepts_its_own_default() -> None:
    for name, info in Settings.model_fields.items():
        if info.is_required() or info.default is None:
            continue
        default: Any = info.default
        text = ",".join(default) if isinstance(default, tuple) else str(default)
        text = text.lower() if isinstance(default, bool) else text
        assert getattr(load(**{name.upper(): text}), name) == default
        assert SecretStr not in typing.get_args(info.annotation)
