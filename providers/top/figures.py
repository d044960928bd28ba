"""Figures of a running server: what ``top`` shows and ``--json`` prints."""

from __future__ import annotations

from typing import Any

import msgspec

from providers.top.page import MetricsPage

__all__ = ["EngineFigures", "Figures", "Latency", "figures"]

_TROUBLE = ("failed", "took-over", "lost", "reconnected", "hedged", "store-failed")
"""Events of an engine that are worth a column."""


class Latency(msgspec.Struct, frozen=True):
    """Quantiles in seconds; null without an observation."""

    p50: float | None
    p95: float | None


class EngineFigures(msgspec.Struct, frozen=True):
    """One engine."""

    role: str
    name: str
    cooling_down: bool
    events: dict[str, int]
    """Events since the server started, by kind; those of its name in both roles."""


class Figures(msgspec.Struct, frozen=True):
    """One moment of a server. Latencies are those of the last seconds, or of its whole life where nothing was new."""

    ready: bool
    reason: str | None
    """Why no new calls may come."""
    calls: int
    calls_limit: int
    voices: int
    voices_limit: int
    draining: bool
    first_audio: dict[str, Latency]
    """By engine."""
    final_lag: dict[str, Latency]
    partial_lag: dict[str, Latency]
    endpointing: Latency
    loop_lag: float
    """Seconds, 95th percentile of the last two."""
    backlog: float
    """Seconds of audio that wait for a recogniser, median of the calls."""
    voice_requests: dict[str, int]
    """Since the server started, by outcome."""
    calls_ended: dict[str, int]
    """Since the server started, by close code."""
    refused: dict[str, dict[str, int]]
    """Since the server started, by endpoint and reason."""
    decided_by: dict[str, int]
    """Endpointing answers since the server started, by reason."""
    transcripts_per_second: float
    engines: list[EngineFigures]


def figures(page: MetricsPage, earlier: MetricsPage | None, readiness: dict[str, Any]) -> Figures:
    """Figures of a page; rates and latencies are since ``earlier``, or since the start without one."""
    recent = page.since(earlier) if earlier is not None else None
    names = tuple(page.label_values("providers_transcript_lag_seconds_bucket", "engine"))
    lags = {
        kind: {
            engine: _latency(page, recent, "providers_transcript_lag_seconds", engine=engine, kind=kind)
            for engine in names
        }
        for kind in ("final", "partial")
    }
    return Figures(
        ready=bool(readiness.get("ready")),
        reason=readiness.get("reason"),
        calls=int(page.total("providers_calls")),
        calls_limit=int(page.total("providers_calls_limit")),
        voices=int(page.total("providers_voices")),
        voices_limit=int(page.total("providers_voices_limit")),
        draining=page.total("providers_draining") > 0,
        first_audio={
            engine: _latency(page, recent, "providers_first_audio_seconds", engine=engine)
            for engine in page.label_values("providers_first_audio_seconds_bucket", "engine")
        },
        final_lag=lags["final"],
        partial_lag=lags["partial"],
        endpointing=_latency(page, recent, "providers_endpointing_seconds"),
        loop_lag=page.total("providers_loop_lag_seconds"),
        backlog=page.total("providers_recogniser_backlog_seconds"),
        voice_requests=_counts(page.by("providers_voice_requests_total", "outcome")),
        calls_ended=_counts(page.by("providers_calls_ended_total", "code")),
        refused=_refused(page),
        decided_by=_counts(page.by("providers_endpointing_answers_total", "reason")),
        transcripts_per_second=recent.total("providers_transcripts_total") / recent.at if recent else 0.0,
        engines=_engines(page),
    )


def _latency(page: MetricsPage, recent: MetricsPage | None, name: str, **labels: str) -> Latency:
    source = recent if recent is not None and recent.quantile(0.5, name, **labels) is not None else page
    return Latency(source.quantile(0.5, name, **labels), source.quantile(0.95, name, **labels))


def _counts(values: dict[str, float]) -> dict[str, int]:
    """Whole numbers, without those that are zero."""
    return {name: int(value) for name, value in sorted(values.items()) if value}


def _refused(page: MetricsPage) -> dict[str, dict[str, int]]:
    found = {
        endpoint: _counts(page.by("providers_refused_total", "reason", endpoint=endpoint))
        for endpoint in page.label_values("providers_refused_total", "endpoint")
    }
    return {endpoint: reasons for endpoint, reasons in found.items() if reasons}


def _engines(page: MetricsPage) -> list[EngineFigures]:
    return [
        EngineFigures(
            role,
            name,
            page.total("providers_engine_cooling_down", role=role, engine=name) > 0,
            _counts({kind: page.total("providers_engine_events_total", kind=kind, engine=name) for kind in _TROUBLE}),
        )
        for role in ("voice", "transcriber")
        for name in page.by("providers_engine_cooling_down", "engine", role=role)
    ]
