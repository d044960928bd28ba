"""Something that has the rhythm of speech, for loads on machines without a voice: recognisers find no words in it."""

from __future__ import annotations

import numpy as np

from dsp import Samples
from providers.emulator.speech import ProbeSpeech

_RATE = 16000
_SYLLABLE = 0.2
"""Seconds."""


def babble(seed: int = 1) -> ProbeSpeech:
    """Two voices of pulses with formants, five syllables a second, each for about three seconds."""
    dice = np.random.default_rng(seed)
    return ProbeSpeech(_voice(dice, 14, 210.0), _voice(dice, 16, 120.0), _RATE)


def _voice(dice: np.random.Generator, syllables: int, pitch: float) -> Samples:
    time = np.arange(round(_SYLLABLE * _RATE)) / _RATE
    envelope = np.sin(np.pi * time / _SYLLABLE) ** 0.5
    parts = []
    for _ in range(syllables):
        formants = dice.uniform((300, 900, 2200), (800, 2000, 3000))
        tone = sum(
            np.exp(-(((pitch * k - formants[:, None]) / 150.0) ** 2)).sum() * np.sin(2 * np.pi * pitch * k * time)
            for k in range(1, 24)
        )
        parts.append(envelope * tone)
    joined = np.concatenate(parts)
    scaled: Samples = (0.3 * joined / np.abs(joined).max()).astype(np.float32)
    return scaled
