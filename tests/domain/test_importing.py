"""data.json is read whole: this bot's form, every odd form of the first bot's, and nothing is lost (SPEC §3)."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gptbot.domain.importing import BadEntry, read_account, read_document
from gptbot.domain.records import AMOUNT_MAX, FIELDS, NANO, Account, to_json, totals_to_json

# --- the first bot's forms, one row each ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "field", "value"),
    [
        ({"lastdate": "31.12.2023 23:59:58"}, "last_request", "2023-12-31 23:59:58"),
        ({"lastdate": "31-12-2023 23:59:58"}, "last_request", "2023-12-31 23:59:58"),
        ({"lastdate": "01.02.2023 00:00:00"}, "last_request", "2023-02-01 00:00:00"),
        ({"lastdate": "01.01.0099 00:00:00"}, "last_request", "0099-01-01 00:00:00"),
        ({"lastdate": " 01.02.2023 00:00:00 "}, "last_request", "2023-02-01 00:00:00"),
        ({"lastdate": None}, "last_request", ""),
        ({"last_request": "31.12.2023 23:59:58"}, "last_request", "2023-12-31 23:59:58"),
        ({"ref_id": 42}, "referrer", 42),
        ({"ref_id": "42"}, "referrer", 42),
        ({"ref_id": None}, "referrer", None),
        ({"ref_id": "None"}, "referrer", None),
        ({"ref_id": 0}, "referrer", None),
        ({"lang_model": "default"}, "model", "basic"),
        ({"lang_model": "premium"}, "model", "premium"),
        ({"blacklist": True}, "blocked", True),
        ({"blacklist": False}, "blocked", False),
        ({"blacklist": 1}, "blocked", True),
        ({"blacklist": "True"}, "blocked", True),
        ({"blacklist": "false"}, "blocked", False),
        ({"active_favor_request": True}, "favor_pending", True),
        ({"active_favor_request": False}, "favor_pending", False),
        ({"whisper_seconds": 12}, "audio_seconds", 12),
        ({"whisper_seconds": 12.1}, "audio_seconds", 13),
        ({"max_context_length": 5000}, "context_tokens", 1250),
        ({"max_context_length": 3}, "context_tokens", 0),
        ({"max_context_length": -8}, "context_tokens", 0),
        ({"username": "None"}, "username", ""),
        ({"username": "@None"}, "username", ""),
        ({"username": None}, "username", ""),
        ({"username": "@JohnDoe"}, "username", "JohnDoe"),
        ({"username": "JohnDoe"}, "username", "JohnDoe"),
        ({"prompt": None}, "prompt", None),
        ({"prompt": "Be short"}, "prompt", "Be short"),
        ({"name": None}, "name", ""),
        ({"name": 5}, "name", "5"),
        ({"balance": "700"}, "balance", 700),
        ({"balance": 700.0}, "balance", 700),
        ({"balance": -3}, "balance", -3),
        ({"cost": 0.25}, "cost", NANO // 4),
        ({"model": "premium"}, "model", "premium"),
        ({"language": "ru"}, "language", "ru"),
    ],
)
def test_each_form_of_a_key_becomes_the_account_s_field(entry: dict[str, Any], field: str, value: object) -> None:
    account = read_account("5", entry)
    assert getattr(account, field) == value
    assert account.extra is None


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("new", "old", "field", "value"),
    [
        (("last_request", "2024-01-01 00:00:00"), ("lastdate", "01.02.2020 10:00:00"), "last_request", None),
        (("blocked", False), ("blacklist", True), "blocked", False),
        (("model", "basic"), ("lang_model", "premium"), "model", "basic"),
        (("referrer", 7), ("ref_id", 8), "referrer", 7),
        (("context_tokens", 0), ("max_context_length", 4000), "context_tokens", 0),
    ],
)
def test_a_new_key_wins_over_the_old_one_in_any_order(
    new: tuple[str, Any], old: tuple[str, Any], field: str, value: object, order: int
) -> None:
    account = read_account("5", dict([new, old][::order]))
    assert getattr(account, field) == (new[1] if value is None else value)


@pytest.mark.parametrize("order", [1, -1])
def test_an_old_key_counts_where_the_new_one_means_nothing(order: int) -> None:
    pairs: list[tuple[str, Any]] = [("last_request", "yesterday"), ("lastdate", "01.02.2020 10:00:00")]
    account = read_account("5", dict(pairs[::order]))
    assert account.last_request == "2020-02-01 10:00:00"


def test_the_first_bot_s_file_is_read_whole() -> None:
    imported = read_document(
        {
            "global": {"requests": 3, "tokens": 900, "premium_tokens": 4, "images": 1, "whisper_seconds": 59.5},
            "5": {
                "requests": 3,
                "tokens": 900,
                "balance": 29100,
                "name": "Ann",
                "username": "@ann",
                "lastdate": "31.12.2023 23:59:58",
                "ref_id": 6,
                "favors": 2,
                "claimed_offers": ["starter-offer"],
                "payments": 2,
            },
            "6": {"requests": 0, "tokens": 0, "balance": 50000, "name": "Bob", "username": "None"},
        }
    )
    assert imported.journal is None
    assert imported.warnings == []
    assert (imported.totals.requests, imported.totals.tokens, imported.totals.audio_seconds) == (3, 900, 60)
    ann = imported.accounts[5]
    assert (ann.requests, ann.tokens, ann.balance, ann.name, ann.username) == (3, 900, 29100, "Ann", "ann")
    assert (ann.last_request, ann.referrer, ann.favors) == ("2023-12-31 23:59:58", 6, 2)
    assert ann.extra == {"claimed_offers": ["starter-offer"], "payments": 2}
    assert imported.accounts[6].balance == 50000


def test_the_contract_s_example_is_read_and_written_alike() -> None:
    entries = {
        "123456789": {"requests": 0, "tokens": 0, "balance": 777777, "last_request": "2021-01-01 00:00:00"},
        "555": {
            "requests": 0,
            "tokens": 0,
            "balance": 30000,
            "name": "John",
            "username": "@johndoe",
            "last_request": "2021-01-01 00:00:00",
            "prompt": "You are Marv - a sarcastic reluctant assistant",
        },
    }
    imported = read_document({"global": {"requests": 0, "tokens": 0}, **entries})
    assert {str(user): to_json(account) for user, account in imported.accounts.items()} == entries


# --- what is kept as it is --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("payments", 3),
        ("claimed_offers", ["a", {"b": None}]),
        ("lastdate", "some day"),
        ("last_request", "some day"),
        ("ref_id", "a friend"),
        ("referrer", True),
        ("lang_model", "gpt-4"),
        ("model", "gpt-4"),
        ("language", "de"),
        ("язык", "русский"),
    ],
)
def test_what_is_not_understood_is_kept_as_it_is(name: str, value: object) -> None:
    assert to_json(read_account("5", {name: value}))[name] == value


def test_a_value_of_the_bot_s_own_takes_the_place_of_one_that_meant_nothing() -> None:
    account = read_account("5", {"last_request": "some day", "model": "gpt-4"})
    account.last_request = "2026-01-01 00:00:00"
    account.model = "premium"
    entry = to_json(account)
    assert (entry["last_request"], entry["model"]) == ("2026-01-01 00:00:00", "premium")


def test_other_keys_are_kept_with_a_warning() -> None:
    others = {"comment": "my bot", "-100500": {"title": "group"}, "007": {}, "0": {}, str(2**63): {}, "٣": {}}
    imported = read_document({"5": {}, **others})
    assert imported.others == others
    assert set(imported.accounts) == {5}
    assert len(imported.warnings) == len(others)
    for key, warning in zip(others, imported.warnings, strict=True):
        assert f'"{key}"' in warning


def test_unknown_keys_of_global_are_kept() -> None:
    imported = read_document({"global": {"requests": 2, "motd": "hi", "cost": 0.5, "journal": "ab", "seq": 9}})
    assert (imported.journal, imported.seq) == ("ab", 9)
    entry = totals_to_json(imported.totals)
    assert (entry["requests"], entry["cost"], entry["motd"]) == (2, 0.5, "hi")


@pytest.mark.parametrize("where", ["beside", "global"])
def test_a_list_of_blocked_ids_blocks_them_once(where: str) -> None:
    listed = {"blacklist": [5, "6", "spammer", -1]}
    document = {"5": {"balance": 10}, **(listed if where == "beside" else {"global": listed})}
    imported = read_document(document)
    assert imported.accounts[5].blocked
    assert imported.accounts[5].balance == 10
    assert imported.accounts[6].blocked
    holder = imported.others if where == "beside" else imported.totals.extra
    assert holder == {"blacklist": ["spammer", -1]}  # else an unblocked user would be blocked again by the next start


def test_a_list_of_blocked_ids_that_is_all_understood_is_gone() -> None:
    imported = read_document({"blacklist": [5]})
    assert imported.others == {}
    assert imported.warnings == []


# --- what can't be read -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ([], ()),
        ("data", ()),
        (None, ()),
        ({"global": 5}, ("global",)),
        ({"global": {"tokens": "many"}}, ("global", "tokens")),
        ({"global": {"seq": 1.5}}, ("global", "seq")),
        ({"global": {"cost": "free"}}, ("global", "cost")),
        ({"5": None}, ("5",)),
        ({"5": []}, ("5",)),
        ({"5": {"balance": "lots"}}, ("5", "balance")),
        ({"5": {"balance": 1.5}}, ("5", "balance")),
        ({"5": {"balance": True}}, ("5", "balance")),
        ({"5": {"balance": None}}, ("5", "balance")),
        ({"5": {"balance": AMOUNT_MAX + 1}}, ("5", "balance")),
        ({"5": {"balance": 1e300}}, ("5", "balance")),
        ({"5": {"tokens": "9" * 17}}, ("5", "tokens")),
        ({"5": {"cost": "1"}}, ("5", "cost")),
        ({"5": {"cost": True}}, ("5", "cost")),
        ({"5": {"prompt": ["a"]}}, ("5", "prompt")),
        ({"5": {"name": {}}}, ("5", "name")),
        ({"5": {"name": False}}, ("5", "name")),
        ({"5": {"blocked": "perhaps"}}, ("5", "blocked")),
        ({"5": {"blacklist": 2}}, ("5", "blacklist")),
        ({"5": {"voice": "loud"}}, ("5", "voice")),
        ({"5": {"whisper_seconds": "long"}}, ("5", "whisper_seconds")),
        ({"5": {"lastdate": {}}}, ("5", "lastdate")),
    ],
)
def test_what_cannot_be_what_it_should_be_is_named_with_its_place(document: object, path: tuple[str, ...]) -> None:
    with pytest.raises(BadEntry) as caught:
        read_document(document)
    assert caught.value.path == path
    assert caught.value.problem


def test_what_somebody_set_with_settings_is_read_and_an_odd_value_stays_in_the_file() -> None:
    account = read_account("5", {"streaming": "off", "voice": "yes"})
    assert (account.streaming, account.voice) == ("off", True)
    odd = read_account("5", {"streaming": "sometimes"})
    assert (odd.streaming, to_json(odd)["streaming"]) == (None, "sometimes")
    odd.streaming = "off"
    assert to_json(odd)["streaming"] == "off"


# --- laws -------------------------------------------------------------------------------------------------------------

amounts = st.integers(-AMOUNT_MAX, AMOUNT_MAX)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
KNOWN = [*FIELDS, "lastdate", "ref_id", "lang_model", "blacklist", "active_favor_request", "whisper_seconds",
         "max_context_length"]  # fmt: skip
accounts = st.builds(
    Account,
    requests=amounts,
    tokens=amounts,
    balance=amounts,
    name=texts,
    username=texts.map(lambda text: text.strip()).filter(lambda text: text != "None"),
    last_request=st.just("") | st.datetimes().map(lambda moment: moment.replace(microsecond=0).isoformat(" ")),
    prompt=st.none() | texts.filter(bool),
    premium_tokens=amounts,
    premium_balance=amounts,
    images=amounts,
    image_balance=amounts,
    audio_seconds=amounts,
    cost=amounts,
    model=st.sampled_from(["basic", "premium"]),
    referrer=st.none() | st.integers(1, 2**63 - 1),
    blocked=st.booleans(),
    unreachable=st.booleans(),
    favors=amounts,
    favor_pending=st.booleans(),
    language=st.sampled_from([None, "en", "ru"]),
    telegram_language=texts,
    context_tokens=amounts,
    reports=st.sampled_from([None, "each", "digest", "off"]),
    streaming=st.sampled_from([None, "auto", "edits", "off"]),
    voice=st.booleans(),
    joined=texts,
    extra=st.none()
    | st.dictionaries(texts.filter(lambda name: name not in KNOWN), json_values, min_size=1, max_size=3),
)


def _read(entry: object) -> Account:
    """Through the bytes of the file, as at a start."""
    account: object = orjson.loads(orjson.dumps(entry))
    return read_account("5", account)


@given(accounts)
def test_an_account_that_was_written_is_read_as_it_was(account: Account) -> None:
    assert _read(to_json(account)) == account


def _fault(read: Callable[[], object]) -> BadEntry | None:
    """What can't be read; anything else that is raised is a bug."""
    try:
        read()
    except BadEntry as error:
        return error
    return None


@given(st.dictionaries(st.sampled_from(KNOWN) | texts, json_values, max_size=8))
def test_any_entry_reads_or_names_its_fault_and_nothing_is_lost(entry: dict[str, Any]) -> None:
    if (fault := _fault(lambda: _read(entry))) is not None:
        assert fault.path[0] == "5"
        assert fault.path[1] in entry
        return
    account = _read(entry)
    for name, value in entry.items():
        if name not in KNOWN:
            assert (account.extra or {})[name] == value
    written = to_json(account)
    assert to_json(_read(written)) == written


@given(json_values)
def test_any_document_reads_or_names_its_fault(document: object) -> None:
    fault = _fault(lambda: read_document(document))
    assert fault is None or fault.problem
