"""The caller's side of the line, frame after frame: lines, noise, echo of the assistant, lost frames."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np

from dsp import Samples, decode_pcm16, encode_pcm16
from providers.emulator.conversation.live_audio import FRAME
from providers.emulator.simulation.clips import CallerClips
from providers.emulator.simulation.scenario import Noise, Scenario
from providers.emulator.sound import level
from providers.emulator.wav import mono, read_clip

_USUAL_LEVEL = -26.0
"""dBFS of speech, where the caller says nothing that could be measured."""
_NOISE_SECONDS = 10
"""After so many the noise begins again."""


class LineSound:
    """What the caller's telephone sends.

    Parameters
    ----------
    scenario : Scenario
        Noise, echo and network.
    clips : CallerClips
        The caller's lines.
    folder : Path
        Where the scenario's files are.
    seed : int
        Of the noise and of what is lost.
    """

    def __init__(self, scenario: Scenario, clips: CallerClips, folder: Path, seed: int) -> None:
        self._rate, self._network = scenario.rate, scenario.network
        self._rng = np.random.default_rng(seed)
        self._size = round(self._rate * FRAME)
        self._active: list[tuple[int, Samples]] = []
        self._frames = 0
        spoken = [part for line in clips.parts for part in line if len(part)]
        loudness = level(np.concatenate(spoken)) if spoken else _USUAL_LEVEL
        self._noise = _noise(scenario.noise, folder, self._rate, loudness, self._rng)
        echo = scenario.echo
        self._echo_gain = np.float32(10 ** (-echo.below / 20)) if echo is not None else None
        late = round(echo.delay / FRAME) if echo is not None else 0
        self._heard: deque[Samples] = deque([np.zeros(self._size, np.float32)] * late, maxlen=late + 1)

    @property
    def now(self) -> float:
        """Second of the call at which the next frame begins."""
        return self._frames * FRAME

    def say(self, begin: float, sound: Samples) -> None:
        """Have something said from a moment on."""
        self._active.append((round(begin * self._rate), sound))

    def frame(self, assistant: bytes) -> bytes:
        """The next 20 ms, while the assistant's last 20 ms are played to the caller; PCM both."""
        line = self._noise_frame()
        if self._echo_gain is not None:
            self._heard.append(np.resize(decode_pcm16(assistant), self._size))
            line += self._echo_gain * self._heard[0]
        first = self._frames * self._size
        for begin, sound in self._active:
            fresh = sound[max(first - begin, 0) : max(first - begin + self._size, 0)]
            at = max(begin - first, 0)
            line[at : at + len(fresh)] += fresh[: self._size - at]
        self._active = [(begin, sound) for begin, sound in self._active if begin + len(sound) > first + self._size]
        self._frames += 1
        lost = self._network.loss and self._rng.random() < self._network.loss
        return bytes(2 * self._size) if lost else encode_pcm16(np.clip(line, -1, 32767 / 32768))

    def _noise_frame(self) -> Samples:
        if self._noise is None:
            return np.zeros(self._size, np.float32)
        first = self._frames * self._size
        return self._noise[np.arange(first, first + self._size) % len(self._noise)]


def _noise(wanted: Noise | None, folder: Path, rate: int, loudness: float, rng: np.random.Generator) -> Samples | None:
    if wanted is None:
        return None
    size = rate * _NOISE_SECONDS
    if wanted.wav is not None:
        sound = mono(read_clip(folder / wanted.wav), rate)
    elif wanted.kind == "hum":
        time = np.arange(size) / rate
        sound = np.sum([np.sin(2 * np.pi * 50 * k * time) / k for k in (1, 2, 3, 5)], axis=0).astype(np.float32)
    else:
        spectrum = np.fft.rfft(rng.standard_normal(size))
        if wanted.kind == "pink":
            spectrum /= np.sqrt(np.maximum(np.fft.rfftfreq(size, 1 / rate), 30.0))
        sound = np.fft.irfft(spectrum, size).astype(np.float32)
    power = float(np.sqrt(np.square(sound, dtype=np.float64).mean())) or 1.0
    return np.asarray(sound * np.float32(10 ** ((loudness - wanted.below) / 20) / power), dtype=np.float32)
