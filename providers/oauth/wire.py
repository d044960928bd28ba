"""Token request and token response of the client credentials grant (RFC 6749, sections 2.3.1, 4.4 and 5)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote_plus

import msgspec

GRANT = "client_credentials"

LONGEST_SCOPE = 1000
"""Characters; the platform's credential allows as many."""

MAX_BODY_BYTES = 16 * 1024
"""Of a token request, which is read before anything is proven."""

TOKEN_FORM = {
    "type": "object",
    "properties": {
        "grant_type": {"type": "string", "const": GRANT},
        "client_id": {"type": "string", "description": "Where it does not come as HTTP Basic."},
        "client_secret": {"type": "string", "description": "Where it does not come as HTTP Basic."},
        "scope": {"type": "string", "maxLength": LONGEST_SCOPE},
    },
    "required": ["grant_type"],
}
"""Schema of the form, for OpenAPI."""

_MOST_FIELDS = 32
_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*")


class TokenResponse(msgspec.Struct, frozen=True):
    """A token (section 5.1)."""

    access_token: str
    expires_in: int
    """Seconds."""
    token_type: str = "Bearer"  # noqa: S105  # the name of a type


class TokenFault(msgspec.Struct, frozen=True):
    """A refusal (section 5.2)."""

    error: str
    error_description: str


class TokenRefused(Exception):
    """A token request that gets no token."""

    def __init__(self, error: str, description: str, *, challenge: bool = False) -> None:
        super().__init__(description)
        self.fault = TokenFault(error, description)
        self.challenge = challenge
        """Whether the client tried HTTP Basic, so that the answer names that scheme."""

    @property
    def status(self) -> int:
        """401 for a client that is not known, else 400."""
        return 401 if self.fault.error == "invalid_client" else 400


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """One request, in the right form; whether its client exists is not checked yet."""

    client_id: str
    client_secret: str = field(repr=False)
    basic: bool
    """Whether the client came in the Authorization header."""


def read_request(authorization: str | None, body: bytes) -> TokenRequest:
    """The request of a form-encoded body and the Authorization header.

    Raises
    ------
    TokenRefused
        With the error code of section 5.2; the description never quotes a value.
    """
    form = _form(body)
    basic = _basic(authorization)
    if basic is not None and "client_secret" in form:
        raise TokenRefused("invalid_request", "client: expected it in the header or in the body, found both")
    if "grant_type" not in form:
        raise TokenRefused("invalid_request", f"grant_type: expected {GRANT}, found none")
    name, secret = basic or (form.get("client_id", ""), form.get("client_secret", ""))
    if not (name and secret):
        raise TokenRefused(
            "invalid_client",
            "client: expected id and secret, as HTTP Basic or as client_id and client_secret, found none",
            challenge=authorization is not None,
        )
    if form["grant_type"] != GRANT:
        raise TokenRefused("unsupported_grant_type", f"grant_type: expected {GRANT}, found another one")
    _check_scope(form.get("scope"))
    return TokenRequest(name, secret, basic is not None)


def _form(body: bytes) -> Mapping[str, str]:
    """The fields; none may come twice (section 3.2), and one without a value counts as absent."""
    try:
        pairs = parse_qsl(body.decode("ascii"), max_num_fields=_MOST_FIELDS, errors="strict")
    except (UnicodeDecodeError, ValueError):
        raise TokenRefused("invalid_request", "body: expected a form in UTF-8, found something else") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise TokenRefused("invalid_request", "body: expected each field once, found one that comes twice")
    return fields


def _basic(authorization: str | None) -> tuple[str, str] | None:
    """Id and secret of HTTP Basic, each form-encoded inside it; None without such a header."""
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, found, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        found = ""
    if not found:
        description = "Authorization: expected base64 of id:secret, found something else"
        raise TokenRefused("invalid_client", description, challenge=True)
    return unquote_plus(name), unquote_plus(secret)


def _check_scope(scope: str | None) -> None:
    """A scope grants nothing here: a token opens what the client's secret opens. It must have the right form."""
    if scope is None:
        return
    if len(scope) > LONGEST_SCOPE:
        raise TokenRefused("invalid_scope", f"scope: expected at most {LONGEST_SCOPE} characters, found {len(scope)}")
    if not _SCOPE.fullmatch(scope):
        raise TokenRefused("invalid_scope", "scope: expected words of printable ASCII, found something else")
