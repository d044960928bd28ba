"""What can be seen of a sound without hearing it: level, first audible sample, spans of speech, a one-line picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsp import Samples

AUDIBLE = 10 ** (-50 / 20)
"""Full scale. −50 dBFS: below the breath before a word, above the dither of a silent engine."""

_SPEECH_BELOW_PEAK = 30.0
"""dB. Speech sounds stay within this of a clip's loudest 20 ms; room noise of a usable recording does not."""
_BARS = "▁▂▃▄▅▆▇█"
_NOISY_STEP = 1.1
"""RMS of the differences over RMS. White noise has 1.41, speech at 8 kHz below 0.9 over any half second."""


@dataclass(frozen=True, slots=True)
class Span:
    """One stretch of speech."""

    start: float
    """Seconds."""
    end: float
    """Seconds."""


def decoded(pcm: bytes) -> Samples:
    """Whole samples of PCM as float32; a last half sample is left out."""
    return np.frombuffer(pcm, "<i2", count=len(pcm) // 2).astype(np.float32) / np.float32(32768)


def first_audible(samples: Samples) -> int | None:
    """Index of the first sample above −50 dBFS; None when there is none."""
    loud = np.abs(samples) > AUDIBLE
    index = int(loud.argmax()) if len(loud) else 0
    return index if len(loud) and loud[index] else None


def level(samples: Samples) -> float:
    """SpeechMeter of the audible parts, dBFS (RMS; full-scale square wave is 0); −inf for silence."""
    powers = _powers(samples, max(1, len(samples) // 200))
    heard = powers[powers > AUDIBLE**2 / 2]
    return float(10 * np.log10(heard.mean())) if len(heard) else float("-inf")


def peak(samples: Samples) -> float:
    """Highest sample, dBFS; −inf for silence."""
    highest = float(np.abs(samples).max()) if len(samples) else 0.0
    return float(20 * np.log10(highest)) if highest else float("-inf")


def waveform(samples: Samples, width: int = 60) -> str:
    """The sound as one line of bars, 6 dB a step below the loudest column."""
    if not len(samples):
        return ""
    edges = np.linspace(0, len(samples), min(width, len(samples)) + 1).astype(int)[:-1]
    peaks = np.maximum.reduceat(np.abs(samples), edges)
    if not peaks.max():
        return _BARS[0] * len(edges)
    decibels = 20 * np.log10(np.maximum(peaks / peaks.max(), 1e-6))
    steps = np.clip(len(_BARS) - 1 + np.floor(decibels / 6), 0, len(_BARS) - 1).astype(int)
    return "".join(_BARS[step] for step in steps)


def speech_spans(samples: Samples, rate: int, *, join: float = 0.5) -> list[Span]:
    """Stretches of speech; pauses shorter than ``join`` seconds belong to the speech around them."""
    block = max(1, rate // 50)
    powers = _powers(samples, block)
    if not len(powers) or powers.max() < AUDIBLE**2:
        return []
    threshold = max(powers.max() * 10 ** (-_SPEECH_BELOW_PEAK / 10), AUDIBLE**2)
    spans: list[Span] = []
    for index in np.flatnonzero(powers > threshold).tolist():
        start, end = index * block / rate, (index + 1) * block / rate
        if spans and start - spans[-1].end < join:
            spans[-1] = Span(spans[-1].start, end)
        else:
            spans.append(Span(start, end))
    return spans


def noise_share(samples: Samples, rate: int) -> float:
    """Share of the loud 50 ms blocks that sound like noise, 0 … 1: near 1 when samples are cut in half."""
    block = max(2, rate // 20)
    powers = _powers(samples, block)
    steps = _powers(np.diff(samples, prepend=samples[:1]), block)
    loud = powers > 10 ** (-30 / 10)
    if not loud.any():
        return 0.0
    return float((np.sqrt(steps[loud] / powers[loud]) > _NOISY_STEP).mean())


def _powers(samples: Samples, block: int) -> NDArray[np.float64]:
    """Mean square of each whole block; of everything when there is less than one."""
    whole = len(samples) // block * block
    if not whole:
        return np.array([np.mean(np.square(samples, dtype=np.float64))]) if len(samples) else np.zeros(0)
    blocks = samples[:whole].astype(np.float64).reshape(-1, block)
    means: NDArray[np.float64] = np.einsum("ij,ij->i", blocks, blocks) / block
    return means
