"""Who may come in: one check for all three doors, closed by default, comparing in constant time.

A credential comes in a header (Vapi's ``X-Vapi-Secret``, a bearer token, an HMAC signature over the raw body) or, on
the transcriber socket, also in the URL, because the platform is reported to drop headers on that upgrade.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from providers.errors import Unauthorized

SECRET_HEADERS = ("x-vapi-secret", "x-vapi-signature")
"""Both carry the plain secret: for half a year the platform's own pages named the second one."""

_MILLISECONDS_FROM = 1e11
"""A timestamp beyond this is in milliseconds: as seconds it would lie in the year 5138."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What came along with one request; ``body`` is None until it has been read."""

    headers: Mapping[str, str]
    """Names in lower case."""
    method: str = "GET"
    url: str = ""
    token: str | None = None
    """The ``token`` of the query string; None where the door does not take one."""
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class HmacPlan:
    """How a signature is made: the options of the platform's HMAC credential."""

    key: bytes = field(repr=False)
    algorithm: Literal["sha256", "sha512", "sha1"] = "sha256"
    signature_header: str = "x-signature"
    signature_prefix: str = ""
    signature_encoding: Literal["hex", "base64"] = "hex"
    timestamp_header: str = "x-timestamp"
    include_timestamp: bool = True
    message_id_header: str = "svix-id"
    payload_format: str = "{timestamp}.{body}"
    window: float = 300.0
    """Seconds a signature stays valid, either way of the clock."""

    def signature(self, *, body: bytes, timestamp: str, method: str, url: str, message_id: str) -> str:
        """The signature header's whole value for one request."""
        payload = self.payload_format.encode()
        if not self.include_timestamp:
            payload = payload.replace(b"{timestamp}.", b"").replace(b"{timestamp}", b"")
        head, found, tail = payload.partition(b"{body}")
        # The body goes in last, so that braces inside it are never taken for placeholders.
        for placeholder, value in (
            (b"{timestamp}", timestamp),
            (b"{method}", method),
            (b"{url}", url),
            (b"{svix-id}", message_id),
        ):
            head, tail = head.replace(placeholder, value.encode()), tail.replace(placeholder, value.encode())
        digest = hmac.new(self.key, head + (body if found else b"") + tail, getattr(hashlib, self.algorithm)).digest()
        spelt = digest.hex() if self.signature_encoding == "hex" else base64.b64encode(digest).decode()
        return self.signature_prefix + spelt


@dataclass(frozen=True, slots=True)
class Authenticator:
    """The check. With no way configured it refuses everybody; `OPEN` lets everybody in.

    Parameters
    ----------
    secret
        Accepted in `SECRET_HEADERS`.
    bearer
        Accepted in ``bearer_header`` after ``bearer_prefix``.
    token
        Accepted in the query string of the socket's URL.
    signed
        HMAC; the body is needed, see `needs_body`.
    """

    secret: str | None = field(default=None, repr=False)
    bearer: str | None = field(default=None, repr=False)
    bearer_header: str = "authorization"
    bearer_prefix: str = "Bearer "
    token: str | None = field(default=None, repr=False)
    signed: HmacPlan | None = None
    clock: Callable[[], float] = field(default=lambda: 0.0, repr=False)
    """Unix time, s; only the HMAC's replay window asks for it."""
    is_open: bool = False

    def allows(self, credentials: Credentials) -> bool:
        """Whether anything but a signature lets this request in."""
        if self.is_open:
            return True
        headers = credentials.headers
        if self.secret is not None and any(_same(headers.get(name), self.secret) for name in SECRET_HEADERS):
            return True
        if self.bearer is not None and _same(headers.get(self.bearer_header), self.bearer_prefix + self.bearer):
            return True
        return self.token is not None and _same(credentials.token, self.token)

    def needs_body(self, credentials: Credentials) -> bool:
        """Whether reading the body could still let this request in."""
        return self.signed is not None and self.signed.signature_header in credentials.headers

    def check(self, credentials: Credentials) -> None:
        """Let the request in or raise.

        Raises
        ------
        Unauthorized
            Nothing valid came along. The message never holds any of it.
        """
        if self.allows(credentials):
            return
        if credentials.body is not None and self.needs_body(credentials):
            self._check_signature(credentials, credentials.body)
            return
        raise Unauthorized(f"credentials: expected {self.expected()}, found none that is valid")

    def expected(self) -> str:
        """The configured ways in, for people."""
        ways = []
        if self.secret is not None:
            ways.append("header X-Vapi-Secret")
        if self.bearer is not None:
            ways.append(f"a token in header {self.bearer_header}")
        if self.signed is not None:
            ways.append(f"an HMAC signature in header {self.signed.signature_header}")
        if self.token is not None:
            ways.append("?token= on the socket")
        return " or ".join(ways) or "a configured credential"

    def _check_signature(self, credentials: Credentials, body: bytes) -> None:
        plan = self.signed
        assert plan is not None
        timestamp = credentials.headers.get(plan.timestamp_header, "")
        wanted = plan.signature(
            body=body,
            timestamp=timestamp,
            method=credentials.method,
            url=credentials.url,
            message_id=credentials.headers.get(plan.message_id_header, ""),
        )
        if not _same(credentials.headers.get(plan.signature_header), wanted):
            raise Unauthorized(f"{plan.signature_header}: expected a valid {plan.algorithm} signature, found another")
        if plan.include_timestamp:
            self._check_age(plan, timestamp)

    def _check_age(self, plan: HmacPlan, timestamp: str) -> None:
        try:
            sent = float(timestamp)
        except ValueError:
            raise Unauthorized(f"{plan.timestamp_header}: expected a Unix time, found none") from None
        if abs(sent) > _MILLISECONDS_FROM:
            sent /= 1000
        # Written so that NaN is outside the window too.
        if not abs(self.clock() - sent) <= plan.window:
            raise Unauthorized(f"{plan.timestamp_header}: expected a time within {plan.window:g} s, found an older one")


OPEN = Authenticator(is_open=True)
"""Everybody comes in: ``--no-auth``."""


def hmac_key(secret: str, *, is_base64: bool) -> bytes:
    """The key's bytes.

    Raises
    ------
    ValueError
        Not base64.
    """
    if not is_base64:
        return secret.encode()
    try:
        return base64.b64decode(secret, validate=True)
    except binascii.Error:
        raise ValueError("expected base64") from None


def _same(found: str | None, expected: str) -> bool:
    return found is not None and hmac.compare_digest(found.encode(errors="replace"), expected.encode())
