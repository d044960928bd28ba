"""Dialects of one server, built around its own endpoints: they share engines, places and the way from text to sound."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field

from starlette.routing import BaseRoute

from providers.capacity import CapacityLimiter
from providers.dialects.deepgram import routes as deepgram
from providers.dialects.jambonz import routes as jambonz
from providers.dialects.openai import routes as openai
from providers.dialects.services import Limits, Services, Speech
from providers.engines.base import SpeechToText
from providers.errors import AtCapacity
from providers.operations.call_gate import CallGate
from providers.settings import Settings
from providers.voice import flow
from providers.voice.endpoint import CustomVoice
from providers.voice.wire import VoiceRequest

__all__ = ["Dialects", "make_dialects"]

_ROUTES: dict[str, Callable[[Services], list[BaseRoute]]] = {
    "openai": openai.routes,
    "deepgram": deepgram.routes,
    "jambonz": jambonz.routes,
}

_UPLOAD_PATIENCE = 5.0
"""Seconds that an upload waits for a place."""


@dataclass(frozen=True, slots=True)
class Dialects:
    """Dialects that are served."""

    names: tuple[str, ...] = ()
    services: Services | None = field(default=None, repr=False)

    def routes(self) -> list[BaseRoute]:
        """Every path of theirs."""
        if self.services is None:
            return []
        return [route for name in self.names for route in _ROUTES[name](self.services)]


def make_dialects(settings: Settings, voice: CustomVoice, transcriber: SpeechToText, gate: CallGate) -> Dialects:
    """The dialects that the settings name, around the voice endpoint's own way of speaking."""
    chosen = settings.dialects
    if not chosen.served:
        return Dialects()

    def speak(speech: Speech, /, *, spoken_by: Callable[[str], None]) -> AsyncGenerator[bytes, None]:
        request = VoiceRequest(speech.text, speech.rate, speech.voice, call_id="")
        return flow.speak(request, voice.engine, voice.options, voice.share, spoken_by=spoken_by)

    limits = Limits(voice.max_text_chars, chosen.max_upload_bytes, chosen.max_upload_seconds, voice.options.write)
    services = Services(
        voice=voice.engine,
        transcriber=transcriber,
        synthesis=speak,
        inbound=voice.inbound,
        gate=gate,
        voices=voice.places,
        speakers=CapacityLimiter(settings.voice.max_voices, error=_too_many_speakers),
        uploads=CapacityLimiter(
            chosen.max_uploads, error=_too_many_uploads, queue=chosen.max_uploads, patience=_UPLOAD_PATIENCE
        ),
        metrics=voice.metrics,
        drain=voice.drain,
        limits=limits,
    )
    return Dialects(chosen.served, services)


def _too_many_uploads(limit: int) -> AtCapacity:
    return AtCapacity(f"uploads: expected at most {limit} at once, found one more (--max-uploads)")


def _too_many_speakers(limit: int) -> AtCapacity:
    return AtCapacity(f"sockets that speak: expected at most {limit} at once, found one more (--max-voices)")
