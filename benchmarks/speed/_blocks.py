"""The audio that is fed to the contenders: seeded, speech-like in level, the same for everyone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle
from typing import TypeVar

import numpy as np

from benchmarks.case import Contender, Frame
from benchmarks.timing import Call
from dsp import Samples, encode_pcm16, join_channels, use_backend

T = TypeVar("T")

RING_SECONDS = 2.0
"""How much audio goes round before it repeats, for stages whose work depends on what they hear."""


def noise(samples: int, seed: int = 1) -> Samples:
    """White noise at -20 dBFS."""
    return (0.1 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def pcm(frame: Frame) -> bytes:
    """One frame of mono PCM."""
    return encode_pcm16(noise(frame.samples))


def stereo_pcm(frame: Frame) -> bytes:
    """One frame of interleaved two-channel PCM."""
    return join_channels([encode_pcm16(noise(frame.samples, seed)) for seed in (1, 2)])


def line(frame: Frame) -> Samples:
    """Whole frames of noise with pauses, two seconds or one frame, whichever is longer."""
    count = max(1, round(RING_SECONDS / frame.seconds))
    samples = noise(count * frame.samples)
    loud = np.sin(2 * np.pi * np.arange(len(samples)) / frame.rate) > -0.3
    samples *= np.where(loud, np.float32(1.0), np.float32(0.01))
    return samples


def ring(frame: Frame, convert: Callable[[Samples], T], samples: Samples | None = None) -> Iterator[T]:
    """The frames of a line, round and round, each converted beforehand."""
    whole = line(frame) if samples is None else samples
    return cycle([convert(block) for block in whole.reshape(-1, frame.samples)])


def on_numpy(prepare: Callable[[Frame], Call]) -> Contender:
    """Ours without the compiled kernels; each contender runs in a process of its own, so the choice is its alone."""

    def chosen(frame: Frame) -> Call:
        use_backend("numpy")
        return prepare(frame)

    return Contender("ours on numpy", "peer", chosen, "what runs where there was no compiler")


def _memcpy(frame: Frame) -> Call:
    source = np.ones(4 * frame.samples, dtype=np.uint8)
    target = np.empty_like(source)
    return lambda: np.copyto(target, source)


MEMCPY = Contender("memcpy", "floor", _memcpy)
"""Moves four bytes per sample, int16 stereo or float32 mono, between buffers that exist: nothing is faster."""
