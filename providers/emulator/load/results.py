"""From measures to figures: what is quoted, and what is withheld because the generator could not keep up.

The JSON is stable: fields are added, never renamed or removed, while ``schema`` says ``vapi-providers/load/1``::

    {"schema": "vapi-providers/load/1",
     "started": "2026-01-31T12:00:00+00:00", "seconds": 25.1, "interrupted": false,
     "endpoints": {"voice": "https://…", "transcriber": "wss://…", "endpointing": null},
     "plan": {"calls": 100, "duration": 20.0, "ramp": 5.0, "bargeIn": 0.2, "jitter": 5.0, "turn": 6.0, "rate": 16000},
     "generator": {"processes": 1, "cpu": [0.21], "lateP99": 0.001, "saturated": null | "why"},
     "figures": null when the generator was saturated, else
         {"callsOpened": 100, "frames": 125000, "framesNotAccepted": 0, "framesDropped": 0,   null without a transcriber
          "connect": {"n": 100, "open": 0, "p50": …, "p95": …, "p99": …, "max": …},    seconds; null for no values
          "callOpened": {…}, "firstByte": {…}, "firstAudible": {…}, "transcriptLag": {…}, "endpointing": {…},
          "continuity": 1.0, "interrupted": 62, "partials": 0, "finals": 2500,
          "finalsUnmatched": 0, "finalsInSpeech": 0, "utterancesWithoutFinal": 0,
          "errors": {"voice: HTTP 503": 2},
          "server": null | {"cores": 0.6, "memory": 91234304}}}                  bytes, of all its processes

``firstByte`` counts from the moment a request is sent, ``connect`` apart. ``n`` are measured values, ``open`` answers
that had not come in the end: they count in the percentiles with their age, which are lower bounds then.

``find-limit`` writes ``"schema": "vapi-providers/load-limit/1"`` with ``steps``, a list of such reports with
``"broken": null | "why"`` each, and ``"limit": {"calls": 800, "cores": 0.97, "callsPerCore": 824.7}``;
``callsPerCore`` is null where the server runs elsewhere, or where the generator gave out first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from providers.emulator.failures import bare
from providers.emulator.load.fleet import LoadResult
from providers.emulator.load.measures import Times
from providers.emulator.load.plan import LoadPlan

SCHEMA = "vapi-providers/load/1"
LIMIT_SCHEMA = "vapi-providers/load-limit/1"

SHARES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a server must keep to under load."""

    first_audio: float = 1.0
    """Seconds to the first audible sample, 95th percentile."""
    lag: float = 1.5
    """Seconds by which finals trail the speech, 99th percentile."""

    def broken(self, result: LoadResult) -> str | None:
        """The first target a load missed; None when it kept to all."""
        measures = result.measures
        if result.errors:
            kind, count = result.errors.most_common(1)[0]
            return f"{count} × {kind}"
        if measures.transcriber.dropped:
            return f"{measures.transcriber.dropped} frames were not taken"
        heard = measures.voice.first_audible.percentile(0.95)
        if heard > self.first_audio:
            return f"first audio p95 {heard:.2f} s"
        behind = measures.transcriber.lags.percentile(0.99)
        if behind > self.lag:
            return f"transcript lag p99 {behind:.2f} s"
        return None


def report(result: LoadResult, started: datetime) -> dict[str, Any]:
    """One load by the schema above."""
    measures = result.measures
    return {
        "schema": SCHEMA,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(result.seconds, 3),
        "interrupted": result.interrupted,
        "endpoints": addresses(result.plan),
        "plan": _plan(result.plan),
        "generator": {
            "processes": result.processes,
            "cpu": [round(share, 3) for share in measures.cpu],
            "lateP99": measures.lateness.percentile(0.99),
            "saturated": result.saturation,
        },
        "figures": None if result.saturation else _figures(result),
    }


def limit_report(steps: list[tuple[LoadResult, str | None]], started: datetime) -> dict[str, Any]:
    """A search for the limit by the schema above."""
    return {
        "schema": LIMIT_SCHEMA,
        "steps": [report(result, started) | {"broken": broken} for result, broken in steps],
        "limit": limit(steps),
    }


def limit(steps: list[tuple[LoadResult, str | None]]) -> dict[str, Any] | None:
    """The largest load that held; None when none did. Per core only where it was the server that set the limit."""
    held = [result for result, broken in steps if broken is None]
    if not held:
        return None
    best = max(held, key=lambda result: result.plan.calls)
    cores = best.server.cores if best.server else None
    genuine = not any(result.saturation for result, _ in steps)
    per_core = round(best.plan.calls / cores, 1) if cores and genuine else None
    return {"calls": best.plan.calls, "cores": cores and round(cores, 3), "callsPerCore": per_core}


def addresses(plan: LoadPlan) -> dict[str, str | None]:
    """The endpoints' addresses without their queries."""
    known = {"voice": plan.voice, "transcriber": plan.transcriber, "endpointing": plan.endpointing}
    return {name: bare(url) if url else None for name, url in known.items()}


def _plan(plan: LoadPlan) -> dict[str, Any]:
    return {
        "calls": plan.calls,
        "duration": plan.duration,
        "ramp": plan.ramp,
        "bargeIn": plan.barge_in,
        "jitter": plan.jitter,
        "turn": plan.turn,
        "rate": plan.rate,
    }


def _figures(result: LoadResult) -> dict[str, Any]:
    voice, transcriber = result.measures.voice, result.measures.transcriber
    server = result.server
    calls = {
        "callsOpened": len(transcriber.opened.values),
        "frames": transcriber.frames,
        "framesNotAccepted": transcriber.not_accepted,
        "framesDropped": transcriber.dropped,
        "partials": transcriber.partials,
        "finals": transcriber.finals,
        "finalsUnmatched": transcriber.unmatched,
        "finalsInSpeech": transcriber.in_speech,
        "utterancesWithoutFinal": len(transcriber.lags.open),
    }
    planned = result.plan.transcriber is not None
    return {
        **{name: number if planned else None for name, number in calls.items()},
        "connect": _spread(voice.connect),
        "callOpened": _spread(transcriber.opened),
        "firstByte": _spread(voice.first_byte),
        "firstAudible": _spread(voice.first_audible),
        "transcriptLag": _spread(transcriber.lags),
        "endpointing": _spread(result.measures.endpointing),
        "continuity": round(voice.continuity, 6),
        "interrupted": voice.interrupted,
        "errors": dict(result.errors),
        "server": {"cores": round(server.cores, 3), "memory": server.memory} if server else None,
    }


def _spread(times: Times) -> dict[str, Any] | None:
    if not times.values and not times.open:
        return None
    shown = {name: round(times.percentile(share), 6) for name, share in SHARES}
    return {"n": len(times.values), "open": len(times.open)} | shown
