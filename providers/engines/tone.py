"""A speaking engine without a voice: a tone whose length follows the text. For tests and load."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import numpy as np

from dsp import encode_pcm16
from providers.engines.base import Chunk, SpeakingFacts, Utterance
from providers.errors import UnknownVoice

NAME = "tone"
VOICES = {"low": 220.0, "tone": 440.0, "high": 880.0}
"""Hz by voice."""

_RAMP = 0.005
"""Seconds of raised cosine at either end, so that it does not click."""
_BLOCK = 0.1
"""Seconds per chunk."""
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
    def facts(self) -> SpeakingFacts:
        """Any rate is its own."""
        return SpeakingFacts(voices=tuple(VOICES), streaming=True)

    def seconds(self, text: str) -> float:
        """How long the tone for a text is."""
        return max(1, len(text)) * self.seconds_per_character

    async def start(self) -> None:
        """Nothing to warm."""

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        """``round(seconds * rate)`` samples, in chunks of 100 ms."""
        voice = utterance.voice or "tone"
        if voice not in VOICES:
            raise UnknownVoice(voice, engine=self.name, examples=tuple(VOICES))
        rate = utterance.rate
        total = round(self.seconds(utterance.text) * rate)
        block = max(1, int(_BLOCK * rate))
        for start in range(0, total, block):
            yield Chunk(_samples(start, min(start + block, total), total, VOICES[voice], rate), rate)

    async def aclose(self) -> None:
        """Nothing to free."""


def _samples(start: int, end: int, total: int, frequency: float, rate: int) -> bytes:
    at = np.arange(start, end)
    ramp = max(1.0, _RAMP * rate)
    edge = np.minimum(np.minimum(at + 1, total - at) / ramp, 1.0)
    envelope = _LEVEL * 0.5 * (1 - np.cos(math.pi * edge))
    return encode_pcm16((envelope * np.sin(2 * math.pi * frequency / rate * at)).astype(np.float32))
