"""Answer of speech to an HTTP request: the first audio exists before the 200, a later failure cuts the connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace

import structlog
from starlette.requests import Request
from starlette.types import Message, Send

from providers.connection import CallerConnection, ReaderStalled
from providers.dialects.audio.encoders import Encoder
from providers.dialects.services import Services, Speech
from providers.errors import AtCapacity, BadRequest, EngineError, UnknownVoice
from providers.tasks import until_first

__all__ = ["Framing", "IsAlias", "SpeechResponse", "speech_blocks"]

log = structlog.get_logger()

IsAlias = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Framing:
    """What stands around the encoded audio; by default nothing."""

    media_type: str = ""
    """Of the response; empty is the encoder's."""
    block: Callable[[bytes], bytes] = bytes
    end: Callable[[], bytes] = bytes


async def speech_blocks(
    services: Services, speech: Speech, is_alias: IsAlias, *, spoken_by: Callable[[str], None]
) -> AsyncGenerator[bytes, None]:
    """PCM of a text. A voice that the engine does not know is its default voice if the dialect's own clients name it.

    Parameters
    ----------
    is_alias
        Whether a name is one of the vendor's own voices, which any of its clients may send.

    Raises
    ------
    EngineError
        `UnknownVoice` for a name that neither the engine nor the vendor knows.
    """
    try:
        async with aclosing(services.synthesis(speech, spoken_by=spoken_by)) as blocks:
            async for block in blocks:
                yield block
        return
    except UnknownVoice:
        if speech.voice is None or not is_alias(speech.voice):
            raise
    async with aclosing(services.synthesis(replace(speech, voice=None), spoken_by=spoken_by)) as blocks:
        async for block in blocks:
            yield block


@dataclass(slots=True)
class SpeechResponse:
    """One answer of speech."""

    services: Services
    speech: Speech
    encoder: Encoder
    is_alias: IsAlias
    framing: Framing = Framing()
    headers: Mapping[str, str] = field(default_factory=dict)
    field_name: str = "input"
    """What the dialect calls the text, for an error."""
    dialect: str = ""
    _engine: str = field(init=False, default="")
    _started: float | None = field(init=False, default=None)
    _sent: int = field(init=False, default=0)

    async def send(self, request: Request, send: Send) -> None:
        """Send the whole answer.

        Raises
        ------
        RequestError, EngineError
            Before the response has begun: the dialect says so in its own words.
        """
        connection = CallerConnection(request.scope)
        self._engine = self.services.voice.name.partition(",")[0]
        voice = self.services.metrics.voice
        try:
            place = await self.services.voices.wait()
        except AtCapacity:
            voice.refused()
            raise
        begun, outcome = time.perf_counter(), "cancelled"
        with self.services.drain.answer(connection.abort), place, voice.active.track_inprogress():
            try:
                outcome = await self._speak(request, connection, send)
            except (EngineError, ReaderStalled) as error:
                outcome = "failed" if self._started is None else "aborted"
                if self._started is None:
                    raise
                self._cut(request, connection, error)
            except BadRequest:
                outcome = "failed"
                raise
            finally:
                first = None if self._started is None else self._started - begun
                voice.ended(outcome, engine=self._engine, first_audio=first, sent=self._sent)
                self._log(outcome, begun)

    async def _speak(self, request: Request, connection: CallerConnection, send: Send) -> str:
        """Speak until the end or the hang-up; returns how it ended."""
        outcome = "hung up"

        async def stream() -> None:
            nonlocal outcome
            blocks = speech_blocks(self.services, self.speech, self.is_alias, spoken_by=self._spoken_by)
            async with aclosing(blocks):
                await self._stream(blocks, connection, send)
            outcome = "complete"

        async def hang_up() -> None:
            await request.receive()  # the body has been read, so the next message is that

        await until_first(stream(), hang_up())
        return outcome

    async def _stream(self, blocks: AsyncGenerator[bytes, None], connection: CallerConnection, send: Send) -> None:
        first = await anext(blocks, None)
        if first is None:
            raise BadRequest(f"{self.field_name}: expected words or a pause, found nothing that can be spoken")
        media_type = self.framing.media_type or self.encoder.media_type
        headers = {"content-type": media_type, "cache-control": "no-store", "x-accel-buffering": "no", **self.headers}
        raw = [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
        await self._pass(connection, send, {"type": "http.response.start", "status": 200, "headers": raw})
        self._started = time.perf_counter()
        await self._block(connection, send, first)
        async for block in blocks:
            await self._block(connection, send, block)
        tail = await self._encoded(None)
        body = (self.framing.block(tail) if tail else b"") + self.framing.end()
        await self._pass(connection, send, {"type": "http.response.body", "body": body, "more_body": False})

    async def _block(self, connection: CallerConnection, send: Send, pcm: bytes) -> None:
        self._sent += len(pcm)
        if encoded := await self._encoded(pcm):
            body = self.framing.block(encoded)
            await self._pass(connection, send, {"type": "http.response.body", "body": body, "more_body": True})

    async def _encoded(self, pcm: bytes | None) -> bytes:
        """What the encoder makes of a block, or of the end."""
        if not self.encoder.heavy:
            return self.encoder.flush() if pcm is None else self.encoder.feed(pcm)
        if pcm is None:
            return await asyncio.to_thread(self.encoder.flush)
        return await asyncio.to_thread(self.encoder.feed, pcm)

    async def _pass(self, connection: CallerConnection, send: Send, message: Message) -> None:
        await connection.send(send, message, within=self.services.limits.write)

    def _cut(self, request: Request, connection: CallerConnection, error: Exception) -> None:
        """End the connection without the end of the body: half a text must not look like a whole one."""
        log.warning("speech cut off", dialect=self.dialect, error=str(error))
        if isinstance(error, ReaderStalled) or request.scope.get("http_version") == "1.0":
            connection.abort()
        else:
            connection.abort_when_stuck(within=self.services.limits.write)

    def _spoken_by(self, engine: str) -> None:
        self._engine = engine

    def _log(self, outcome: str, begun: float) -> None:
        log.info(
            "speech",
            dialect=self.dialect,
            outcome=outcome,
            engine=self._engine,
            rate=self.speech.rate,
            characters=len(self.speech.text),
            bytes=self._sent,
            total_ms=round((time.perf_counter() - begun) * 1000, 2),
        )
