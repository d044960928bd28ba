"""Instruments of each endpoint and of the engines, as Prometheus counts them.

Gauges say how several processes of one server are added up (`livesum`, `livemax`, `livemin`); counters and histograms
are always sums. Series whose labels are known are made at the start, because ``increase()`` does not see the first step
of a series that begins with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from providers import telemetry
from providers.operations.labels import (
    CLOSE_CODES,
    ENDPOINTING_REASONS,
    ENDPOINTS,
    JOIN_WAYS,
    PREFETCHES,
    REFUSALS,
    Endpoint,
    Prefetch,
    Refusal,
    close_code,
    exemplar,
)
from providers.turns.acoustic import JUDGEMENTS, Judgement
from providers.turns.base import Reason

__all__ = [
    "CallMetrics",
    "Distribution",
    "EndedCall",
    "EndpointingMetrics",
    "ServerMetrics",
    "VoiceMetrics",
    "otel_name",
]

LATENCIES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds."""
LAGS = (0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
"""Seconds; recognisers answer between 0.1 and 2."""
_STALLS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds."""
_OUTCOMES = ("complete", "hung up", "failed", "aborted", "refused", "cancelled")


class EndedCall(Protocol):
    """What is counted of a call."""

    @property
    def audio(self) -> float:
        """Seconds received."""


def otel_name(name: str) -> tuple[str, str]:
    """Name and unit in OpenTelemetry of an instrument: its own way of writing ``providers_…_seconds``."""
    base = name.replace("providers_", "providers.", 1)
    return (base.removesuffix("_seconds"), "s") if base.endswith("_seconds") else (base, "1")


class Distribution:
    """Histogram of Prometheus, and of OpenTelemetry where its API is installed."""

    def __init__(
        self,
        name: str,
        description: str,
        labels: Sequence[str] = (),
        *,
        registry: CollectorRegistry,
        buckets: Sequence[float],
    ) -> None:
        self._labels = labels
        self._prometheus = Histogram(name, description, labels, registry=registry, buckets=buckets)
        title, unit = otel_name(name)
        self._otel = telemetry.distribution(title, description, unit)

    def observe(self, value: float, *labels: str, call_id: str | None = None) -> None:
        """Take in a value; the call's id leads from it to the call, where the format has exemplars."""
        child = self._prometheus.labels(*labels) if labels else self._prometheus
        child.observe(value, exemplar(call_id))
        if self._otel is not None:
            self._otel.record(value, dict(zip(self._labels, labels, strict=True)))


class VoiceMetrics:
    """Voice requests: how many, how they end, how soon they sound."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.active = Gauge(
            "providers_voices", "Voice requests served now", registry=registry, multiprocess_mode="livesum"
        )
        self.limit = Gauge(
            "providers_voices_limit",
            "Voice requests served at once at most",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._requests = Counter(
            "providers_voice_requests", "Voice requests by outcome", ["outcome"], registry=registry
        )
        self._bytes = Counter("providers_voice_bytes", "PCM bytes sent", registry=registry)
        self._first_audio = Distribution(
            "providers_first_audio_seconds",
            "Until the first audible block, by the engine that spoke it",
            ["engine"],
            registry=registry,
            buckets=LATENCIES,
        )
        self._prefetches = Counter(
            "providers_voice_prefetches", "Texts that voice-input told of, by what became of their speech", ["outcome"],
            registry=registry,
        )  # fmt: skip
        for outcome in _OUTCOMES:
            self._requests.labels(outcome)
        for outcome in PREFETCHES:
            self._prefetches.labels(outcome)

    def refused(self) -> None:
        """Count a request that found no place."""
        self._requests.labels("refused").inc()

    def prefetched(self, outcome: Prefetch) -> None:
        """Count a text that ``voice-input`` told of."""
        self._prefetches.labels(outcome).inc()

    def ended(
        self, outcome: str, *, engine: str, first_audio: float | None, sent: int, call_id: str | None = None
    ) -> None:
        """Count a request that ended; ``first_audio`` in seconds, ``sent`` in bytes."""
        self._requests.labels(outcome).inc()
        self._bytes.inc(sent)
        if first_audio is not None:
            self._first_audio.observe(first_audio, engine, call_id=call_id)


class CallMetrics:
    """Transcriber calls: how many, how they end, how late their transcripts are."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.active = Gauge(
            "providers_calls", "Transcriber calls open now", registry=registry, multiprocess_mode="livesum"
        )
        self.limit = Gauge(
            "providers_calls_limit",
            "Transcriber calls open at once at most",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._ended = Counter("providers_calls_ended", "Calls by close code", ["code"], registry=registry)
        self._audio = Counter("providers_call_audio_seconds", "Audio received", registry=registry)
        self._transcripts = Counter("providers_transcripts", "Transcripts by kind", ["kind"], registry=registry)
        self._lag = Distribution(
            "providers_transcript_lag_seconds",
            "From the arrival of the last audio that a transcript covers until it is sent",
            ["kind", "engine"],
            registry=registry,
            buckets=LAGS,
        )
        self._joins = Counter(
            "providers_call_joins",
            "Joins of a call's socket and its id by way, and those that were taken back (released)",
            ["way"],
            registry=registry,
        )
        for way in JOIN_WAYS:
            self._joins.labels(way)
        for code in CLOSE_CODES:
            self._ended.labels(code)
        for kind in ("partial", "final"):
            self._transcripts.labels(kind)

    def ended(self, call: EndedCall, code: object) -> None:
        """Count a call that ended with this close code."""
        self._ended.labels(close_code(code)).inc()
        self._audio.inc(call.audio)

    def joined(self, way: str) -> None:
        """Count a join of a call's socket and its id, or one that was taken back."""
        self._joins.labels(way).inc()

    def transcript(self, lag: float | None, *, final: bool, engine: str, call_id: str | None = None) -> None:
        """Count a transcript that was sent so many seconds after its last audio came; None where that is not known."""
        kind = "final" if final else "partial"
        self._transcripts.labels(kind).inc()
        if lag is not None:
            self._lag.observe(lag, kind, engine, call_id=call_id)


class EndpointingMetrics:
    """Endpointing answers: how many of each reason, and how soon."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Distribution(
            "providers_endpointing_seconds", "Server time of an answer", registry=registry, buckets=LATENCIES
        )
        self._answers = Counter(
            "providers_endpointing_answers", "Answers by what decided", ["reason"], registry=registry
        )
        self._judgements = Counter(
            "providers_turn_judgements", "Pauses that the sound model was asked about", ["outcome"], registry=registry
        )
        for outcome in JUDGEMENTS:
            self._judgements.labels(outcome)
        for reason in ENDPOINTING_REASONS:
            self._answers.labels(reason)

    def judged(self, outcome: Judgement, seconds: float) -> None:
        """Count a pause that the sound model was asked about."""
        self._judgements.labels(outcome).inc()

    def answered(self, seconds: float, reason: Reason, *, call_id: str | None = None) -> None:
        """Count an answer that took so long."""
        self._seconds.observe(seconds, call_id=call_id)
        self._answers.labels(reason).inc()


class ServerMetrics:
    """The process itself: what it refuses, how late its loop is, whether it drains."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.loop_lag = Gauge(
            "providers_loop_lag_seconds",
            "How late the event loop was, 95th percentile of the last two seconds",
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.loop_stalls = Distribution(
            "providers_loop_stall_seconds",
            "How late the event loop was, 20 times a second",
            registry=registry,
            buckets=_STALLS,
        )
        self.backlog = Gauge(
            "providers_recogniser_backlog_seconds",
            "Audio that waits for its recogniser, median of the calls",
            registry=registry,
            multiprocess_mode="livemax",
        )
        self.draining = Gauge(
            "providers_draining",
            "1 while the process takes no new calls because it ends",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._refused = Counter(
            "providers_refused", "Requests refused, by endpoint and reason", ["endpoint", "reason"], registry=registry
        )
        for endpoint in ENDPOINTS:
            for reason in REFUSALS:
                self._refused.labels(endpoint, reason)

    def refused(self, endpoint: Endpoint, reason: Refusal) -> None:
        """Count a request that was refused."""
        self._refused.labels(endpoint, reason).inc()
