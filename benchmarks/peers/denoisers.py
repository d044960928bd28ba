"""Noise suppressors, ours and other people's, as streams."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.peers.stream import Stream
from benchmarks.peers.webrtc import apm_suppressor as apm
from benchmarks.peers.webrtc import noise_gain
from dsp import Samples

__all__ = ["apm", "noise_gain", "noisereduce", "ours"]


def ours(rate: int) -> Stream:
    """`dsp.FourierDenoiser` with the platform's example plan."""
    from dsp import FourierDenoiser, FourierDenoisingPlan

    stage = FourierDenoiser(FourierDenoisingPlan(), rate)
    return Stream(stage.feed, stage.flush)


def noisereduce(rate: int) -> Stream:
    """Spectral gating with a noise estimate that moves; there is no stream, so everything is collected first."""
    import noisereduce as module

    reduce_noise: Any = module.reduce_noise
    collected: list[Samples] = []

    def feed(samples: Samples) -> Samples:
        collected.append(samples)
        return samples[:0]

    def finish() -> Samples:
        return np.asarray(reduce_noise(y=np.concatenate(collected), sr=rate, stationary=False), dtype=np.float32)

    return Stream(feed, finish)
