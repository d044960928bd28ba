"""The imitation must be trusted before anything is proven with it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.engines.tone_words import RATE, WORDS, Spoken, ToneRecogniser


def words_of(samples: list[np.ndarray]) -> list[str]:
    recogniser = ToneRecogniser()
    told = [transcript for block in samples for transcript in recogniser.feed(block)] + recogniser.flush()
    return [word for transcript in told if transcript.final for word in transcript.text.split()]


def test_every_word_is_understood() -> None:
    spoken = Spoken(tuple(range(WORDS)), (0.1,) * WORDS)
    assert words_of([spoken.pcm()]) == [str(word) for word in range(WORDS)]


@given(st.lists(st.integers(1, 3000), max_size=10))
def test_any_cut_is_understood_alike(cuts: list[int]) -> None:
    spoken = Spoken((5, 17, 17, 99), (0.1, 0.5, 0.1, 0.4))
    pcm = spoken.pcm()
    assert words_of(np.split(pcm, np.minimum(np.cumsum(cuts), len(pcm)))) == ["5", "17", "17", "99"]


def test_half_a_word_is_no_word() -> None:
    pcm = Spoken((5, 17), (0.1, 0.1)).pcm()
    assert words_of([pcm[round(0.16 * RATE) :]]) == ["?", "17"]
    assert words_of([pcm[: round(0.46 * RATE)]]) == ["5", "?"]
