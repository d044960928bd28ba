"""Voice activity detection: start and end of speech, by a small network that follows the telephone band."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dsp import activity_kernel, backends
from dsp.activity_features import HOP, ActivityFeatures
from dsp.activity_network import ActivityNetwork
from dsp.errors import ParameterError
from dsp.stage import Samples, valid_rate, valid_samples

LOWEST_RATE, HIGHEST_RATE = 8000, 48000
"""Hz."""
SPEECH, PAUSE = 0.6, 0.4
"""Probability above which a hop starts speech, and at which it ends it."""
LAG_HOPS = 1
"""Hops by which smoothing lets a decision trail the signal; events are dated back by it."""


@dataclass(frozen=True, slots=True)
class ActivityEvent:
    """Start or end of speech."""

    speaking: bool
    """True where speech starts, False where it ends."""
    at: int
    """Samples from the first one fed: the first of the speech, or the first after it."""


class VoiceActivity:
    """Detector of speech in noise, one decision per 20 ms.

    Twenty band levels, each against its own floor, and the period of the voice go through a recurrent network of 40
    units, which was trained on real telephone prompts, readers and meetings in noise and music.
    Nothing depends on the level of the line.

    Parameters
    ----------
    rate : int
        Hz, 8000 … 48000.
    onset : float
        Seconds speech must last before it is reported, 0.02 … 1.
    hang_over : float
        Seconds of pause that end it, 0.02 … 5; shorter pauses belong to the speech.

    Raises
    ------
    ParameterError
        A parameter is outside its range.

    Notes
    -----
    Any cutting of the input gives the same events. A start is reported ``onset`` after the decision and an end
    ``hang_over`` after it, dated back to where they were. Memory is constant.

    Telling speech by a recurrent network on band levels and pitch: J.-M. Valin, "A hybrid DSP/deep learning approach to
    real-time full-band speech enhancement", MMSP 2018. Dating an onset back and hanging over its end: ITU-T G.729
    Annex B.

    Examples
    --------
    >>> import numpy as np
    >>> hiss = 0.05 * np.random.default_rng(1).standard_normal(16000)
    >>> activity = VoiceActivity(8000)
    >>> activity.feed(hiss.astype(np.float32)) + activity.flush()  # steady noise is not speech
    []
    """

    def __init__(self, rate: int, *, onset: float = 0.04, hang_over: float = 0.12) -> None:
        valid_rate("rate", rate)
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise ParameterError(f"rate: expected {LOWEST_RATE} … {HIGHEST_RATE} Hz, found {rate}")
        if not HOP <= onset <= 1.0:
            raise ParameterError(f"onset: expected {HOP} … 1 s, found {onset}")
        if not HOP <= hang_over <= 5.0:
            raise ParameterError(f"hang_over: expected {HOP} … 5 s, found {hang_over}")
        self.rate = rate
        self._features, self._network = ActivityFeatures(rate), ActivityNetwork()
        self._hop, self._window = round(rate * HOP), self._features.window
        self._onset_hops, self._pause_hops = round(onset / HOP), round(hang_over / HOP)
        self._carry: Samples
        self._start_over()

    @property
    def speaking(self) -> bool:
        """Whether the last decision was speech, as far as the input has come."""
        return self._speaking

    @property
    def probability(self) -> float:
        """Probability, 0 … 1, that the last 20 ms were speech."""
        return self._probability

    @property
    def delay(self) -> float:
        """Samples by which a start is reported after it happened, at least."""
        return float(self._hop * (self._onset_hops + LAG_HOPS))

    def feed(self, samples: Samples) -> list[ActivityEvent]:
        """Process the next run of samples.

        Parameters
        ----------
        samples : numpy.ndarray, shape (n,), float32, [-1, 1)

        Returns
        -------
        list of ActivityEvent
            Events that these samples decide, in order; starts and ends alternate.

        Raises
        ------
        SignalError
            See `dsp.stage.valid_samples`.
        """
        events: list[ActivityEvent] = []
        if self._kernel is not None:
            for probability in self._probabilities(self._kernel, samples):
                self._decide(probability, events)
            return events
        waiting = np.concatenate([self._carry, valid_samples(samples)])
        hops = max(waiting.size - self._window + self._hop, 0) // self._hop
        for start in range(0, hops * self._hop, self._hop):
            self._decide(self._network.probability(self._features.of(waiting[start : start + self._window])), events)
        self._carry = waiting[hops * self._hop :].copy()
        self._waiting = self._carry.size
        return events

    def flush(self) -> list[ActivityEvent]:
        """End the stream: open speech ends with the last sample. The detector is then ready for a new stream.

        Returns
        -------
        list of ActivityEvent
            One where speech was open, else none.
        """
        heard = self._hops * self._hop + self._waiting - (self._window - self._hop)
        events = [ActivityEvent(speaking=False, at=heard)] if self._speaking else []
        self._start_over()
        return events

    def _start_over(self) -> None:
        self._carry = np.zeros(self._window - self._hop, dtype=np.float32)
        self._waiting = self._carry.size
        self._kernel: backends.Kernel | None = None
        if backends.native is not None:
            self._kernel = activity_kernel.bound(backends.native, self._features, self._hop)
        self._features.start_over()
        self._network.start_over()
        self._probability = 0.0
        self._hops = 0
        self._speaking = False
        self._run = 0
        self._end = 0

    def _probabilities(self, kernel: backends.Kernel, samples: Samples) -> list[float]:
        """Probability of every hop that the next samples complete."""
        if not isinstance(samples, np.ndarray):
            samples = valid_samples(samples)
        found: list[float] | None = kernel.run(samples)
        if found is None:
            found = kernel.run(np.ascontiguousarray(valid_samples(samples)), True)
        assert found is not None
        self._waiting += samples.size - len(found) * self._hop
        return found

    def _decide(self, probability: float, events: list[ActivityEvent]) -> None:
        """Take one hop; ``_run`` counts the hops in a row that contradict the state."""
        self._probability = probability
        active = self._probability > (PAUSE if self._speaking else SPEECH)
        self._hops += 1
        self._run = self._run + 1 if active != self._speaking else 0
        if self._run < (self._pause_hops if self._speaking else self._onset_hops):
            return
        at = max((self._hops - self._run - LAG_HOPS) * self._hop, self._end)
        self._speaking, self._run, self._end = active, 0, at
        events.append(ActivityEvent(active, at))
