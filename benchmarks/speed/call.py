"""Whole calls: what a frame of a call costs from the socket's bytes to the recogniser's."""

from __future__ import annotations

from benchmarks.case import Contender, Frame
from benchmarks.speed._blocks import ring
from benchmarks.timing import Call, SpeedCase
from dsp import (
    EchoCanceller,
    FourierDenoiser,
    FourierDenoisingPlan,
    PcmDecoder,
    VoiceActivity,
    encode_pcm16,
    join_channels,
    split_channels,
)


def _call(frame: Frame) -> Call:
    near, far = PcmDecoder(), PcmDecoder()
    canceller, activity = EchoCanceller(frame.rate), VoiceActivity(frame.rate)
    denoiser = FourierDenoiser(FourierDenoisingPlan(), frame.rate)
    frames = ring(frame, lambda samples: join_channels([encode_pcm16(samples)] * 2))

    def call() -> bytes:
        customer, assistant = split_channels(next(frames))
        cleaned = denoiser.feed(canceller.feed(near.feed(customer), far.feed(assistant)))
        activity.feed(cleaned)
        return encode_pcm16(cleaned)

    return call


CASES = (
    SpeedCase(
        name="whole call",
        contenders=(
            Contender(
                "dsp, all stages",
                "ours",
                _call,
                "split, decode both, cancel the echo, denoise, find the speech, encode",
            ),
        ),
    ),
)
