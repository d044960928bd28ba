"""Metrics for Prometheus: calls, first audio, outcomes, loop lag."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

log = structlog.get_logger()

_LATENCIES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds."""
_EVERYDAY = {"hit", "miss", "joined", "hedged", "hedge-won", "hedge-lost"}
"""Events that are counted and not worth a log line."""
_LAG_PERIOD = 0.5
"""Seconds between two looks at the loop's lag."""


class EndedCall(Protocol):
    """What is counted of a call."""

    @property
    def audio(self) -> float:
        """Seconds received."""

    @property
    def partials(self) -> int:
        """Partials sent."""
        ...

    @property
    def finals(self) -> int:
        """Finals sent."""
        ...


class Event(Protocol):
    """What is counted of an engine's event (`providers.engines.events.EngineEvent`)."""

    @property
    def kind(self) -> str:
        """What happened."""
        ...

    @property
    def engine(self) -> str:
        """Name of the engine."""
        ...

    @property
    def detail(self) -> str:
        """Words of a failure."""
        ...

    @property
    def value(self) -> float:
        """Seconds, where the kind has some."""
        ...


class Metrics:
    """One server's instruments, in a registry of their own, so that two servers in one process do not mix."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self.calls = Gauge("providers_calls", "Transcriber calls open now", registry=registry)
        self.voices = Gauge("providers_voices", "Voice requests served now", registry=registry)
        self._voice_requests = Counter(
            "providers_voice_requests", "Voice requests by outcome", ["outcome"], registry=registry
        )
        self._voice_bytes = Counter("providers_voice_bytes", "PCM bytes sent", registry=registry)
        self._first_audio = Histogram(
            "providers_first_audio_seconds", "Until the first audible block", registry=registry, buckets=_LATENCIES
        )
        self._calls_ended = Counter("providers_calls_ended", "Calls by close code", ["code"], registry=registry)
        self._call_audio = Counter("providers_call_audio_seconds", "Audio received", registry=registry)
        self._transcripts = Counter("providers_transcripts", "Transcripts by kind", ["kind"], registry=registry)
        self._endpointing = Histogram(
            "providers_endpointing_seconds", "Server time of an answer", registry=registry, buckets=_LATENCIES
        )
        self._engine_events = Counter(
            "providers_engine_events", "What wrappers saw of engines", ["kind", "engine"], registry=registry
        )
        self._loop_lag = Gauge("providers_loop_lag_seconds", "How late the event loop last was", registry=registry)

    def voice(self, outcome: str, first_audio: float | None, sent: int) -> None:
        """Count a voice request that ended; ``first_audio`` in seconds, ``sent`` in bytes."""
        self._voice_requests.labels(outcome).inc()
        self._voice_bytes.inc(sent)
        if first_audio is not None:
            self._first_audio.observe(first_audio)

    def call(self, call: EndedCall, code: object) -> None:
        """Count a call that ended with this close code."""
        # A caller may close with any code from 3000 on, and each would be a series of its own.
        self._calls_ended.labels(str(code) if isinstance(code, int) and code < 3000 else "application").inc()
        self._call_audio.inc(call.audio)
        self._transcripts.labels("partial").inc(call.partials)
        self._transcripts.labels("final").inc(call.finals)

    def endpointing(self, seconds: float) -> None:
        """Count an endpointing answer that took so long."""
        self._endpointing.observe(seconds)

    def engine(self, event: Event) -> None:
        """Count an engine's event: it failed, took over, was cached …; failures are logged too."""
        self._engine_events.labels(event.kind, event.engine).inc()
        if event.kind not in _EVERYDAY:
            log.warning("engine", kind=event.kind, engine=event.engine, detail=event.detail, value=event.value)

    async def watch_loop(
        self,
        clock: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Measure, until cancelled, how late the loop wakes a sleeper."""
        now = clock or asyncio.get_running_loop().time
        while True:
            due = now() + _LAG_PERIOD
            await sleep(_LAG_PERIOD)
            self._loop_lag.set(max(0.0, now() - due))

    def exposition(self) -> bytes:
        """Text format that Prometheus scrapes."""
        return generate_latest(self._registry)
