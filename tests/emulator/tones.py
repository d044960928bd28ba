"""A language of tones: sixteen words, each a pure tone, spoken and recognised exactly at any rate, without a model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp import Samples

WORDS = (
    "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa"
).split()  # fmt: skip
WORD = 0.2
"""Seconds."""
GAP = 0.06
"""Seconds of silence after each word."""
ENDPOINT = 0.3
"""Seconds of silence that end an utterance."""

_BLOCK = 0.02
_LEAST = 0.05
"""Amplitude from which on a tone is a word."""
_BLOCKS_OF_A_WORD = 4


def frequency(word: str) -> float:
    """Hz; a word outside the language sounds like one of it."""
    index = WORDS.index(word) if word in WORDS else sum(map(ord, word)) % len(WORDS)
    return 400.0 + 150.0 * index


def spoken(text: str, rate: int) -> Samples:
    """Speak words; punctuation and case make no sound."""
    pieces = []
    for word in text.lower().replace(".", " ").replace(",", " ").split():
        time = np.arange(round(WORD * rate)) / rate
        pieces += [0.3 * np.sin(2 * np.pi * frequency(word) * time), np.zeros(round(GAP * rate))]
    return np.concatenate(pieces or [np.zeros(0)]).astype(np.float32)


class ToneListener:
    """Hears words in one channel; `feed` returns (text so far, final) each time something changes."""

    def __init__(self, rate: int) -> None:
        self._block = round(_BLOCK * rate)
        time = np.arange(self._block) / rate
        tones = np.exp(-2j * np.pi * np.outer(time, [frequency(word) for word in WORDS])) * 2 / self._block
        self._tones = tones.astype(np.complex64)
        self._carry = np.zeros(0, np.float32)
        self._runs = np.zeros(len(WORDS), int)
        self._words: list[str] = []
        self._silence = 0

    def feed(self, samples: Samples) -> list[tuple[str, bool]]:
        """Hear the next samples, cut anywhere."""
        joined = np.concatenate([self._carry, samples])
        whole = len(joined) // self._block
        self._carry = joined[whole * self._block :]
        events: list[tuple[str, bool]] = []
        blocks = joined[: whole * self._block].reshape(whole, self._block)
        if not joined.any():
            loud = np.zeros((whole, len(WORDS)), bool)
        else:
            # Not a matrix product: BLAS would start its threads for every frame, and take the machine from all others.
            loud = np.abs(np.einsum("bs,sw->bw", blocks, self._tones)) > _LEAST
        for sounding in loud:
            events += self._hear(sounding)
        return events

    def _hear(self, sounding: NDArray[np.bool_]) -> list[tuple[str, bool]]:
        self._runs = np.where(sounding, self._runs + 1, 0)
        new = [WORDS[index] for index in np.flatnonzero(self._runs == _BLOCKS_OF_A_WORD)]
        self._silence = 0 if sounding.any() else self._silence + 1
        self._words += new
        if new:
            return [(" ".join(self._words), False)]
        if self._words and self._silence * _BLOCK >= ENDPOINT:
            text = " ".join(self._words).capitalize() + "."
            self._words = []
            return [(text, True)]
        return []
