"""``POST /api/jambonz/tts``: speech for jambonz, as mp3, which it can play while it comes, as WAV or as bare PCM."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import Send

from providers.dialects.audio.encoders import can_compress, encoder
from providers.dialects.endpoint import DialectEndpoint
from providers.dialects.jambonz import wire
from providers.dialects.services import Speech
from providers.dialects.spoken import Framing, SpeechResponse

__all__ = ["TtsEndpoint"]


@dataclass(frozen=True, slots=True)
class TtsEndpoint(DialectEndpoint):
    """The endpoint as an ASGI application."""

    async def answer(self, request: Request, send: Send) -> None:
        """Send the response."""
        form, rate = wire.tts_format(request.query_params, compressed=can_compress())
        body = await self.services.inbound.authorised_body(request)
        asked = wire.read_tts(body, max_text_chars=self.services.limits.text)
        response = SpeechResponse(
            self.services,
            Speech(asked.text, rate, asked.voice),
            encoder("pcm" if form == "l16" else form, rate, field="format"),
            is_alias=wire.is_no_voice,
            framing=Framing(f"audio/l16;rate={rate}" if form == "l16" else ""),
            field_name="text",
            dialect=self.dialect.name,
        )
        await response.send(request, send)
