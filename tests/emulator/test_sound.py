"""Level, first sound, speech and noise are found where they are."""

import numpy as np
import pytest

from providers.emulator import sound


def tone(seconds: float, rate: int = 16000, amplitude: float = 0.5) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def silence(seconds: float, rate: int = 16000) -> np.ndarray:
    return np.zeros(round(seconds * rate), np.float32)


def test_the_first_audible_sample_is_the_first_above_minus_fifty_dbfs() -> None:
    samples = np.array([0.0, 0.003, -0.0033, 0.5], np.float32)
    assert sound.first_audible(samples) == 2
    assert sound.first_audible(silence(0.1)) is None
    assert sound.first_audible(silence(0.0)) is None


def test_level_does_not_count_the_pauses() -> None:
    assert sound.level(np.concatenate([tone(1.0), silence(3.0)])) == pytest.approx(-9.03, abs=0.1)
    assert sound.peak(tone(1.0)) == pytest.approx(-6.02, abs=0.01)
    assert sound.level(silence(1.0)) == float("-inf")


def test_spans_join_over_short_pauses_only() -> None:
    samples = np.concatenate([silence(0.2), tone(0.4), silence(0.2), tone(0.2), silence(1.0), tone(0.4), silence(0.2)])
    spans = sound.speech_spans(samples, 16000)
    assert [edge for span in spans for edge in (span.start, span.end)] == pytest.approx([0.2, 1.0, 2.0, 2.4])
    assert sound.speech_spans(silence(1.0), 16000) == []


def test_the_waveform_is_as_wide_as_asked_and_shows_the_loud_part() -> None:
    line = sound.waveform(np.concatenate([silence(0.5), tone(0.5)]), 10)
    assert line == "▁▁▁▁▁█████"
    assert sound.waveform(silence(0.0)) == ""


def test_samples_cut_in_half_sound_like_noise() -> None:
    whole = np.round(tone(1.0) * 32767).astype("<i2").tobytes()
    assert sound.noise_share(sound.decoded(whole), 16000) == 0.0
    assert sound.noise_share(sound.decoded(whole[1:] + b"\0"), 16000) > 0.9
