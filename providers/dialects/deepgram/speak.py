"""``POST /v1/speak``: a text as audio, streamed as it is made."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse
from starlette.types import Send

from providers.dialects.audio.encoders import encoder
from providers.dialects.deepgram import queries, wire
from providers.dialects.endpoint import DialectEndpoint
from providers.dialects.services import Speech
from providers.dialects.sockets import bearer_scope
from providers.dialects.spoken import SpeechResponse
from providers.inbound import check_connection

__all__ = ["KeyEndpoint", "SpeakEndpoint"]


@dataclass(frozen=True, slots=True)
class SpeakEndpoint(DialectEndpoint):
    """The endpoint as an ASGI application."""

    async def answer(self, request: Request, send: Send) -> None:
        """Send the response."""
        request = Request(bearer_scope(request.scope), request.receive)
        query = queries.query_of_speech(request.query_params, live=False)
        body = await self.services.inbound.authorised_body(request)
        text = wire.read_text(body, max_text_chars=self.services.limits.text)
        headers = {
            "dg-request-id": str(uuid.uuid4()),
            "dg-model-name": self.services.voice.name.partition(",")[0],
            "dg-char-count": str(len(text)),
        }
        response = SpeechResponse(
            self.services,
            Speech(text, query.rate, query.voice),
            encoder(query.format, query.rate, field="encoding"),
            is_alias=wire.is_own_voice,
            headers=headers,
            field_name="text",
            dialect=self.dialect.name,
        )
        await response.send(request, send)


@dataclass(frozen=True, slots=True)
class KeyEndpoint(DialectEndpoint):
    """``GET /v1/auth/token``: whether a key is accepted."""

    async def answer(self, request: Request, send: Send) -> None:
        """Send the response."""
        check_connection(self.services.inbound.authenticator, HTTPConnection(bearer_scope(request.scope)))
        await JSONResponse({"api_key_id": "", "scopes": ["usage:write"]})(request.scope, request.receive, send)
