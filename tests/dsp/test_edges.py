"""Silence at the edges is cut, everything else survives, and no joint clicks."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from dsp import EdgeTrim, ParameterError, Samples, SignalError, crossfade, fade_in, fade_out, trim_silence
from tests.dsp.any_split import assert_any_split, assert_isolated, run
from tests.dsp.flat import assert_flat_memory
from tests.dsp.voices import fricative, speech

RATE = 16000


def hush(seconds: float, level: float = -70.0, seed: int = 1) -> Samples:
    """A noise floor, dBFS RMS."""
    noise = np.random.default_rng(seed).normal(size=int(seconds * RATE))
    return (noise * 10 ** (level / 20)).astype(np.float32)


def quiet(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), dtype=np.float32)


def flux(samples: Samples) -> tuple[np.ndarray, np.ndarray]:
    """Spectral flux between neighbouring 16 ms windows 4 ms apart, and the sample each pair is centred on."""
    hop = 64
    magnitudes = np.abs(signal.stft(samples, RATE, nperseg=256, noverlap=256 - hop, boundary=None, padded=False)[2])
    rise = np.maximum(np.diff(magnitudes, axis=1), 0)
    return np.sqrt((rise**2).sum(axis=0)), np.arange(rise.shape[1]) * hop + 128 + hop // 2


def test_silence_at_both_ends_is_cut_to_its_set_length() -> None:
    words = speech(RATE, 1.5)
    words[0] = words[-1] = 0.1
    trimmed = trim_silence(np.concatenate([quiet(0.7), words, quiet(0.9)]), RATE, pre_roll=0.03, tail=0.2)
    assert np.array_equal(trimmed, np.concatenate([quiet(0.03), words, quiet(0.2)]))


def test_shorter_silence_stays_as_it_is() -> None:
    words = np.concatenate([hush(0.01), speech(RATE, 1), hush(0.05)])
    assert np.array_equal(trim_silence(words, RATE), words)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 44100, 48000])
@pytest.mark.parametrize("frequency", [100, 440, 3000])
def test_a_tone_with_five_millisecond_ramps_passes_untouched(rate: int, frequency: float) -> None:
    tone = np.sin(2 * np.pi * frequency * np.arange(rate) / rate).astype(np.float32) * np.float32(0.3)
    tone = fade_out(fade_in(tone, rate), rate)
    assert np.array_equal(run(EdgeTrim(rate), [tone], []), tone)


def test_a_soft_fricative_at_either_end_survives() -> None:
    soft = fricative(RATE, 0.15, level=-45)
    heard = np.concatenate([soft, speech(RATE, 1), soft[::-1]])
    trimmed = trim_silence(np.concatenate([hush(0.5), heard, hush(0.5, seed=2)]), RATE)
    # Of the swell, what is lost lies more than 20 ms before its first peak of -50 dBFS.
    start = int(np.flatnonzero(np.abs(heard) >= 10 ** (-50 / 20))[0])
    assert start < 0.04 * RATE
    kept = soft[max(start - int(0.015 * RATE), 0) :]
    assert np.sum(kept**2) > 0.99 * np.sum(soft**2)
    place = int(np.argmax(signal.correlate(trimmed, heard[start : start + 4000], mode="valid", method="fft")))
    assert np.array_equal(trimmed[place : place + heard.size - start], heard[start:])


@pytest.mark.parametrize("pause", [0.05, 0.5, 3.0, 8.0])
def test_silence_inside_is_untouched(pause: float) -> None:
    words = speech(RATE, 0.5)
    words[0] = words[-1] = 0.1
    signal_ = np.concatenate([words, hush(pause), words])
    assert np.array_equal(run(EdgeTrim(RATE, hold=2.0), [signal_], range(333, signal_.size, 333)), signal_)


def test_a_pause_comes_out_at_once_up_to_the_tail_and_the_rest_with_the_next_sound() -> None:
    stage = EdgeTrim(RATE, tail=0.1)
    loud = np.tile(np.array([0.5, -0.5], dtype=np.float32), 80)
    assert len(stage.feed(loud)) == 160
    assert len(stage.feed(quiet(0.05))) == 0.05 * RATE
    assert len(stage.feed(quiet(0.05))) == 0.045 * RATE
    assert len(stage.feed(quiet(0.3))) == 0
    assert len(stage.feed(loud)) == 0.305 * RATE + 160


@pytest.mark.parametrize("first", [0.0, 0.004, 0.3])
@pytest.mark.parametrize("last", [0.0, 0.004, 0.08, 0.097, 0.3, 1.5])
def test_any_split_gives_the_same_bits(first: float, last: float) -> None:
    parts = [hush(first), speech(RATE, 0.4), hush(0.2), hush(1.2, -90), fricative(RATE, 0.1, level=-45), hush(last)]
    assert_any_split(lambda: EdgeTrim(RATE, hold=0.5), np.concatenate(parts), rounds=6)


@settings(max_examples=100, deadline=None)
@given(
    levels=st.lists(st.tuples(st.integers(1, 300), st.sampled_from([0.0, 1e-4, 0.5])), max_size=8),
    cuts=st.lists(st.integers(0, 2400), max_size=20),
    spans=st.tuples(*[st.sampled_from([0.0, 0.001, 0.005, 0.01])] * 3),
)
def test_whatever_comes_only_the_edges_change(
    levels: list[tuple[int, float]], cuts: list[int], spans: tuple[float, float, float]
) -> None:
    fed = np.concatenate([np.zeros(0), *[np.full(count, level) for count, level in levels]]).astype(np.float32)
    fed[1::2] *= -1
    pre_roll, tail, hold = spans

    def make() -> EdgeTrim:
        return EdgeTrim(8000, pre_roll=pre_roll, tail=tail, hold=hold)

    out = run(make(), [fed], [])
    cut = run(make(), [fed], sorted(place for place in cuts if place <= fed.size))
    assert out.tobytes() == cut.tobytes()
    sounds = np.flatnonzero(np.abs(fed) >= 0.5)
    if sounds.size:
        start = np.flatnonzero(np.abs(out) >= 0.5)[0]
        span = sounds[-1] + 1 - sounds[0]
        assert np.array_equal(out[start : start + span], fed[sounds[0] : sounds[-1] + 1])
        assert start == min(sounds[0], round(pre_roll * 8000))
        after, kept = fed.size - sounds[-1] - 1, out.size - start - span
        assert kept == max(
            min(after, round(tail * 8000)), after - round(hold * 8000) - 40 + min(40, round(tail * 8000))
        )
    else:
        assert out.size == min(fed.size, round(pre_roll * 8000))


def test_two_streams_do_not_meet() -> None:
    first = np.concatenate([hush(0.2), speech(RATE, 0.4), hush(0.3)])
    assert_isolated(lambda: EdgeTrim(RATE), [first], [first[::-1]])


def test_a_joint_of_two_trimmed_sentences_is_no_louder_an_event_than_speech_itself() -> None:
    sentences = [np.concatenate([hush(0.4), speech(RATE, 1.5, seed=seed), hush(0.6)]) for seed in range(2, 8)]
    trimmed = [trim_silence(sentence, RATE) for sentence in sentences]
    inside, _ = flux(speech(RATE, 4))
    joined = np.concatenate(trimmed)
    rise, centre = flux(joined)
    for joint in np.cumsum([len(sentence) for sentence in trimmed])[:-1]:
        assert rise[np.abs(centre - joint) < 192].max() <= np.median(inside)


def test_a_crossfade_in_the_middle_of_vowels_does_not_click() -> None:
    """A click is broad: above 6 kHz, where vowels have next to nothing, it stands out."""
    words = speech(RATE, 4)
    high = signal.butter(6, 6000, "high", fs=RATE, output="sos")
    usual = np.quantile(np.abs(signal.sosfilt(high, words)), 0.95)
    vowels = np.flatnonzero(np.abs(words[:50_000]) > 0.1)
    hard, soft = [], []
    for first, second in np.random.default_rng(1).choice(vowels[vowels > 4000], (20, 2)):
        around = slice(first - 80, first + 64)
        hard.append(np.abs(signal.sosfilt(high, np.concatenate([words[:first], words[second:]]))[around]).max())
        soft.append(np.abs(signal.sosfilt(high, crossfade(words[:first], words[second:], RATE))[around]).max())
    assert np.median(soft) <= usual
    assert np.median(hard) > usual


def test_a_crossfade_of_a_signal_with_itself_changes_nothing() -> None:
    words = speech(RATE, 1)
    overlap = round(0.005 * RATE)
    joined = crossfade(words[:5000], words[5000 - overlap :], RATE)
    assert np.array_equal(joined, words)


def test_fades_mirror_each_other_and_add_up_to_one() -> None:
    ones = np.ones(400, dtype=np.float32)
    up, down = fade_in(ones, RATE), fade_out(ones, RATE)
    assert np.array_equal(up, down[::-1])
    assert np.abs(up[:80] + down[-80:] - 1).max() < 1e-6
    assert np.array_equal(up[80:], ones[80:])
    assert np.all(np.diff(up[:81]) > 0)
    assert np.array_equal(ones, np.ones(400))


@given(count=st.integers(0, 30), seconds=st.floats(0, 0.01))
def test_runs_shorter_than_the_ramp_are_faded_over_their_length(count: int, seconds: float) -> None:
    ones = np.ones(count, dtype=np.float32)
    assert fade_in(ones, 8000, seconds=seconds).size == count
    assert fade_out(ones, 8000, seconds=seconds).size == count
    overlap = min(count, round(seconds * 8000), 5)
    assert crossfade(ones, np.ones(5), 8000, seconds=seconds).size == count + 5 - overlap


@pytest.mark.parametrize("rate", [8000, 16000, 24000, 48000])
@pytest.mark.parametrize("colour", ["white", "pink"])
def test_noise_of_minus_58_dbfs_is_silence(rate: int, colour: str) -> None:
    noise = np.random.default_rng(4).standard_normal(20 * rate)
    if colour == "pink":
        noise = signal.lfilter([0.049922, -0.095994, 0.050613, -0.004409], [1, -2.494956, 2.017266, -0.522190], noise)
    noise = (noise * 10 ** (-58 / 20) / noise.std()).astype(np.float32)
    words = speech(rate, 1)
    words[0] = words[-1] = 0.1
    sound = np.concatenate([noise[: 5 * rate], words, noise[5 * rate :]])
    trimmed = trim_silence(sound, rate, pre_roll=0.02, tail=0.1)
    assert trimmed.size == round(0.02 * rate) + words.size + round(0.1 * rate)


@pytest.mark.parametrize("offset", [0.01, -0.05, 0.3])
def test_a_constant_offset_is_silence(offset: float) -> None:
    words = speech(RATE, 1)
    words[0] = words[-1] = 0.1
    signal_ = np.concatenate([hush(1), words, hush(1, seed=2)]) + np.float32(offset)
    trimmed = trim_silence(signal_, RATE, pre_roll=0.03, tail=0.2)
    assert trimmed.size == 0.03 * RATE + words.size + 0.2 * RATE
    assert run(EdgeTrim(RATE), [np.full(3 * RATE + 77, offset, np.float32)], [100]).size == 0.02 * RATE


def test_a_stream_without_sound_leaves_at_most_the_pre_roll() -> None:
    assert run(EdgeTrim(RATE), [hush(3)], [100]).size == 0.02 * RATE
    assert run(EdgeTrim(RATE), [hush(0)], []).size == 0


@pytest.mark.parametrize("name", ["pre_roll", "tail", "hold"])
@pytest.mark.parametrize("wrong", [-0.1, float("nan"), float("inf")])
def test_an_impossible_duration_is_named(name: str, wrong: float) -> None:
    with pytest.raises(ParameterError, match=f"{name}: expected at least 0 seconds"):
        EdgeTrim(RATE, **{name: wrong})
    with pytest.raises(ParameterError, match="seconds: expected"):
        fade_in(hush(1), RATE, seconds=wrong)


@pytest.mark.parametrize("wrong", [0.0, 3.0, float("nan")])
def test_an_impossible_threshold_is_named(wrong: float) -> None:
    with pytest.raises(ParameterError, match="threshold: expected below 0 dBFS"):
        EdgeTrim(RATE, threshold=wrong)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused(wrong: float) -> None:
    bad = np.array([0, wrong], dtype=np.float32)
    for call in (EdgeTrim(RATE).feed, lambda x: fade_in(x, RATE), lambda x: crossfade(x, x, RATE)):
        with pytest.raises(SignalError, match="finite values"):
            call(bad)


def test_memory_stays_flat_and_a_long_pause_is_held_only_so_far() -> None:
    assert_flat_memory(lambda: EdgeTrim(RATE, hold=1.0), rate=RATE, minutes=2, allowance=200_000)  # what is held moves
    stage = EdgeTrim(RATE, hold=1.0)
    stage.feed(np.tile(np.array([0.5, -0.5], dtype=np.float32), 80))
    silence = hush(0.1)
    tracemalloc.start()
    try:
        for _ in range(1200):
            stage.feed(silence)
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert held <= 4 * RATE * 1.2
