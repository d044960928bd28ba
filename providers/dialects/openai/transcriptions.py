"""``POST /v1/audio/transcriptions``: an uploaded file as text, subtitles, or events as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import msgspec
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Send

from providers.dialects.audio.decoding import Sound, decoded
from providers.dialects.endpoint import DialectEndpoint
from providers.dialects.openai import answers, wire
from providers.dialects.uploads import FileHearing, place_for_upload, unless_hung_up
from providers.engines.base import SpeechToText, Transcript
from providers.errors import BadRequest

__all__ = ["TranscriptionsEndpoint"]

_MOST_FIELDS, _LONGEST_FIELD = 64, 64 * 1024
_STEP = 256 * 1024
"""Bytes of a form parsed before the loop serves others."""


@dataclass(frozen=True, slots=True)
class _Upload:
    """A form: its file and its fields."""

    file: bytes
    fields: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class TranscriptionsEndpoint(DialectEndpoint):
    """The endpoint as an ASGI application."""

    async def answer(self, request: Request, send: Send) -> None:
        """Send the response."""
        async with place_for_upload(self.services):
            limit = self.services.limits.upload_bytes
            types = ("multipart/form-data",)
            body = await self.services.inbound.authorised_body(request, types=types, limit=limit)
            upload = await _form(request, body)
            del body
            asked = wire.read_transcription(upload.fields)
            engine = self.services.listener(asked.language)
            if asked.words and not engine.capabilities.word_times:
                raise BadRequest("timestamp_granularities: expected segment, the engine knows no words' times")
            sound = await decoded(upload.file, longest=self.services.limits.upload_seconds)
            del upload
            await _Answer(request, send, asked, engine, sound).send_all()


@dataclass(frozen=True, slots=True)
class _Answer:
    """The answer to one request."""

    request: Request
    send: Send
    asked: wire.TranscriptionRequest
    engine: SpeechToText
    sound: Sound

    async def send_all(self) -> None:
        """Hear the file, and send what is heard unless the client hangs up."""
        await unless_hung_up(self.request, self._stream if self.asked.stream else self._whole)

    async def _whole(self) -> None:
        finals = await FileHearing(self.engine).all(self.sound)
        known = self.engine.capabilities.languages
        body = answers.written(
            self.asked.format,
            finals,
            seconds=self.sound.seconds,
            language=self.asked.language or (known[0] if len(known) == 1 else "unknown"),
            words=self.asked.words,
            segments=self.asked.segments,
        )
        response = Response(body, media_type=answers.MEDIA_TYPES[self.asked.format])
        await response(self.request.scope, self.request.receive, self.send)

    async def _stream(self) -> None:
        """Send each final as an event. The first one exists before the 200."""
        heard: list[Transcript] = []
        async with aclosing(FileHearing(self.engine).finals(self.sound)) as finals:
            first = await anext(finals, None)
            headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
            await self.send({"type": "http.response.start", "status": 200, "headers": headers})
            async for final in _with_first(first, finals):
                text = (" " if heard else "") + final.text
                heard.append(final)
                await self._event({"type": "transcript.text.delta", "delta": text})
        await self._event({"type": "transcript.text.done", "text": answers.joined(heard)})
        await self.send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _event(self, message: dict[str, object]) -> None:
        body = b"data: " + msgspec.json.encode(message) + b"\n\n"
        await self.send({"type": "http.response.body", "body": body, "more_body": True})


async def _with_first(
    first: Transcript | None, rest: AsyncGenerator[Transcript, None]
) -> AsyncGenerator[Transcript, None]:
    if first is not None:
        yield first
    async for transcript in rest:
        yield transcript


async def _form(request: Request, body: bytes) -> _Upload:
    """The parts of a multipart body.

    Raises
    ------
    BadRequest
        It is broken, or has no file.
    """

    async def pieces() -> AsyncGenerator[bytes, None]:
        for begin in range(0, len(body), _STEP):
            yield body[begin : begin + _STEP]
            await asyncio.sleep(0)

    parser = MultiPartParser(
        request.headers, pieces(), max_files=1, max_fields=_MOST_FIELDS, max_part_size=_LONGEST_FIELD
    )
    parser.spool_max_size = len(body) + 1  # a caller's voice never goes to a disk
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, UnicodeDecodeError, ValueError):
        raise BadRequest("body: expected a form with one file, found something else or a part of it") from None
    file, fields = b"", dict[str, list[str]]()
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            file = await value.read()
        else:
            fields.setdefault(name, []).append(value)
    found = isinstance(form.get("file"), UploadFile)
    await form.close()
    if not found:
        raise BadRequest("file: expected a file in the field of this name, found none")
    return _Upload(file, fields)
