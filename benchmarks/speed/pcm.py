"""Bytes in and out: splitting stereo, joining it, decoding and encoding int16."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np

from benchmarks.case import Contender, Frame, at_least, at_most
from benchmarks.peers.bytewise import audioop
from benchmarks.speed._blocks import MEMCPY, noise, pcm, stereo_pcm
from benchmarks.timing import Call, SpeedCase, Target
from dsp import PcmDecoder, encode_pcm16, join_channels, split_channels


def _split(frame: Frame) -> Call:
    data = stereo_pcm(frame)
    return lambda: split_channels(data)


def _split_numpy(frame: Frame) -> Call:
    interleaved = np.frombuffer(stereo_pcm(frame), dtype="<i2")
    return lambda: (interleaved[0::2].copy(), interleaved[1::2].copy())


def _split_audioop(frame: Frame) -> Call:
    tomono = audioop().tomono
    data = stereo_pcm(frame)
    return lambda: (tomono(data, 2, 1, 0), tomono(data, 2, 0, 1))


def _segment(data: bytes, rate: int, channels: int) -> Any:
    from pydub import AudioSegment

    return AudioSegment.from_raw(BytesIO(data), sample_width=2, frame_rate=rate, channels=channels)


def _split_pydub(frame: Frame) -> Call:
    segment = _segment(stereo_pcm(frame), frame.rate, 2)
    return lambda: segment.split_to_mono()


def _join(frame: Frame) -> Call:
    left, right = split_channels(stereo_pcm(frame))
    return lambda: join_channels([left, right])


def _join_audioop(frame: Frame) -> Call:
    module = audioop()
    left, right = split_channels(stereo_pcm(frame))
    return lambda: module.add(module.tostereo(left, 2, 1, 0), module.tostereo(right, 2, 0, 1), 2)


def _join_pydub(frame: Frame) -> Call:
    left, right = (_segment(data, frame.rate, 1) for data in split_channels(stereo_pcm(frame)))
    join = type(left).from_mono_audiosegments
    return lambda: join(left, right)


def _decode(frame: Frame) -> Call:
    data, decoder = pcm(frame), PcmDecoder()
    return lambda: decoder.feed(data)


def _encode(frame: Frame) -> Call:
    samples = noise(frame.samples)
    return lambda: encode_pcm16(samples)


CASES = (
    SpeedCase(
        name="split stereo",
        contenders=(
            Contender("dsp.split_channels", "ours", _split),
            MEMCPY,
            Contender("numpy copy", "floor", _split_numpy),
            Contender("audioop", "peer", _split_audioop),
            Contender("pydub", "peer", _split_pydub),
        ),
        targets={
            "20 ms": [Target("µs over", at_most(1.2), "numpy copy")],
            "1 MiB": [
                Target("× faster than", at_least(8), "audioop"),
                Target("×", at_most(3.5), "memcpy"),
            ],
        },
    ),
    SpeedCase(
        name="join stereo",
        contenders=(
            Contender("dsp.join_channels", "ours", _join),
            MEMCPY,
            Contender("audioop", "peer", _join_audioop),
            Contender("pydub", "peer", _join_pydub),
        ),
    ),
    SpeedCase(
        name="decode int16",
        contenders=(
            Contender("dsp.PcmDecoder", "ours", _decode),
            MEMCPY,
        ),
    ),
    SpeedCase(
        name="encode int16",
        contenders=(
            Contender("dsp.encode_pcm16", "ours", _encode),
            MEMCPY,
        ),
    ),
)
