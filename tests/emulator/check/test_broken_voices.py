"""What is said is judged: a voice that answers 200 with the wrong sound fails by one rule, for the right reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from providers.emulator.check.rule import Outcome
from providers.emulator.check.run import Judgement
from tests.emulator import broken_voices as broken
from tests.emulator.check.judging import QUICK, Case, judged, outcomes

RULES = tuple("V1 V2 V3 V4 V5 V9 V10 V18 V19 V20 V21 V22".split())
UNHURRIED = replace(QUICK, noise_room=10.0, first_audio=10.0)
"""A busy machine makes no voice fail by its pace: each makes all of a text before it sends the first sample."""
TIME = ("V18", "V20", "V21", "V22")
"""A slow voice is listened to once."""

FAULTS: dict[type[broken.Voice], tuple[str, str]] = {
    broken.Voice: ("", ""),
    broken.SteadyTone: ("V19", "a steady tone"),
    broken.ShortTone: ("V19", "a steady tone"),
    broken.OneRecording: ("V19", "one recording for every text"),
    broken.DoubleSpeed: ("V20", "syllables a second: faster than speech"),
    broken.HalfSpeed: ("V20", "syllables a second: slower than speech"),
    broken.Stereo: ("V2", "the body is two interleaved channels"),
    broken.LeftEar: ("V2", "the body is two interleaved channels"),
    broken.MuLaw: ("V2", "the body is 8-bit µ-law"),
    broken.Floats: ("V2", "the body is 32-bit floats"),
    broken.BigEndian: ("V2", "the body is 16-bit samples of the other byte order"),
    broken.WavFile: ("V2", "the body begins with a WAV header"),
    broken.Clipping: ("V21", "of the samples cut off flat"),
    broken.CutAtTwoThirds: ("V5", "two texts with other last words end in the same sound"),
    broken.CutByTheEngine: ("V5", "s of sound for 6 sentences"),
    broken.FirstSentenceOnly: ("V5", "s of sound for 6 sentences"),
}
FAINT = (broken.by_espeak(broken.Faint), "V21", "dBFS")
SLOW = (broken.SlowerThanRealTime, "V22", "of dead air in")

CASES = (Case(SLOW[0], SLOW[1], only=TIME, limits=replace(QUICK, sentences=1)),) + tuple(
    Case(server, fails, only=RULES, limits=UNHURRIED)
    for voice, (fails, _) in FAULTS.items()
    for server in (voice, broken.by_espeak(voice))
) + (Case(FAINT[0], FAINT[1], only=RULES, limits=UNHURRIED),)  # fmt: skip
REASONS = {voice.__name__: reason for voice, (_, reason) in FAULTS.items()} | {
    server.__name__: reason for server, _, reason in (FAINT, SLOW)
}


@pytest.fixture(scope="module")
def judgements() -> dict[str, Judgement]:
    return judged(CASES, at_once=3)  # they mostly work, and what they are judged by is time


@pytest.mark.timeout(300)  # the first of these waits for the judging of all voices
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_exactly_the_rule_that_hears_the_fault_fails(case: Case, judgements: dict[str, Judgement]) -> None:
    failed = outcomes(judgements[case.name], Outcome.FAILED)
    assert set(failed) == set(case.fails.split()), failed
    reason = REASONS.get(case.name) or REASONS[case.name.removesuffix("InSpeech")]
    assert all(reason in evidence for evidence in failed.values()), failed
