"""Speaking engine for tests and load: one tone for each word, as long as the word."""

from __future__ import annotations

import math
import re
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dsp import Samples, encode_pcm16
from providers.engines.base import Chunk, SpeakingCapabilities, Utterance
from providers.errors import UnknownVoice

NAME = "tone"
VOICES = {"low": 220, "tone": 440, "high": 880}
"""Hz of the lowest tone, by voice."""

_RAMP = 0.005
"""Seconds of raised cosine at both ends, against clicks."""
_FIRST, _LARGEST = 0.1, 0.8
"""Seconds of the first chunk, and of the longest; the length doubles, so that audio starts early and costs little."""
_LEVEL = 0.25
_WORD = re.compile(r"\S{1,16}\s{0,16}|\s{1,16}")
"""Pattern of a word with the spaces after it, or sixteen characters of a longer one."""


@dataclass(frozen=True, slots=True)
class Tone:
    """The speaking engine.

    Parameters
    ----------
    seconds_per_character
        Length of the tone per character of text; 0.06 is about the pace of speech.
    """

    seconds_per_character: float = 0.06
    name: str = NAME

    @property
    def capabilities(self) -> SpeakingCapabilities:
        """Any rate."""
        return SpeakingCapabilities(voices=tuple(VOICES), streaming=True)

    def seconds(self, text: str) -> float:
        """Length of a text's audio in seconds."""
        return max(1, len(text)) * self.seconds_per_character

    async def start(self) -> None:
        """Do nothing."""

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        """Speak one utterance: ``round(seconds * rate)`` samples, in chunks that grow."""
        voice = utterance.voice or "tone"
        if voice not in VOICES:
            raise UnknownVoice(voice, engine=self.name, examples=tuple(VOICES))
        rate = utterance.rate
        waiting, size = bytearray(), 2 * int(_FIRST * rate)
        end = 0
        for word, characters in _words(utterance.text):
            begin, end = end, end + characters
            samples = round(end * self.seconds_per_character * rate) - round(begin * self.seconds_per_character * rate)
            waiting += _tone(samples, _pitch(word, VOICES[voice]), rate)
            while len(waiting) >= size:
                yield Chunk(bytes(waiting[:size]), rate)
                del waiting[:size]
                size = min(2 * size, 2 * int(_LARGEST * rate))
        if waiting:
            yield Chunk(bytes(waiting), rate)

    async def aclose(self) -> None:
        """Do nothing."""


def _words(text: str) -> Iterator[tuple[str, int]]:
    """The words of a text with their lengths, including the spaces after them; long words in parts."""
    for part in _WORD.findall(text) or [" "]:
        yield part.strip(), len(part)


def _pitch(word: str, lowest: int) -> int:
    """Hz of a word's tone; a whole number, so that one second of it can be repeated."""
    return lowest * (4 + sum(map(ord, word)) % 4) // 4


@lru_cache(maxsize=128)
def _tone(samples: int, frequency: int, rate: int) -> bytes:
    """One word as PCM, cached: words of one length share a few tones."""
    wave = np.resize(_second(frequency, rate), samples)
    ramp = max(1, round(_RAMP * rate))
    at = np.arange(samples)
    nearest_edge = np.minimum(at + 1, samples - at)
    shape = 0.5 - 0.5 * np.cos(math.pi * np.minimum(nearest_edge / ramp, 1.0))
    return encode_pcm16((wave * shape).astype(np.float32))


@lru_cache(maxsize=32)
def _second(frequency: int, rate: int) -> Samples:
    """One second of a tone; whole Hz, so that it repeats without a click."""
    wave: Samples = (_LEVEL * np.sin(2 * math.pi * frequency / rate * np.arange(rate))).astype(np.float32)
    return wave
