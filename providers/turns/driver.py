"""Driver of turns: finals held until the turn is over, without I/O.

::

                  partial, or final whose turn may go on            silence ≥ target: RELEASED, finals go out
     IDLE ─────────────────────────────────────────► HOLDING ─────────────────────────────────────────────► IDLE
      ▲                                               │   ▲ │
      │                                               └───┘ │ held for the longest time: finals go out, and the
      └─────────────────────────────────────────────────────┘ endpointing answer decides as without a driver

While it holds, the words go out as partials, and endpointing requests are answered with a long wait. A caller who
speaks again empties the decision, not the words: the target is computed anew from the words and the sound of the next
pause. No final is held longer than ``longest``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from providers.turns.state import TurnState

__all__ = ["ReleasedTranscript", "TurnDriver"]

TargetOf = Callable[[str], float]
"""Seconds of silence after which a turn with these words is over, by what is known now."""


@dataclass(frozen=True, slots=True)
class ReleasedTranscript:
    """One transcript that goes out now."""

    text: str
    final: bool


class TurnDriver:
    """Driver of one caller's turns.

    Parameters
    ----------
    state
        The call's turn: read for silence, written for the endpointing answer.
    target
        Seconds of silence that end a turn with these words.
    longest
        Seconds that a final is held at most.
    clock
        Seconds, monotonic.
    """

    def __init__(
        self, state: TurnState, target: TargetOf, *, longest: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._state = state
        self._target = target
        self._longest = longest
        self._clock = clock
        self._held: list[str] = []
        self._held_since = 0.0
        self._partial = ""

    @property
    def holding(self) -> bool:
        """Whether a final is held."""
        return bool(self._held)

    def partial(self, text: str) -> list[ReleasedTranscript]:
        """Take in a partial."""
        self._partial = text
        self._state.driven = "held"
        return [ReleasedTranscript(_joined([*self._held, text]), final=False)]

    def final(self, text: str) -> list[ReleasedTranscript]:
        """Take in a final; it goes out now when the turn is already over."""
        if not self._held:
            self._held_since = self._clock()
        self._held.append(text)
        self._partial = ""
        if self.due() == 0:
            return self.tick()
        self._state.driven = "held"
        return [ReleasedTranscript(_joined(self._held), final=False)]

    def due(self) -> float | None:
        """Seconds until `tick` is to be called; None while nothing is held."""
        if not self._held:
            return None
        left = max(0.0, self._held_since + self._longest - self._clock())
        silence = self._state.silence()
        if silence is None and not self._state.speaking:
            return 0.0  # no speech was heard in this call: there is no pause to judge
        if silence is None or self._partial:  # the caller speaks, or words of the next final are already there
            return left
        return min(left, max(0.0, self._target(_joined(self._held)) - silence))

    def tick(self) -> list[ReleasedTranscript]:
        """The held finals, if their time has come; the words after them follow as a partial."""
        if self.due() != 0:
            return []
        silence = self._state.silence()
        over = silence is not None and not self._partial and silence >= self._target(_joined(self._held))
        self._state.driven = "released" if over else None
        return self.flush()

    def flush(self) -> list[ReleasedTranscript]:
        """Everything that is held: the call ends."""
        out = [ReleasedTranscript(text, final=True) for text in self._held]
        if out and self._partial:
            out.append(ReleasedTranscript(self._partial, final=False))
        self._held = []
        return out


def _joined(texts: list[str]) -> str:
    return " ".join(texts)
