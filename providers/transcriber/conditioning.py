"""What is done to the customer's channel before it is recognised: the assistant's echo out, the background down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import dsp

_SLICE = 0.1
"""Seconds of audio conditioned before the loop serves others: about a millisecond of work."""


@dataclass(frozen=True, slots=True)
class ConditioningOptions:
    """Which steps are taken; none by default, because each costs every call processor time."""

    echo: Literal["off", "gate", "cancel"] = "off"
    """``cancel`` subtracts what the assistant's channel leaves in the customer's; ``gate`` only mutes it, cheaply."""
    denoise: bool = False
    """Filter what is far below the near speaker, by the platform's Fourier plan with its default numbers."""


class _TwoChannels(Protocol):
    def feed(self, near: dsp.Samples, far: dsp.Samples, /) -> dsp.Samples: ...


class Conditioner:
    """One call's conditioning; the customer's audio comes out as long as it went in, up to 30 ms later.

    Parameters
    ----------
    rate
        Hz.
    """

    def __init__(self, options: ConditioningOptions, rate: int) -> None:
        make: dict[str, Callable[[int], _TwoChannels]] = {"gate": dsp.EchoGate, "cancel": dsp.EchoCanceller}
        self._echo = make[options.echo](rate) if options.echo in make else None
        self._denoiser = dsp.FourierDenoiser(dsp.FourierDenoisingPlan(), rate) if options.denoise else None
        self._near, self._far = dsp.PcmDecoder(), dsp.PcmDecoder()
        self._bytes = 2 * max(1, int(_SLICE * rate))

    async def feed(self, customer: bytes, assistant: bytes | None) -> bytes:
        """Condition the next run of the customer's PCM.

        Parameters
        ----------
        customer
            s16le mono.
        assistant
            As long as ``customer``; None for a mono call, where there is no echo to know.
        """
        done = []
        for at in range(0, len(customer), self._bytes):
            near = self._near.feed(customer[at : at + self._bytes])
            if self._echo is not None and assistant is not None:
                near = self._echo.feed(near, self._far.feed(assistant[at : at + self._bytes]))
            if self._denoiser is not None:
                near = self._denoiser.feed(near)
            done.append(dsp.encode_pcm16(near))
            await asyncio.sleep(0)
        return b"".join(done)
