"""A speaking engine without a voice: a tone whose length follows the text. For tests and load."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dsp import Samples, encode_pcm16
from providers.engines.base import Chunk, SpeakingCapabilities, Utterance
from providers.errors import UnknownVoice

NAME = "tone"
VOICES = {"low": 220, "tone": 440, "high": 880}
"""Hz by voice."""

_RAMP = 0.005
"""Seconds of raised cosine at either end, so that it does not click."""
_FIRST, _LARGEST = 0.1, 0.8
"""Seconds of the first chunk, and of those that it grows to by doubling: soon heard, then cheap."""
_LEVEL = 0.25


@dataclass(frozen=True, slots=True)
class Tone:
    """The engine.

    Parameters
    ----------
    seconds_per_character
        Length of the tone per character of text; 0.06 is about the pace of speech.
    """

    seconds_per_character: float = 0.06
    name: str = NAME

    @property
    def capabilities(self) -> SpeakingCapabilities:
        """Any rate is its own."""
        return SpeakingCapabilities(voices=tuple(VOICES), streaming=True)

    def seconds(self, text: str) -> float:
        """How long the tone for a text is."""
        return max(1, len(text)) * self.seconds_per_character

    async def start(self) -> None:
        """Nothing to warm."""

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        """``round(seconds * rate)`` samples, in chunks that grow."""
        voice = utterance.voice or "tone"
        if voice not in VOICES:
            raise UnknownVoice(voice, engine=self.name, examples=tuple(VOICES))
        rate = utterance.rate
        total = round(self.seconds(utterance.text) * rate)
        start, size = 0, int(_FIRST * rate)
        while start < total:
            end = min(start + size, total)
            yield Chunk(_block(start, end, total, VOICES[voice], rate), rate)
            start, size = end, min(2 * size, int(_LARGEST * rate))

    async def aclose(self) -> None:
        """Nothing to free."""


def _block(start: int, end: int, total: int, frequency: int, rate: int) -> bytes:
    """Samples ``start`` … ``end`` of a tone of ``total`` samples."""
    wave = _second(frequency, rate)
    samples = np.concatenate([wave[start % rate :], wave])[: end - start]
    ramp = max(1, round(_RAMP * rate))
    if start < ramp or end > total - ramp:
        at = np.arange(start, end)
        nearest_edge = np.minimum(at + 1, total - at)
        samples = samples * (0.5 - 0.5 * np.cos(math.pi * np.minimum(nearest_edge / ramp, 1.0))).astype(np.float32)
    return encode_pcm16(samples)


@lru_cache(maxsize=32)
def _second(frequency: int, rate: int) -> Samples:
    """One second of a tone of whole Hz: it repeats without a seam."""
    wave: Samples = (_LEVEL * np.sin(2 * math.pi * frequency / rate * np.arange(rate))).astype(np.float32)
    return wave
