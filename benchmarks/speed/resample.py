"""Changing the rate: of synthesised audio, and of live audio, where delay counts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmarks.case import Contender, Frame, at_most
from benchmarks.peers import resamplers
from benchmarks.peers.stream import Stream
from benchmarks.speed._blocks import noise, on_numpy
from benchmarks.timing import Call, SpeedCase, Target

RATECV = "ratecv: linear interpolation; what that sounds like is in the group quality"

Make = Callable[[int, int], Stream]


def timed(make: Make, out_rate: int) -> Callable[[Frame], Call]:
    """What a contender's ``prepare`` is for a resampler: a stream that is fed the same block again and again."""

    def prepare(frame: Frame) -> Call:
        stream = make(frame.rate, out_rate)
        return partial(stream.feed, stream.native(noise(frame.samples)))

    return prepare


def peers(out_rate: int) -> tuple[Contender, ...]:
    """Everyone else who changes rates."""
    return (
        Contender("samplerate", "peer", timed(resamplers.samplerate_stream, out_rate), "converter sinc_medium"),
        Contender(
            "scipy", "peer", timed(resamplers.scipy_poly, out_rate), "signal.resample_poly, which needs the whole file"
        ),
        Contender("audioop", "peer", timed(resamplers.ratecv, out_rate), RATECV),
    )


def _case(in_rate: int, out_rate: int) -> SpeedCase:
    target = [Target("×", at_most(1.15), "raw soxr HQ")]
    return SpeedCase(
        name=f"resample {in_rate / 1000:g}→{out_rate / 1000:g} k",
        contenders=(
            Contender("dsp.Resampler", "ours", timed(resamplers.ours, out_rate)),
            Contender("raw soxr HQ", "floor", timed(resamplers.soxr_stream, out_rate)),
            *peers(out_rate),
        ),
        rate=in_rate,
        targets={"20 ms": target, "100 ms": target, "1 MiB": target},
    )


def _live(in_rate: int, out_rate: int) -> SpeedCase:
    return SpeedCase(
        name=f"live resample {in_rate / 1000:g}→{out_rate / 1000:g} k",
        contenders=(
            Contender("dsp.LiveResampler", "ours", timed(resamplers.ours_live, out_rate)),
            on_numpy(timed(resamplers.ours_live, out_rate)),
            Contender(
                "soxr HQ", "peer", timed(resamplers.soxr_stream, out_rate), "answers a live line 40 to 115 ms late"
            ),
            *peers(out_rate),
        ),
        rate=in_rate,
        targets={"20 ms": [Target("µs", at_most(40))]} if {in_rate, out_rate} == {8000, 16000} else {},
    )


CASES = (
    _case(22050, 8000),
    _case(24000, 16000),
    _live(8000, 16000),
    _live(16000, 8000),
    _live(48000, 16000),
    _live(44100, 8000),
)
