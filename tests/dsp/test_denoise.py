"""The Fourier plan: its semantics to the letter, its figures, and what every stage owes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.noises import noise
from benchmarks.signals import Denoised, PlacedSpeech, at_level, denoising, level_db, mix, speech
from dsp import FourierDenoiser, FourierDenoisingPlan, ParameterError, Samples, SignalError
from dsp.denoise_gate import DEEPEST_DB, LEVEL_STEP_DB, SLOPE, RollingLevels
from tests.dsp.any_split import assert_any_split, assert_isolated, run
from tests.dsp.flat import assert_flat_memory

pytestmark = pytest.mark.usefixtures("each_backend")

PLAIN = FourierDenoisingPlan(media_detection_enabled=False)


def denoised(samples: Samples, rate: int, plan: FourierDenoisingPlan | None = None) -> Samples:
    """The output aligned with the input."""
    stage = FourierDenoiser(plan or FourierDenoisingPlan(), rate)
    out: Samples = run(stage, [samples], [])[int(stage.delay) :]
    assert out.size == samples.size
    return out


def tone(rate: int, seconds: float, dbfs: float) -> Samples:
    """A sine whose level is dBFS RMS."""
    time = np.arange(round(rate * seconds)) / rate
    return (10 ** (dbfs / 20) * math.sqrt(2) * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


def thresholds(plan: FourierDenoisingPlan, samples: Samples, rate: int = 8000) -> list[float]:
    """The threshold after every 10 ms."""
    stage, found = FourierDenoiser(plan, rate), []
    for at in range(0, samples.size, rate // 100):
        stage.feed(samples[at : at + rate // 100])
        found.append(stage.threshold)
    return found


# What the plan says


def test_the_static_threshold_holds_until_the_window_was_filled_once() -> None:
    plan = FourierDenoisingPlan(media_detection_enabled=False, static_threshold_db=-42.0, window_size_ms=1500)
    found = thresholds(plan, tone(8000, 2.0, -20.0))
    assert set(found[:149]) == {-42.0}
    assert -42.0 not in found[150:]


@pytest.mark.parametrize(("level", "offset"), [(-20.0, -15.0), (-31.0, -10.0), (-50.0, -30.0)])
def test_the_threshold_lies_the_offset_below_the_baseline(level: float, offset: float) -> None:
    plan = FourierDenoisingPlan(media_detection_enabled=False, baseline_offset_db=offset, window_size_ms=1000)
    # Levels are told apart in steps of 0.5 dB.
    assert thresholds(plan, tone(8000, 1.5, level))[-1] == pytest.approx(level + offset, abs=LEVEL_STEP_DB)


def test_the_baseline_is_the_percentile_of_the_window() -> None:
    mixed = np.concatenate([tone(8000, 0.7, -40.0), tone(8000, 0.3, -20.0)])
    for percentile, level in ((50.0, -40.0), (68.0, -40.0), (72.0, -20.0), (99.0, -20.0)):
        plan = FourierDenoisingPlan(
            media_detection_enabled=False, window_size_ms=1000, baseline_percentile=percentile, baseline_offset_db=-15
        )
        assert thresholds(plan, mixed)[-1] == pytest.approx(level - 15, abs=1.0), percentile


def test_the_window_rolls() -> None:
    samples = np.concatenate([tone(8000, 2.0, -20.0), tone(8000, 4.0, -40.0)])
    found = thresholds(FourierDenoisingPlan(media_detection_enabled=False, window_size_ms=2000), samples)
    assert found[199] == pytest.approx(-35, abs=0.5)
    # The 85th percentile leaves the loud tone when that fills less than 15 % of two seconds.
    assert found[365] == pytest.approx(-35, abs=0.5)
    assert found[375] == pytest.approx(-55, abs=0.5)


@given(
    levels=st.lists(st.floats(-99, 9), min_size=1, max_size=120),
    size=st.integers(1, 50),
    percentile=st.integers(1, 99),
)
def test_the_rolling_percentile_is_numpys(levels: list[float], size: int, percentile: int) -> None:
    rolling = RollingLevels(size, (percentile,))
    for number, level in enumerate(levels, start=1):
        (found,) = rolling.add(level)
        window = np.array(levels[max(0, number - size) : number])
        expected = np.percentile(window, percentile, method="inverted_cdf")
        assert abs(found - expected) <= LEVEL_STEP_DB / 2


@pytest.mark.parametrize("offset", [-10.0, -15.0, -20.0])
@pytest.mark.parametrize("beyond", [-3.0, -1.0, 2.0, 4.0, 12.0])
def test_what_lies_farther_below_the_baseline_than_the_offset_is_filtered_and_nothing_else(
    offset: float, beyond: float
) -> None:
    plan = FourierDenoisingPlan(media_detection_enabled=False, baseline_offset_db=offset, baseline_percentile=50)
    quiet = -20.0 + offset - beyond
    line = np.concatenate([tone(8000, 3.2, -20.0), tone(8000, 1.2, quiet)])
    # The measured level takes up to 0.7 s to fall; the baseline stays with the louder half of the window.
    gain = level_db(denoised(line, 8000, plan)[-2000:-400]) - quiet
    expected = 0.0 if beyond < 0 else max(-SLOPE * beyond, DEEPEST_DB)
    assert gain == pytest.approx(expected, abs=SLOPE * LEVEL_STEP_DB)


@pytest.mark.parametrize("media", [False, True])
def test_a_quiet_caller_keeps_the_first_words(media: bool) -> None:
    plan = FourierDenoisingPlan(media_detection_enabled=media)
    spoken = speech(8000, 4.0, seed=23)
    soft = spoken.samples * np.float32(10 ** ((-45 - level_db(spoken.samples, active=spoken.truth)) / 20))
    first = slice(0, round(2.0 / 0.01))
    kept = denoised(soft, 8000, plan)[: spoken.truth.size * 80].reshape(-1, 80)[first][spoken.truth[first]]
    came = soft[: spoken.truth.size * 80].reshape(-1, 80)[first][spoken.truth[first]]
    assert level_db(kept.ravel()) - level_db(came.ravel()) > -1.0


def test_below_the_static_threshold_everything_is_filtered_and_above_it_nothing() -> None:
    # The static threshold needs no window; the offsets stay away from it by more than the slope's reach.
    for level, gain in ((-50.0, DEEPEST_DB), (-30.0, 0.0)):
        out = denoised(tone(8000, 1.0, level), 8000, PLAIN)
        assert level_db(out[4000:]) - level == pytest.approx(gain, abs=0.01)


def test_steady_sound_alone_establishes_no_baseline_when_media_is_detected() -> None:
    hum = noise("pink", 8000, 6.0, seed=1) * np.float32(10 ** (-20 / 20))
    assert set(thresholds(FourierDenoisingPlan(), hum)) == {-35.0}
    assert thresholds(PLAIN, hum)[-1] < -55


def test_steady_sound_in_a_long_pause_does_not_move_the_baseline_when_media_is_detected() -> None:
    spoken = speech(8000, 8.0, seed=22).samples
    line = np.concatenate([spoken, np.zeros(64000, dtype=np.float32)])
    line += at_level(noise("white", 8000, 16.0, seed=1), -46.0)
    held, plain = (thresholds(plan, line) for plan in (FourierDenoisingPlan(), PLAIN))
    assert held[-1] > held[780] - 15
    assert plain[-1] < -58


# What it does


def talk(kind: str, snr_db: float, *, seed: int, rate: int = 8000) -> tuple[PlacedSpeech, Samples]:
    """A near speaker and a background ``snr_db`` below.

    Pauses are shorter than half the window of three seconds: in a longer one the plan's percentile leaves the speaker.
    """
    spoken = speech(rate, 15.0, seed=seed, pauses=(0.3, 1.3))
    if kind != "voice":
        return spoken, mix(spoken, noise(kind, rate, 15.0, seed=seed), snr_db) - spoken.samples
    other = speech(rate, 15.0, seed=seed + 100, pauses=(0.3, 1.3))
    level = level_db(spoken.samples, active=spoken.truth) - snr_db
    return spoken, at_level(other.samples, level, active=other.truth)


def figures(kind: str, snr_db: float, rate: int) -> Denoised:
    judged = []
    for seed in range(601, 604):
        spoken, back = talk(kind, snr_db, seed=seed, rate=rate)
        judged.append(denoising(spoken, back, denoised(spoken.samples + back, rate)))
    return Denoised(
        float(np.mean([one.background_db for one in judged])), float(np.mean([one.near_db for one in judged]))
    )


# The estimate of an office or a street follows its quiet moments, 20 dB and more below the speaker's loud ones, where
# the filter begins to hold back: one to two dB less than full depth.
@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize(
    ("kind", "snr_db", "lost_db"),
    [
        ("white", 15.0, 12.0),
        ("white", 10.0, 12.0),
        ("pink", 15.0, 12.0),
        ("office", 15.0, 10.5),
        ("street", 15.0, 10.5),
    ],
)
def test_steady_background_loses_12_db_a_moving_one_10_and_the_near_speaker_no_more_than_one(
    kind: str, snr_db: float, lost_db: float, rate: int
) -> None:
    found = figures(kind, snr_db, rate)
    assert found.background_db <= -lost_db
    assert abs(found.near_db) <= 1


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 48000])
@pytest.mark.parametrize("enabled", [True, False])
def test_what_is_not_filtered_comes_out_as_it_went_in(each_backend: str, rate: int, enabled: bool) -> None:
    plan = FourierDenoisingPlan(enabled=enabled, media_detection_enabled=False, static_threshold_db=-80)
    samples = np.random.default_rng(1).uniform(-1, 1, rate + 7).astype(np.float32)
    # float32 rounds at 6e-8 of the value; the windows add a few roundings, which are the kernel's of float32 too.
    rounding = 1e-7 if each_backend == "numpy" else 1e-6
    np.testing.assert_allclose(denoised(samples, rate, plan), samples, rtol=0, atol=rounding)


def test_clean_speech_keeps_its_level_and_silence_stays_silent() -> None:
    spoken = speech(8000, 15.0, seed=34)
    judged = denoising(spoken, spoken.samples + np.float32(1), denoised(spoken.samples, 8000))
    assert abs(judged.near_db) < 0.3
    assert not denoised(np.zeros(8000, dtype=np.float32), 8000).any()


def test_the_delay_is_ten_milliseconds_and_a_sample_waits_no_longer_than_twenty() -> None:
    stage = FourierDenoiser(FourierDenoisingPlan(enabled=False), 16000)
    assert stage.delay == 160
    click = np.zeros(16000, dtype=np.float32)
    click[5000] = 1
    got = 0
    for at in range(5001 + 320):
        got += stage.feed(click[at : at + 1]).size
    assert got > 5000 + stage.delay


# What every stage owes


def signal(count: int, seed: int = 1) -> Samples:
    rng = np.random.default_rng(seed)
    envelope = np.repeat(rng.uniform(0, 1, count // 900 + 1) ** 4, 900)[:count]
    return (envelope * rng.uniform(-1, 1, count)).astype(np.float32)


@pytest.mark.parametrize("rate", [8000, 16000, 22050])
@pytest.mark.parametrize(
    "plan", [FourierDenoisingPlan(window_size_ms=1000), PLAIN, FourierDenoisingPlan(enabled=False)]
)
def test_any_split_gives_the_same_bits(rate: int, plan: FourierDenoisingPlan) -> None:
    assert_any_split(lambda: FourierDenoiser(plan, rate), signal(2 * rate + 17), rounds=4)


def test_two_streams_do_not_meet() -> None:
    make = lambda: FourierDenoiser(FourierDenoisingPlan(window_size_ms=1000), 8000)  # noqa: E731
    assert_isolated(make, [signal(20000)], [signal(20000, seed=2)])


@settings(max_examples=40, deadline=None)
@given(
    parts=st.lists(st.sampled_from([0.0, -0.0, 1e-38, 1e-5, 1.0, -3.0, 1e15]), max_size=8),
    lengths=st.lists(st.integers(0, 700), min_size=8, max_size=8),
    media=st.booleans(),
)
def test_any_finite_input_comes_out_finite_and_whole(parts: list[float], lengths: list[int], media: bool) -> None:
    pieces = [np.full(length, part, dtype=np.float32) for part, length in zip(parts, lengths, strict=False)]
    line = np.concatenate([np.zeros(0, dtype=np.float32), *pieces])
    plan = FourierDenoisingPlan(media_detection_enabled=media)
    out = assert_any_split(lambda: FourierDenoiser(plan, 8000), line, rounds=2)
    assert out.size == (line.size + 80 if line.size else 0)
    assert np.isfinite(out).all()


@pytest.mark.parametrize("wrong", [[float("nan")], [float("inf")], [[0.0]], [1, 2]])
def test_what_is_not_a_signal_is_refused_by_name(wrong: Any) -> None:
    with pytest.raises(SignalError, match="samples: expected"):
        FourierDenoiser(FourierDenoisingPlan(), 8000).feed(np.array(wrong))


@pytest.mark.parametrize(
    ("wire", "wrong"),
    [
        ("staticThreshold", 1),
        ("staticThreshold", -80.5),
        ("baselineOffsetDb", -4),
        ("baselineOffsetDb", -31),
        ("windowSizeMs", 999),
        ("windowSizeMs", 30001),
        ("baselinePercentile", 0),
        ("baselinePercentile", 100),
        ("baselinePercentile", float("nan")),
        ("windowSizeMs", "3000"),
        ("baselinePercentile", True),
        ("enabled", 1),
        ("mediaDetectionEnabled", None),
    ],
)
def test_a_field_outside_its_range_is_named_as_the_platform_spells_it(wire: str, wrong: object) -> None:
    with pytest.raises(ParameterError, match=f"^{wire}: expected .*, found "):
        FourierDenoisingPlan.from_platform({wire: wrong})


def test_a_plan_is_read_in_the_platforms_spelling_and_deaf_to_what_is_new() -> None:
    wire = {
        "enabled": False,
        "mediaDetectionEnabled": False,
        "staticThreshold": -40,
        "baselineOffsetDb": -10,
        "windowSizeMs": 5000,
        "baselinePercentile": 70,
        "somethingNew": {},
    }
    assert FourierDenoisingPlan.from_platform(wire) == FourierDenoisingPlan(False, False, -40, -10, 5000, 70)
    assert FourierDenoisingPlan.from_platform({}) == FourierDenoisingPlan()


@pytest.mark.parametrize("rate", [7999, 48001, 8000.5, "8000"])
def test_a_rate_outside_its_range_is_named(rate: Any) -> None:
    with pytest.raises(ParameterError, match="^rate: expected .*Hz.*, found"):
        FourierDenoiser(FourierDenoisingPlan(), rate)


def test_memory_is_flat(each_backend: str) -> None:
    minutes = 2.0 if each_backend == "native" else 0.5  # 3000 hops: two bytes of each would show
    assert_flat_memory(lambda: FourierDenoiser(FourierDenoisingPlan(), 8000), rate=8000, minutes=minutes)
