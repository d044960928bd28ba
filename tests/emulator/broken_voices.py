"""Voices that answer 200 with sound, and yet are no voice: each has one fault that only listening shows.

Each speaks by tones or by espeak: a fault is found in real speech as in the tests' own language.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import numpy as np

from dsp import Samples, encode_pcm16, mulaw_encode
from providers.emulator.sound import decoded
from providers.emulator.wav import resampled, wav_bytes
from tests import espeak_speech
from tests.emulator.good_server import CHUNK, GoodServer
from tests.emulator.tones import spoken

_LOCK = threading.Lock()


def espeak(text: str, rate: int) -> Samples:
    """Real speech: espeak at its usual pace."""
    with _LOCK:
        rendered = espeak_speech.espeak().render(text, "en-us", words_per_minute=175)
    return resampled(decoded(rendered.pcm), rendered.rate, rate)


class Voice(GoodServer):
    """A voice without fault, by tones or by espeak."""

    speech = False

    def say(self, text: str, rate: int) -> Samples:
        if not any(letter.isalnum() for letter in text):
            return np.zeros(0, np.float32)
        return espeak(text, rate) if self.speech else spoken(text, rate)

    async def audio(self, text: str, rate: int) -> AsyncIterator[bytes]:
        body = self.coded(text, rate)
        step = 2 * round(CHUNK * rate)
        for start in range(0, len(body), step):
            yield body[start : start + step]

    def coded(self, text: str, rate: int) -> bytes:
        return encode_pcm16(self.say(text, rate))


class SteadyTone(Voice):
    """The length is right, and who listens?"""

    def say(self, text: str, rate: int) -> Samples:
        return steady(0.06 * len(text), rate)


class ShortTone(Voice):
    """Two seconds of 440 Hz, whatever the text."""

    def say(self, text: str, rate: int) -> Samples:
        return steady(2.0, rate)


class OneRecording(Voice):
    """The greeting was recorded once."""

    def say(self, text: str, rate: int) -> Samples:
        return super().say("The red fox met the black dog and the pink cow met the gray goat.", rate)


class DoubleSpeed(Voice):
    """The engine makes half as many samples as the rate that was asked for needs."""

    def say(self, text: str, rate: int) -> Samples:
        return super().say(text, rate // 2)


class HalfSpeed(Voice):
    """The engine makes twice as many samples as the rate that was asked for needs."""

    def say(self, text: str, rate: int) -> Samples:
        return super().say(text, 2 * rate)


class Stereo(Voice):
    """Stereo, one voice on both channels."""

    def coded(self, text: str, rate: int) -> bytes:
        return encode_pcm16(np.repeat(self.say(text, rate), 2))


class LeftEar(Voice):
    """Stereo with nothing on the right."""

    def coded(self, text: str, rate: int) -> bytes:
        samples = self.say(text, rate)
        return encode_pcm16(np.stack([samples, np.zeros_like(samples)], 1).ravel())


class MuLaw(Voice):
    """Telephones speak µ-law."""

    def coded(self, text: str, rate: int) -> bytes:
        return mulaw_encode(self.say(text, rate)).tobytes()


class Floats(Voice):
    """numpy's own samples are samples too."""

    def coded(self, text: str, rate: int) -> bytes:
        return self.say(text, rate).astype("<f4").tobytes()


class BigEndian(Voice):
    """Network byte order."""

    def coded(self, text: str, rate: int) -> bytes:
        return np.frombuffer(super().coded(text, rate), "<i2").astype(">i2").tobytes()


class Clipping(Voice):
    """Louder is better."""

    def say(self, text: str, rate: int) -> Samples:
        return np.clip(100 * super().say(text, rate), -1, 1).astype(np.float32)


class Faint(Voice):
    """40 dB too quiet."""

    def say(self, text: str, rate: int) -> Samples:
        return (super().say(text, rate) * np.float32(0.01)).astype(np.float32)


class CutAtTwoThirds(Voice):
    """Every text loses its last third."""

    def say(self, text: str, rate: int) -> Samples:
        return super().say(text[: max(1, len(text) * 2 // 3)], rate)


class CutByTheEngine(Voice):
    """The engine takes 130 characters."""

    def say(self, text: str, rate: int) -> Samples:
        return super().say(text[:130], rate)


class FirstSentenceOnly(Voice):
    """The rest comes some other day."""

    def say(self, text: str, rate: int) -> Samples:
        return super().say(text.split(". ")[0], rate)


class SlowerThanRealTime(Voice):
    """The engine needs 1.6 seconds for its first second of speech."""

    async def audio(self, text: str, rate: int) -> AsyncIterator[bytes]:
        sent = 0.0
        async for piece in super().audio(text, rate):
            yield piece
            length = len(piece) / 2 / rate
            if sent < 1.0:
                await asyncio.sleep(1.6 * length)
            sent += length


class WavFile(Voice):
    """Audio is a WAV file."""

    def coded(self, text: str, rate: int) -> bytes:
        return wav_bytes(super().coded(text, rate), rate)


def steady(seconds: float, rate: int) -> Samples:
    """A tone of 440 Hz."""
    return (0.25 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def by_espeak(voice: type[Voice]) -> type[Voice]:
    """The same fault in real speech."""
    return type(f"{voice.__name__}InSpeech", (voice,), {"speech": True, "__doc__": voice.__doc__})
