"""Configuration of a Vapi assistant that uses this server: its JSON, and the credential that goes with it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from providers.errors import SettingsError
from providers.paths import ENDPOINTING_PATH, TOKEN_PATH, TRANSCRIBER_PATH, VOICE_PATH
from providers.runtime import AcceptedCredentials
from providers.settings import Settings, names

PLACEHOLDER = "YOUR-SECRET"
"""Stands for a secret that the operator gave: it is never printed unasked."""
CREDENTIAL = "CREDENTIAL-ID"
"""Stands for the id of a custom credential that has to be created."""

_KEPT = {"voice": ("cachingEnabled", "chunkPlan", "fallbackPlan"), "transcriber": ("fallbackPlan",)}
"""Fields of an assistant's blocks that say nothing of the server and stay as they are."""


@dataclass(frozen=True, slots=True)
class ServerAccess:
    """How the platform reaches a server and proves itself to it."""

    public_url: str
    """``https://…`` without a slash at its end."""
    accepts: AcceptedCredentials
    secret: str | None = field(default=None, repr=False)
    credential_id: str | None = None
    """Of a custom credential that exists already."""

    @property
    def needs_credential(self) -> bool:
        """Whether only a custom credential opens the POST endpoints, and none is named."""
        return (
            self.credential_id is None and "secret" not in self._ways and bool({"bearer", "hmac", "oauth"} & self._ways)
        )

    @property
    def is_shut(self) -> bool:
        """Whether no credential opens the POST endpoints: a token is for the socket alone."""
        return self._ways == {"token"}

    def hidden(self) -> ServerAccess:
        """The same with a placeholder for a secret that the operator gave."""
        return self if self.secret is None or self.accepts.made else replace(self, secret=PLACEHOLDER)

    def blocks(self, *, voice_id: str | None = None) -> dict[str, Any]:
        """The parts of the assistant's JSON that name this server."""
        voice: dict[str, Any] = {"provider": "custom-voice", "server": self._server(VOICE_PATH)}
        if voice_id:
            voice["voiceId"] = voice_id
        endpointing = {"provider": "custom-endpointing-model", "server": self._server(ENDPOINTING_PATH)}
        return {
            "voice": voice,
            "transcriber": {"provider": "custom-transcriber", "server": self._server(TRANSCRIBER_PATH, socket=True)},
            "startSpeakingPlan": {"smartEndpointingPlan": endpointing},
        }

    def credentials_to_create(self) -> list[str]:
        """What to enter for each custom credential that this server accepts."""
        told = []
        if "bearer" in self._ways:
            header, prefix = self.accepts.bearer_header, self.accepts.bearer_prefix
            shown = (
                "on" if prefix == "Bearer " else "off" if not prefix else f"{prefix!r}, which the platform cannot send"
            )
            told.append(f"Bearer Token: header {header}, Bearer prefix {shown}, token: the server's secret")
        if "hmac" in self._ways:
            options = ", ".join(f"{name} {value}" for name, value in self.accepts.hmac.items())
            told.append(f"HMAC: {options}, secretKey: the server's HMAC key")
        if "oauth" in self._ways:
            url = self.public_url + TOKEN_PATH
            told.append(f"OAuth2: token URL {url}, client id and client secret: one of the server's --oauth-client")
        return told

    @property
    def _ways(self) -> set[str]:
        return set(self.accepts.ways)

    def _server(self, path: str, *, socket: bool = False) -> dict[str, Any]:
        parts = urlsplit(self.public_url + path)
        token = f"token={quote(self.secret, safe='')}" if socket and self.secret and "token" in self._ways else ""
        url = urlunsplit(parts._replace(scheme="wss" if socket else "https", query=token))
        if self.credential_id is not None:
            return {"url": url, "credentialId": self.credential_id}
        if self.secret and "secret" in self._ways:
            return {"url": url, "headers": {"X-Vapi-Secret": self.secret}}
        return {"url": url, "credentialId": CREDENTIAL} if self.needs_credential else {"url": url}


def accepted(settings: Settings, *, made: bool) -> AcceptedCredentials:
    """What a server with these settings accepts."""
    access = settings.access
    if access.no_auth:
        return AcceptedCredentials()
    with_secret = ("secret", "bearer", "token") if access.secret is not None else ()
    usable = {*with_secret}
    usable |= {"hmac"} if settings.hmac.secret is not None else set()
    usable |= {"oauth"} if settings.oauth.client is not None else set()
    return AcceptedCredentials(
        ways=tuple(way for way in names(access.auth) if way in usable),
        made=made,
        bearer_header=access.bearer_header,
        bearer_prefix=access.bearer_prefix,
        hmac=_hmac_options(settings) if "hmac" in usable else {},
    )


def checked_url(url: str) -> str:
    """The public URL, percent-encoded and without a slash at its end.

    Raises
    ------
    SettingsError
        It is not ``https://host`` with at most a path.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "https" and bool(parts.hostname) and not (parts.query or parts.fragment)
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError([f"--public-url: expected https://host, with a path at most, found {url[:80]!r}"])
    return urlunsplit(parts._replace(path=quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=-._~")))


def merged(current: dict[str, Any], blocks: dict[str, Any]) -> dict[str, Any]:
    """The blocks with what the assistant says beside them: fallback plans, chunk plan, its other plans."""
    made = dict(blocks)
    for name, kept in _KEPT.items():
        old = current.get(name) or {}
        made[name] = {**{key: old[key] for key in kept if key in old}, **made[name]}
    made["startSpeakingPlan"] = {**(current.get("startSpeakingPlan") or {}), **made["startSpeakingPlan"]}
    return made


def _hmac_options(settings: Settings) -> dict[str, str]:
    """The options of the platform's HMAC credential, in its own names."""
    plan = settings.hmac
    options = {
        "algorithm": plan.algorithm,
        "signatureHeader": plan.signature_header,
        "timestampHeader": plan.timestamp_header,
        "payloadFormat": plan.payload_format,
        "signatureEncoding": plan.signature_encoding,
        "signaturePrefix": plan.signature_prefix,
        "messageIdHeader": plan.message_id_header if "{svix-id}" in plan.payload_format else "",
        "secretIsBase64": "true" if plan.secret_is_base64 else "",
    }
    return {name: value for name, value in options.items() if value}
