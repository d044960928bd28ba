"""From measures to figures: what is quoted, and what is withheld because the generator could not keep up.

The JSON is stable: fields are added, never renamed or removed, while ``schema`` says ``vapi-providers/load/1``::

    {"schema": "vapi-providers/load/1",
     "started": "2026-01-31T12:00:00+00:00", "seconds": 25.1, "interrupted": false,
     "doors": {"voice": "https://…", "transcriber": "wss://…", "endpointing": null},
     "plan": {"calls": 100, "duration": 20.0, "ramp": 5.0, "bargeIn": 0.2, "jitter": 5.0, "turn": 6.0, "rate": 16000},
     "generator": {"processes": 1, "cpu": [0.21], "lateP99": 0.001, "saturated": null | "why"},
     "figures": null when the generator was saturated, else
         {"callsOpened": 100, "frames": 125000, "framesNotAccepted": 0, "framesDropped": 0,
          "firstByte": {"n": 310, "p50": …, "p95": …, "p99": …, "max": …},      seconds; null for no values
          "firstAudible": {…}, "transcriptLag": {…}, "endpointing": {…},
          "continuity": 1.0, "interrupted": 62, "partials": 0, "finals": 2500,
          "errors": {"voice: HTTP 503": 2},
          "server": null | {"cores": 0.6, "memory": 91234304}}}                  bytes

``find-limit`` writes ``"schema": "vapi-providers/load-limit/1"`` with ``steps``, a list of such reports with
``"broken": null | "why"`` each, and ``"limit": {"calls": 800, "cores": 0.97, "callsPerCore": 824.7}``;
``callsPerCore`` is null where the server runs elsewhere, or where the generator gave out first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from providers.emulator.failures import bare
from providers.emulator.formatting import percentile
from providers.emulator.load.fleet import Result
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

    def broken(self, result: Result) -> str | None:
        """The first target a load missed; None when it kept to all."""
        measures = result.measures
        if measures.errors:
            kind, count = measures.errors.most_common(1)[0]
            return f"{count} × {kind}"
        if measures.dropped:
            return f"{measures.dropped} frames were not taken"
        heard = percentile(measures.first_audible, 0.95)
        if heard > self.first_audio:
            return f"first audio p95 {heard:.2f} s"
        behind = percentile(measures.lags, 0.99)
        if behind > self.lag:
            return f"transcript lag p99 {behind:.2f} s"
        return None


def report(result: Result, started: datetime) -> dict[str, Any]:
    """One load by the schema above."""
    measures = result.measures
    return {
        "schema": SCHEMA,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(result.seconds, 3),
        "interrupted": result.interrupted,
        "doors": addresses(result.plan),
        "plan": _plan(result.plan),
        "generator": {
            "processes": result.processes,
            "cpu": [round(share, 3) for share in measures.cpu],
            "lateP99": measures.lateness.percentile(0.99),
            "saturated": result.saturation,
        },
        "figures": None if result.saturation else _figures(result),
    }


def limit_report(steps: list[tuple[Result, str | None]], started: datetime) -> dict[str, Any]:
    """A search for the limit by the schema above."""
    return {
        "schema": LIMIT_SCHEMA,
        "steps": [report(result, started) | {"broken": broken} for result, broken in steps],
        "limit": limit(steps),
    }


def limit(steps: list[tuple[Result, str | None]]) -> dict[str, Any] | None:
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


def _figures(result: Result) -> dict[str, Any]:
    measures = result.measures
    server = result.server
    return {
        "callsOpened": measures.calls,
        "frames": measures.frames,
        "framesNotAccepted": measures.not_accepted,
        "framesDropped": measures.dropped,
        "firstByte": _spread(measures.first_byte),
        "firstAudible": _spread(measures.first_audible),
        "transcriptLag": _spread(measures.lags),
        "endpointing": _spread(measures.endpointing),
        "continuity": round(measures.continuity, 6),
        "interrupted": measures.interrupted,
        "partials": measures.partials,
        "finals": measures.finals,
        "errors": dict(measures.errors),
        "server": {"cores": round(server.cores, 3), "memory": server.memory} if server else None,
    }


def _spread(values: list[float]) -> dict[str, Any] | None:
    if not values:
        return None
    return {"n": len(values)} | {name: round(percentile(values, share), 6) for name, share in SHARES}
