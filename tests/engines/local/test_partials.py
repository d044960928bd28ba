"""What may change between two partials of an utterance, and what may not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from providers.engines.base import Word
from providers.engines.local.partials import Piece, StablePartials


def pieces(text: str) -> list[Piece]:
    """One word for each half second."""
    return [Piece(f" {word}", Word(word, 0.5 * at, 0.5 * at + 0.4)) for at, word in enumerate(text.split())]


def shown(decodes: Sequence[str]) -> list[str]:
    stable = StablePartials()
    return ["".join(piece.text for piece in stable.next(pieces(text))).strip() for text in decodes]


def test_words_that_two_decodes_agree_on_stay() -> None:
    assert shown(["I want", "I want to", "A want to book", "I want two book"])[1:] == [
        "I want to",
        "I want to book",
        "I want two book",
    ]


def test_words_of_one_decode_may_change() -> None:
    assert shown(["I wand", "I want a", "I want a table"]) == ["I wand", "I want a", "I want a table"]


def test_case_and_punctuation_make_no_other_word_and_the_first_spelling_stays() -> None:
    assert shown(["Yes.", "Yes, it", "yes it is"]) == ["Yes.", "Yes, it", "Yes, it is"]


def test_a_decode_that_has_lost_the_beginning_adds_what_comes_after_it() -> None:
    stable = StablePartials()
    for _ in range(2):
        stable.next(pieces("one two three"))
    later = [Piece(" free", Word("free", 1.2, 1.4)), Piece(" four", Word("four", 1.5, 1.9))]
    assert [piece.word.text for piece in stable.next(later)] == ["one", "two", "three", "four"]


def test_an_agreed_beginning_never_changes_whatever_the_decodes_say() -> None:
    rng = np.random.default_rng(5)
    for _ in range(200):
        stable, last, before = StablePartials(), list[str](), list[str]()
        for length in range(1, 9):
            said = [f"w{at}{rng.choice(['', '', '', 'x'])}" for at in range(length)]
            now = [piece.word.text for piece in stable.next(pieces(" ".join(said)))]
            agreed = 0
            while agreed < min(len(last), len(said)) and last[agreed] == said[agreed] == before[agreed : agreed + 1][0]:
                agreed += 1
            assert now[:agreed] == before[:agreed]
            last, before = said, now
