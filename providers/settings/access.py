"""Settings of authentication: which credentials are accepted, and how a signature is made."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from providers.settings.group import SECRET, Duration, Group
from providers.settings.listed import names

WAYS = ("secret", "bearer", "token", "hmac", "oauth")
"""Values of ``--auth``."""

SHORTEST = 16
"""Characters of a secret that is not weak."""


class Access(Group, frozen=True):
    """The shared secret and how it may be sent."""

    heading: ClassVar[str] = "Authentication"

    secret: Annotated[str | None, Meta(description="The shared secret; made for the run when unset.", extra=SECRET)] = (
        None
    )
    no_auth: Annotated[bool, Meta(description="Accept every request. The only way to run without a credential.")] = (
        False
    )
    auth: Annotated[str, Meta(description="Accepted credentials: any of secret, bearer, token, hmac, oauth.")] = (
        ",".join(WAYS)
    )
    bearer_header: Annotated[str, Meta(description="Header of the bearer token.")] = "Authorization"
    bearer_prefix: Annotated[str, Meta(description="What stands before the bearer token; may be empty.")] = "Bearer "

    allow_weak_secret: Annotated[
        bool, Meta(description="Accept a secret or an HMAC key of fewer than 16 characters.")
    ] = False

    def faults(self) -> Iterator[str]:
        """A secret that protects nothing or cannot be sent, or that ``--no-auth`` would ignore; unknown credentials."""
        if self.no_auth and self.secret is not None:
            yield "--no-auth and --secret: expected one of them, found both"
        if self.secret is not None:
            yield from secret_faults("--secret", self.secret, allow_weak=self.allow_weak_secret)
        ways = set(names(self.auth))
        if not self.no_auth and (not ways or ways - set(WAYS)):
            yield f"--auth: expected any of {', '.join(WAYS)}, found {self.auth!r}"


class Hmac(Group, frozen=True):
    """The options of the platform's HMAC credential."""

    heading: ClassVar[str] = "HMAC signatures"
    prefix: ClassVar[str] = "hmac_"

    secret: Annotated[
        str | None, Meta(description="HMAC key; signatures are accepted when it is set.", extra=SECRET)
    ] = None
    algorithm: Annotated[Literal["sha256", "sha512", "sha1"], Meta(description="HMAC hash.")] = "sha256"
    signature_header: Annotated[str, Meta(description="Header of the signature.")] = "x-signature"
    signature_prefix: Annotated[str, Meta(description="What stands before the signature, e.g. sha256=.")] = ""
    signature_encoding: Annotated[Literal["hex", "base64"], Meta(description="Spelling of the signature.")] = "hex"
    timestamp_header: Annotated[str, Meta(description="Header of the time of sending.")] = "x-timestamp"
    include_timestamp: Annotated[bool, Meta(description="Whether a timestamp is signed.")] = True
    message_id_header: Annotated[str, Meta(description="Header of the message id, for {svix-id}.")] = "svix-id"
    payload_format: Annotated[str, Meta(description="What is signed: {body} {timestamp} {method} {url} {svix-id}.")] = (
        "{timestamp}.{body}"
    )
    secret_is_base64: Annotated[bool, Meta(description="Whether the HMAC key is base64.")] = False
    window_seconds: Annotated[Duration, Meta(description="How old a signed request may be, s.")] = 300.0

    def faults(self) -> Iterator[str]:
        """A payload without the body or its time, whose signature would be valid for anything or for ever."""
        if self.secret is None:
            return
        for part in ("{body}", "{timestamp}"):
            if part not in self.payload_format:
                yield f"--hmac-payload-format: expected {{timestamp}} and {{body}} in it, found no {part}"
        if not self.include_timestamp:
            yield "--hmac-include-timestamp: expected true, found false: a signature without a time is valid for ever"


class OAuth(Group, frozen=True):
    """Clients of OAuth 2.0 client credentials, and how long their tokens live."""

    heading: ClassVar[str] = "OAuth 2.0 client credentials"
    prefix: ClassVar[str] = "oauth_"

    client: Annotated[
        str | None,
        Meta(description="Clients as id:secret, several with commas or on lines of their own.", extra=SECRET),
    ] = None
    token_seconds: Annotated[
        float, Meta(ge=60, le=86400, description="How long a token of /oauth/token is valid, s.")
    ] = 900.0

    @property
    def clients(self) -> tuple[tuple[str, str], ...]:
        """Id and secret of each client."""
        entries = (self.client or "").replace(",", " ").split()
        parts = (entry.partition(":") for entry in entries)
        return tuple((name, secret) for name, _, secret in parts)

    def client_faults(self, *, allow_weak: bool) -> Iterator[str]:
        """Clients without an id or with a secret that protects nothing; never quotes a secret."""
        if self.client is not None and not self.clients:
            yield "--oauth-client: expected id:secret, found none"
        for number, (name, secret) in enumerate(self.clients, start=1):
            if not (name and secret):
                yield f"--oauth-client: expected id:secret, found something else at place {number}"
            else:
                yield from secret_faults(f"--oauth-client, place {number}", secret, allow_weak=allow_weak)


def secret_faults(flag: str, secret: str, *, allow_weak: bool, is_base64: bool = False) -> Iterator[str]:
    """Why a secret cannot be used; never quotes it."""
    if not secret.strip():
        yield f"{flag}: expected at least {SHORTEST} characters, found {'only white space' if secret else 'none'}"
    elif secret != secret.strip():
        yield f"{flag}: expected no white space around it, which headers lose, found some"
    elif not (secret.isascii() and secret.isprintable()):
        yield f"{flag}: expected printable ASCII characters, which every header can carry, found others"
    elif is_base64:
        yield from _base64_faults(flag, secret, allow_weak=allow_weak)
    elif len(secret) < SHORTEST and not allow_weak:
        yield _too_short(flag, f"{SHORTEST} characters", len(secret))


def _base64_faults(flag: str, secret: str, *, allow_weak: bool) -> Iterator[str]:
    try:
        key = base64.b64decode(secret, validate=True)
    except binascii.Error:
        yield f"{flag}: expected base64, found something else"
        return
    if len(key) < SHORTEST and not (allow_weak and key):
        yield _too_short(flag, f"{SHORTEST} bytes in base64", len(key))


def _too_short(flag: str, least: str, found: int) -> str:
    return f"{flag}: expected at least {least}, found {found} (--allow-weak-secret accepts it)"
