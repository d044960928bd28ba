"""A voice response played against a clock, as the platform plays it."""

from __future__ import annotations

from dataclasses import dataclass

from providers.emulator.http_client import RecordedResponse
from providers.emulator.sound import decoded, first_audible


@dataclass(frozen=True, slots=True)
class Playback:
    """An answer played against a clock from its first byte on, as the platform does."""

    duration: float
    """Seconds of sound."""
    first_audible: float | None
    """Seconds from the request to the first sample a caller can hear."""
    stalled: float
    """Seconds of dead air because the next sample was not there yet."""

    @property
    def continuity(self) -> float:
        """Share of the playing time without dead air, 0 … 1."""
        return self.duration / (self.duration + self.stalled) if self.duration else 1.0


def played(answer: RecordedResponse, rate: int) -> Playback:
    """Play an answer: each piece sounds when it is there and the one before it is over."""
    begin = answer.first_byte
    if begin is None:
        return Playback(0.0, None, 0.0)
    loud = first_audible(decoded(answer.body))
    heard: float | None = None
    stalled, played_bytes = 0.0, 0
    for arrived, received in answer.arrivals:
        stalled = max(stalled, arrived - (begin + played_bytes / 2 / rate))
        if heard is None and loud is not None and received // 2 > loud:
            heard = begin + stalled + loud / rate
        played_bytes = received
    return Playback(len(answer.body) / 2 / rate, heard, stalled)
