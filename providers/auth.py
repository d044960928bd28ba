"""Authentication: one check for all endpoints, closed by default, comparing in constant time.

A credential comes in a header (Vapi's ``X-Vapi-Secret``, a bearer token, an HMAC signature over the raw body) or, on
the transcriber socket, also in the URL, because the platform is reported to drop headers on that upgrade.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from providers.access_tokens import AccessTokens
from providers.errors import Unauthorized
from providers.signatures import HmacPlan, SeenSignatures, SignedParts, sent_at

SECRET_HEADERS = ("x-vapi-secret", "x-vapi-signature")
"""Both carry the plain secret: for half a year the platform's own pages named the second one."""


class HeaderFields(Protocol):
    """The header section of a request."""

    def getlist(self, key: str) -> list[str]:
        """Every value of one header, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Credentials:
    """What one request proves itself with, apart from its body."""

    headers: HeaderFields
    method: str = "GET"
    url: str = ""
    tokens: tuple[str, ...] = ()
    """Every ``token`` of the query string; empty where the endpoint does not take one."""

    def header(self, name: str) -> str | None:
        """The header's value without the white space around it; None when it is absent.

        Raises
        ------
        Unauthorized
            It came more than once with different values.
        """
        return _only(name, (value.strip(" \t") for value in self.headers.getlist(name)))

    @property
    def token(self) -> str | None:
        """The token of the query string.

        Raises
        ------
        Unauthorized
            It came more than once with different values.
        """
        return _only("?token=", self.tokens)


@dataclass(frozen=True, slots=True)
class Authenticator:
    """The check of every request. Without any credential configured it refuses all; `OPEN` accepts all.

    Parameters
    ----------
    secret
        Accepted in `SECRET_HEADERS`.
    bearer
        Accepted in ``bearer_header`` after ``bearer_prefix``, whose case does not matter.
    token
        Accepted in the query string of the socket's URL.
    access_tokens
        Those of OAuth 2.0 clients, accepted as ``Authorization: Bearer``.
    signed
        HMAC over the raw body; each signature is accepted once.
    clock
        Unix time, s; only signatures ask for it.
    """

    secret: str | None = field(default=None, repr=False)
    bearer: str | None = field(default=None, repr=False)
    bearer_header: str = "authorization"
    bearer_prefix: str = "Bearer "
    token: str | None = field(default=None, repr=False)
    access_tokens: AccessTokens | None = field(default=None, repr=False)
    signed: HmacPlan | None = None
    clock: Callable[[], float] = field(default=lambda: 0.0, repr=False)
    is_open: bool = False
    _seen: SeenSignatures = field(init=False, repr=False)

    def __post_init__(self) -> None:
        window = self.signed.window if self.signed is not None else 0.0
        object.__setattr__(self, "_seen", SeenSignatures(window=window))

    def check(self, credentials: Credentials) -> None:
        """Accept a request without a body, or raise.

        Raises
        ------
        Unauthorized
            Nothing valid came along. The message never holds any of it.
        """
        if not self.check_headers(credentials):
            self._check_signed(credentials, b"")

    def check_headers(self, credentials: Credentials) -> bool:
        """True when the request is accepted; False when the signature of its body decides.

        Raises
        ------
        Unauthorized
            Nothing valid came along, or a signature that no body can make valid.
        """
        if self._allows(credentials):
            return True
        if self.signed is None or credentials.header(self.signed.signature_header) is None:
            raise Unauthorized(f"credentials: expected {self.expected()}, found none that is valid")
        self._signature(self.signed, credentials)
        return False

    def check_signature(self, credentials: Credentials, body: bytes) -> None:
        """Accept a signed body, once, or raise.

        Raises
        ------
        Unauthorized
            The signature is not this body's, is too old, or was used before.
        """
        digest, header = self._check_signed(credentials, body)
        if not self._seen.add(digest, self.clock()):
            raise Unauthorized(f"{header}: expected a new signature, found one that was used before")

    def _check_signed(self, credentials: Credentials, body: bytes) -> tuple[bytes, str]:
        """Accept a signature any number of times; returns it and the name of its header.

        An upgrade and a GET have no body, so those of one second may all have the same signature.
        """
        plan = self.signed
        if plan is None:
            raise Unauthorized(f"credentials: expected {self.expected()}, found none that is valid")
        digest, timestamp = self._signature(plan, credentials)
        parts = SignedParts(
            body=body,
            timestamp=timestamp,
            method=credentials.method,
            url=credentials.url,
            message_id=credentials.header(plan.message_id_header) or "",
        )
        if not plan.matches(digest, parts):
            raise Unauthorized(f"{plan.signature_header}: expected a valid {plan.algorithm} signature, found another")
        return digest, plan.signature_header

    def expected(self) -> str:
        """The configured credentials, for people."""
        ways = []
        if self.secret is not None:
            ways.append("header X-Vapi-Secret")
        if self.bearer is not None:
            ways.append(f"a token in header {self.bearer_header}")
        if self.access_tokens is not None:
            ways.append("an OAuth token in header authorization")
        if self.signed is not None:
            ways.append(f"an HMAC signature in header {self.signed.signature_header}")
        if self.token is not None:
            ways.append("?token= on the socket")
        return " or ".join(ways) or "a configured credential"

    def _allows(self, credentials: Credentials) -> bool:
        """Whether anything but a signature proves this request."""
        if self.is_open:
            return True
        if self.secret is not None and any(_same(credentials.header(name), self.secret) for name in SECRET_HEADERS):
            return True
        if self.bearer is not None:
            found = _after(self.bearer_prefix, credentials.header(self.bearer_header))
            if _same(found, self.bearer):
                return True
        if self.token is not None and _same(credentials.token, self.token):
            return True
        return self.access_tokens is not None and self._has_access_token(self.access_tokens, credentials)

    @staticmethod
    def _has_access_token(tokens: AccessTokens, credentials: Credentials) -> bool:
        found = _after("Bearer ", credentials.header("authorization"))
        return found is not None and tokens.accepts(found)

    def _signature(self, plan: HmacPlan, credentials: Credentials) -> tuple[bytes, str]:
        """The digest and the timestamp of a signed request, as far as they can be checked without its body."""
        timestamp = credentials.header(plan.timestamp_header) or ""
        sent = sent_at(timestamp)
        if sent is None:
            raise Unauthorized(f"{plan.timestamp_header}: expected a Unix time, found none")
        # Written so that NaN is outside the window too.
        if not abs(self.clock() - sent) <= plan.window:
            raise Unauthorized(f"{plan.timestamp_header}: expected a time within {plan.window:g} s, found another one")
        digest = plan.digest_of(credentials.header(plan.signature_header) or "")
        if digest is None:
            raise Unauthorized(
                f"{plan.signature_header}: expected a {plan.algorithm} signature in {plan.signature_encoding}, "
                "found something else"
            )
        return digest, timestamp


OPEN = Authenticator(is_open=True)
"""Accepts every request: ``--no-auth``."""


def _only(name: str, values: Iterable[str]) -> str | None:
    different = set(values)
    if len(different) > 1:
        raise Unauthorized(f"{name}: expected one value, found {len(different)} different ones")
    return different.pop() if different else None


def _after(prefix: str, value: str | None) -> str | None:
    """What stands behind a prefix; None without it. The scheme of a bearer header has no case."""
    if value is None or value[: len(prefix)].lower() != prefix.lower():
        return None
    return value[len(prefix) :].strip(" \t")


def _same(found: str | None, expected: str) -> bool:
    return found is not None and hmac.compare_digest(found.encode(errors="replace"), expected.encode())
