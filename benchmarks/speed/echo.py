"""Echo cancellation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.case import Contender, Frame, at_least
from benchmarks.peers import cancellers
from benchmarks.speed._blocks import line, on_numpy, ring
from benchmarks.timing import Call, SpeedCase, Target

LEVEL = np.float32(0.5)
LATE = 0.1
"""Seconds."""


def _timed(make: Callable[[int], cancellers.Canceller]) -> Callable[[Frame], Call]:
    """The near channel is an echo of the far one, 100 ms late and half as loud."""

    def prepare(frame: Frame) -> Call:
        canceller, far = make(frame.rate), line(frame)
        near = LEVEL * np.roll(far, round(LATE * frame.rate))
        channels = [ring(frame, canceller.native, channel) for channel in (near, far)]
        pairs = zip(*channels, strict=False)
        return lambda: canceller.feed(*next(pairs))

    return prepare


AEC3 = Contender("WebRTC AEC3", "peer", _timed(cancellers.aec3), "from livekit's wheel")

SPEEX = Contender(
    "Speex", "peer", _timed(cancellers.speex), "libspeexdsp; no delay estimator, so its tail must span 500 ms"
)

CASES = (
    SpeedCase(
        name="cancel echo",
        contenders=(
            Contender("dsp.EchoCanceller", "ours", _timed(cancellers.ours)),
            on_numpy(_timed(cancellers.ours)),
            AEC3,
            SPEEX,
        ),
        targets={"20 ms": [Target("× faster than", at_least(5), "WebRTC AEC3")]},
    ),
    SpeedCase(
        name="gate echo",
        contenders=(Contender("dsp.EchoGate", "ours", _timed(cancellers.ours_gate)), AEC3, SPEEX),
    ),
)
