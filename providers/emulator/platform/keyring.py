"""Which credential goes with a request to which server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec

from providers.emulator.credentials import SentCredentials
from providers.emulator.platform.authentication import Credential, OAuth2Plan, Tokens, proof, proof_now
from providers.emulator.running_servers import origin


class BackoffPlan(msgspec.Struct, rename="camel", frozen=True):
    """How often a request is sent again."""

    max_retries: Annotated[int, msgspec.Meta(ge=0, le=10)] = 0
    base_delay_seconds: Annotated[float, msgspec.Meta(ge=0, le=10)] = 1.0
    type: Literal["fixed", "exponential"] = "fixed"
    excluded_status_codes: tuple[int, ...] = ()

    def delay(self, attempt: int) -> float:
        """Seconds before the attempt after the ``attempt``-th."""
        return self.base_delay_seconds * (2**attempt if self.type == "exponential" else 1)

    def retries(self, status: int) -> bool:
        """True where an answer of this status is asked for again; 0 is none at all."""
        return not 200 <= status < 300 and status not in self.excluded_status_codes


class Address(msgspec.Struct, rename="camel", frozen=True):
    """A server of the customer's, with what the conversation does not need to know of it."""

    url: str
    timeout_seconds: Annotated[float, msgspec.Meta(ge=1, le=300)] = 20.0
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    secret: str | None = None
    credential_id: str | None = None
    backoff_plan: BackoffPlan = BackoffPlan()


@dataclass(frozen=True, slots=True)
class Keyring:
    """Every credential this platform has."""

    tokens: Tokens
    given: SentCredentials = field(default_factory=SentCredentials)
    """Those of the command line."""
    trusted: frozenset[str] = frozenset()
    """URLs of the command line: its credentials go to these servers alone."""
    named: Mapping[str, Credential] = field(default_factory=dict)
    """By id."""

    def with_inline(self, credentials: list[Any]) -> Keyring:
        """The same with an assistant's own credentials, which override by id.

        Raises
        ------
        msgspec.ValidationError
            One is not what the schema says.
        """
        own = msgspec.convert([each for each in credentials if _is_ours(each)], list[Credential])
        return Keyring(self.tokens, self.given, self.trusted, {**self.named, **{each.id: each for each in own}})

    def given_for(self, url: str) -> SentCredentials:
        """The command line's credentials where ``url`` is one of its servers, else none."""
        known = {origin(each) for each in self.trusted}
        return self.given if origin(url) in known else SentCredentials()

    async def headers(self, address: Address, body: bytes) -> dict[str, str]:
        """What proves a POST of this body: the credential, the secret, and headers of the server's own, which win.

        Raises
        ------
        EmulatorError
            A token could not be fetched.
        """
        if credential := self.named.get(address.credential_id or ""):
            await proof(credential.authentication_plan, address.url, body, self.tokens)
        return self.headers_now(address, body)

    def headers_now(self, address: Address, body: bytes) -> dict[str, str]:
        """The same, with the token that was fetched last."""
        made = self.given_for(address.url).headers(body)
        if address.secret is not None:
            made["X-Vapi-Secret"] = address.secret
        if credential := self.named.get(address.credential_id or ""):
            made |= proof_now(credential.authentication_plan, address.url, body, self.tokens)
        own = {name.lower() for name in address.headers}
        return {name: value for name, value in made.items() if name.lower() not in own} | address.headers

    async def renew(self, addresses: Iterable[Address]) -> None:
        """Fetch tokens that are missing or about to end.

        Raises
        ------
        EmulatorError
            One could not be fetched.
        """
        for address in addresses:
            credential = self.named.get(address.credential_id or "")
            if credential is not None and isinstance(credential.authentication_plan, OAuth2Plan):
                await self.tokens.of(credential.authentication_plan)


def _is_ours(credential: Any) -> bool:
    """True for a credential of a customer's server; those of vendors are of no use here."""
    return isinstance(credential, dict) and credential.get("provider") in ("custom-credential", "webhook")
