"""Token endpoint: the examples and errors of RFC 6749, and a client library that is not ours."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from authlib.integrations.requests_client import OAuth2Session
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from providers.paths import ENDPOINTING_PATH, TOKEN_PATH, TRANSCRIBER_PATH, VOICE_PATH
from tests.live import SECRET, Live, serving, settings

ID, KEY = "s6BhdRkqt3", "gX1fBat3bV"
EXAMPLE = "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW"
"""Section 4.4.2 of RFC 6749."""
ODD_ID = "a+b&c%20"
GRANT = {"grant_type": "client_credentials"}
BODIES = {
    VOICE_PATH: {"message": {"type": "voice-request", "text": "Hi", "sampleRate": 8000}},
    ENDPOINTING_PATH: {"message": {"type": "call.endpointing.request", "messages": []}},
}


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    clients = f"{ID}:{KEY}\nother:a-secret-of-the-other, third:the-secret-of-the-third"
    with serving(chosen=settings(oauth_client=clients, allow_weak_secret=True)) as running:
        yield running


def ask(live: Live, form: Any = None, *, authorization: str | None = EXAMPLE, **more: Any) -> httpx.Response:
    headers = {"Authorization": authorization} if authorization else {}
    return httpx.post(live.base + TOKEN_PATH, data=GRANT if form is None else form, headers=headers, **more)


def test_the_example_of_the_rfc_gets_a_token(live: Live) -> None:
    answer = ask(live)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    assert answer.json().keys() == {"access_token", "expires_in", "token_type"}
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 900


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
@pytest.mark.parametrize("path", BODIES)
def test_the_token_that_authlib_fetches_opens_every_endpoint(live: Live, method: str, path: str) -> None:
    with OAuth2Session("other", "a-secret-of-the-other", token_endpoint_auth_method=method, scope="voice") as client:
        client.fetch_token(live.base + TOKEN_PATH, grant_type="client_credentials")
        assert client.post(live.base + path, json=BODIES[path]).status_code == 200


def test_a_token_opens_the_upgrade_and_a_wrong_one_does_not(live: Live) -> None:
    token = ask(live).json()["access_token"]
    url = live.base.replace("http", "ws", 1) + TRANSCRIBER_PATH
    with connect(url, additional_headers={"Authorization": f"bearer {token}"}, compression=None):
        pass
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(url, additional_headers={"Authorization": f"Bearer {token}x"}),
    ):
        pass
    assert refused.value.response.status_code == 401


@pytest.mark.parametrize("credential", [f"Bearer {KEY}", EXAMPLE, f"Bearer {ID}:{KEY}"])
def test_the_client_secret_itself_opens_nothing(live: Live, credential: str) -> None:
    answer = httpx.post(live.base + VOICE_PATH, json=BODIES[VOICE_PATH], headers={"Authorization": credential})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("form", "authorization", "error"),
    [
        ({}, EXAMPLE, "invalid_request"),
        ({"grant_type": ""}, EXAMPLE, "invalid_request"),
        ({"grant_type": ["client_credentials", "client_credentials"]}, EXAMPLE, "invalid_request"),
        ({**GRANT, "client_id": ID, "client_secret": KEY}, EXAMPLE, "invalid_request"),
        ({"grant_type": "password"}, EXAMPLE, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, EXAMPLE, "unsupported_grant_type"),
        ({**GRANT, "scope": 'a "quoted" word'}, EXAMPLE, "invalid_scope"),
        ({**GRANT, "scope": "a  b"}, EXAMPLE, "invalid_scope"),
        ({**GRANT, "scope": "x" * 1001}, EXAMPLE, "invalid_scope"),
    ],
)
def test_a_wrong_request_gets_the_error_of_section_5_2(
    live: Live, form: dict[str, Any], authorization: str, error: str
) -> None:
    answer = ask(live, form, authorization=authorization)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == {"error", "error_description"}


@pytest.mark.parametrize(
    ("form", "authorization", "challenged"),
    [
        (GRANT, None, False),
        ({**GRANT, "client_id": ID, "client_secret": "wrong"}, None, False),
        ({**GRANT, "client_id": ID}, None, False),
        (GRANT, "Basic " + base64.b64encode(f"{ID}:wrong".encode()).decode(), True),
        (GRANT, "Basic " + base64.b64encode(b"no-colon").decode(), True),
        (GRANT, "Basic not base64", True),
        (GRANT, f"Bearer {SECRET}", True),
    ],
)
def test_an_unknown_client_gets_401_and_the_scheme_it_tried(
    live: Live, form: dict[str, Any], authorization: str | None, challenged: bool
) -> None:
    answer = ask(live, form, authorization=authorization)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert ("www-authenticate" in answer.headers) is challenged
    assert "wrong" not in answer.text


@pytest.mark.parametrize("scope", ["", "voice", "voice call:read", "x" * 1000])
def test_a_scope_of_the_right_form_is_granted_whole(live: Live, scope: str) -> None:
    answer = ask(live, {**GRANT, "scope": scope})
    assert answer.status_code == 200
    assert "scope" not in answer.json(), "a scope that is granted as asked need not be repeated"


def test_a_client_whose_name_needs_encoding_gets_a_token() -> None:
    clients = f"{ODD_ID}:colons:and-more=of/them"
    with serving(chosen=settings(oauth_client=clients)) as live:
        session = OAuth2Session(ODD_ID, "colons:and-more=of/them", token_endpoint_auth_method="client_secret_post")
        with session as client:
            assert client.fetch_token(live.base + TOKEN_PATH, grant_type="client_credentials")["access_token"]
        encoded = base64.b64encode(b"a%2Bb%26c%2520:colons%3Aand-more%3Dof%2Fthem").decode()
        assert ask(live, authorization=f"Basic {encoded}").status_code == 200


def test_json_and_a_long_body_are_refused_in_the_same_form(live: Live) -> None:
    answer = httpx.post(live.base + TOKEN_PATH, json=GRANT, headers={"Authorization": EXAMPLE})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    answer = ask(live, {**GRANT, "more": "x" * 20_000})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert ask(live, {**GRANT, **{f"f{number}": "x" for number in range(40)}}).status_code == 400


def test_without_clients_there_is_no_token_endpoint() -> None:
    with serving() as live:
        assert ask(live).status_code == 404
        assert TOKEN_PATH not in httpx.get(live.base + "/openapi.json").json()["paths"]


def test_the_description_names_the_flow(live: Live) -> None:
    document = httpx.get(live.base + "/openapi.json").json()
    flow = document["components"]["securitySchemes"]["oauth"]["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == TOKEN_PATH
    form = document["paths"][TOKEN_PATH]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
    assert "grant_type" in form["schema"]["required"]


def test_no_secret_and_no_token_reach_the_log(capsys: pytest.CaptureFixture[str], live: Live) -> None:
    token = ask(live).json()["access_token"]
    ask(live, authorization="Basic " + base64.b64encode(f"{ID}:wrong-{KEY}".encode()).decode())
    printed = json.dumps(capsys.readouterr())
    assert KEY not in printed
    assert token not in printed
