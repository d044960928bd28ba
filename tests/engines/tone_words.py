"""A language of numbered tones, and one who understands it: word n is 200 ms of its own frequency, then some quiet.

The recogniser is small but real: it works on audio alone, in any cut, and says ``?`` for a tone it heard only a part
of, so that a word cut in two can never pass for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from providers.engines.base import Transcript, Word

RATE = 8000
TONE = 0.2
"""Seconds of a word."""
LOWEST, STEP, WORDS = 300.0, 25.0, 120
"""Hz of word 0, Hz between two words, and how many words there are."""

_HOP = 160
_QUIET = 100.0


@dataclass(frozen=True, slots=True)
class Spoken:
    """An utterance: words, and the seconds of quiet after each."""

    words: tuple[int, ...]
    pauses: tuple[float, ...]

    def pcm(self, *, level: float = 6000.0) -> np.ndarray:
        """Samples, int16, at `RATE`."""
        parts = [np.zeros(round(0.06 * RATE))]
        for word, pause in zip(self.words, self.pauses, strict=True):
            time = np.arange(round(TONE * RATE)) / RATE
            parts += [level * np.sin(2 * np.pi * (LOWEST + STEP * word) * time), np.zeros(round(pause * RATE))]
        return np.concatenate(parts).astype("<i2")


def interleaved(speakers: Sequence[np.ndarray]) -> bytes:
    """Several speakers as one stream, the shorter ones going quiet."""
    frames = np.zeros((max(map(len, speakers)), len(speakers)), dtype="<i2")
    for channel, samples in enumerate(speakers):
        frames[: len(samples), channel] = samples
    return frames.tobytes()


class ToneRecogniser:
    """Audio of one channel in, transcripts out: cumulative partials, finals at a pause or after ``most`` words.

    A transcript ends with its last word, or, with ``covers_quiet``, where the audio heard so far ends.
    """

    def __init__(
        self,
        channel: int = 0,
        *,
        word_times: bool = True,
        covers_quiet: bool = False,
        most: int = 4,
        pause: float = 0.3,
    ) -> None:
        self._covers_quiet = covers_quiet
        self._channel = channel
        self._word_times = word_times
        self._most = most
        self._pause = pause
        self._carry = np.zeros(0, dtype="<i2")
        self._hops = 0
        self._tone: list[np.ndarray] = []
        self._words: list[Word] = []

    def feed(self, samples: np.ndarray) -> list[Transcript]:
        """Hear more."""
        samples = np.concatenate([self._carry, samples])
        whole = len(samples) // _HOP * _HOP
        self._carry = samples[whole:]
        told: list[Transcript] = []
        for hop in samples[:whole].reshape(-1, _HOP):
            self._hops += 1
            loud = np.abs(hop).max() > _QUIET
            if loud:
                self._tone.append(hop)
            elif self._tone:
                told.append(self._end_word())
            elif self._words and self._now - self._words[-1].end >= self._pause:
                told.append(self._utterance(final=True))
        return told

    def flush(self) -> list[Transcript]:
        """Hear no more."""
        told = []
        if self._tone:
            told.append(self._end_word())
        if self._words:
            told.append(self._utterance(final=True))
        return told

    @property
    def listening(self) -> bool:
        """Whether a word or an utterance has begun."""
        return bool(self._tone or self._words)

    @property
    def _now(self) -> float:
        return self._hops * _HOP / RATE

    def _end_word(self) -> Transcript:
        tone = np.concatenate(self._tone)
        end = self._now - _HOP / RATE
        self._words.append(Word(_name(tone), end - len(tone) / RATE, end))
        self._tone = []
        return self._utterance(final=len(self._words) >= self._most)

    def _utterance(self, *, final: bool) -> Transcript:
        words = tuple(self._words)
        if final:
            self._words = []
        text = " ".join(word.text for word in words)
        times = words if self._word_times else ()
        end = self._now if self._covers_quiet else words[-1].end
        return Transcript(text, final, self._channel, words[0].start, end, times)


def _name(tone: np.ndarray) -> str:
    if abs(len(tone) / RATE - TONE) > 0.045:
        return "?"
    # Frequency by the phase that the middle of the tone turns per sample, as accurate as the tone is pure.
    middle = tone[len(tone) // 8 : -len(tone) // 8].astype(float) * np.hanning(len(tone) - 2 * (len(tone) // 8))
    spectrum = np.abs(np.fft.rfft(middle, 8192))
    frequency = float(np.argmax(spectrum)) * RATE / 8192
    return str(round((frequency - LOWEST) / STEP))
