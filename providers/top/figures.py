"""Figures of a running server: what ``top`` shows and ``--json`` prints."""

from __future__ import annotations

from typing import Any

import msgspec

from providers.top.page import MetricsPage

__all__ = ["Counts", "EngineFigures", "Figures", "Latencies", "Latency", "Load", "figures"]

_TROUBLE = ("failed", "took-over", "lost", "reconnected", "hedged", "store-failed")
"""Events of an engine that are worth a column."""


class Load(msgspec.Struct, frozen=True):
    """What the server does now."""

    calls: int
    calls_limit: int
    voices: int
    voices_limit: int
    transcripts_per_second: float


class Latency(msgspec.Struct, frozen=True):
    """Quantiles in seconds; null without an observation."""

    p50: float | None
    p95: float | None


class Latencies(msgspec.Struct, frozen=True):
    """How late things are: in the last seconds, or in the server's whole life where nothing was new."""

    first_audio: dict[str, Latency]
    """By engine."""
    final_lag: dict[str, Latency]
    partial_lag: dict[str, Latency]
    endpointing: Latency
    loop_lag: float
    """Seconds, 95th percentile of the last two."""
    backlog: float
    """Seconds of audio that wait for a recogniser, median of the calls."""


class Counts(msgspec.Struct, frozen=True):
    """What happened since the server started."""

    voice_requests: dict[str, int]
    """By outcome."""
    calls_ended: dict[str, int]
    """By close code."""
    endpointing: dict[str, int]
    """By what decided."""
    refused: dict[str, dict[str, int]]
    """By endpoint and reason."""


class EngineFigures(msgspec.Struct, frozen=True):
    """One engine."""

    role: str
    name: str
    cooling_down: bool
    events: dict[str, int]
    """Since the server started, by kind; those of its name in both roles."""


class Figures(msgspec.Struct, frozen=True):
    """One moment of a server."""

    ready: bool
    reason: str | None
    """Why no new calls may come."""
    load: Load
    latency: Latencies
    counts: Counts
    engines: list[EngineFigures]


def figures(page: MetricsPage, earlier: MetricsPage | None, readiness: dict[str, Any]) -> Figures:
    """Figures of a page; rates and latencies are since ``earlier``, or since the start without one."""
    recent = page.since(earlier) if earlier is not None else None
    return Figures(
        ready=bool(readiness.get("ready")),
        reason=readiness.get("reason"),
        load=_load(page, recent),
        latency=_latencies(page, recent),
        counts=Counts(
            voice_requests=_whole(page.by("providers_voice_requests_total", "outcome")),
            calls_ended=_whole(page.by("providers_calls_ended_total", "code")),
            endpointing=_whole(page.by("providers_endpointing_answers_total", "reason")),
            refused=_refused(page),
        ),
        engines=_engines(page),
    )


def _load(page: MetricsPage, recent: MetricsPage | None) -> Load:
    return Load(
        calls=int(page.total("providers_calls")),
        calls_limit=int(page.total("providers_calls_limit")),
        voices=int(page.total("providers_voices")),
        voices_limit=int(page.total("providers_voices_limit")),
        transcripts_per_second=recent.total("providers_transcripts_total") / recent.at if recent else 0.0,
    )


def _latencies(page: MetricsPage, recent: MetricsPage | None) -> Latencies:
    def by_engine(name: str, **labels: str) -> dict[str, Latency]:
        engines = page.by(f"{name}_count", "engine", **labels)
        return {engine: _latency(page, recent, name, engine=engine, **labels) for engine in sorted(engines)}

    return Latencies(
        first_audio=by_engine("providers_first_audio_seconds"),
        final_lag=by_engine("providers_transcript_lag_seconds", kind="final"),
        partial_lag=by_engine("providers_transcript_lag_seconds", kind="partial"),
        endpointing=_latency(page, recent, "providers_endpointing_seconds"),
        loop_lag=page.total("providers_loop_lag_seconds"),
        backlog=page.total("providers_recogniser_backlog_seconds"),
    )


def _latency(page: MetricsPage, recent: MetricsPage | None, name: str, **labels: str) -> Latency:
    source = recent if recent is not None and recent.quantile(0.5, name, **labels) is not None else page
    return Latency(source.quantile(0.5, name, **labels), source.quantile(0.95, name, **labels))


def _whole(values: dict[str, float]) -> dict[str, int]:
    """Whole numbers, without those that are zero."""
    return {name: int(value) for name, value in sorted(values.items()) if value}


def _refused(page: MetricsPage) -> dict[str, dict[str, int]]:
    found = {
        endpoint: _whole(page.by("providers_refused_total", "reason", endpoint=endpoint))
        for endpoint in page.label_values("providers_refused_total", "endpoint")
    }
    return {endpoint: reasons for endpoint, reasons in found.items() if reasons}


def _engines(page: MetricsPage) -> list[EngineFigures]:
    return [
        EngineFigures(
            role,
            name,
            page.total("providers_engine_cooling_down", role=role, engine=name) > 0,
            _whole({kind: page.total("providers_engine_events_total", kind=kind, engine=name) for kind in _TROUBLE}),
        )
        for role in ("voice", "transcriber")
        for name in page.by("providers_engine_cooling_down", "engine", role=role)
    ]
