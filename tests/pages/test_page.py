"""The page at ``/``: who may open it, what comes with it, and the tokens of ``vapi-providers open``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from providers import runtime
from providers.cli import main
from providers.pages.tokens import page_key, page_token
from providers.server import described
from tests.live import SECRET, Live, serving, settings

APP = "<page-shell>"


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with serving() as running:
        yield running


def shown(live: Live, path: str = "/", **headers: str) -> str:
    return httpx.get(live.base + path, headers=headers).text


def token(**more: str) -> str:
    key = page_key(settings(**more))
    assert key is not None
    return page_token(key, lifetime=60)


def calls(live: Live, bearer: str) -> int:
    return httpx.get(live.base + "/api/calls", headers={"Authorization": f"Bearer {bearer}"}).status_code


def test_a_browser_of_this_machine_gets_the_page(live: Live) -> None:
    assert APP in shown(live)
    assert "customElements" in shown(live, "/page/main.js")


@pytest.mark.parametrize(
    "headers", [{"Host": "voice.example.com"}, {"X-Forwarded-For": "203.0.113.7"}, {"Forwarded": "for=203.0.113.7"}]
)
def test_a_browser_from_elsewhere_gets_a_few_lines_about_the_server(live: Live, headers: dict[str, str]) -> None:
    text = shown(live, **headers)
    assert APP not in text
    assert "/docs" in text
    assert httpx.get(live.base + "/page/main.js", headers=headers).status_code == 404


@pytest.mark.parametrize(
    ("changes", "page"),
    [
        ({"page": "off"}, False),
        ({"page": "on"}, True),
        ({"host": "0.0.0.0"}, False),
        ({"host": "0.0.0.0", "page": "on"}, True),
        ({"host": "::1"}, True),
        ({"tunnel": "cloudflared"}, False),
    ],
)
def test_the_setting_and_the_address_say_who_gets_the_page(changes: dict[str, str], page: bool) -> None:
    with serving(chosen=settings(**changes)) as live:
        assert (APP in shown(live)) is page
        assert (APP in shown(live, Host="voice.example.com")) is (changes.get("page") == "on")


def test_every_file_of_the_page_is_served_under_a_strict_policy(live: Live) -> None:
    folder = Path(__file__).parents[2] / "providers" / "pages" / "app"
    files = [f"/page/{file.name}" for file in folder.iterdir()]
    assert len(files) > 10
    with httpx.Client(base_url=live.base) as client:
        for path in ["/", *files]:
            response = client.get(path)
            assert response.status_code == 200, path
            policy = response.headers["content-security-policy"]
            assert policy.startswith("default-src 'self';")
            assert "unsafe" not in policy
            assert not re.search(r"https?://(?=\w)(?!www\.w3\.org/2000/svg|127\.0\.0\.1)", response.text), path


def test_no_module_of_the_page_is_too_long_to_read() -> None:
    folder = Path(__file__).parents[2] / "providers" / "pages" / "app"
    assert {file.name: lines for file in folder.glob("*.js") if (lines := file.read_text().count("\n")) > 250} == {}


@pytest.mark.parametrize("path", ["/page/none.js", "/page/..%2froutes.py", "/page/"])
def test_nothing_but_the_pages_own_files_is_served(live: Live, path: str) -> None:
    assert httpx.get(live.base + path).status_code == 404


def test_a_page_token_reads_calls_and_opens_nothing_else(live: Live) -> None:
    assert calls(live, token()) == 200
    facts = httpx.get(live.base + "/api/page", headers={"Authorization": f"Bearer {token()}"}).json()
    assert facts["voice"] == "tone"
    for path in ("/api/custom-voice", "/api/custom-endpointing", "/api/server-url", "/drain"):
        assert live.voice({}, headers={"Authorization": f"Bearer {token()}"}).status_code == 401
        response = httpx.post(live.base + path, json={}, headers={"Authorization": f"Bearer {token()}"})
        assert response.status_code == 401, path


@pytest.mark.parametrize("bearer", ["x", "nonsense", token(secret="another-secret-1")])
def test_other_tokens_read_nothing(live: Live, bearer: str) -> None:
    assert calls(live, bearer) == 401
    assert httpx.get(live.base + "/api/page", headers={"Authorization": f"Bearer {bearer}"}).status_code == 401


def test_a_page_token_ends(live: Live) -> None:
    key = page_key(settings())
    assert key is not None
    assert calls(live, page_token(key, lifetime=60, clock=lambda: 1_000_000.0)) == 401


def test_without_the_page_its_tokens_mean_nothing() -> None:
    assert page_key(settings(page="off")) is None
    with serving(chosen=settings(page="off")) as live:
        assert calls(live, token()) == 401
        assert calls(live, SECRET) == 200


def test_a_server_with_clients_alone_has_page_tokens_beside_theirs() -> None:
    chosen = settings(secret=None, oauth_client="id:a-long-client-secret")
    key = page_key(chosen)
    assert key is not None
    with serving(chosen=chosen) as live:
        form = {"grant_type": "client_credentials", "client_id": "id", "client_secret": "a-long-client-secret"}
        theirs = httpx.post(live.base + "/oauth/token", data=form).json()["access_token"]
        assert calls(live, theirs) == 200
        assert calls(live, page_token(key, lifetime=60)) == 200


def test_the_runtime_file_holds_the_page_key_and_not_in_its_repr() -> None:
    server = described("http://127.0.0.1:1", settings(), ("tone", "null"), runtime.AcceptedCredentials())
    assert server.page_key == page_key(settings())
    assert server.page_key not in repr(server)


class TestOpen:
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PROVIDERS_RUNTIME_DIR", str(tmp_path))

    def publish(self, live: Live, **changes: str) -> None:
        runtime.publish(described(live.base, settings(**changes), ("tone", "null"), runtime.AcceptedCredentials()))

    def test_prints_an_address_whose_token_reads_calls(self, live: Live) -> None:
        self.publish(live)
        done = CliRunner().invoke(main, ["open", "--no-browser"])
        assert done.exit_code == 0, done.output
        address, _, found = done.output.strip().partition("/#token=")
        assert address == live.base
        assert SECRET not in done.output
        assert calls(live, found) == 200

    def test_the_playground_is_where_the_address_leads(self, live: Live) -> None:
        self.publish(live)
        done = CliRunner().invoke(main, ["open", "--no-browser", "--playground"])
        assert done.output.strip().endswith("&go=play")

    def test_an_open_server_needs_no_token(self, live: Live) -> None:
        runtime.publish(
            described(live.base, settings(secret=None, no_auth=True), ("tone", "null"), runtime.AcceptedCredentials())
        )
        assert CliRunner().invoke(main, ["open", "--no-browser"]).output.strip() == live.base + "/"

    def test_says_that_the_page_is_off(self, live: Live) -> None:
        self.publish(live, page="off")
        done = CliRunner().invoke(main, ["open", "--no-browser"])
        assert done.exit_code == 1
        assert "--page off" in done.output

    @pytest.mark.parametrize("arguments", [[], ["--url", "http://127.0.0.1:1"]])
    def test_says_that_no_server_runs(self, arguments: list[str]) -> None:
        done = CliRunner().invoke(main, ["open", "--no-browser", *arguments])
        assert done.exit_code == 1
        assert "server" in done.output
