"""Settings of authentication: which credentials are accepted, and how a signature is made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from providers.settings.group import SECRET, Duration, Group
from providers.settings.listed import names

WAYS = ("secret", "bearer", "token", "hmac")
"""Values of ``--auth``."""


class Access(Group, frozen=True):
    """The shared secret and how it may be sent."""

    heading: ClassVar[str] = "Authentication"

    secret: Annotated[str | None, Meta(description="The shared secret; made for the run when unset.", extra=SECRET)] = (
        None
    )
    no_auth: Annotated[bool, Meta(description="Accept every request. The only way to run without a credential.")] = (
        False
    )
    auth: Annotated[str, Meta(description="Accepted credentials: any of secret, bearer, token, hmac.")] = ",".join(WAYS)
    bearer_header: Annotated[str, Meta(description="Header of the bearer token.")] = "Authorization"
    bearer_prefix: Annotated[str, Meta(description="What stands before the bearer token; may be empty.")] = "Bearer "

    def faults(self) -> Iterator[str]:
        """An empty secret, a secret that ``--no-auth`` would ignore, an unknown credential."""
        if self.no_auth and self.secret:
            yield "--no-auth and --secret: expected one of them, found both"
        if self.secret == "":
            yield "--secret: expected at least one character, found none"
        ways = set(names(self.auth))
        if not self.no_auth and (not ways or ways - set(WAYS)):
            yield f"--auth: expected any of {', '.join(WAYS)}, found {self.auth!r}"


class Hmac(Group, frozen=True):
    """The options of the platform's HMAC credential."""

    heading: ClassVar[str] = "HMAC signatures"
    prefix: ClassVar[str] = "hmac_"

    secret: Annotated[str | None, Meta(description="HMAC key; the shared secret when unset.", extra=SECRET)] = None
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
