"""What a dialect is given: the engines behind their admission, and how it tells that something was refused."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from starlette.responses import JSONResponse, Response

from providers.capacity import CapacityLimiter
from providers.engines.base import SpeechToText, TextToSpeech, with_options
from providers.error_status import ErrorStatus, status_of
from providers.errors import BadRequest
from providers.inbound import Inbound, loggable_path
from providers.operations.call_gate import CallGate
from providers.operations.drain import Drain
from providers.operations.labels import Endpoint, refusal_of
from providers.operations.metrics import Metrics

__all__ = ["Dialect", "Limits", "Services", "Speech", "Synthesis"]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Speech:
    """A text to speak."""

    text: str
    rate: int
    """Hz, 8000 … 48000."""
    voice: str | None = None
    """The engine's own name of a voice; None is its default."""


class Synthesis(Protocol):
    """The way from a text to PCM that the voice endpoint has: cleaning, sentences, cache, failover, limiter."""

    def __call__(self, speech: Speech, /, *, spoken_by: Callable[[str], None]) -> AsyncGenerator[bytes, None]:
        """PCM blocks at the rate asked for; the first one holds the first audible sample.

        Raises
        ------
        EngineError
            Nothing audible came, in time or at all; or, later, the engine failed in the middle.
        """
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a dialect's requests."""

    text: int
    """Characters of one text."""
    upload_bytes: int
    upload_seconds: float
    write: float
    """Seconds a reader may take nothing of what is ready for it."""


@dataclass(frozen=True, slots=True)
class Services:
    """The engines, and everything that stands in front of them."""

    voice: TextToSpeech
    transcriber: SpeechToText
    synthesis: Synthesis
    inbound: Inbound
    gate: CallGate
    voices: CapacityLimiter
    """Requests that speak, shared with the voice endpoint."""
    speakers: CapacityLimiter
    """Sockets that speak."""
    uploads: CapacityLimiter
    metrics: Metrics
    drain: Drain
    limits: Limits

    def listener(self, language: str | None) -> SpeechToText:
        """The recogniser for one language; None is its own.

        Raises
        ------
        BadRequest
            It knows its languages, and this is none of them: the words would be nonsense.
        """
        known = self.transcriber.capabilities.languages
        wanted = (language or "").partition("-")[0].lower()
        if wanted and known and wanted not in {tag.partition("-")[0].lower() for tag in known}:
            found = "".join(letter for letter in wanted[:12] if letter.isalnum())
            raise BadRequest(f"language: expected one of {', '.join(known[:12])}, found {found or 'something else'}")
        return with_options(self.transcriber, language=language or None)


@dataclass(frozen=True, slots=True)
class Dialect:
    """One vendor's way to tell of an error."""

    name: Endpoint
    body: Callable[[ErrorStatus], Mapping[str, Any]]
    """Makes the JSON of an error."""

    def refusal(self, services: Services, path: str, error: Exception) -> Response:
        """The response to a request that is not served; it is counted and logged."""
        described = status_of(error)
        reason = refusal_of(error)
        if reason is not None:
            services.metrics.server.refused(self.name, reason)
        if described.status == 500:
            log.error("a request failed", dialect=self.name, exc_info=error)
        log.info(
            "refused", dialect=self.name, path=loggable_path(path), status=described.status, error=described.message
        )
        return JSONResponse(self.body(described), described.status, described.headers)
