"""The smart stage of background denoising: a suppressor of somebody else's, in front of the Fourier plan."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Literal, TypeAlias

import numpy as np

import dsp
from providers.errors import EngineUnavailable
from providers.installing import install_command

Smart: TypeAlias = Literal["off", "webrtc", "rnnoise"]
_Block: TypeAlias = Callable[[bytes], bytes]
"""Cleans 10 ms of s16le PCM at the suppressor's own rate."""

WEBRTC_LEVEL = 1
"""Strength, 1 to 4: a recogniser loses words with the stronger ones."""


class NoiseSuppressor:
    """Suppressor as a stage: the audio comes back at its own rate, 10 ms and two resamplings of 2 ms later.

    Parameters
    ----------
    kind
        ``webrtc``, WebRTC's noise suppression at 16 kHz; ``rnnoise``, Xiph's recurrent network at 48 kHz.
    rate
        Hz.

    Raises
    ------
    EngineUnavailable
        Its package is missing.
    """

    def __init__(self, kind: Smart, rate: int) -> None:
        make, native = _KINDS[kind]
        self._clean = make()
        self._in, self._out = dsp.LiveResampler(rate, native), dsp.LiveResampler(native, rate)
        self._decoder = dsp.PcmDecoder()
        self._bytes = 2 * native // 100
        self._carry = b""

    def feed(self, samples: dsp.Samples) -> dsp.Samples:
        """Suppress noise in the next run; what comes out is as long as the whole blocks of 10 ms that went in."""
        pcm = self._carry + dsp.encode_pcm16(self._in.feed(samples))
        whole = len(pcm) // self._bytes * self._bytes
        self._carry = pcm[whole:]
        cleaned = b"".join(self._clean(pcm[at : at + self._bytes]) for at in range(0, whole, self._bytes))
        return self._out.feed(self._decoder.feed(cleaned))


def require(kind: Smart) -> None:
    """Raise `EngineUnavailable` now, not in the first call, where the package of a suppressor is missing."""
    if kind != "off":
        _KINDS[kind][0]()


def _webrtc() -> _Block:
    processor = _package("webrtc_noise_gain", "webrtc-ns").AudioProcessor(0, WEBRTC_LEVEL)

    def clean(block: bytes) -> bytes:
        audio: bytes = processor.Process10ms(block).audio
        return audio

    return clean


class _Rnnoise:
    """State of the network, which is freed with it."""

    def __init__(self) -> None:
        self._library = _package("pyrnnoise.rnnoise", "rnnoise")
        self._state = self._library.create()

    def __call__(self, block: bytes) -> bytes:
        cleaned, _ = self._library.process_mono_frame(self._state, np.frombuffer(block, dtype="<i2"))
        done: bytes = cleaned.astype("<i2").tobytes()
        return done

    def __del__(self) -> None:
        if hasattr(self, "_state"):
            self._library.destroy(self._state)


def _package(name: str, extra: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        raise EngineUnavailable(f"denoise_smart: run {install_command(extra)}") from None


_KINDS: dict[str, tuple[Callable[[], _Block], int]] = {"webrtc": (_webrtc, 16_000), "rnnoise": (_Rnnoise, 48_000)}
"""Kind to its maker and its rate in Hz."""
