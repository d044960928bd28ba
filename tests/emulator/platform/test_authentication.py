"""Every kind of credential of the platform, at a real server: the customer's own check decides."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac

import msgspec
import pytest

from providers.emulator.credentials import SentCredentials
from providers.emulator.failures import EmulatorError
from providers.emulator.http_client import HttpClient
from providers.emulator.platform.authentication import AuthenticationPlan, Credential, HmacPlan, Tokens, proof
from providers.emulator.platform.keyring import Address, BackoffPlan, Keyring
from tests.emulator.platform.webhook import Webhook

BODY = b'{"message":{"type":"voice-request","text":"Hi.","sampleRate":24000}}'


def plan(**fields: object) -> AuthenticationPlan:
    made: AuthenticationPlan = msgspec.convert(fields, AuthenticationPlan)
    return made


def headers(wanted: AuthenticationPlan, url: str = "http://h/x") -> dict[str, str]:
    return asyncio.run(proof(wanted, url, BODY, Tokens(HttpClient(timeout=1)), clock=lambda: 1700000000.9))


@pytest.mark.parametrize(
    ("fields", "signature"),
    [
        ({"algorithm": "sha256"}, "9761d0d4c9837fa6bc808b8fe7141feb4a197677914058c924d771fb48cc0e5d"),
        ({"algorithm": "sha1"}, "e7dee08e5b15fb556742dc050ea2971fe68342e1"),
        (
            {"algorithm": "sha256", "signatureEncoding": "base64", "signaturePrefix": "v="},
            "v=l2HQ1MmDf6a8gIuP5xQf60oZdneRQFjJJNdx+0jMDl0=",
        ),
    ],
)
def test_a_signature_is_the_documented_vector(fields: dict[str, str], signature: str) -> None:
    made = headers(plan(type="hmac", secretKey="test-secret", **fields))
    assert made == {"x-signature": signature, "x-timestamp": "1700000000"}


def test_a_signature_in_the_style_of_svix_covers_its_id_method_and_url() -> None:
    wanted = plan(
        type="hmac", algorithm="sha512", secretKey="dGVzdC1zZWNyZXQ=", secretIsBase64=True, includeTimestamp=False,
        payloadFormat="{svix-id}.{method}.{url}.{body}", messageIdHeader="svix-id", signatureHeader="svix-signature",
    )  # fmt: skip
    made = headers(wanted)
    signed = f"{made['svix-id']}.POST.http://h/x.".encode() + BODY
    assert made["svix-signature"] == hmac.new(b"test-secret", signed, hashlib.sha512).hexdigest()
    assert "x-timestamp" not in made


def test_what_stands_in_the_body_is_no_placeholder() -> None:
    wanted = HmacPlan(secret_key="k", algorithm="sha256")
    body = b'{"text": "{timestamp} {url}"}'
    expected = hmac.new(b"k", b"7." + body, hashlib.sha256).hexdigest()
    assert wanted.headers("http://h", body, 7.0)["x-signature"] == expected


def test_a_bearer_may_have_any_header_and_no_prefix() -> None:
    assert headers(plan(type="bearer", token="t")) == {"Authorization": "Bearer t"}
    bare = plan(type="bearer", token="t", headerName="X-Vapi-Secret", bearerPrefixEnabled=False)
    assert headers(bare) == {"X-Vapi-Secret": "t"}


def test_an_oauth_token_is_fetched_once_and_again_when_it_ends() -> None:
    now = [0.0]
    with Webhook() as server:
        wanted = plan(type="oauth2", url=f"{server.url}/token", clientId="c", clientSecret="s", scope="voice")

        async def sent() -> list[str]:
            client = HttpClient(timeout=5)
            tokens = Tokens(client, clock=lambda: now[0])
            found = []
            for moment in (0.0, 60.0, 3600.0):
                now[0] = moment
                found.append((await proof(wanted, server.url, BODY, tokens))["Authorization"])
            client.close()
            return found

        assert asyncio.run(sent()) == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]
        [form, _] = server.forms
        assert form == {
            "grant_type": "client_credentials", "client_id": "c", "client_secret": "s", "scope": "voice",
        }  # fmt: skip


def test_a_token_server_that_refuses_is_named_without_its_secret() -> None:
    with Webhook() as server:
        wanted = plan(type="oauth2", url=f"{server.url}/nowhere?key=hush", clientId="c", clientSecret="hush")

        async def ask() -> None:
            client = HttpClient(timeout=5)
            try:
                await proof(wanted, server.url, BODY, Tokens(client))
            finally:
                client.close()

        with pytest.raises(EmulatorError, match="HTTP 404") as refused:
            asyncio.run(ask())
        assert "hush" not in str(refused.value)


def keyring(**more: object) -> Keyring:
    tokens = Tokens(HttpClient(timeout=1))
    given = SentCredentials(secret="flag", bearer="flag")
    return Keyring(tokens, given, frozenset({"http://127.0.0.1:1/voice"}), **more)  # type: ignore[arg-type]


def test_the_command_lines_credentials_go_to_its_own_servers_alone() -> None:
    ours, other = Address("http://localhost:1/other"), Address("http://127.0.0.1:2/voice")
    assert asyncio.run(keyring().headers(ours, b"")) == {"X-Vapi-Secret": "flag", "Authorization": "Bearer flag"}
    assert asyncio.run(keyring().headers(other, b"")) == {}


def test_headers_of_the_server_beat_its_credential_and_its_secret_goes_along() -> None:
    credential = Credential(plan(type="bearer", token="t"), id="c1")
    address = Address(
        "http://h/x", secret="s", credential_id="c1", headers={"authorization": "Basic x", "X-Tenant": "a"}
    )
    made = asyncio.run(keyring(named={"c1": credential}).headers(address, b""))
    assert made == {"X-Vapi-Secret": "s", "authorization": "Basic x", "X-Tenant": "a"}


def test_an_assistants_own_credentials_override_by_id_and_vendors_are_passed_over() -> None:
    named = {"c1": Credential(plan(type="bearer", token="old"), id="c1")}
    own = [
        {"provider": "openai", "apiKey": "x"},
        {"provider": "custom-credential", "id": "c1", "authenticationPlan": {"type": "bearer", "token": "new"}},
    ]
    address = Address("http://h/x", credential_id="c1")
    made = asyncio.run(keyring(named=named).with_inline(own).headers(address, b""))
    assert made == {"Authorization": "Bearer new"}


def test_a_backoff_plan_waits_and_leaves_out_what_it_excludes() -> None:
    exponential = BackoffPlan(max_retries=3, base_delay_seconds=1, type="exponential", excluded_status_codes=(400,))
    assert [exponential.delay(attempt) for attempt in range(3)] == [1, 2, 4]
    assert [BackoffPlan(base_delay_seconds=2).delay(attempt) for attempt in range(3)] == [2, 2, 2]
    assert [exponential.retries(status) for status in (0, 200, 204, 400, 401, 500)] == [
        True, False, False, False, True, True,
    ]  # fmt: skip


def test_the_encoding_of_a_key_is_read_before_use() -> None:
    key = base64.b64encode(b"k").decode()
    wanted = HmacPlan(secret_key=key, algorithm="sha256", secret_is_base64=True, payload_format="{body}")
    assert wanted.headers("http://h", b"x", 0.0)["x-signature"] == hmac.new(b"k", b"x", hashlib.sha256).hexdigest()
