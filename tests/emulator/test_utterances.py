"""Each final is matched with the end of its own utterance, however late it is and however the speech is cut."""

from __future__ import annotations

import math
import random

import pytest

from providers.emulator.utterances import HeardUtterance, UtteranceMatcher, Wording

TEXTS = (
    "I would like to book a table",
    "please cancel my appointment on Monday",
    "where is the nearest station",
    "the weather is very cold today",
)
SAID = tuple(HeardUtterance(7.0 * index, 7.0 * index + 2.5, text) for index, text in enumerate(TEXTS))
PERIOD = 28.0
WORDS = Wording(TEXTS)
NO_WORDS = Wording([])


def by_words() -> UtteranceMatcher:
    return UtteranceMatcher(SAID, WORDS, period=PERIOD)


@pytest.mark.parametrize("lag", [0.05, 0.8, 6.0, 10.5, 24.0])
def test_a_constant_lag_is_told_as_it_is_by_words(lag: float) -> None:
    matcher = by_words()
    for number in range(40):
        turns, index = divmod(number, 4)
        end = SAID[index].end + turns * PERIOD
        assert matcher.final(TEXTS[index].title() + ".", end + lag) == pytest.approx(lag)
    lags = matcher.lags(10 * PERIOD)
    assert lags.values == pytest.approx([lag] * 40)
    assert (lags.unmatched, lags.in_speech, lags.unanswered) == (0, 0, [])


def test_finals_in_mid_speech_give_no_lag_and_the_last_one_of_an_utterance_does() -> None:
    matcher = by_words()
    for number in range(8):
        turns, index = divmod(number, 4)
        begin, end = SAID[index].start + turns * PERIOD, SAID[index].end + turns * PERIOD
        said = TEXTS[index].split()
        assert matcher.final(" ".join(said[: len(said) // 2]), begin + 1.0 + 0.8) is None
        assert matcher.final(" ".join(said[len(said) // 2 :]), end + 0.8) == pytest.approx(0.8)
    lags = matcher.lags(8 * 7.0)
    assert lags.values == pytest.approx([0.8] * 8)
    assert lags.in_speech == 8


def test_finals_that_never_come_count_with_their_age() -> None:
    matcher = by_words()
    assert matcher.final(TEXTS[1], 7.0 + 2.5 + 0.4) is not None
    assert matcher.lags(15.0).unanswered == pytest.approx([12.5])
    assert matcher.waiting(15.0)


def test_a_misheard_final_belongs_to_the_only_utterance_that_waits() -> None:
    matcher = by_words()
    assert matcher.final("eyes wood lake two hook", 3.0) == pytest.approx(0.5)
    late = by_words()
    assert late.final("eyes wood lake two hook", 10.5) is None
    assert late.lags(10.5).unmatched == 1


def test_words_that_two_utterances_share_name_none() -> None:
    assert Wording(["a b c", "a d e"]).nearest("a") is None
    assert Wording(["a b c", "a d e"]).nearest("A, b!") == 0
    assert WORDS.nearest("nothing of this was said") is None
    assert WORDS.nearest("Where's the nearest train station?") == 2


@pytest.mark.parametrize("lag", [0.3, 5.0, 9.9])
def test_without_words_utterances_that_are_far_apart_are_told_by_order(lag: float) -> None:
    apart = [HeardUtterance(12.5 * index, 12.5 * index + 2.5) for index in range(5)]
    matcher = UtteranceMatcher(apart, NO_WORDS, spaced=True)
    for one in apart:
        assert matcher.final("x", one.end + lag) == pytest.approx(lag)


def test_an_answer_that_is_lost_does_not_shift_the_others() -> None:
    apart = [HeardUtterance(12.5 * index, 12.5 * index + 2.5) for index in range(5)]
    matcher = UtteranceMatcher(apart, NO_WORDS, spaced=True)
    for index in (0, 2, 3, 4):
        assert matcher.final("x", apart[index].end + 0.5) == pytest.approx(0.5)
    assert len(matcher.lags(60.0).unanswered) == 1


def test_without_words_and_close_together_what_is_ambiguous_is_unmatched() -> None:
    near = [HeardUtterance(3.0 * index, 3.0 * index + 2.0) for index in range(4)]
    matcher = UtteranceMatcher(near, NO_WORDS)
    assert matcher.final("x", 3.5) == pytest.approx(1.5)  # the next is just spoken: the first one's
    assert matcher.final("x", 8.3) is None  # the second and the third wait
    assert matcher.lags(9.0).unmatched == 1


def test_a_final_just_before_the_measured_end_is_no_mid_speech_final() -> None:
    matcher = by_words()
    assert matcher.final(TEXTS[0], 2.3) == 0.0
    assert matcher.lags(3.0).in_speech == 0
    assert matcher.final(TEXTS[2], 2.6) is None  # before that one began
    assert matcher.lags(3.0).unmatched == 1


def test_whatever_comes_no_lag_is_negative_and_nothing_is_counted_twice() -> None:
    dice = random.Random(3)
    for _ in range(200):
        matcher = UtteranceMatcher(SAID, dice.choice([WORDS, NO_WORDS]), period=PERIOD, spaced=dice.random() < 0.5)
        told = sorted(dice.uniform(0, 90) for _ in range(20))
        for at in told:
            lag = matcher.final(dice.choice([*TEXTS, "", "noise", "the is"]), at)
            assert lag is None or (lag >= 0 and math.isfinite(lag))
        lags = matcher.lags(90.0)
        assert len(lags.values) + len(lags.unanswered) <= 13
        assert all(value >= 0 for value in lags.values + lags.unanswered)
