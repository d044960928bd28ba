"""The beep of an answering machine, and what is none."""

from __future__ import annotations

import numpy as np
import pytest

from dsp import BeepDetector, ParameterError, Samples, dtmf_tones, mulaw_decode, mulaw_encode
from tests.dsp.any_split import assert_any_split, assert_isolated, run
from tests.dsp.flat import assert_flat_memory
from tests.dsp.voices import speech


def tone(frequency: float, seconds: float, *, level: float = -12.0, rate: int = 8000) -> Samples:
    time = np.arange(round(seconds * rate)) / rate
    return (10 ** (level / 20) * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def silence(seconds: float, rate: int = 8000) -> Samples:
    return np.zeros(round(seconds * rate), dtype=np.float32)


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
@pytest.mark.parametrize("frequency", [600, 850, 1000, 1400, 2300])
@pytest.mark.parametrize("seconds", [0.2, 0.5, 2.0])
def test_a_beep_after_a_greeting_is_found_where_it_is(rate: int, frequency: float, seconds: float) -> None:
    line = [speech(rate, 2), silence(0.3, rate), tone(frequency, seconds, rate=rate), silence(0.5, rate)]
    (beep,) = run(BeepDetector(rate), [np.concatenate(line)], [])
    assert beep.frequency == pytest.approx(frequency, rel=0.005)
    assert beep.at == pytest.approx(2.3 * rate, abs=0.02 * rate)
    assert beep.length == pytest.approx(seconds * rate, abs=0.025 * rate)


@pytest.mark.parametrize("level", [-6.0, -20.0, -35.0])
def test_g711_and_noise_12_db_below_hide_no_beep(level: float) -> None:
    line = np.concatenate([silence(0.5), tone(1000, 0.4, level=level), silence(0.5)])
    noise = np.random.default_rng(1).standard_normal(line.size) * 10 ** ((level - 15) / 20)
    (beep,) = run(BeepDetector(8000), [mulaw_decode(mulaw_encode(line + noise))], [])
    assert beep.length == pytest.approx(0.4 * 8000, abs=0.03 * 8000)


def test_voices_noise_digits_and_call_progress_are_no_beeps() -> None:
    lines = [speech(8000, 20, seed=seed) for seed in range(3)]
    lines.append((np.random.default_rng(2).standard_normal(80_000) * 0.1).astype(np.float32))
    lines.append(dtmf_tones("123#", 8000, tone=0.3))
    lines += [tone(low, 2.0) + tone(high, 2.0) for low, high in ((350, 440), (440, 480), (480, 620), (425, 425))]
    lines.append(
        np.sin(np.cumsum(np.linspace(600, 1200, 8000) * 2 * np.pi / 8000)).astype(np.float32) * np.float32(0.3)
    )
    for line in lines:
        assert run(BeepDetector(8000), [np.concatenate([line, silence(0.2)])], []) == []


@pytest.mark.parametrize(("seconds", "count"), [(0.1, 0), (0.2, 1), (3.9, 1), (4.2, 0), (20.0, 0)])
def test_what_is_too_short_or_too_long_is_no_beep(seconds: float, count: int) -> None:
    line = np.concatenate([silence(0.2), tone(1000, seconds), silence(0.2)])
    assert len(run(BeepDetector(8000), [line], [])) == count


def test_any_split_gives_the_same_beeps() -> None:
    line = np.concatenate([speech(8000, 0.3), silence(0.1), tone(1000, 0.2), silence(0.2)])
    assert_any_split(lambda: BeepDetector(8000), line, rounds=4)
    assert_isolated(lambda: BeepDetector(8000), [line], [line[::-1]])


def test_memory_stays_flat() -> None:
    assert_flat_memory(lambda: BeepDetector(8000), rate=8000, minutes=1)


@pytest.mark.parametrize(("shortest", "longest"), [(0.05, 1.0), (0.5, 0.5), (1.0, 11.0), (float("nan"), 1.0)])
def test_impossible_lengths_are_named(shortest: float, longest: float) -> None:
    with pytest.raises(ParameterError, match="shortest, longest"):
        BeepDetector(8000, shortest=shortest, longest=longest)
