"""Instruments of the engines: what their wrappers saw, and which of them cool down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal, Protocol, TypeAlias

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from providers import telemetry

__all__ = ["EngineMetrics", "Event", "Role"]

log = structlog.get_logger()

Role: TypeAlias = Literal["voice", "transcriber"]

_EVERYDAY = {"hit", "miss", "joined", "hedged", "hedge-won", "hedge-lost", "compared"}
"""Events that are counted and not worth a log line."""
_RARE = ("failed", "returned", "took-over", "hedged", "hedge-won", "lost", "suspected", "reconnected", "gap")
"""Events whose series are made at the start, so that the first one is seen as an increase."""


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


class EngineMetrics:
    """Events of the engines: fallbacks, replays, hedges, the cache; and the state of each engine."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._events = Counter(
            "providers_engine_events", "What wrappers saw of engines", ["kind", "engine"], registry=registry
        )
        self._cooling_down = Gauge(
            "providers_engine_cooling_down",
            "1 while an engine failed and is not tried first (several processes: in how many)",
            ["role", "engine"],
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._lost_audio = Counter(
            "providers_audio_lost_seconds",
            "Audio that no recogniser heard, because the replay buffer was too short",
            registry=registry,
        )

    def observer(self, role: Role) -> Callable[[Event], None]:
        """What the engines of one role report to."""
        return partial(self._observe, role)

    def configured(self, role: Role, engines: Sequence[str]) -> None:
        """Show the state of each engine from the start."""
        for engine in engines:
            self._cooling_down.labels(role, engine).set(0)
            for kind in _RARE:
                self._events.labels(kind, engine)

    def _observe(self, role: Role, event: Event) -> None:
        """Count an event; failures are logged too."""
        self._events.labels(event.kind, event.engine).inc()
        telemetry.note(event.kind, engine=event.engine, role=role, seconds=event.value or None)
        match event.kind:
            case "failed":
                self._cooling_down.labels(role, event.engine).set(1)
            case "returned":
                self._cooling_down.labels(role, event.engine).set(0)
            case "gap":
                self._lost_audio.inc(event.value)
        if event.kind not in _EVERYDAY:
            log.warning("engine", kind=event.kind, engine=event.engine, detail=event.detail, value=event.value)
