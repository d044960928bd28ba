"""Asked and driven turns side by side: the server's own driver and answers, on a clock of their own.

A final comes some time after the end of speech. The voice detector knows of the pause 120 ms after it began, and the
sound model has judged it after 270 ms. Asked, the platform
wants to know once, when the final is there; driven, the driver holds the final until words and sound say that the turn
is over, and the request that it provokes is answered with 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from benchmarks.turns.detectors import SERVED, question
from benchmarks.turns.material import Pause, Turn
from benchmarks.turns.sweep import PolicyResult, Wait, as_it_is
from providers.turns.base import TurnQuestion
from providers.turns.decision import Turns
from providers.turns.driver import TurnDriver
from providers.turns.state import TurnState

LAGS = (0.1, 0.2, 0.3, 0.6)
"""Seconds from the end of speech until the recogniser's final."""
KNOWN = 0.12
"""Seconds from the end of speech until the voice detector knows of it; until then the caller speaks."""
JUDGED = 0.27
"""Seconds from the end of speech until the sound was judged."""
HOLD = 1.5
"""Seconds that a final is held at most: the setting's default."""
_STEP = 0.02
"""Seconds: a frame."""


class _Pause:
    """One pause, frame after frame, for the objects of a call."""

    def __init__(self, turn: Turn, pause: Pause) -> None:
        self._turn, self._pause = turn, pause
        self.now = 0.0
        self.state = TurnState(clock=lambda: self.now)
        self.state.started()

    def step(self, seconds: float) -> None:
        """Let audio come until this second of the pause."""
        before, self.now = self.now, seconds
        self.state.audio(seconds)
        if before < KNOWN <= seconds:
            self.state.stopped(0.0)
        if self._pause.done is not None and before < JUDGED <= seconds:
            self.state.judged(self.state.pause, self._pause.done)

    def question(self) -> TurnQuestion:
        """What an endpointing request of this moment would be decided by."""
        asked = question(self._turn, self._pause)
        return TurnQuestion(asked.user, asked.assistant, asked.languages, self.state.hearing())


def asked(turns: Turns, lag: float, turn: Turn, pause: Pause) -> float:
    """Seconds of silence after which an endpointing answer ends the turn."""
    heard = _Pause(turn, pause)
    at = 0.0
    while at < lag:
        at = min(at + _STEP, lag)
        heard.step(at)
    return lag + turns.decide(heard.question()).seconds


def driven(turns: Turns, lag: float, turn: Turn, pause: Pause) -> float:
    """Seconds of silence after which a driven turn is over."""
    heard = _Pause(turn, pause)
    driver = TurnDriver(
        heard.state, lambda text: turns.target(heard.question()).seconds, longest=HOLD, clock=lambda: heard.now
    )
    at, out = 0.0, False
    while not out:
        final_is_due = at < lag <= at + _STEP
        at += _STEP
        heard.step(at)
        spoken = driver.final(pause.text) if final_is_due else driver.tick()
        out = any(one.final for one in spoken)
    return at + turns.decide(heard.question()).seconds


def outcomes(turns: Sequence[Turn]) -> list[tuple[float, PolicyResult, PolicyResult]]:
    """For each lag of the final: what asked and what driven turns are like."""
    served = SERVED["text,acoustic"]
    return [
        (lag, as_it_is(turns, _Once(partial(asked, served, lag))), as_it_is(turns, _Once(partial(driven, served, lag))))
        for lag in LAGS
    ]


class _Once:
    """A rule that looks at a pause once, whatever its length: a turn comes with many."""

    def __init__(self, wait: Wait) -> None:
        self._wait = wait
        self._found: dict[tuple[str, str, float | None, bool], float] = {}

    def __call__(self, turn: Turn, pause: Pause) -> float:
        key = (turn.speaker, turn.source, pause.at, pause.length is None)
        if key not in self._found:
            self._found[key] = self._wait(turn, pause)
        return self._found[key]
