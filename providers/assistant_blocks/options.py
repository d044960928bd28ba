"""Choices about an assistant that say nothing of how it reaches this server."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from providers.errors import SettingsError

__all__ = ["SERVER_MESSAGES", "TEMPLATE", "AssistantOptions", "chosen_call_key", "fallbacks", "with_call_key"]

SERVER_MESSAGES = (
    "assistant.started",
    "assistant.speechStarted",
    "end-of-call-report",
    "hang",
    "speech-update",
    "status-update",
    "tool-calls",
    "transfer-destination-request",
    "handoff-destination-request",
    "user-interrupted",
    "voice-input",
)
"""Messages that the Server URL has a use for; of transcripts and the conversation it knows already."""

TEMPLATE = "{{call.id}}"
"""The platform's own variable; whether it is rendered inside a URL is not documented."""


@dataclass(frozen=True, slots=True)
class AssistantOptions:
    """Choices that a person makes."""

    voice_id: str | None = None
    caching: bool | None = None
    """Whether the platform keeps what was spoken; None leaves it as it is, which is on by default."""
    fallback_voices: tuple[dict[str, Any], ...] = ()
    fallback_transcribers: tuple[dict[str, Any], ...] = ()
    call_key: str | None = None
    """Key in all URLs, which joins the call's socket and requests."""
    server: bool = True
    """Whether this server is the assistant's Server URL."""

    def voice(self) -> dict[str, Any]:
        """Fields of the voice beside its server."""
        made: dict[str, Any] = {"voiceId": self.voice_id} if self.voice_id else {}
        made["cachingEnabled"] = self.caching is not False
        if self.fallback_voices:
            made["fallbackPlan"] = {"voices": list(self.fallback_voices)}
        return made

    def transcriber(self) -> dict[str, Any]:
        """Fields of the transcriber beside its server."""
        plan: dict[str, Any] = {"autoFallback": {"enabled": True}}
        if self.fallback_transcribers:
            plan["transcribers"] = list(self.fallback_transcribers)
        return {"fallbackPlan": plan}

    def chosen(self, block: str, name: str) -> bool:
        """Whether a field was asked for, and replaces what an assistant has."""
        if block == "voice":
            return (name == "cachingEnabled" and self.caching is not None) or (
                name == "fallbackPlan" and bool(self.fallback_voices)
            )
        return name == "fallbackPlan" and bool(self.fallback_transcribers)


def fallbacks(texts: tuple[str, ...], *, flag: str, field: str) -> tuple[dict[str, Any], ...]:
    """Fallbacks from ``provider:name``.

    Raises
    ------
    SettingsError
        A text is of another form.
    """
    found = []
    for text in texts:
        provider, colon, name = text.partition(":")
        if not (provider and colon and name):
            raise SettingsError([f"{flag}: expected PROVIDER:NAME, found {text[:80]!r}"])
        found.append({"provider": provider, field: name})
    return tuple(found)


def chosen_call_key(text: str | None) -> str | None:
    """The key that ``--call-key`` asks for: a new one, the platform's template, or the given one.

    Raises
    ------
    SettingsError
        It cannot be a key.
    """
    if text is None:
        return None
    if text == "new":
        return str(uuid.uuid4())
    if text == "template":
        return TEMPLATE
    if not (text.isprintable() and 0 < len(text.strip()) == len(text) <= 128):
        raise SettingsError(["--call-key: expected 1 to 128 printable characters, found something else"])
    return text


def with_call_key(url: str, key: str | None) -> str:
    """A URL with the key in its query; the template's braces stay as they are.

    >>> with_call_key("https://a.example/api/custom-voice", "{{call.id}}")
    'https://a.example/api/custom-voice?call={{call.id}}'
    """
    if key is None:
        return url
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, f"call={quote(key, safe='{}.-_~')}")))
    return urlunsplit(parts._replace(query=query))
