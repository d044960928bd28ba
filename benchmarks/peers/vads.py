"""Voice detectors of other people: PCM of any length in, a decision per 10 ms out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from benchmarks.case import Unfit

Detector: TypeAlias = Callable[[bytes], list[bool]]
"""Decisions on the whole frames of 20 ms inside, two each."""


def _by_twenty(decide: Callable[[bytes], bool], rate: int) -> Detector:
    size = 2 * rate // 50

    def detect(pcm: bytes) -> list[bool]:
        decisions = []
        for at in range(0, len(pcm) - size + 1, size):
            decisions += [decide(pcm[at : at + size])] * 2
        return decisions

    return detect


def webrtcvad(rate: int, mode: int = 2) -> Detector:
    """WebRTC's detector; mode 0 finds more speech, mode 3 less noise."""
    import webrtcvad as module

    vad = module.Vad(mode)
    return _by_twenty(lambda frame: bool(vad.is_speech(frame, rate)), rate)


def sphinx_vad(rate: int, mode: int = 2) -> Detector:
    """The same detector, as pocketsphinx carries it."""
    from pocketsphinx import Vad

    vad = Vad(mode, rate, 0.02)
    return _by_twenty(lambda frame: bool(vad.is_speech(frame)), rate)


def noise_gain_vad(rate: int) -> Detector:
    """The detector inside webrtc-noise-gain, behind its noise suppressor: 16 kHz only."""
    from webrtc_noise_gain import AudioProcessor

    if rate != 16_000:
        raise Unfit("16 kHz only")
    process = AudioProcessor(0, 2).Process10ms
    return lambda pcm: [bool(process(pcm[at : at + 320]).is_speech) for at in range(0, len(pcm) - 319, 320)]
