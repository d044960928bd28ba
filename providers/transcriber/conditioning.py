"""Conditioning of the customer's channel before recognition: echo cancellation and background denoising."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import dsp
from providers.transcriber.suppression import NoiseSuppressor, Smart

_SLICE = 0.1
"""Seconds of audio conditioned before the loop runs other tasks: about a millisecond of work."""


@dataclass(frozen=True, slots=True)
class ConditioningOptions:
    """Steps of the conditioning; none by default, because each costs processor time in every call."""

    echo: Literal["off", "gate", "cancel"] = "off"
    """``cancel`` subtracts the assistant's echo from the customer's channel; ``gate`` mutes that channel while the
    assistant speaks, the customer's interruptions too and also without any echo, and costs less."""
    smart: Smart = "off"
    """Suppressor before the Fourier plan."""
    denoise: dsp.FourierDenoisingPlan | None = None
    """Plan by which sound far below the near speaker's level is filtered; None filters nothing."""


class _OneChannel(Protocol):
    def feed(self, samples: dsp.Samples, /) -> dsp.Samples: ...


class _TwoChannels(Protocol):
    def feed(self, near: dsp.Samples, far: dsp.Samples, /) -> dsp.Samples: ...


class Conditioner:
    """Conditioning of one call; the customer's audio keeps its length and is delayed by up to 45 ms.

    Parameters
    ----------
    rate
        Hz.
    """

    def __init__(self, options: ConditioningOptions, rate: int) -> None:
        make: dict[str, Callable[[int], _TwoChannels]] = {"gate": dsp.EchoGate, "cancel": dsp.EchoCanceller}
        self._echo = make[options.echo](rate) if options.echo in make else None
        self._cleaners: list[_OneChannel] = []
        if options.smart != "off":
            self._cleaners.append(NoiseSuppressor(options.smart, rate))
        if options.denoise is not None:
            self._cleaners.append(dsp.FourierDenoiser(options.denoise, rate))
        self._near, self._far = dsp.PcmDecoder(), dsp.PcmDecoder()
        self._bytes = 2 * max(1, int(_SLICE * rate))

    async def feed(self, customer: bytes, assistant: bytes | None) -> bytes:
        """Condition the next run of the customer's PCM.

        Parameters
        ----------
        customer
            s16le mono.
        assistant
            s16le mono, as long as ``customer``; None for a mono call, which has no reference for an echo.
        """
        done = []
        for at in range(0, len(customer), self._bytes):
            near = self._near.feed(customer[at : at + self._bytes])
            if self._echo is not None and assistant is not None:
                near = self._echo.feed(near, self._far.feed(assistant[at : at + self._bytes]))
            for cleaner in self._cleaners:
                near = cleaner.feed(near)
            done.append(dsp.encode_pcm16(near))
            await asyncio.sleep(0)
        return b"".join(done)
