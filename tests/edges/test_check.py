"""--check: what it finds, in words, with the right exit status, and without secrets (SPEC §2)."""

import io
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gptbot.edges import check
from gptbot.edges.opening import close_storage, open_storage
from gptbot.settings import load_settings

KEY = "sk-proj-Zq8w4e5r6t7y8u9i0o1p2a3s"
TOKEN = "1234567890:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"


class Servers:
    """Both servers on loopback, as a test wants them to answer."""

    def __init__(self) -> None:
        self.me: tuple[int, Any] = (200, {"ok": True, "result": {"id": 1234567890, "username": "gpt_bot"}})
        self.webhook: dict[str, Any] = {"url": ""}
        ids = ("gpt-6-luna", "gpt-6.2-sol", "gpt-image-2.6-flare", "gpt-transcribe")
        self.models: tuple[int, Any] = (200, {"object": "list", "data": [{"id": name} for name in ids]})
        self.endless = False
        self.authorization = ""
        app = web.Application()
        app.router.add_get(f"/bot{TOKEN}/getMe", self.get_me)
        app.router.add_get(f"/bot{TOKEN}/getWebhookInfo", self.get_webhook)
        app.router.add_get("/v1/models", self.get_models)
        self.server = TestServer(app)

    async def get_me(self, _request: web.Request) -> web.Response:
        status, answer = self.me
        return web.json_response(answer, status=status)

    async def get_webhook(self, _request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "result": self.webhook})

    async def get_models(self, request: web.Request) -> web.StreamResponse:
        if self.endless:
            await self._pour(request)
        self.authorization = request.headers.get("Authorization", "")
        status, answer = self.models
        if isinstance(answer, str):
            return web.Response(text=answer, status=status)
        return web.json_response(answer, status=status)

    async def _pour(self, request: web.Request) -> None:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" " * 1_000_000)


@pytest.fixture
async def servers() -> AsyncIterator[Servers]:
    servers = Servers()
    await servers.server.start_server()
    yield servers
    await servers.server.close()


class Checked:
    def __init__(self, status: int, text: str) -> None:
        self.status = status
        self.text = text
        self.lines = text.splitlines()

    def line(self, *words: str) -> str:
        """The line with all of `words`."""
        (line,) = [line for line in self.lines if all(word in line for word in words)]
        return line


@pytest.fixture
def run(servers: Servers, tmp_path: Path) -> Any:
    async def run(**variables: str) -> Checked:
        base = str(servers.server.make_url("")).rstrip("/")
        environ = {
            "OPENAI_API_KEY": KEY,
            "TELEGRAM_API_KEY": TOKEN,
            "ADMIN_CHAT_ID": "777",
            "TELEGRAM_API_URL": base,
            "OPENAI_BASE_URL": f"{base}/v1",
            "DATA_FILE": str(tmp_path / "data.json"),
            "TIKTOKEN_CACHE_DIR": str(tmp_path),
        }
        out = io.StringIO()
        status = await check.run_check(load_settings(tmp_path / ".env", environ | variables), out)
        text = out.getvalue()
        for secret in (KEY, TOKEN, TOKEN.partition(":")[2], "hunter22"):
            assert secret not in text
        return Checked(status, text)

    return run


async def test_all_is_well(run: Any, servers: Servers, tmp_path: Path) -> None:
    checked = await run()
    assert checked.status == 0
    assert checked.line("Telegram").startswith("ok ")
    assert "@gpt_bot (id 1234567890)" in checked.line("Telegram")
    assert checked.line("IMAGE_MODEL gpt-image-2.6-flare").startswith("ok ")
    assert checked.line("TRANSCRIPTION_MODEL gpt-transcribe").startswith("ok ")
    assert "SPEECH_MODEL" not in checked.text, "it is off by default"
    assert "not there yet" in checked.line("data file")
    assert checked.line("tokens").startswith("note ")
    assert checked.lines[-1] == "Nothing is wrong."
    assert servers.authorization == f"Bearer {KEY}"
    assert [path.name for path in tmp_path.iterdir()] == [], "a check writes nothing"


async def test_a_broken_data_file_is_told_with_the_place(run: Any, tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text('{"global": {},\n oops}')
    checked = await run()
    assert checked.status == 1
    assert "line 2" in checked.line("WRONG", "data file")
    assert checked.lines[-1].startswith("1 wrong")


async def test_files_that_do_not_belong_together_are_told_as_the_start_would(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    close_storage(open_storage(path, bot_id=1234567890, admins=(777,), backup_count=3, backup_days=3))
    checked = await run()
    assert checked.status == 0
    assert checked.line("data file").startswith("ok ")
    path.write_text('{"global": {}}')
    checked = await run()
    assert checked.status == 1
    assert "--accept-data" in checked.line("WRONG", "data file")
    (tmp_path / "data.db").write_text("no database " * 1000)
    assert "balances stay in data.json" in (await run()).line("WRONG", "data file")


async def test_where_the_data_file_is_a_link_the_folder_it_leads_to_is_looked_at(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "data.json").symlink_to(tmp_path / "elsewhere" / "data.json")
    monkeypatch.setattr(os, "access", lambda folder, _: Path(folder).name == "elsewhere")
    assert (await run()).line("data file").startswith("ok ")


async def test_a_refused_token(run: Any, servers: Servers) -> None:
    servers.me = (401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
    checked = await run()
    assert checked.status == 1
    assert "TELEGRAM_API_KEY is refused" in checked.line("WRONG")


async def test_another_token_than_the_servers_is_refused_with_404(run: Any) -> None:
    checked = await run(TELEGRAM_API_KEY="1:other")
    assert checked.status == 1
    assert checked.line("WRONG", "Telegram")


@pytest.mark.parametrize(
    "answer", [(200, []), (200, {"ok": True}), (502, {}), (200, {"ok": True, "result": {"id": "x"}})]
)
async def test_a_server_that_is_no_bot_api(run: Any, servers: Servers, answer: tuple[int, Any]) -> None:
    servers.me = answer
    checked = await run()
    assert checked.status == 1
    assert "see TELEGRAM_API_URL" in checked.line("WRONG", "Telegram")


async def test_a_webhook_while_polling_is_a_warning(run: Any, servers: Servers) -> None:
    servers.webhook = {"url": "https://other.example/secret-path"}
    checked = await run()
    assert checked.status == 0
    assert "other.example" in checked.line("warning", "webhook")
    assert "secret-path" not in checked.text


async def test_telegrams_trouble_with_our_webhook_is_shown(run: Any, servers: Servers) -> None:
    servers.webhook = {"url": "https://h", "last_error_message": "Connection\x1b[2J refused"}
    checked = await run(UPDATES="webhook", WEBHOOK_URL="https://h", WEBHOOK_SECRET="hunter22")
    assert "Connection?[2J refused" in checked.line("warning", "webhook")


async def test_servers_that_can_not_be_reached(run: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refuses
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        checked = await run(TELEGRAM_API_URL=nobody, OPENAI_BASE_URL=nobody)
        proxied = await run(PROXY_URL=f"socks5://u:hunter22@127.0.0.1:{taken.getsockname()[1]}")
    for result in (checked, proxied):
        assert result.status == 1
        assert "can't be reached" in result.line("WRONG", "Telegram")
        assert "can't be reached" in result.line("WRONG", "models")


async def test_a_server_that_never_answers_is_given_up(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        checked = await run(TELEGRAM_API_URL=f"http://127.0.0.1:{silent.getsockname()[1]}")
    assert "no answer within 0.2 s" in checked.line("WRONG", "Telegram")


async def test_an_unknown_model_is_named(run: Any) -> None:
    checked = await run(PREMIUM_MODEL="gpt-4-1106-preview")
    assert checked.status == 1
    assert "PREMIUM_MODEL gpt-4-1106-preview is not in the list" in checked.line("WRONG")


async def test_models_for_sound_are_looked_at_unless_they_are_off(run: Any) -> None:
    checked = await run(TRANSCRIPTION_MODEL="off", SPEECH_MODEL="tts-9")
    assert checked.status == 0, "on another server than OpenAI's it is a warning"
    assert "TRANSCRIPTION_MODEL" not in checked.text
    assert "SPEECH_MODEL tts-9 is not in the list" in checked.line("warning")


async def test_a_compatible_server_needs_no_model_for_pictures_and_sound(run: Any, servers: Servers) -> None:
    servers.models = (200, {"data": [{"id": "llama4:latest"}, {"id": "models/gemini-4"}]})
    checked = await run(BASIC_MODEL="llama4", PREMIUM_MODEL="gemini-4")
    assert checked.status == 0
    assert checked.line("warning", "IMAGE_MODEL")
    assert checked.line("warning", "TRANSCRIPTION_MODEL")


@pytest.mark.parametrize(
    ("value", "shown"),
    [("2026-12-11", "2026-12-11"), ("2026-12-11T00:00:00Z", "2026-12-11"), (1796947200, "2026-12-11")],
)
async def test_a_model_that_is_to_be_shut_down_is_a_warning(run: Any, servers: Servers, value: Any, shown: str) -> None:
    servers.models[1]["data"][0]["shutdown_date"] = value
    servers.models[1]["data"][1]["shutdown_date"] = None
    checked = await run()
    assert checked.status == 0
    assert f"is shut down on {shown}" in checked.line("warning", "BASIC_MODEL gpt-6-luna")
    assert checked.line("PREMIUM_MODEL").startswith("ok ")


@pytest.mark.parametrize("answer", [(404, "nothing here"), (200, "<html>"), (200, {"models": []}), (405, {})])
async def test_a_server_without_a_list_of_models_is_a_warning(
    run: Any, servers: Servers, answer: tuple[int, Any]
) -> None:
    servers.models = answer
    checked = await run()
    assert checked.status == 0
    assert "no list of models" in checked.line("warning", "models")


async def test_an_endless_answer_is_left(run: Any, servers: Servers) -> None:
    servers.endless = True
    checked = await run()
    assert checked.status == 0
    assert "no list of models" in checked.line("warning", "models")


@pytest.mark.parametrize(("status", "words"), [(401, "OPENAI_API_KEY is refused"), (503, "in trouble")])
async def test_a_refused_key_and_a_broken_server(run: Any, servers: Servers, status: int, words: str) -> None:
    servers.models = (status, {"error": {"message": f"Incorrect API key provided: {KEY}"}})
    checked = await run()
    assert checked.status == 1
    assert words in checked.line("WRONG", "models")


async def test_odd_lists_of_models_harm_nobody(run: Any, servers: Servers) -> None:
    servers.models = (200, {"data": [None, "x", {}, {"id": 5}, {"id": "gpt-6-luna", "shutdown_date": {"odd": 1}}]})
    checked = await run()
    assert checked.line("BASIC_MODEL").startswith("warning")


async def test_the_table_of_tokens_is_found_and_notes_of_the_settings_are_told(run: Any, tmp_path: Path) -> None:
    (tmp_path / "fb374d419588a4632f3f557e76b4b70aebbca790").touch()
    (tmp_path / ".env").write_text("QUEUE_LENGHT=3\n")
    checked = await run(ADMIN_CHAT_ID="1234567890")
    assert checked.status == 0
    assert checked.line("the table is in")
    assert checked.line("warning", "did you mean QUEUE_LENGTH?")
    assert checked.line("warning", "the bot's own id")


@pytest.mark.parametrize(("mode", "warned"), [(0o700, False), (0o750, False), (0o755, True)])
async def test_a_folder_that_is_open_to_everybody_is_a_warning(
    run: Any, tmp_path: Path, mode: int, warned: bool
) -> None:
    tmp_path.chmod(mode)
    checked = await run()
    assert checked.status == 0
    assert ("chmod 700" in checked.text) is warned


@pytest.mark.parametrize(("status", "verdict"), [(301, "WRONG "), (308, "warning ")])
async def test_a_server_that_sends_elsewhere_is_not_the_server(
    run: Any, servers: Servers, status: int, verdict: str
) -> None:
    """As one that knows only https does: the bot's calls are POSTs, which a 301 makes GETs of."""

    async def elsewhere(request: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": str(servers.server.make_url(request.path))})

    app = web.Application()
    app.router.add_get("/{path:.*}", elsewhere)
    async with TestServer(app) as old:
        base = str(old.make_url("")).rstrip("/")
        checked = await run(TELEGRAM_API_URL=base, OPENAI_BASE_URL=f"{base}/v1")
    assert checked.line("Telegram", "TELEGRAM_API_URL").startswith("WRONG ")
    assert checked.line("models", "OPENAI_BASE_URL").startswith(verdict)
    assert str(servers.server.make_url("")).rstrip("/") in checked.line("models")
