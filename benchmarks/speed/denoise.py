"""Noise suppression."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.case import Contender, Frame, Unfit, at_most
from benchmarks.peers import denoisers
from benchmarks.peers.stream import Stream
from benchmarks.speed._blocks import on_numpy, ring
from benchmarks.timing import Call, SpeedCase, Target


def _timed(make: Callable[[int], Stream]) -> Callable[[Frame], Call]:
    def prepare(frame: Frame) -> Call:
        stream = make(frame.rate)
        blocks = ring(frame, stream.native)
        return lambda: stream.feed(next(blocks))

    return prepare


def _there_and_back(frame: Frame) -> Call:
    """One transform of 32 ms there and back per 10 ms: what any denoiser of this kind must do."""
    size, hop = round(0.032 * frame.rate), frame.rate // 100
    count = max(1, frame.samples // hop)
    blocks = np.random.default_rng(1).standard_normal((count, size)).astype(np.float32)
    return lambda: np.fft.irfft(np.fft.rfft(blocks), size)


def _whole_file(frame: Frame) -> Call:
    if not frame.bulk:
        raise Unfit("whole files only")
    samples = next(ring(frame, lambda samples: samples))

    def call() -> object:
        stream = denoisers.noisereduce(frame.rate)
        stream.feed(samples)
        assert stream.finish is not None
        return stream.finish()

    return call


CASES = (
    SpeedCase(
        name="denoise",
        contenders=(
            Contender("dsp.FourierDenoiser", "ours", _timed(denoisers.ours)),
            on_numpy(_timed(denoisers.ours)),
            Contender("numpy fft and back", "floor", _there_and_back),
            Contender("WebRTC NS", "peer", _timed(denoisers.apm), "the current suppressor, from livekit's wheel"),
            Contender("webrtc-noise-gain", "peer", _timed(denoisers.noise_gain), "the older one, at level 2 of 4"),
            Contender("noisereduce", "peer", _whole_file, "non-stationary, needs the whole file"),
        ),
        targets={"20 ms": [Target("µs", at_most(120))]},
    ),
)
