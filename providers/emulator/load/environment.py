"""What the parts of one call of a load share: the plan, the script, the clock, and where measures go."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field

from providers.emulator.load.measures import Measures
from providers.emulator.load.plan import LoadPlan
from providers.emulator.load.script import Script


@dataclass(slots=True)
class LoadClock:
    """The time of a load in this process."""

    length: float
    """Seconds in which calls are made."""
    drain: float
    """Seconds after those in which answers that are open may come."""
    begin: float = field(default_factory=time.perf_counter)

    def now(self) -> float:
        """Seconds of the load so far."""
        return time.perf_counter() - self.begin

    @property
    def left(self) -> float:
        """Seconds in which something new may begin."""
        return self.length - self.now()

    @property
    def patience(self) -> float:
        """Seconds in which an answer may still come."""
        return self.left + self.drain


@dataclass(frozen=True, slots=True)
class CallEnvironment:
    """What the parts of one call share."""

    plan: LoadPlan
    script: Script
    measures: Measures
    clock: LoadClock
    dice: random.Random
    texts: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(1))
    """The newest transcript, for the endpointing endpoint."""
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the call is lost."""

    def error(self, kind: str) -> None:
        """Count an error now."""
        self.measures.error(kind, self.clock.now())
