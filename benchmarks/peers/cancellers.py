"""Echo cancellers, ours and other people's: near and far channel in, the cleaned near channel out."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import CDLL, byref, c_int, c_void_p, create_string_buffer
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.peers.stream import to_float32, to_native
from benchmarks.peers.webrtc import Apm
from dsp import EchoCanceller, EchoGate, Samples


@dataclass(frozen=True)
class Canceller:
    """One in use; ``feed`` takes both channels in the form that `native` makes."""

    feed: Callable[[Any, Any], Any]
    finish: Callable[[], Any] | None = None
    pcm: bool = False
    """Whether it takes and gives bytes of int16, in tens of milliseconds, rather than float32."""

    def native(self, samples: Samples) -> Any:
        """The samples in the form that ``feed`` takes."""
        return to_native(samples, pcm=self.pcm)

    def run(self, near: Samples, far: Samples, size: int) -> Samples:
        """Everything that comes out when both channels go in ``size`` samples at a time."""
        cuts = [slice(at, at + size) for at in range(0, len(near), size)]
        out = [self.feed(self.native(near[cut]), self.native(far[cut])) for cut in cuts]
        if self.finish is not None:
            out.append(self.finish())
        return np.concatenate([to_float32(answer, pcm=self.pcm) for answer in out])


def ours(rate: int) -> Canceller:
    """`dsp.EchoCanceller`."""
    stage = EchoCanceller(rate)
    return Canceller(stage.feed, stage.flush)


def ours_gate(rate: int) -> Canceller:
    """`dsp.EchoGate`, the cheap one."""
    stage = EchoGate(rate)
    return Canceller(stage.feed, stage.flush)


def aec3(rate: int) -> Canceller:
    """WebRTC's current canceller, with its own delay estimator."""
    module = Apm(rate, echo_cancellation=True)
    size = module.block

    def feed(near: bytes, far: bytes) -> bytes:
        out = []
        for at in range(0, len(near) - size + 1, size):
            module.far(far[at : at + size])
            module.expect_delay(0.0)
            out.append(module.near(near[at : at + size]))
        return b"".join(out)

    return Canceller(feed, pcm=True)


SPEEX_TAIL = 0.5
"""Seconds of path that Speex's filter covers; it has no delay estimator, so the tail must hold the delay, too."""
SET_SAMPLING_RATE = 24
SET_ECHO_STATE = 24
SET_DENOISE = 0
"""Request codes of ``speex/speex_echo.h`` and ``speex/speex_preprocess.h``."""


def speex(rate: int) -> Canceller:
    """The canceller of libspeexdsp (Debian: libspeexdsp1) with its residual suppressor, in frames of 20 ms."""
    library = _speexdsp()
    samples = rate // 50
    echo = c_void_p(library.speex_echo_state_init(samples, round(SPEEX_TAIL * rate)))
    tidy = c_void_p(library.speex_preprocess_state_init(samples, rate))
    library.speex_echo_ctl(echo, SET_SAMPLING_RATE, byref(c_int(rate)))
    library.speex_preprocess_ctl(tidy, SET_ECHO_STATE, echo)
    library.speex_preprocess_ctl(tidy, SET_DENOISE, byref(c_int(0)))
    size = 2 * samples
    out = create_string_buffer(size)

    def feed(near: bytes, far: bytes) -> bytes:
        cleaned = []
        for at in range(0, len(near) - size + 1, size):
            library.speex_echo_cancellation(echo, near[at : at + size], far[at : at + size], out)
            library.speex_preprocess_run(tidy, out)
            cleaned.append(out.raw)
        return b"".join(cleaned)

    return Canceller(feed, pcm=True)


def _speexdsp() -> CDLL:
    try:
        library = CDLL("libspeexdsp.so.1")
    except OSError:
        raise ModuleNotFoundError("libspeexdsp is not installed", name="libspeexdsp") from None
    library.speex_echo_state_init.restype = c_void_p
    library.speex_preprocess_state_init.restype = c_void_p
    return library
