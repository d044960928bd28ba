"""Levels against audioop and pyloudnorm, an independent meter for ITU-R BS.1770."""

from __future__ import annotations

import audioop
import math
from collections.abc import Callable

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal

from dsp import Leveler, ParameterError, Samples, SignalError, encode_pcm16, peak_dbfs, rms_dbfs, true_peak_dbtp
from tests.dsp.any_split import assert_any_split, assert_isolated, run
from tests.dsp.flat import assert_flat_memory
from tests.dsp.voices import sentences, speech

MIXES = [
    (-26,),
    (-40,),
    (-14,),
    (-38, -18, -28),
    (-18, -38, -28),
    (-30, -20, -35, -25),
    (-20, -26, -23, -30, -18),
]
"""dBFS RMS of one speaker after the other, five seconds each."""


def mixed(rate: int, levels: tuple[float, ...]) -> Samples:
    gap = np.zeros(int(0.4 * rate), dtype=np.float32)
    parts = [[sentences(rate, 5, seed=seed + 11, level=level), gap] for seed, level in enumerate(levels)]
    return np.concatenate([part for pair in parts for part in pair])


def loudness(samples: Samples, rate: int) -> float:
    return float(pyloudnorm.Meter(rate).integrated_loudness(samples.astype(np.float64)))


@pytest.mark.parametrize(
    ("rate", "target"), [(8000, -16.0), (8000, -20.0), (8000, -23.0), (16000, -16.0), (24000, -23.0), (48000, -20.0)]
)
def test_speech_of_mixed_levels_comes_out_at_the_target(rate: int, target: float) -> None:
    for levels in MIXES:
        out = run(Leveler(rate, target=target), [mixed(rate, levels)], [])
        # From one voice to the next lie up to 20 dB, and at -16 LUFS the limiter takes another 0.5 to 1 dB.
        assert abs(loudness(out, rate) - target) <= (2.2 if target > -20 else 2)
        true_peak = np.abs(signal.resample_poly(out.astype(np.float64), 8, 1)).max()
        assert 20 * math.log10(true_peak) <= -1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_gain_settles_on_a_steady_voice(seed: int) -> None:
    stage, words = Leveler(16000), sentences(16000, 20, seed=seed)
    gains = []
    for start in range(0, words.size, 800):
        stage.feed(words[start : start + 800])
        gains.append(stage.gain)
    settled = np.array(gains[100:])
    assert np.ptp(settled) <= 4  # one sentence is up to 2 dB louder than another
    steps = np.diff(settled)  # dB in 50 ms
    assert steps.max() <= 0.3 + 1e-9
    assert steps.min() >= -3


@pytest.mark.parametrize("level", [-60, -50, -40, -30, -20])
@pytest.mark.parametrize("colour", ["white", "hum", "silence"])
def test_noise_alone_is_not_amplified(level: float, colour: str) -> None:
    hiss = np.random.default_rng(2).standard_normal(160_000)
    hum = np.sin(np.arange(160_000) * 2 * np.pi * 150 / 16000) * np.sqrt(2)
    noise = {"white": hiss, "hum": hum, "silence": np.zeros(160_000)}[colour] * 10 ** (level / 20)
    stage = Leveler(16000, target=-16)
    stage.feed(noise.astype(np.float32))
    assert stage.gain == 0


@pytest.mark.parametrize("level", [-16, -26, -36, -46])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_single_voice_comes_out_at_the_target(level: float, seed: int) -> None:
    words = sentences(16000, 12, level=level, seed=seed)
    out = run(Leveler(16000), [words], [])
    assert abs(loudness(out[2 * 16000 :], 16000) + 20) <= 0.75


@pytest.mark.parametrize("noise", [0.0, 1e-4, 5e-4, 5e-3])
def test_the_gain_stands_still_in_pauses(noise: float) -> None:
    stage = Leveler(16000, target=-16)
    stage.feed(sentences(16000, 5, level=-30))
    pause = (np.random.default_rng(1).normal(size=160_000) * noise).astype(np.float32)
    stage.feed(pause[:12800])  # the hang-over passes, and the last syllable leaves the 400 ms block
    before = stage.gain
    stage.feed(pause)
    assert stage.gain == before > 8


def test_a_known_gain_is_there_from_the_first_sample() -> None:
    words = sentences(16000, 5, level=-32)
    stage = Leveler(16000)
    stage.feed(words)
    known = stage.gain
    stage.flush()
    assert stage.gain == 0
    early = run(Leveler(16000, gain=known), [words[:8000]], [])
    assert abs(rms_dbfs(early) - rms_dbfs(words[:8000]) - known) < 2


def test_silence_stays_silence() -> None:
    assert not run(Leveler(8000), [np.zeros(16000, dtype=np.float32)], []).any()


@pytest.mark.parametrize("rate", [8000, 22050])
def test_any_split_gives_the_same_bits(rate: int) -> None:
    words = np.concatenate([speech(rate, 0.5, level=-40), speech(rate, 0.5, level=-6, seed=2)])
    assert_any_split(lambda: Leveler(rate), words, rounds=6)
    assert_isolated(lambda: Leveler(rate), [words], [words[::-1]])


def test_as_many_samples_come_out_as_go_in() -> None:
    stage = Leveler(8000)
    assert stage.flush().size == 0
    for size in (1, 0, 160, 5000):
        assert stage.feed(np.ones(size, dtype=np.float32)).size == size
    assert stage.flush().size == stage.delay


@pytest.mark.parametrize(
    ("name", "value"),
    [("target", -9.0), ("target", math.nan), ("boost", -1.0), ("cut", 61.0), ("gain", 31.0), ("ceiling", 1.0)],
)
def test_an_impossible_parameter_is_named(name: str, value: float) -> None:
    with pytest.raises(ParameterError, match=f"{name}: expected"):
        Leveler(8000, **{name: value})
    with pytest.raises(ParameterError, match="rate: expected"):
        Leveler(96000)


@given(values=st.lists(st.integers(-32768, 32767), min_size=1, max_size=200))
def test_levels_agree_with_audioop(values: list[int]) -> None:
    samples = np.array(values, dtype=np.float32) / np.float32(32768)
    pcm = encode_pcm16(samples)
    assert round(10 ** (peak_dbfs(samples) / 20) * 32768) == audioop.max(pcm, 2)
    assert abs(10 ** (rms_dbfs(samples) / 20) * 32768 - audioop.rms(pcm, 2)) <= 1  # audioop rounds down


def test_the_true_peak_is_that_of_scipys_oversampling() -> None:
    words = speech(16000, 2)
    expected = 20 * math.log10(np.abs(signal.resample_poly(words.astype(np.float64), 4, 1)).max())
    assert abs(true_peak_dbtp(words) - expected) < 0.1  # two interpolation filters
    assert true_peak_dbtp(words) >= peak_dbfs(words)


@pytest.mark.parametrize("level", [rms_dbfs, peak_dbfs, true_peak_dbtp])
def test_silence_and_nothing_have_no_level(level: Callable[[Samples], float]) -> None:
    assert level(np.zeros(100, dtype=np.float32)) == -math.inf
    assert level(np.zeros(0, dtype=np.float32)) == -math.inf


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(wrong: float) -> None:
    bad = np.array([0, wrong], dtype=np.float32)
    for call in (rms_dbfs, peak_dbfs, true_peak_dbtp, Leveler(8000).feed):
        with pytest.raises(SignalError, match="finite values"):
            call(bad)


def test_memory_stays_flat() -> None:
    assert_flat_memory(lambda: Leveler(8000), rate=8000, minutes=2)
