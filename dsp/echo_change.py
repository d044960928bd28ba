"""Detection of a changed echo path, and search for the same echo at another delay."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.stage import Samples

MISFIT = 0.25
"""Squared correlation of what is left with what was subtracted, above which the path has changed. A right filter leaves
the customer, who has nothing to do with it; a path that moved leaves 0.5."""

MISFIT_SHARE = 0.4
"""Of what was subtracted, how much has to be wrong besides."""

MISFIT_MEMORY = 0.9
"""Share of the old values per block in both: an average over 0.2 s."""

SETTLING = 25
"""Blocks for which a filter that has just begun to learn is left alone: 0.5 s."""

AUDIBLE = 1.0e-3
"""Amplitude, rms, of the weakest echo for which a changed path resets the certainty: -60 dBFS."""

CLEARLY_AUDIBLE = 3.0e-3
"""The same for an echo whose jump is looked for: -50 dBFS."""

SEEN = 5
"""Blocks, the last of the near channel, that are compared with the echo that was expected in them."""

FARTHEST_JUMP = 3
"""Blocks by which the echo may have jumped either way: 60 ms, what a jitter buffer adds or drops at a time."""

ALIKE, CLEARLY = 0.8, 0.3
"""Correlation from which on it is the same echo, and by how much that must exceed the one where it was expected."""

EMPHASIS = np.float32(0.9)
"""First-order pre-emphasis, applied twice, before they are compared."""

FAINT = 1e-9
"""Energy that is added, so that silence is like nothing."""


class PathWatch:
    """Watch over the fit of an echo filter.

    A filter that fits leaves the customer. When what is left resembles what was subtracted, or the channel is louder
    without the expected echo than with it, the path has changed. Often the echo is the same and merely comes later or
    earlier, because a jitter buffer grew or shrank: then the near channel holds the expected echo at another place.

    Parameters
    ----------
    block : int
        Samples.
    """

    def __init__(self, block: int) -> None:
        self._block = block
        self.forget()

    def forget(self) -> None:
        """Return to the state of a new watch."""
        self._near = np.zeros((SEEN + FARTHEST_JUMP) * self._block, dtype=np.float32)
        self._echo = np.zeros_like(self._near)
        self._likeness: tuple[float, ...] = (0.0, 0.0, 0.0)
        self.restart()

    def restart(self) -> None:
        """Leave the filter alone until it has learnt for a while."""
        self._blocks = 0

    @property
    def settled(self) -> bool:
        """Whether the filter has learnt for a while since the last change."""
        return self._blocks > SETTLING

    def push(self, near: Samples, echo: Samples) -> None:
        """Take in a block of the near channel and the echo that was expected in it."""
        for memory, new in ((self._near, near), (self._echo, echo)):
            memory[: -self._block] = memory[self._block :]
            memory[-self._block :] = new
        error = near - echo
        new_likeness = float(error @ echo), float(error @ error), float(echo @ echo)
        self._likeness = tuple(
            old + (1 - MISFIT_MEMORY) * (now - old) for old, now in zip(self._likeness, new_likeness, strict=True)
        )
        self._blocks += 1

    @property
    def misfit(self) -> bool:
        """Whether what is left resembles what was subtracted."""
        both, left, subtracted = self._likeness
        return (
            self.settled
            and subtracted > self._block * AUDIBLE**2
            and abs(both) > MISFIT_SHARE * subtracted
            and both * both > MISFIT * left * subtracted
        )

    @property
    def louder(self) -> bool:
        """Whether the near channel is louder without the expected echo than with it."""
        if not self.settled:
            return False
        seen = SEEN * self._block
        near, echo = self._near[-seen:], self._echo[-seen:]
        energy = float(echo @ echo)
        return energy > seen * CLEARLY_AUDIBLE**2 and energy > 2 * float(near @ echo)

    def jump(self) -> int | None:
        """Samples by which the echo comes later than expected; None where nothing else is clearly more like it."""
        reach = FARTHEST_JUMP * self._block
        near, echo = _sharpened(self._near), _sharpened(self._echo)
        late, early = _likeness(near[reach:], echo), _likeness(echo[reach:], near)
        likeness = np.concatenate([late, early[-2::-1]])  # from the latest to the earliest
        best = int(likeness.argmax())
        if likeness[best] < max(ALIKE, float(likeness[reach]) + CLEARLY):
            return None
        return reach - best


def _sharpened(samples: Samples) -> Samples:
    """The samples without what makes a voice like itself a period later: the first formant and all below it."""
    once = samples[1:] - EMPHASIS * samples[:-1]
    sharp = np.zeros_like(samples)
    sharp[2:] = once[1:] - EMPHASIS * once[:-1]
    return sharp


def _likeness(part: Samples, whole: Samples) -> NDArray[np.float64]:
    """Correlation of the part with every run of the whole, from its beginning on."""
    size = 1 << int(part.size + whole.size - 1).bit_length()
    spectrum = np.fft.rfft(whole, size) * np.conj(np.fft.rfft(part, size))
    count = whole.size - part.size + 1
    scores = np.fft.irfft(spectrum, size)[:count]
    sums = np.concatenate([[0.0], np.cumsum(np.square(whole, dtype=np.float64))])
    energies = sums[part.size :] - sums[:count]
    own = float(part @ part) + FAINT
    likeness: NDArray[np.float64] = scores / np.sqrt((energies + FAINT + 1e-3 * own) * own)
    return likeness
