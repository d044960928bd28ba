"""``POST /v1/audio/speech``: a text as audio, streamed as it is made."""

from __future__ import annotations

import base64
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.types import Send

from providers.dialects.audio.encoders import encoder
from providers.dialects.endpoint import DialectEndpoint
from providers.dialects.openai import wire
from providers.dialects.services import Speech
from providers.dialects.spoken import Framing, SpeechResponse

__all__ = ["SpeechEndpoint"]


@dataclass(frozen=True, slots=True)
class SpeechEndpoint(DialectEndpoint):
    """The endpoint as an ASGI application."""

    async def answer(self, request: Request, send: Send) -> None:
        """Send the response."""
        body = await self.services.inbound.authorised_body(request)
        asked = wire.read_speech(body, max_text_chars=self.services.limits.text)
        response = SpeechResponse(
            self.services,
            Speech(asked.text, wire.RATE, asked.voice),
            encoder(asked.format, wire.RATE, field="response_format"),
            is_alias=wire.is_own_voice,
            framing=Framing("text/event-stream", _delta, _done) if asked.events else Framing(),
            dialect=self.dialect.name,
        )
        await response.send(request, send)


def _delta(audio: bytes) -> bytes:
    return _event({"type": "speech.audio.delta", "audio": base64.b64encode(audio).decode()})


def _done() -> bytes:
    # Tokens are not counted here; the fields are required by the vendor's clients.
    usage = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
    return _event({"type": "speech.audio.done", "usage": usage})


def _event(message: dict[str, object]) -> bytes:
    return b"data: " + msgspec.json.encode(message) + b"\n\n"
