"""State of one call's turn: what its sound and its recogniser say.

The transcriber writes it, the endpointing answer reads a `Hearing`. Time is the call's audio clock and goes on between
two frames by the clock of this machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

__all__ = ["Hearing", "RecogniserTurn", "TurnState"]

RecogniserTurn = Literal["open", "eager", "done"]
"""What a recogniser says of the turn: the caller goes on, has probably finished, has finished."""

_LONGEST_FRAME_GAP = 1.0
"""Seconds by which the clock may run ahead of the audio: later frames are not late any more, they are missing."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """What is known of a call's sound at one moment."""

    speaking: bool
    """Whether the caller speaks now."""
    silence: float | None
    """Seconds since the caller's speech stopped; None before the first word and while it goes on."""
    done: float | None = None
    """The sound's probability that the caller has finished, for this pause; None when it is not known (yet)."""
    recogniser: RecogniserTurn | None = None
    """The recogniser's own signal for the words that were sent last."""
    recogniser_confidence: float | None = None
    """0 … 1, if the recogniser tells."""
    driven: Literal["held", "released"] | None = None
    """In a call whose turns are driven: whether the words are held back, or went out because the turn is over."""


class TurnState:
    """Turn of one call.

    Parameters
    ----------
    clock
        Seconds, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._heard = 0.0
        """Seconds of audio received."""
        self._heard_at = clock()
        self._speaking = False
        self._stopped: float | None = None
        """Second of audio at which speech last stopped."""
        self._pause = 0
        """Number of the pause that goes on."""
        self._done: tuple[int, float] | None = None
        """Pause, and the probability computed for it."""
        self._recogniser: tuple[RecogniserTurn, float | None] | None = None
        self.driven: Literal["held", "released"] | None = None
        self.listening = False
        """Whether a listener tells speech and silence."""
        self.on_change: Callable[[], None] = _nothing
        """Is called when speech starts or stops, and when a pause was judged."""

    @property
    def pause(self) -> int:
        """Number of the pause that goes on, or of the last one."""
        return self._pause

    @property
    def speaking(self) -> bool:
        """Whether the caller speaks now."""
        return self._speaking

    def audio(self, seconds: float) -> None:
        """Take note that so many seconds of audio have come since the start."""
        self._heard, self._heard_at = seconds, self._clock()

    def started(self) -> None:
        """Take note that the caller speaks: what was known of the pause is void."""
        self._speaking, self._stopped, self._done, self._recogniser = True, None, None, None
        self.driven = None
        self.on_change()

    def stopped(self, at: float) -> None:
        """Take note that the caller's speech stopped at this second of audio."""
        self._speaking, self._stopped = False, at
        self._pause += 1
        self.on_change()

    def judged(self, pause: int, done: float) -> None:
        """Keep a probability that was computed for a pause, unless that pause is over."""
        if pause == self._pause and not self._speaking:
            self._done = (pause, done)
            self.on_change()

    def recogniser(self, turn: RecogniserTurn | None, confidence: float | None) -> None:
        """Take note of the recogniser's signal, with the words that it came with."""
        self._recogniser = (turn, confidence) if turn is not None else None

    def silence(self) -> float | None:
        """Seconds since speech stopped; None while it goes on and before the first word."""
        if self._stopped is None:
            return None
        gap = min(max(0.0, self._clock() - self._heard_at), _LONGEST_FRAME_GAP)
        return max(0.0, self._heard + gap - self._stopped)

    def hearing(self) -> Hearing:
        """What is known now."""
        done = self._done[1] if self._done is not None and self._done[0] == self._pause else None
        turn, confidence = self._recogniser or (None, None)
        return Hearing(self._speaking, self.silence(), done, turn, confidence, self.driven)


def _nothing() -> None:
    """Do nothing: no driver waits for a change."""
