"""Listener of one call's customer: speech and pauses as they come, and each pause handed to the sound engine.

It takes the conditioned channel, frame by frame. A pause is known 120 ms after it began, and judged at 200 ms.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from dsp.activity import ActivityEvent, VoiceActivity
from dsp.pcm import PcmDecoder
from dsp.stage import Samples
from providers.turns.acoustic import AcousticTurns
from providers.turns.smart_turn import LONGEST
from providers.turns.state import TurnState

__all__ = ["TurnListener"]

_JUDGED_AT = 0.2
"""Seconds of silence; the shortest pause that listeners take for one."""

_NEW_TURN = 2.0
"""Seconds of silence after which speech begins a new turn; what was said before is not heard again."""

_BEFORE = 0.2
"""Seconds before the first speech of a turn that the model hears."""


class SpeechDetector(Protocol):
    """Detector of speech."""

    def feed(self, samples: Samples, /) -> list[ActivityEvent]:
        """Starts and ends of speech that these samples decide, in order."""
        ...


class TurnListener:
    """Listener of one call.

    Parameters
    ----------
    rate
        Hz.
    state
        What it writes.
    sound
        The engine that judges pauses; None to know of speech and silence alone.
    detector
        Detector of speech; `dsp.VoiceActivity` unless another is given.
    """

    def __init__(
        self, rate: int, state: TurnState, sound: AcousticTurns | None, *, detector: SpeechDetector | None = None
    ) -> None:
        self._rate = rate
        self._state = state
        state.listening = True
        self._sound = sound
        self._activity = detector or VoiceActivity(rate)
        self._decoder = PcmDecoder()
        self._received = 0
        """Samples so far."""
        self._recent = np.zeros(int((LONGEST + 1) * rate), dtype=np.float32)
        """Ring of the last samples."""
        self._begun = 0
        """Sample at which the turn began."""
        self._stopped: int | None = None
        """Sample at which speech last stopped; None while it goes on."""
        self._judged = True
        """Whether this pause needs no judgement any more."""

    def feed(self, pcm: bytes) -> None:
        """Take in the customer's next audio, s16le mono."""
        samples = self._decoder.feed(pcm)
        self._keep(samples)
        for event in self._activity.feed(samples):
            if event.speaking:
                self._starts(event.at)
            else:
                self._stops(event.at)
        self._state.audio(self._received / self._rate)
        self._judge_when_due()

    def close(self) -> None:
        """Drop what waits for a judgement: the call is over."""
        if self._sound is not None:
            self._sound.cancel(self._state)

    def _keep(self, samples: Samples) -> None:
        """Write into the ring of recent samples."""
        size = self._recent.size
        kept = samples[-size:]
        at = (self._received + samples.size - kept.size) % size
        first = min(kept.size, size - at)
        self._recent[at : at + first] = kept[:first]
        self._recent[: kept.size - first] = kept[first:]
        self._received += samples.size

    def _last(self, length: int) -> Samples:
        """A copy of the last samples."""
        return np.take(self._recent, np.arange(self._received - length, self._received), mode="wrap")

    def _starts(self, at: int) -> None:
        if self._stopped is None or at - self._stopped > _NEW_TURN * self._rate:
            self._begun = max(0, at - int(_BEFORE * self._rate))
        self._stopped, self._judged = None, True
        self._state.started()
        self.close()

    def _stops(self, at: int) -> None:
        self._stopped, self._judged = at, False
        self._state.stopped(at / self._rate)

    def _judge_when_due(self) -> None:
        if self._judged or self._stopped is None or self._sound is None:
            return
        if self._received - self._stopped >= _JUDGED_AT * self._rate:
            self._judged = True
            length = min(self._received - self._begun, int(LONGEST * self._rate))
            self._sound.judge(self._state, self._last(length), self._rate)
