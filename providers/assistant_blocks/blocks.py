"""Configuration of a Vapi assistant that uses this server: its JSON, and the credential that goes with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from providers.assistant_blocks.options import SERVER_MESSAGES, AssistantOptions, with_call_key
from providers.errors import SettingsError
from providers.paths import ENDPOINTING_PATH, SERVER_URL_PATH, TOKEN_PATH, TRANSCRIBER_PATH, VOICE_PATH
from providers.runtime import AcceptedCredentials
from providers.settings import Settings, names

PLACEHOLDER = "YOUR-SECRET"
"""Stands for a secret that the operator gave: it is never printed unasked."""
CREDENTIAL = "CREDENTIAL-ID"
"""Stands for the id of a custom credential that has to be created."""

DEFAULT_OPTIONS = AssistantOptions()

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

    def blocks(self, options: AssistantOptions = DEFAULT_OPTIONS) -> dict[str, Any]:
        """The parts of the assistant's JSON that name this server."""
        key = options.call_key
        voice = {"provider": "custom-voice", "server": self._server(VOICE_PATH, key=key)}
        transcriber = {"provider": "custom-transcriber", "server": self._server(TRANSCRIBER_PATH, key=key, socket=True)}
        endpointing = {"provider": "custom-endpointing-model", "server": self._server(ENDPOINTING_PATH, key=key)}
        made: dict[str, Any] = {
            "voice": {**voice, **options.voice()},
            "transcriber": {**transcriber, **options.transcriber()},
            "startSpeakingPlan": {"smartEndpointingPlan": endpointing},
        }
        if options.server:
            made["server"] = self._server(SERVER_URL_PATH, key=key)
            made["serverMessages"] = list(SERVER_MESSAGES)
        return made

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

    def _server(self, path: str, *, key: str | None, socket: bool = False) -> dict[str, Any]:
        parts = urlsplit(self.public_url + path)
        token = f"token={quote(self.secret, safe='')}" if socket and self.secret and "token" in self._ways else ""
        url = urlunsplit(parts._replace(scheme="wss" if socket else "https", query=token))
        url = with_call_key(url, key)
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


def merged(
    current: dict[str, Any], blocks: dict[str, Any], options: AssistantOptions = DEFAULT_OPTIONS
) -> dict[str, Any]:
    """The blocks with what the assistant says beside them: fallback plans, caching, chunk plan, its other plans.

    A Server URL of the user's own stays, with its messages.
    """
    made = dict(blocks)
    for name, kept in _KEPT.items():
        old = current.get(name) or {}
        stays = {key: old[key] for key in kept if key in old and not options.chosen(name, key)}
        made[name] = {**made[name], **stays}
    made["startSpeakingPlan"] = {**(current.get("startSpeakingPlan") or {}), **made["startSpeakingPlan"]}
    if "server" in made and keeps_server(current, made):
        del made["server"], made["serverMessages"]
    return made


def keeps_server(current: dict[str, Any], blocks: dict[str, Any]) -> bool:
    """Whether the assistant has a Server URL that is not this server."""
    old = (current.get("server") or {}).get("url")
    return bool(old) and urlsplit(str(old)).netloc != urlsplit(blocks["server"]["url"]).netloc


def overrides_of(settings: Settings) -> Callable[[], dict[str, Any]] | None:
    """What makes the blocks of an assistant that uses this server; None where its public URL is not set.

    Raises
    ------
    SettingsError
        The public URL is none.
    """
    if settings.server_url.public_url is None:
        return None
    url = checked_url(settings.server_url.public_url)
    return ServerAccess(url, accepted(settings, made=False), settings.access.secret).blocks


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
