"""How the platform proves itself to a customer's server: the plans of its credentials, spelled from the schema.

A server names a credential by ``credentialId``; older ones carry a ``secret``; headers of its own win over both.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import uuid
from collections.abc import Callable
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlencode

import msgspec

from providers.emulator.failures import NETWORK_ERRORS, EmulatorError, explained, refusal
from providers.emulator.http_client import HttpClient

_EARLY = 30.0
"""Seconds before its end that a token is not used any more."""
_LASTS = 3600.0
"""Seconds that a token lasts whose server does not say."""


class _Plan(msgspec.Struct, rename="camel", frozen=True, tag_field="type"):
    """One way to prove oneself."""


class BearerPlan(_Plan, frozen=True, tag="bearer"):
    """A token in a header."""

    token: str
    header_name: str = "Authorization"
    bearer_prefix_enabled: bool = True


class HmacPlan(_Plan, frozen=True, tag="hmac"):
    """A signature over the body."""

    secret_key: str
    algorithm: Literal["sha256", "sha512", "sha1"]
    signature_header: str = "x-signature"
    timestamp_header: str = "x-timestamp"
    signature_prefix: str = ""
    include_timestamp: bool = True
    payload_format: str = "{timestamp}.{body}"
    message_id_header: str | None = None
    signature_encoding: Literal["hex", "base64"] = "hex"
    secret_is_base64: Annotated[bool, msgspec.Meta(description="The key is decoded before use.")] = msgspec.field(
        name="secretIsBase64", default=False
    )

    def headers(self, url: str, body: bytes, now: float) -> dict[str, str]:
        """The signature of a POST, with its time and its id."""
        made, stamp, identity = {}, str(int(now)), f"msg_{uuid.uuid4().hex}"
        payload = b""
        parts = {b"{timestamp}": stamp, b"{method}": "POST", b"{url}": url, b"{svix-id}": identity}
        for index, piece in enumerate(self.payload_format.encode().split(b"{body}")):
            for placeholder, value in parts.items():
                piece = piece.replace(placeholder, value.encode())
            payload += (body if index else b"") + piece
        key = base64.b64decode(self.secret_key) if self.secret_is_base64 else self.secret_key.encode()
        digest = hmac.new(key, payload, getattr(hashlib, self.algorithm)).digest()
        encoded = digest.hex() if self.signature_encoding == "hex" else base64.b64encode(digest).decode()
        made[self.signature_header] = self.signature_prefix + encoded
        if self.include_timestamp:
            made[self.timestamp_header] = stamp
        if self.message_id_header is not None:
            made[self.message_id_header] = identity
        return made


class OAuth2Plan(_Plan, frozen=True, tag="oauth2"):
    """An access token fetched with an id and a secret (RFC 6749, 4.4)."""

    url: str
    client_id: str
    client_secret: str
    scope: Annotated[str, msgspec.Meta(max_length=1000)] = ""


AuthenticationPlan: TypeAlias = BearerPlan | HmacPlan | OAuth2Plan


class Credential(msgspec.Struct, rename="camel", frozen=True):
    """A credential of the organisation's or of one assistant's."""

    authentication_plan: AuthenticationPlan
    id: str = ""
    provider: Literal["custom-credential", "webhook"] = "custom-credential"
    name: str = ""


class _Token(msgspec.Struct):
    access_token: str
    expires_in: float = _LASTS


class Tokens:
    """Access tokens, kept until shortly before they expire."""

    def __init__(self, client: HttpClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._kept: dict[OAuth2Plan, tuple[str, float]] = {}

    async def of(self, plan: OAuth2Plan) -> str:
        """The token of a plan, a kept one or a new one.

        Raises
        ------
        EmulatorError
            The token server cannot be reached, refuses, or answers with something else.
        """
        token, until = self._kept.get(plan, ("", 0.0))
        if not token or self._clock() >= until:
            fetched = await self._fetch(plan)
            token, until = fetched.access_token, self._clock() + max(0.0, fetched.expires_in - _EARLY)
            self._kept[plan] = (token, until)
        return token

    def kept(self, plan: OAuth2Plan) -> str:
        """The last token of a plan; empty before there is one."""
        return self._kept.get(plan, ("", 0.0))[0]

    async def _fetch(self, plan: OAuth2Plan) -> _Token:
        form = {"grant_type": "client_credentials", "client_id": plan.client_id, "client_secret": plan.client_secret}
        body = urlencode(form | ({"scope": plan.scope} if plan.scope else {})).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            answer = await self._client.post(plan.url, body, headers=headers)
        except NETWORK_ERRORS as error:
            raise explained(plan.url, error) from error
        if answer.status != 200:
            raise refusal(plan.url, answer.status)
        try:
            return msgspec.json.decode(answer.body, type=_Token)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise EmulatorError(f"{plan.url}: expected access_token and expires_in as JSON") from error


async def proof(
    plan: AuthenticationPlan, url: str, body: bytes, tokens: Tokens, clock: Callable[[], float] = time.time
) -> dict[str, str]:
    """The headers by which a plan proves a POST.

    Raises
    ------
    EmulatorError
        A token could not be fetched.
    """
    if isinstance(plan, OAuth2Plan):
        await tokens.of(plan)
    return proof_now(plan, url, body, tokens, clock)


def proof_now(
    plan: AuthenticationPlan, url: str, body: bytes, tokens: Tokens, clock: Callable[[], float] = time.time
) -> dict[str, str]:
    """The same, with the token that was fetched last."""
    if isinstance(plan, HmacPlan):
        return plan.headers(url, body, clock())
    if isinstance(plan, OAuth2Plan):
        return {"Authorization": f"Bearer {tokens.kept(plan)}"}
    return {plan.header_name: f"{'Bearer ' if plan.bearer_prefix_enabled else ''}{plan.token}"}
