"""Voice activity."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.case import Contender, Frame, at_least
from benchmarks.peers import vads
from benchmarks.speed._blocks import on_numpy, ring
from benchmarks.timing import Call, SpeedCase, Target
from dsp import VoiceActivity, encode_pcm16


def _ours(frame: Frame) -> Call:
    stage = VoiceActivity(frame.rate)
    blocks = ring(frame, lambda samples: samples)
    return lambda: stage.feed(next(blocks))


def _peer(make: Callable[[int], vads.Detector]) -> Callable[[Frame], Call]:
    def prepare(frame: Frame) -> Call:
        detect = make(frame.rate)
        blocks = ring(frame, encode_pcm16)
        return lambda: detect(next(blocks))

    return prepare


CASES = (
    SpeedCase(
        name="voice activity",
        contenders=(
            Contender("dsp.VoiceActivity", "ours", _ours),
            on_numpy(_ours),
            Contender("webrtcvad", "peer", _peer(vads.webrtcvad), "mode 2; C, decides on six bands in fixed point"),
            Contender("pocketsphinx.Vad", "peer", _peer(vads.sphinx_vad), "mode 2, the same detector"),
            Contender("webrtc-noise-gain", "peer", _peer(vads.noise_gain_vad), "denoises on the way"),
        ),
        targets={"20 ms": [Target("× faster than", at_least(1), "webrtcvad")]},
    ),
)
