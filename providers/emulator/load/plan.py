"""What a load consists of: which endpoints, how many calls, how they behave."""

from __future__ import annotations

from dataclasses import dataclass, field

from providers.emulator.credentials import SentCredentials


@dataclass(frozen=True, slots=True)
class Endurance:
    """How long the generator waits, and when it gives up on itself."""

    timeout: float = 10.0
    """Seconds for a connection, and without a byte of an answer."""
    drain: float = 5.0
    """Seconds after the load in which answers that are still open may come; no new ones are asked for."""
    busy: float = 0.85
    """Share of a core from which on a process of the generator has no time left to be punctual."""
    punctual: float = 0.010
    """Seconds, 99th percentile: half a frame. A generator later than that measures itself."""


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """One load."""

    calls: int
    voice: str | None
    transcriber: str | None
    endpointing: str | None
    credentials: SentCredentials
    duration: float = 20.0
    """Seconds after the ramp."""
    ramp: float = 5.0
    """Seconds over which the calls begin."""
    barge_in: float = 0.2
    """Probability, 0 … 1, that a spoken answer is interrupted."""
    jitter: float = 5.0
    """Milliseconds by which a frame may be late on its way here, evenly spread."""
    turn: float = 6.0
    """Seconds between two answers of the assistant in one call, on average."""
    rate: int = 16000
    """Hz on the socket."""
    endurance: Endurance = field(default_factory=Endurance)

    @property
    def noun(self) -> str:
        """What there are many of at once."""
        return "call" if self.transcriber is not None else "speaker"


VOICE_RATE = 24000
"""Hz asked of the voice."""
SEED = 1
"""Of all randomness: two loads of one plan are the same."""
