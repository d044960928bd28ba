"""``POST /api/custom-voice``: request to flow to a response that is PCM from its first byte to its last."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from providers.engines.base import TextToSpeech
from providers.errors import EngineError, ProvidersError
from providers.inbound import Inbound
from providers.operations.metrics import Metrics
from providers.tasks import until_first
from providers.voice import flow, wire
from providers.voice.options import DEFAULT_OPTIONS, VoiceOptions

log = structlog.get_logger()

PcmBlocks = AsyncGenerator[bytes, None]

_HEADERS = [
    (b"content-type", b"application/octet-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


@dataclass(frozen=True, slots=True)
class CustomVoice:
    """The voice endpoint as an ASGI application."""

    engine: TextToSpeech
    inbound: Inbound
    metrics: Metrics
    options: VoiceOptions = DEFAULT_OPTIONS
    max_text_chars: int = 10_000

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; errors before the first byte are the app's to answer."""
        request = Request(scope, receive)
        body = await self.inbound.authorised_body(request)
        message = wire.parse(body, max_text_chars=self.max_text_chars)
        if isinstance(message, wire.OtherMessage):
            log.info("ignored", endpoint="voice", type=message.type)
            await JSONResponse({})(scope, receive, send)
            return
        if message.voice is None:
            message = replace(message, voice=request.query_params.get("voice") or None)
        report = _Report(self.engine.name, message, self.metrics)
        try:
            async with aclosing(flow.speak(message, self.engine, self.options)) as blocks:
                await until_first(_stream(blocks, send, report), _hung_up(receive, report))
        except EngineError as error:
            report.failed(error)
            if not report.started:
                raise
            # Returning without a last chunk makes the server cut the connection: the platform sees an incomplete body
            # and not a polite end after half a sentence.
        finally:
            report.log()


async def _stream(blocks: PcmBlocks, send: Send, report: _Report) -> None:
    """The first audible block exists before the 200 does."""
    first = await anext(blocks, None)
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    report.begin()
    if first is not None:
        await _send_block(send, first, report)
        async for block in blocks:
            await _send_block(send, block, report)
    await send({"type": "http.response.body", "body": b"", "more_body": False})
    report.outcome = "complete"


async def _send_block(send: Send, block: bytes, report: _Report) -> None:
    await send({"type": "http.response.body", "body": block, "more_body": True})
    report.bytes += len(block)


async def _hung_up(receive: Callable[[], Awaitable[object]], report: _Report) -> None:
    """The body has been read, so the next message is the caller's hang-up."""
    await receive()
    if report.outcome != "complete":
        report.outcome = "hung up"


class _Report:
    """One event per request: what was asked, what came of it, how fast."""

    def __init__(self, engine: str, message: wire.VoiceRequest, metrics: Metrics) -> None:
        self._engine = engine
        self._message = message
        self._metrics = metrics
        self._begun = time.perf_counter()
        self._first_audio: float | None = None
        self._error: ProvidersError | None = None
        self.outcome = "cancelled"
        self.bytes = 0

    @property
    def started(self) -> bool:
        return self._first_audio is not None

    def begin(self) -> None:
        self._first_audio = time.perf_counter() - self._begun

    def failed(self, error: ProvidersError) -> None:
        self._error = error
        self.outcome = "aborted" if self.started else "failed"

    def log(self) -> None:
        total = time.perf_counter() - self._begun
        self._metrics.voice(self.outcome, self._first_audio, self.bytes)
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
            **({"error": str(self._error)} if self._error else {}),
        )
