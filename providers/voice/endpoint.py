"""``POST /api/custom-voice``: the HTTP request to the voice flow, and its audio to the response."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from providers import telemetry
from providers.calls.notes import VoiceNotes
from providers.calls.noting import noting
from providers.calls.registry import Calls
from providers.capacity import CapacityLimiter
from providers.connection import CallerConnection, ReaderStalled
from providers.engines.base import TextToSpeech, Word
from providers.errors import AtCapacity, EngineError, ProvidersError
from providers.inbound import Inbound
from providers.jsonbody import OtherMessage
from providers.loop_share import LoopShare
from providers.operations.drain import Drain
from providers.operations.metrics import Metrics
from providers.tasks import until_first
from providers.voice import flow, wire
from providers.voice.options import DEFAULT_OPTIONS, VoiceOptions
from providers.voice.prefetch import VoicePrefetch
from providers.voice.word_frames import CONTENT_TYPE, word_frame

log = structlog.get_logger()

PcmBlocks = AsyncGenerator[bytes, None]

_HEADERS = [
    (b"content-type", b"application/octet-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]

_PARSING_COST = 1.5e-6
"""Milliseconds of work per byte of a body."""


@dataclass(frozen=True, slots=True)
class CustomVoice:
    """The voice endpoint as an ASGI application."""

    engine: TextToSpeech
    inbound: Inbound
    places: CapacityLimiter
    metrics: Metrics
    calls: Calls
    options: VoiceOptions = DEFAULT_OPTIONS
    max_text_chars: int = 10_000
    share: LoopShare = field(default_factory=LoopShare)
    drain: Drain = field(default_factory=Drain)
    prefetch: VoicePrefetch | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; errors before the first byte are the app's to answer."""
        with self.drain.answer(CallerConnection(scope).abort):
            await self._answer(scope, receive, send)

    async def serve(self, body: bytes, request: Request, send: Send) -> None:
        """Serve a request that came to another endpoint, which has read its body."""
        with self.drain.answer(CallerConnection(request.scope).abort):
            await self._serve(body, request, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        # Without a name of its own here: the frame below lets the body go, and its audio may take minutes to be read.
        await self._serve(await self.inbound.authorised_body(request), request, send)

    async def _serve(self, body: bytes, request: Request, send: Send) -> None:
        scope, receive = request.scope, request.receive
        await self.share.spend(len(body) * _PARSING_COST, urgent=True)
        message = wire.parse(body, max_text_chars=self.max_text_chars)
        del body  # megabytes late in a call, and the audio below may take minutes to be read
        if isinstance(message, OtherMessage):
            log.info("ignored", endpoint="voice", type=message.type)
            await JSONResponse({})(scope, receive, send)
            return
        if message.voice is None:
            message = replace(message, voice=request.query_params.get("voice") or None)
        notes = self.calls.voice(message.call_id, scope["query_string"], message.text, message.sample_rate)
        begun = None if self.prefetch is None else self.prefetch.take(message)
        try:
            place = await self.places.wait()
        except BaseException as error:
            if begun is not None:
                await begun.cancel()
            if isinstance(error, AtCapacity):
                self.metrics.voice.refused()
                notes.ended("refused", 0)
            raise
        logging = structlog.contextvars.bound_contextvars(call_id=message.call_id)
        tracing = telemetry.serving("voice request", request.headers, call_id=message.call_id)
        with place, self.metrics.voice.active.track_inprogress(), noting(notes), logging, tracing as span:
            report = _Report(self.engine.name, message, self.metrics, notes, span)
            if begun is not None:
                speaking = begun.blocks(report.spoken_by, report.words)
            else:
                speaking = flow.speak(
                    message, self.engine, self.options, self.share, spoken_by=report.spoken_by, words=report.words
                )
            await self._speak(speaking, report, scope, receive, send)

    async def _speak(self, speaking: PcmBlocks, report: _Report, scope: Scope, receive: Receive, send: Send) -> None:
        connection = CallerConnection(scope)
        frames_at = report.rate if self.options.word_frames else None
        response = _Response(connection, send, report, patience=self.options.write, frames_at=frames_at)
        try:
            async with aclosing(speaking) as blocks:
                await until_first(response.stream(blocks), _hung_up(receive, report))
        except EngineError as error:
            report.failed(error)
            if not report.started:
                raise
            # Returning without a last chunk makes the server cut the connection: the platform sees an incomplete body
            # and not a polite end after half a sentence. HTTP/1.0 has no chunks: only a reset tells there.
            if scope.get("http_version") == "1.0":
                connection.abort()
            else:
                connection.abort_when_stuck(within=self.options.write)
        except ReaderStalled as error:
            report.failed(error)
            connection.abort()
        finally:
            report.log()


@dataclass(frozen=True, slots=True)
class _Response:
    """The 200 and its body of PCM."""

    connection: CallerConnection
    send: Send
    report: _Report
    patience: float
    """Seconds a reader may take nothing."""
    frames_at: int | None = None
    """Hz of JSON frames with word times; None sends bare PCM."""

    async def stream(self, blocks: PcmBlocks) -> None:
        """Send everything; the first audible block exists before the 200 does."""
        first = await anext(blocks, None)
        headers = _HEADERS if self.frames_at is None else [(b"content-type", CONTENT_TYPE), *_HEADERS[1:]]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        self.report.begin()
        if first is not None:
            await self._send_block(first)
            async for block in blocks:
                await self._send_block(block)
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        self.report.outcome = "complete"

    async def _send_block(self, block: bytes) -> None:
        words = self.report.take_words()
        body = block if self.frames_at is None else word_frame(block, self.frames_at, words)
        await self._send({"type": "http.response.body", "body": body, "more_body": True})
        self.report.sent(block, words)

    async def _send(self, message: Message) -> None:
        await self.connection.send(self.send, message, within=self.patience)


async def _hung_up(receive: Callable[[], Awaitable[object]], report: _Report) -> None:
    """Wait for the hang-up: the body has been read, so the next message is that."""
    await receive()
    if report.outcome != "complete":
        report.outcome = "hung up"


class _Report:
    """Log event and metrics of one request: what was asked, how it ended, how fast."""

    def __init__(
        self, engine: str, message: wire.VoiceRequest, metrics: Metrics, notes: VoiceNotes, span: telemetry.Span
    ) -> None:
        self._engine = engine
        self._spoken_by = engine.partition(",")[0]
        self._message = message
        self._metrics = metrics
        self._notes = notes
        self._span = span
        self._begun = time.perf_counter()
        self._first_audio: float | None = None
        self._error = ""
        self._words: tuple[Word, ...] = ()
        self.outcome = "cancelled"
        self.bytes = 0

    @property
    def rate(self) -> int:
        """Hz."""
        return self._message.sample_rate

    @property
    def started(self) -> bool:
        return self._first_audio is not None

    def begin(self) -> None:
        self._first_audio = time.perf_counter() - self._begun
        self._notes.first_audio()
        self._span.event("first audio")

    def words(self, words: tuple[Word, ...]) -> None:
        """Keep the words of the block that is sent next."""
        self._words += words

    def take_words(self) -> tuple[Word, ...]:
        words, self._words = self._words, ()
        return words

    def sent(self, block: bytes, words: tuple[Word, ...]) -> None:
        self.bytes += len(block)
        self._notes.pcm(block)
        self._notes.words(words)

    def spoken_by(self, engine: str) -> None:
        """Note which engine speaks in place of the first one."""
        self._spoken_by = engine

    def failed(self, error: ProvidersError) -> None:
        # The sentence alone: the error's traceback would refer to this object, and both to all that was made.
        self._error = str(error)
        self._span.fail(self._error)
        self.outcome = "aborted" if self.started else "failed"

    def log(self) -> None:
        total = time.perf_counter() - self._begun
        self._metrics.voice.ended(
            self.outcome,
            engine=self._spoken_by,
            first_audio=self._first_audio,
            sent=self.bytes,
            call_id=self._message.call_id,
        )
        self._notes.ended(self.outcome, self.bytes)
        self._span.set(outcome=self.outcome, engine=self._spoken_by, rate=self._message.sample_rate, bytes=self.bytes)
        log.log(
            30 if self._error else 20,
            "voice",
            outcome=self.outcome,
            engine=self._engine,
            rate=self._message.sample_rate,
            characters=len(self._message.text),
            bytes=self.bytes,
            first_audio_ms=None if self._first_audio is None else round(self._first_audio * 1000, 2),
            total_ms=round(total * 1000, 2),
            call_id=self._message.call_id,
            **({"error": self._error} if self._error else {}),
        )
