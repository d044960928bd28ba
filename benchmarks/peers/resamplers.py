"""Resamplers of other people, each as ``feed`` of one stream; the rates are fixed when it is made."""

from __future__ import annotations

import numpy as np

from benchmarks.peers.bytewise import audioop
from benchmarks.peers.stream import Stream
from dsp import Samples


def soxr_stream(in_rate: int, out_rate: int, quality: str = "HQ") -> Stream:
    """The bare C library through its own binding."""
    import soxr

    stream = soxr.ResampleStream(in_rate, out_rate, 1, "float32", quality)
    empty = np.zeros(0, dtype=np.float32)
    return Stream(stream.resample_chunk, lambda: stream.resample_chunk(empty, last=True))


def samplerate_stream(in_rate: int, out_rate: int, converter: str = "sinc_medium") -> Stream:
    """libsamplerate."""
    import samplerate

    resampler = samplerate.Resampler(converter, channels=1)
    ratio = out_rate / in_rate
    empty = np.zeros(0, dtype=np.float32)
    return Stream(
        lambda samples: resampler.process(samples, ratio, end_of_input=False),
        lambda: resampler.process(empty, ratio, end_of_input=True),
    )


def scipy_poly(in_rate: int, out_rate: int) -> Stream:
    """scipy.signal.resample_poly, which has no stream: every block starts from silence."""
    from scipy.signal import resample_poly

    divisor = int(np.gcd(in_rate, out_rate))
    up, down = out_rate // divisor, in_rate // divisor
    return Stream(lambda samples: resample_poly(samples, up, down))


def scipy_whole(in_rate: int, out_rate: int) -> Stream:
    """The same, used as it is meant: everything is collected first."""
    poly = scipy_poly(in_rate, out_rate)
    collected: list[Samples] = []

    def feed(samples: Samples) -> Samples:
        collected.append(samples)
        return samples[:0]

    return Stream(feed, lambda: poly.feed(np.concatenate(collected)))


def ratecv(in_rate: int, out_rate: int) -> Stream:
    """audioop.ratecv, which draws straight lines between samples; pydub's set_frame_rate is the same function."""
    convert = audioop().ratecv
    state = None

    def feed(pcm: bytes) -> bytes:
        nonlocal state
        out, state = convert(pcm, 2, 1, in_rate, out_rate, state)
        answer: bytes = out
        return answer

    return Stream(feed, pcm=True)


def ours(in_rate: int, out_rate: int) -> Stream:
    """`dsp.Resampler`."""
    from dsp import Resampler

    stage = Resampler(in_rate, out_rate)
    return Stream(stage.feed, stage.flush)


def ours_live(in_rate: int, out_rate: int) -> Stream:
    """`dsp.LiveResampler`."""
    from dsp import LiveResampler

    stage = LiveResampler(in_rate, out_rate)
    return Stream(stage.feed, stage.flush)
