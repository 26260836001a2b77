"""Reads the settings (SPEC §2): `.env`, the environment, and one message that names everything that is wrong.

Only pydantic and python-dotenv are imported on the way: a wrong setting is to be told in under a second.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from gptbot.env_file import Variable, near_misses, read_env_file
from gptbot.errors import OperatorError
from gptbot.redaction import Redactor
from gptbot.setting_fields import HOME, OPENAI_BASE_URL, SECRET_FIELDS, TELEGRAM_API_URL, Settings, expected

__all__ = ["HOME", "OPENAI_BASE_URL", "TELEGRAM_API_URL", "Settings", "SettingsError", "load_settings"]

_OLDER_NAMES = {"ADMIN_ID": "ADMIN_CHAT_ID"}
_STAND_INS = {"openai_api_key": "-", "telegram_api_key": "1:-", "admin_chat_id": "1"}
_SHOWN_LENGTH_MAX = 20  # a longer wrong value may be a key that was pasted into the wrong line


class SettingsError(OperatorError):
    """Some settings are missing or wrong: the text is the whole message for the operator, without any secret."""


def load_settings(env_file: Path, environ: Mapping[str, str]) -> Settings:
    """The settings from `env_file` and `environ`; the latter wins, an empty value counts as not set.

    Raises SettingsError with one message that names everything that is wrong.
    """
    file = read_env_file(env_file)
    chosen = _choose(file.variables) | _choose(_own_part(environ))
    values = {field: variable.text for field, variable in chosen.items()}
    try:
        settings, faults = Settings.model_validate(values), {}
    except ValidationError as error:
        wrong = {str(fault["loc"][0]) for fault in error.errors()}
        settings = Settings.model_validate(_STAND_INS | {k: v for k, v in values.items() if k not in wrong})
        redactor = Redactor(values[field] for field in SECRET_FIELDS & values.keys())
        faults = {field: _fault(field, chosen.get(field), redactor) for field in wrong}
    for field, text in _conflicts(settings):
        faults.setdefault(field, text)
    known = [name.upper() for name in Settings.model_fields] + list(_OLDER_NAMES)
    notes = (*file.notes, *near_misses(file.variables, known))
    if faults or file.faults:
        in_order = [faults[field] for field in Settings.model_fields if field in faults]
        raise SettingsError(_message(env_file, file.exists, [*file.faults, *in_order], notes))
    settings._notes = notes
    return settings


def _own_part(environ: Mapping[str, str]) -> dict[str, Variable]:
    """The environment's values for us. LANGUAGE is gettext's variable, too ("en_US:en"): then it isn't ours."""
    own = {name: Variable(name, text, from_environment=True) for name, text in environ.items()}
    if (language := own.get("LANGUAGE")) and language.text.strip().lower() not in ("auto", "en", "ru"):
        del own["LANGUAGE"]
    return own


def _choose(variables: Mapping[str, Variable]) -> dict[str, Variable]:
    """Field → variable, for those that are known and not empty."""
    chosen = {}
    for name, variable in variables.items():
        field = _OLDER_NAMES.get(name, name).lower()
        text = _unquoted(variable.text.strip())
        if name != name.upper() or field not in Settings.model_fields or not text:
            continue
        if name not in _OLDER_NAMES or field not in chosen:
            chosen[field] = variable._replace(text=text)
    return chosen


def _unquoted(text: str) -> str:
    """`docker run --env-file` hands the quotes of `NAME="value"` on as part of the value."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _fault(field: str, variable: Variable | None, redactor: Redactor) -> str:
    """One line: the variable, what was found (never a secret), what was expected."""
    if variable is None:
        return f"{field.upper()} is missing: expected {expected(field)}."
    where = " (set in the environment, which wins over .env)" if variable.from_environment else ""
    if field in SECRET_FIELDS or "@" in variable.text or len(variable.text) > _SHOWN_LENGTH_MAX:
        return f"{variable.name}{where} is malformed (not shown here): expected {expected(field)}."
    return f"{variable.name} is {redactor.text(variable.text)!r}{where}: expected {expected(field)}."


def _conflicts(settings: Settings) -> Iterator[tuple[str, str]]:
    """What is right alone and wrong together, as (field, line)."""
    if settings.updates == "webhook":
        for field in ("webhook_url", "webhook_secret"):
            if getattr(settings, field) is None:
                yield field, f"{field.upper()} is missing: UPDATES=webhook needs it; expected {expected(field)}."
        if (settings.webhook_url or "https:").startswith("http:") and settings.telegram_api_url == TELEGRAM_API_URL:
            yield "webhook_url", "WEBHOOK_URL must begin with https: api.telegram.org calls no other address."
    if settings.payments == "stars" and settings.topup_packages is None:
        field = "topup_packages"
        yield field, f"{field.upper()} is missing: PAYMENTS=stars needs it; expected {expected(field)}."
    for tier in ("basic", "premium"):
        window, output = getattr(settings, f"{tier}_context_window"), getattr(settings, f"{tier}_max_output")
        if output is not None and output >= window:
            name = f"{tier}_max_output".upper()
            yield name.lower(), f"{name} is {output}: expected less than {tier.upper()}_CONTEXT_WINDOW ({window})."
        if settings.prompt_tokens_max >= window:
            yield (
                "prompt_tokens_max",
                f"PROMPT_TOKENS_MAX is {settings.prompt_tokens_max}: expected less than "
                f"{tier.upper()}_CONTEXT_WINDOW ({window}), or no question fits beside the prompt.",
            )
    if settings.log_file == settings.data_file:
        yield "log_file", "LOG_FILE is the same file as DATA_FILE: expected another one."


def _message(env_file: Path, exists: bool, faults: list[str], notes: tuple[str, ...]) -> str:
    if exists:
        head = f"The bot can't start: mend these settings in {env_file}"
    else:
        head = f"The bot can't start: there is no {env_file} (make it with: cp example.env .env), and these are wrong"
    head += " (example.env explains each):"
    return "\n".join([head, *(f"  - {line}" for line in faults), *(f"  Note: {line}" for line in notes)])
