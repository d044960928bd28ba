"""Everything at once: what a frame of a call costs from the socket's bytes to the recogniser's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle

import numpy as np

import dsp
from benchmarks.case import Contender, Frame, Unfit, at_least, at_most
from benchmarks.peers import vads
from benchmarks.peers.webrtc import Apm
from benchmarks.speed._blocks import line
from benchmarks.timing import Call, SpeedCase, Target

Conditioned = Callable[[bytes], bytes]
"""One call: interleaved PCM of both channels in, the customer's PCM out."""

LIVE = 1000
"""Calls at once in the rows "1,000 live calls": their states do not fit into the processor's caches."""
WARM_UP = 1.0
"""Seconds that each of them has heard before the time is taken: by then the echo has been found."""


def _ours(rate: int) -> Conditioned:
    near, far = dsp.PcmDecoder(), dsp.PcmDecoder()
    canceller, activity = dsp.EchoCanceller(rate), dsp.VoiceActivity(rate)
    denoiser = dsp.FourierDenoiser(dsp.FourierDenoisingPlan(), rate)

    def call(frame: bytes) -> bytes:
        customer, assistant = dsp.split_channels(frame)
        cleaned = denoiser.feed(canceller.feed(near.feed(customer), far.feed(assistant)))
        activity.feed(cleaned)
        return dsp.encode_pcm16(cleaned)

    return call


def _native(rate: int) -> Conditioned:
    try:
        dsp.use_backend("native")
    except dsp.ParameterError as error:
        raise Unfit(str(error)) from None
    return _ours(rate)


def _numpy(rate: int) -> Conditioned:
    dsp.use_backend("numpy")
    return _ours(rate)


def _webrtc(rate: int) -> Conditioned:
    """AEC3 and the noise suppressor in one module, the voice detector beside it."""
    module, detect = Apm(rate, echo_cancellation=True, noise_suppression=True), vads.webrtcvad(rate)
    size = module.block

    def call(frame: bytes) -> bytes:
        customer, assistant = dsp.split_channels(frame)
        out = []
        for at in range(0, len(customer) - size + 1, size):
            module.far(assistant[at : at + size])
            module.expect_delay(0.0)
            out.append(module.near(customer[at : at + size]))
        cleaned = b"".join(out)
        detect(cleaned)
        return cleaned

    return call


def _frames(frame: Frame) -> list[bytes]:
    """Two seconds in which the customer's channel holds an echo, 100 ms late and half as loud, and a little noise."""
    far = line(frame)
    noise = 0.001 * np.random.default_rng(2).standard_normal(far.size)
    near = np.asarray(0.5 * np.roll(far, frame.rate // 10) + noise, dtype=np.float32)
    channels = [dsp.encode_pcm16(channel) for channel in (near, far)]
    size = 2 * frame.samples
    return [dsp.join_channels([pcm[at : at + size] for pcm in channels]) for at in range(0, len(channels[0]), size)]


def _one(make: Callable[[int], Conditioned]) -> Callable[[Frame], Call]:
    def prepare(frame: Frame) -> Call:
        call, frames = make(frame.rate), cycle(_frames(frame))
        return lambda: call(next(frames))

    return prepare


def _many(make: Callable[[int], Conditioned]) -> Callable[[Frame], Call]:
    """The calls in turns, each with the frame that is due, as a server's loop meets them."""

    def prepare(frame: Frame) -> Call:
        calls, frames = [make(frame.rate) for _ in range(LIVE)], _frames(frame)
        turns = _turns(calls, frames)
        for _ in range(round(WARM_UP / frame.seconds) * LIVE):
            call, due = next(turns)
            call(due)

        def one() -> bytes:
            call, due = next(turns)
            return call(due)

        return one

    return prepare


def _turns(calls: list[Conditioned], frames: list[bytes]) -> Iterator[tuple[Conditioned, bytes]]:
    for due in cycle(frames):
        for call in calls:
            yield call, due


WEBRTC = "AEC3 + NS + webrtcvad"


def _contenders(timed: Callable[[Callable[[int], Conditioned]], Callable[[Frame], Call]]) -> tuple[Contender, ...]:
    steps = "split, decode both, cancel the echo, denoise, find the speech, encode"
    return (
        Contender("dsp, compiled", "ours", timed(_native), steps),
        Contender("dsp on numpy", "peer", timed(_numpy), "the same without a compiler"),
        Contender(WEBRTC, "peer", timed(_webrtc), "the same path: split, livekit's module at 10 ms, the detector"),
    )


def _case(rate: int, most: float, least_webrtc: float) -> tuple[SpeedCase, SpeedCase]:
    kilohertz = f"{rate // 1000} kHz"
    targets = [Target("µs", at_most(most)), Target("× faster than", at_least(least_webrtc), WEBRTC)]
    return (
        SpeedCase(name=f"whole call {kilohertz}", contenders=_contenders(_one), rate=rate),
        SpeedCase(
            name=f"1,000 live calls {kilohertz}",
            contenders=_contenders(_many),
            rate=rate,
            sizes=("20 ms",),
            targets={"20 ms": targets},
        ),
    )


CASES = (*_case(16_000, 25, 5), *_case(8_000, 15, 5))
