"""Measuring levels and bringing speech to one."""

from __future__ import annotations

from io import BytesIO

import numpy as np

from benchmarks.case import Contender, Frame
from benchmarks.peers import webrtc
from benchmarks.peers.bytewise import audioop
from benchmarks.peers.stream import Stream
from benchmarks.speed._blocks import MEMCPY, noise, pcm, ring
from benchmarks.timing import Call, SpeedCase
from dsp import Leveler, encode_pcm16, rms_dbfs


def _rms(frame: Frame) -> Call:
    samples = noise(frame.samples)
    return lambda: rms_dbfs(samples)


def _dot(frame: Frame) -> Call:
    samples = noise(frame.samples)
    return lambda: np.dot(samples, samples)


def _rms_audioop(frame: Frame) -> Call:
    rms, data = audioop().rms, pcm(frame)
    return lambda: rms(data, 2)


def _rms_pydub(frame: Frame) -> Call:
    from pydub import AudioSegment

    raw = BytesIO(pcm(frame))
    segment = AudioSegment.from_raw(raw, sample_width=2, frame_rate=frame.rate, channels=1)
    return lambda: segment.dBFS


def _level(frame: Frame) -> Call:
    stage = Leveler(frame.rate)
    blocks = ring(frame, lambda samples: samples)
    return lambda: stage.feed(next(blocks))


def _peer(stream: Stream, frame: Frame) -> Call:
    blocks = ring(frame, encode_pcm16)
    return lambda: stream.feed(next(blocks))


CASES = (
    SpeedCase(
        name="rms level",
        contenders=(
            Contender("dsp.rms_dbfs", "ours", _rms, "sums in float64 and checks for NaN"),
            Contender("numpy dot", "floor", _dot),
            Contender("audioop", "peer", _rms_audioop, "rms: int16, rounded to a whole count"),
            Contender("pydub", "peer", _rms_pydub),
        ),
    ),
    SpeedCase(
        name="level speech",
        contenders=(
            Contender("dsp.Leveler", "ours", _level, "loudness by ITU-R BS.1770 and a true-peak limiter"),
            MEMCPY,
            Contender("WebRTC AGC", "peer", lambda frame: _peer(webrtc.apm_leveller(frame.rate), frame)),
            Contender(
                "webrtc-noise-gain",
                "peer",
                lambda frame: _peer(webrtc.noise_gain(frame.rate, suppression=0, gain_dbfs=3), frame),
                "gain control alone",
            ),
        ),
    ),
)
