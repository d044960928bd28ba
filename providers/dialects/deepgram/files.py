"""``POST /v1/listen``: an uploaded file as transcripts."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Send

from providers.dialects.audio.decoding import Sound, decoded, linear
from providers.dialects.deepgram import queries, wire
from providers.dialects.deepgram.listen import utc_now
from providers.dialects.endpoint import DialectEndpoint
from providers.dialects.sockets import bearer_scope
from providers.dialects.uploads import FileHearing, place_for_upload, unless_hung_up
from providers.errors import BadRequest

__all__ = ["FileEndpoint"]


@dataclass(frozen=True, slots=True)
class FileEndpoint(DialectEndpoint):
    """The endpoint as an ASGI application."""

    async def answer(self, request: Request, send: Send) -> None:
        """Send the response."""
        request = Request(bearer_scope(request.scope), request.receive)
        query = queries.query_of_file(request.query_params)
        async with place_for_upload(self.services):
            limits = self.services.limits
            body = await self.services.inbound.authorised_body(request, types=(), limit=limits.upload_bytes)
            if request.headers.get("content-type", "").startswith("application/json"):
                raise BadRequest("body: expected the sound itself, found JSON: no URL is fetched here")
            digest = hashlib.sha256(body).hexdigest()
            sound = await self._sound(body, query)
            del body
            await unless_hung_up(request, lambda: self._answer(request, send, query, sound, digest))

    async def _sound(self, body: bytes, query: queries.FileQuery) -> Sound:
        longest = self.services.limits.upload_seconds
        if query.encoding:
            return linear(body, query.encoding, query.rate, query.channels, longest=longest, split=query.multichannel)
        return await decoded(body, longest=longest, split=query.multichannel)

    async def _answer(self, request: Request, send: Send, query: queries.FileQuery, sound: Sound, digest: str) -> None:
        engine = self.services.listener(query.language)
        hearing = FileHearing(engine, punctuate=query.punctuate)
        heard = [await hearing.all(sound, channel) for channel in range(len(sound.channels))]
        about = wire.metadata(
            sound.seconds, len(sound.channels), request_id=str(uuid.uuid4()), created=utc_now(), sha256=digest
        )
        body = wire.response(heard, about=about, model=engine.name, utterances=query.utterances)
        await Response(body, media_type="application/json")(request.scope, request.receive, send)
