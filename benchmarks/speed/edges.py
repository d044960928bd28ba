"""Cutting the silence around synthesised speech."""

from __future__ import annotations

from functools import partial
from io import BytesIO

import numpy as np

from benchmarks.case import Contender, Frame, Unfit
from benchmarks.speed._blocks import MEMCPY, ring
from benchmarks.timing import Call, SpeedCase
from dsp import EdgeTrim, Samples, encode_pcm16


def _ours(frame: Frame) -> Call:
    stage = EdgeTrim(frame.rate)
    blocks = ring(frame, lambda samples: samples)
    return lambda: stage.feed(next(blocks))


def _magnitudes(frame: Frame) -> Call:
    blocks = ring(frame, lambda samples: samples)

    def look(samples: Samples) -> np.bool_:
        return (np.abs(samples) >= np.float32(0.003)).any()

    return lambda: look(next(blocks))


def _pydub(frame: Frame) -> Call:
    from pydub import AudioSegment
    from pydub.silence import detect_leading_silence

    if not frame.bulk:
        raise Unfit("whole files only")
    samples = next(ring(frame, lambda samples: samples))
    padded = np.concatenate([np.zeros(frame.rate // 2), samples, np.zeros(frame.rate // 2)]).astype(np.float32)
    raw = BytesIO(encode_pcm16(padded))
    segment = AudioSegment.from_raw(raw, sample_width=2, frame_rate=frame.rate, channels=1)
    edge = partial(detect_leading_silence, silence_threshold=-50.0, chunk_size=5)

    def call() -> object:
        return segment[edge(segment) : len(segment) - edge(segment.reverse())]

    return call


CASES = (
    SpeedCase(
        name="edge trim",
        contenders=(
            Contender("dsp.EdgeTrim", "ours", _ours),
            MEMCPY,
            Contender("numpy, just looking", "floor", _magnitudes),
            Contender("pydub silence", "peer", _pydub, "detect_leading_silence at both ends, whole files only"),
        ),
        rate=22050,
    ),
)
