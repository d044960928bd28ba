"""What every stage owes besides indifference to the cut: refusals, memory, and values far out of range."""

from __future__ import annotations

import tracemalloc
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dsp
from dsp import Samples, SignalError
from tests.dsp.any_split import assert_any_split, assert_same, join

RATE = 16000

ONE_CHANNEL: dict[str, Callable[[], Any]] = {
    "BeepDetector": lambda: dsp.BeepDetector(RATE),
    "Chain": lambda: dsp.Chain([dsp.LiveResampler(RATE, 8000), dsp.Limiter(8000)]),
    "DtmfDetector": lambda: dsp.DtmfDetector(RATE),
    "EdgeTrim": lambda: dsp.EdgeTrim(RATE),
    "FourierDenoiser": lambda: dsp.FourierDenoiser(dsp.FourierDenoisingPlan(), RATE),
    "Leveler": lambda: dsp.Leveler(RATE),
    "Limiter": lambda: dsp.Limiter(RATE),
    "LiveResampler": lambda: dsp.LiveResampler(RATE, 8000),
    "Resampler": lambda: dsp.Resampler(RATE, 8000),
    "VoiceActivity": lambda: dsp.VoiceActivity(RATE),
}
TWO_CHANNELS: dict[str, Callable[[], Any]] = {
    "EchoCanceller": lambda: dsp.EchoCanceller(RATE),
    "EchoGate": lambda: dsp.EchoGate(RATE),
}
MAKERS = ONE_CHANNEL | TWO_CHANNELS

every_stage = pytest.mark.parametrize("name", sorted(MAKERS))


def feed(name: str, stage: Any, samples: Any) -> Any:
    """Feed one run, to both channels where there are two."""
    return stage.feed(samples, samples) if name in TWO_CHANNELS else stage.feed(samples)


def noise(count: int, seed: int = 1) -> Samples:
    return (np.random.default_rng(seed).standard_normal(count) * 0.1).astype(np.float32)


def test_no_stage_is_left_out() -> None:
    exported = [getattr(dsp, name) for name in dsp.__all__]
    stages = {each.__name__ for each in exported if isinstance(each, type) and hasattr(each, "flush")}
    assert stages - set(MAKERS) == {"Stage", "PcmDecoder"}  # the protocol; and bytes, which have tests of their own


@every_stage
@pytest.mark.parametrize(
    "wrong",
    [
        [0.1] * 500 + [float("nan")],
        [0.1] * 500 + [float("inf")],
        [[0.1, 0.2], [0.3]],
        [[0.1, 0.2], [0.3, 0.4]],
        ["a", "b"],
        [0.1, None],
        [1, 2, 3],
        np.zeros((2, 400), np.float32),
        np.zeros(400, np.complex64),
        np.zeros(400, np.uint8),
        0.5,
    ],
    ids=["nan", "inf", "ragged", "rows", "text", "none", "integers", "stereo", "complex", "bytes", "scalar"],
)
def test_a_refused_run_leaves_the_stream_as_it_was(name: str, wrong: Any) -> None:
    disturbed, twin = MAKERS[name](), MAKERS[name]()
    samples = noise(700)
    found, expected = [feed(name, disturbed, samples)], [feed(name, twin, samples)]
    with pytest.raises(SignalError):
        feed(name, disturbed, wrong)
    for stage, answers in ((disturbed, found), (twin, expected)):
        answers += [feed(name, stage, samples), stage.flush()]
    assert_same(join(found), join(expected), name)


@every_stage
def test_lists_and_int16_arrays_are_samples_too(name: str) -> None:
    counts = (noise(3000) * 32768).astype(np.int16)
    samples = counts.astype(np.float32) / np.float32(32768)
    answers = []
    for form in (samples, samples.tolist(), counts, samples.astype(np.float64)):
        stage = MAKERS[name]()
        answers.append(join([feed(name, stage, form[:1234]), feed(name, stage, form[1234:]), stage.flush()]))
    for answer in answers[1:]:
        assert_same(answer, answers[0], name)


@every_stage
@pytest.mark.parametrize("value", [1e3, 1e15, 3.4e38, -3.4e38, 1e-45, 1e-38])
def test_huge_and_denormal_values_neither_warn_nor_outlast_themselves(name: str, value: float) -> None:
    stage, twin = MAKERS[name](), MAKERS[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answers = [feed(name, stage, np.full(1600, value, np.float32)), feed(name, stage, noise(1600)), stage.flush()]
    if isinstance(answers[0], np.ndarray):
        assert all(np.isfinite(answer).all() for answer in answers)
    after, fresh = ([feed(name, each, noise(4000)), each.flush()] for each in (stage, twin))
    assert_same(join(after), join(fresh), name)


@every_stage
def test_huge_and_denormal_values_may_be_cut_anywhere(name: str) -> None:
    parts = [noise(700), np.full(300, 3e38), noise(300) * 1e-38, -np.full(200, 1e15), noise(900)]
    samples = np.concatenate(parts).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_any_split(MAKERS[name], *([samples] * (2 if name in TWO_CHANNELS else 1)), rounds=3)


@every_stage
@pytest.mark.parametrize("run", [1, 240_000])
def test_little_memory_is_kept_however_long_the_runs_are(name: str, run: int) -> None:
    total = run if run > 1 else 2000
    stage, samples = MAKERS[name](), noise(min(run, total))
    feed(name, stage, noise(RATE // 4))
    if name == "EdgeTrim":
        samples = samples * np.float32(1e-4)  # silence, which is what it keeps
    tracemalloc.start()
    try:
        for _ in range(0, total, run):
            feed(name, stage, samples)
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    allowed = 6 * RATE * 4 if name == "EdgeTrim" else 131_072  # the pause that it holds
    assert kept <= allowed
