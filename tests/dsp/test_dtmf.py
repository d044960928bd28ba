"""Keypad digits, by the limits of ITU-T Q.24 and against speech and noise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dsp import (
    DtmfDetector,
    ParameterError,
    Samples,
    SignalError,
    alaw_decode,
    alaw_encode,
    dtmf_tones,
    mulaw_decode,
    mulaw_encode,
)
from dsp.dtmf import HIGH, KEYS, LOW
from tests.dsp.any_split import assert_any_split, assert_isolated, run
from tests.dsp.flat import assert_flat_memory
from tests.dsp.voices import speech

ALL = "1234567890*#ABCD"


def detected(samples: Samples, rate: int = 8000) -> str:
    return "".join(each.digit for each in run(DtmfDetector(rate), [samples], []))


def silence(seconds: float, rate: int = 8000) -> Samples:
    return np.zeros(round(seconds * rate), dtype=np.float32)


def pair(low: float, high: float, seconds: float, *, levels: tuple[float, float] = (-10.0, -10.0)) -> Samples:
    """Two tones without ramps between silences, at 8000 Hz; levels in dBFS of their peaks."""
    time = np.arange(round(seconds * 8000)) / 8000
    tones = [10 ** (level / 20) * np.sin(2 * np.pi * f * time) for f, level in zip((low, high), levels, strict=True)]
    return np.concatenate([silence(0.1), (tones[0] + tones[1]).astype(np.float32), silence(0.1)])


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000])
def test_every_digit_is_made_and_heard_at_its_place(rate: int) -> None:
    found = run(DtmfDetector(rate), [np.concatenate([silence(0.3, rate), dtmf_tones(ALL, rate, tone=0.06)])], [])
    assert "".join(each.digit for each in found) == ALL
    for place, each in enumerate(found):
        assert each.at == pytest.approx((0.3 + 0.16 * place) * rate, abs=0.01 * rate)
        assert each.length == pytest.approx(0.06 * rate, abs=0.011 * rate)


@pytest.mark.parametrize("share", [-0.015, -0.01, 0.01, 0.015])
def test_tones_1_5_percent_off_their_frequency_are_heard(share: float) -> None:
    for row, low in enumerate(LOW):
        for column, high in enumerate(HIGH):
            assert detected(pair(low * (1 + share), high * (1 + share), 0.05)) == KEYS[row][column]
            assert detected(pair(low * (1 + share), high * (1 - share), 0.05)) == KEYS[row][column]


@pytest.mark.parametrize("share", [-0.035, 0.035])
def test_a_tone_3_5_percent_off_its_frequency_is_refused(share: float) -> None:
    for low in LOW:
        for high in HIGH:
            assert detected(pair(low * (1 + share), high, 0.1)) == ""
            assert detected(pair(low, high * (1 + share), 0.1)) == ""


@pytest.mark.parametrize(("twist", "heard"), [(4, "5"), (-8, "5"), (0, "5"), (8, ""), (-12, "")])
def test_an_upper_tone_from_8_db_weaker_to_4_db_stronger_is_heard(twist: float, heard: str) -> None:
    assert detected(pair(770, 1336, 0.05, levels=(-16, -16 + twist))) == heard


@pytest.mark.parametrize("seconds", [0.04, 0.045, 0.1, 2.0])
def test_tones_of_40_ms_and_more_are_one_digit(seconds: float) -> None:
    for offset in range(0, 40, 7):  # wherever it lies between two looks
        assert detected(np.concatenate([silence(offset / 8000), pair(852, 1477, seconds)])) == "9"


@pytest.mark.parametrize("seconds", [0.005, 0.015, 0.023])
def test_tones_of_23_ms_and_less_are_none(seconds: float) -> None:
    for offset in range(0, 40, 7):
        assert detected(np.concatenate([silence(offset / 8000), pair(852, 1477, seconds)])) == ""


def test_a_pause_of_40_ms_parts_two_digits_and_an_interruption_of_10_ms_does_not() -> None:
    assert detected(dtmf_tones("5555", 8000, tone=0.04, pause=0.04)) == "5555"
    assert detected(dtmf_tones("55", 8000, tone=0.05, pause=0.01)) == "5"


@pytest.mark.parametrize(("dbm", "heard"), [(0, ALL), (-10, ALL), (-25, ALL), (-55, "")])
def test_levels_from_0_to_minus_25_dbm_are_heard(dbm: float, heard: str) -> None:
    tones = dtmf_tones(ALL, 8000, tone=0.05, pause=0.05, level=-10, twist=0)
    assert detected(tones * np.float32(10 ** ((dbm - 6.2 + 10) / 20))) == heard  # two tones of 0 dBm each would clip


@pytest.mark.parametrize("seed", range(4))
def test_noise_15_db_below_costs_no_digit(seed: int) -> None:
    tones = dtmf_tones(ALL * 2, 8000, tone=0.05, pause=0.05, level=-16, twist=0)
    noise = np.random.default_rng(seed).standard_normal(tones.size) * 10 ** ((-16 - 3 - 12) / 20)
    assert detected((tones + noise).astype(np.float32)) == ALL * 2


@pytest.mark.parametrize("law", [(mulaw_encode, mulaw_decode), (alaw_encode, alaw_decode)])
@pytest.mark.parametrize("level", [-9.0, -30.0])
def test_g711_costs_no_digit(law: tuple[Any, Any], level: float) -> None:
    encode, decode = law
    assert detected(decode(encode(dtmf_tones(ALL, 8000, tone=0.045, pause=0.045, level=level)))) == ALL


def test_neither_speech_nor_noise_nor_call_progress_is_a_digit() -> None:
    for seed in range(4):
        assert detected(speech(8000, 20, seed=seed)) == ""
    assert detected((np.random.default_rng(1).standard_normal(160_000) * 0.1).astype(np.float32)) == ""
    for low, high in ((350, 440), (440, 480), (480, 620), (697, 0), (0, 1336), (941, 941)):
        assert detected(pair(low, high, 2.0)) == ""


def test_digits_dialled_between_words_are_heard() -> None:
    words = [speech(8000, 2, seed=seed) for seed in range(3)]
    line = np.concatenate([words[0], dtmf_tones("42", 8000), words[1], dtmf_tones("#", 8000), words[2]])
    assert detected(line) == "42#"


@pytest.mark.parametrize("rate", [8000, 11025])
def test_any_split_gives_the_same_digits(rate: int) -> None:
    line = np.concatenate([speech(rate, 0.3), dtmf_tones("19#", rate, tone=0.05, pause=0.05), speech(rate, 0.2)])
    assert_any_split(lambda: DtmfDetector(rate), line, rounds=4)
    assert_isolated(lambda: DtmfDetector(rate), [line], [line[::-1]])


def test_memory_stays_flat() -> None:
    assert_flat_memory(lambda: DtmfDetector(8000), rate=8000, minutes=0.5)
    stage = DtmfDetector(8000)
    stage.feed(pair(697, 1209, 30.0)[:-800])  # somebody leans on the key
    assert len(stage._levels) <= 64


def test_what_cannot_be_is_refused_by_name() -> None:
    with pytest.raises(ParameterError, match="digits: expected only .*, found 'X'"):
        dtmf_tones("12x", 8000)
    for name, wrong in (("level", 0.0), ("twist", 7.0), ("tone", -1.0), ("pause", float("nan"))):
        with pytest.raises(ParameterError, match=name):
            dtmf_tones("1", 8000, **{name: wrong})
    with pytest.raises(ParameterError, match="rate"):
        dtmf_tones("1", 4000)
    with pytest.raises(ParameterError, match="rate"):
        DtmfDetector(4000)
    with pytest.raises(SignalError, match="finite"):
        DtmfDetector(8000).feed(np.array([np.nan], dtype=np.float32))
