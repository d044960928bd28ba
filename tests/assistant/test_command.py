"""The JSON of an assistant: only credentials that the server accepts, and what is applied to a real API's imitation."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from websockets.sync.client import connect

from providers.assistant_blocks.blocks import PLACEHOLDER, ServerAccess, accepted, checked_url, merged
from providers.assistant_blocks.options import AssistantOptions, fallbacks
from providers.errors import SettingsError
from providers.settings import Settings
from tests.live import start
from tests.test_cli import COMMAND, run, serving

SECRET = "a secret/with=signs&more?"
KEY = "the-private-key-of-vapi"
ASSISTANT = "8f3c1d52-0000-4000-8000-0123456789ab"


def access(*, made: bool = False, credential_id: str | None = None, **changes: Any) -> ServerAccess:
    settings = Settings.of(**{"secret": SECRET, **changes})
    secret = settings.access.secret
    return ServerAccess("https://a.example", accepted(settings, made=made), secret, credential_id)


def servers(blocks: dict[str, Any]) -> list[dict[str, Any]]:
    plan = blocks["startSpeakingPlan"]["smartEndpointingPlan"]
    return [blocks["voice"]["server"], blocks["transcriber"]["server"], plan["server"]]


def test_a_token_is_percent_encoded_and_comes_back_whole() -> None:
    url = access().blocks()["transcriber"]["server"]["url"]
    assert urlsplit(url).scheme == "wss"
    assert "%20" in url
    assert parse_qs(urlsplit(url).query) == {"token": [SECRET]}


@pytest.mark.parametrize(
    ("changes", "headers", "token", "credential"),
    [
        ({}, True, True, False),
        ({"auth": "secret"}, True, False, False),
        ({"auth": "token"}, False, True, False),
        ({"auth": "bearer"}, False, False, True),
        ({"auth": "bearer,token"}, False, True, True),
        ({"auth": "hmac", "secret": None, "hmac_secret": "k" * 16}, False, False, True),
        ({"secret": None, "no_auth": True}, False, False, False),
    ],
)
def test_only_credentials_that_the_server_accepts_are_named(
    changes: dict[str, Any], headers: bool, token: bool, credential: bool
) -> None:
    voice, transcriber, endpointing = servers(access(**changes).blocks())
    for server in (voice, endpointing):
        assert (server.get("headers") == {"X-Vapi-Secret": SECRET}) is headers
        assert ("credentialId" in server) is credential
        assert "?" not in server["url"]
    assert ("?token=" in transcriber["url"]) is token


def test_a_credential_that_exists_takes_the_place_of_the_secret() -> None:
    for server in servers(access(credential_id="c-1").blocks()):
        assert server["credentialId"] == "c-1"
        assert "headers" not in server


def test_the_credentials_to_create_are_told_with_every_option() -> None:
    told = "\n".join(
        access(
            bearer_header="X-Api-Key", bearer_prefix="", hmac_secret="k" * 16, hmac_algorithm="sha512"
        ).credentials_to_create()
    )
    assert "Bearer Token: header X-Api-Key, Bearer prefix off" in told
    assert "HMAC: algorithm sha512, signatureHeader x-signature, timestampHeader x-timestamp" in told
    assert "payloadFormat {timestamp}.{body}" in told
    assert SECRET not in told
    assert "kkkk" not in told


def test_a_secret_of_the_operators_is_hidden_and_one_made_for_the_run_is_not() -> None:
    assert PLACEHOLDER in json.dumps(access().hidden().blocks())
    assert SECRET not in json.dumps(access().hidden().blocks())
    assert SECRET in json.dumps(access(made=True).hidden().blocks())


@pytest.mark.parametrize(
    "url", ["http://a.example", "https://", "a.example", "https://a.example/?token=x", "https://[::1", "https://a/#x"]
)
def test_a_public_url_that_cannot_be_one_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="--public-url: expected https://host"):
        checked_url(url)


def test_a_public_url_may_have_a_path_which_is_encoded() -> None:
    assert checked_url("https://a.example/my vapi/ü/") == "https://a.example/my%20vapi/%C3%BC"


def test_what_the_assistant_says_beside_the_server_stays() -> None:
    current = {
        "voice": {
            "provider": "11labs",
            "voiceId": "x",
            "fallbackPlan": {"voices": [1]},
            "chunkPlan": {"enabled": False},
        },
        "transcriber": {"provider": "deepgram", "model": "nova-3", "fallbackPlan": {"transcribers": [2]}},
        "startSpeakingPlan": {"waitSeconds": 0.4, "smartEndpointingPlan": {"provider": "vapi"}},
    }
    made = merged(current, access().blocks())
    assert made["voice"]["provider"] == "custom-voice"
    assert "voiceId" not in made["voice"]
    assert made["voice"]["fallbackPlan"] == {"voices": [1]}
    assert made["voice"]["chunkPlan"] == {"enabled": False}
    assert made["transcriber"]["fallbackPlan"] == {"transcribers": [2]}
    assert "model" not in made["transcriber"]
    assert made["startSpeakingPlan"]["waitSeconds"] == 0.4
    assert made["startSpeakingPlan"]["smartEndpointingPlan"]["provider"] == "custom-endpointing-model"


def test_a_key_is_in_all_four_urls_and_the_template_keeps_its_braces() -> None:
    for key in ("0199-key", "{{call.id}}"):
        blocks = access().blocks(AssistantOptions(call_key=key))
        for server in (*servers(blocks), blocks["server"]):
            assert server["url"].endswith(f"call={key}")
    assert "call=" not in json.dumps(access().blocks())


def test_caching_fallbacks_and_the_server_url_are_printed_and_can_be_chosen() -> None:
    plain = access().blocks()
    assert plain["voice"]["cachingEnabled"] is True
    assert plain["transcriber"]["fallbackPlan"] == {"autoFallback": {"enabled": True}}
    assert plain["server"]["url"] == "https://a.example/api/server-url"
    assert {"hang", "end-of-call-report", "tool-calls", "user-interrupted"} <= set(plain["serverMessages"])
    voices = fallbacks(("11labs:x",), flag="--fallback-voice", field="voiceId")
    options = AssistantOptions(caching=False, fallback_voices=voices, server=False)
    chosen = access().blocks(options)
    assert chosen["voice"]["cachingEnabled"] is False
    assert chosen["voice"]["fallbackPlan"] == {"voices": [{"provider": "11labs", "voiceId": "x"}]}
    assert "server" not in chosen
    current = {"voice": {"cachingEnabled": True, "fallbackPlan": {"voices": []}}}
    assert merged(current, chosen, options)["voice"]["cachingEnabled"] is False
    assert merged(current, chosen, options)["voice"]["fallbackPlan"] == {"voices": list(voices)}
    kept = {"voice": {"cachingEnabled": False}}
    assert merged(kept, plain)["voice"]["cachingEnabled"] is False


def test_a_server_url_of_the_users_own_stays() -> None:
    current = {"server": {"url": "https://my.example/hook"}, "serverMessages": ["tool-calls"]}
    made = merged(current, access().blocks())
    assert "server" not in made
    assert "serverMessages" not in made
    assert "server" in merged({"server": {"url": "https://a.example/api/server-url"}}, access().blocks())


@pytest.mark.parametrize("text", ["11labs", ":x", "11labs:"])
def test_a_fallback_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="--fallback-voice: expected PROVIDER:NAME"):
        fallbacks((text,), flag="--fallback-voice", field="voiceId")


def test_the_command_prints_the_overrides_of_one_call(tmp_path: Path) -> None:
    done = assistant(tmp_path, "--secret", SECRET, "--call-key")
    again = assistant(tmp_path, "--secret", SECRET, "--call-key", "mine")
    assert json.loads(done.stdout)["assistantOverrides"]["voice"]["server"]["url"].count("call=") == 1
    assert json.loads(again.stdout)["assistantOverrides"]["server"]["url"].endswith("?call=mine")
    assert "POST https://api.vapi.ai/call" in done.stderr
    refused = assistant(tmp_path, "--secret", SECRET, "--call-key", "mine", "--apply", ASSISTANT)
    assert "--call-key and --apply: expected one of them" in refused.stderr


class Vapi(BaseHTTPRequestHandler):
    """GET and PATCH of /assistant/{id} as the API answers them: it knows one key, one assistant and its fields."""

    server: Api

    def do_GET(self) -> None:
        self._answer(lambda: None)

    def do_PATCH(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(lambda: self.server.assistant.update(body), body)

    def _answer(self, change: Any, body: dict[str, Any] | None = None) -> None:
        self.server.asked.append((self.command, self.path))
        if self.headers["Authorization"] != f"Bearer {KEY}":
            self._send(401, {"message": "Invalid Key."})
        elif self.path != f"/assistant/{ASSISTANT}":
            self._send(404, {"message": "Couldn't find assistant."})
        elif self.server.strict and body:
            self._send(400, {"message": [f"voice.server.headers holds {body['voice']['server']['headers']}"]})
        else:
            change()
            self._send(200, self.server.assistant)

    def _send(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


class Api(ThreadingHTTPServer):
    strict = False
    """Refuse every change, quoting it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Vapi)
        self.asked: list[tuple[str, str]] = []
        self.assistant: dict[str, Any] = {
            "id": ASSISTANT,
            "name": "Front desk",
            "voice": {"provider": "vapi", "fallbackPlan": {"voices": []}},
            "startSpeakingPlan": {"waitSeconds": 0.4},
        }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def api() -> Iterator[Api]:
    server = Api()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def assistant(folder: Path, *arguments: str, key: str = KEY) -> Any:
    environ = {"PROVIDERS_RUNTIME_DIR": str(folder / "run"), "VAPI_API_KEY": key}
    return run("assistant", "--public-url", "https://a.example", *arguments, folder=folder, **environ)


@contextlib.contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Any]:
    with serving("--voice", "tone", "--transcriber", "null", *arguments, folder=folder) as server:
        yield server


def test_what_is_applied_opens_the_running_server(tmp_path: Path, api: Api) -> None:
    with running(tmp_path) as server:
        done = assistant(tmp_path, "--apply", ASSISTANT, "--api-url", api.url)
        assert done.returncode == 0, done.stderr
        assert "Front desk" in done.stdout
        changed = api.assistant
        assert changed["voice"]["fallbackPlan"] == {"voices": []}
        assert changed["startSpeakingPlan"]["waitSeconds"] == 0.4
        headers = changed["voice"]["server"]["headers"]
        body = {"message": {"type": "voice-request", "text": "Hi", "sampleRate": 8000}}
        assert httpx.post(server.url + "/api/custom-voice", json=body, headers=headers).status_code == 200
        socket = changed["transcriber"]["server"]["url"].replace("wss://a.example", server.url.replace("http", "ws"))
        with connect(socket, compression=None) as call:
            call.send(start())
    assert api.asked == [("GET", f"/assistant/{ASSISTANT}"), ("PATCH", f"/assistant/{ASSISTANT}")]


@pytest.mark.parametrize(
    ("arguments", "key", "told"),
    [
        (["--apply", ASSISTANT], "wrong", "VAPI_API_KEY: expected a private key that the API accepts"),
        (["--apply", ASSISTANT], "", "VAPI_API_KEY: expected the private API key"),
        (["--apply", "another/../id"], KEY, "--apply: expected the id of one of your assistants"),
    ],
)
def test_what_the_api_refuses_is_one_sentence(
    tmp_path: Path, api: Api, arguments: list[str], key: str, told: str
) -> None:
    done = assistant(tmp_path, "--secret", SECRET, *arguments, "--api-url", api.url, key=key)
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_of_the_api_holds_no_secret(tmp_path: Path, api: Api) -> None:
    api.strict = True
    done = assistant(tmp_path, "--secret", SECRET, "--apply", ASSISTANT, "--api-url", api.url)
    assert "expected success, found 400" in done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_the_key_goes_to_no_other_machine_in_the_clear(tmp_path: Path) -> None:
    done = assistant(tmp_path, "--secret", SECRET, "--apply", ASSISTANT, "--api-url", "http://api.example")
    assert "--api-url: expected https://" in done.stderr


def test_a_server_without_the_secret_header_needs_a_credential_to_be_applied(tmp_path: Path, api: Api) -> None:
    with running(tmp_path, "--hmac-secret", "a-key-of-its-own-for-signatures"):
        done = assistant(tmp_path, "--apply", ASSISTANT, "--api-url", api.url)
        assert "--credential-id: expected" in done.stderr
        assert "HMAC: algorithm sha256" in done.stderr
        done = assistant(tmp_path, "--credential-id", "c-1", "--apply", ASSISTANT, "--api-url", api.url)
        assert done.returncode == 0, done.stderr
    assert api.assistant["voice"]["server"]["credentialId"] == "c-1"


@pytest.mark.parametrize("arguments", [[], ["--secret", SECRET]])
def test_a_secret_of_the_operators_is_printed_only_when_asked_for(tmp_path: Path, arguments: list[str]) -> None:
    with running(tmp_path, "--secret", SECRET):
        done = assistant(tmp_path, *arguments)
        shown = assistant(tmp_path, "--show-secret", *arguments)
    assert SECRET not in done.stdout + done.stderr
    assert PLACEHOLDER in json.dumps(json.loads(done.stdout))
    assert json.loads(shown.stdout)["voice"]["server"]["headers"] == {"X-Vapi-Secret": SECRET}


@pytest.mark.skipif(shutil.which("curl") is None or os.name == "nt", reason="needs curl and a shell")
def test_the_printed_curl_command_does_what_it_says(tmp_path: Path, api: Api) -> None:
    (tmp_path / "my secret").write_text(SECRET)
    with running(tmp_path, "--secret-file", "my secret"):
        done = assistant(tmp_path, "--secret-file", "my secret")
        lines = done.stderr.splitlines()
        first = next(number for number, line in enumerate(lines) if "| curl -X PATCH" in line)
        command = "\n".join(lines[first : first + 2])
        for printed, here in (
            ("https://api.vapi.ai", api.url),
            ("ASSISTANT_ID", ASSISTANT),
            ("vapi-providers", shlex.join(COMMAND)),
        ):
            assert printed in command
            command = command.replace(printed, here)
        environ = {**os.environ, "VAPI_API_KEY": KEY, "PROVIDERS_RUNTIME_DIR": str(tmp_path / "run")}
        ended = subprocess.run(
            command, shell=True, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=40, check=False
        )
    assert ended.returncode == 0, ended.stderr
    assert api.assistant["voice"]["server"]["headers"] == {"X-Vapi-Secret": SECRET}


def test_without_a_server_and_a_secret_it_says_so(tmp_path: Path) -> None:
    done = assistant(tmp_path)
    assert (done.returncode, "no server runs" in done.stderr) == (1, True)
