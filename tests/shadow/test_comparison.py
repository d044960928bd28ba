"""Comparison of two transcripts: what is counted, and when."""

from __future__ import annotations

import random

import pytest

from providers.shadow.comparison import MOST_WORDS, Agreement, Comparison, compared


@pytest.mark.parametrize(
    ("sent", "shadow", "counts"),
    [
        ("", "", (0, 0, 0, 0)),
        ("Hello there.", "hello there", (2, 0, 0, 0)),
        ("book a table", "look a table", (2, 1, 0, 0)),
        ("book a table", "book table", (2, 0, 1, 0)),
        ("book table", "book a table", (2, 0, 0, 1)),
        ("", "and then", (0, 0, 0, 2)),
        ("Don’t go", "don't go", (2, 0, 0, 0)),
        ("Wie geht’s, Jürgen?", "wie gehts jürgen", (2, 1, 0, 0)),
    ],
)
def test_words_are_aligned_without_case_and_marks(sent: str, shadow: str, counts: tuple[int, ...]) -> None:
    told = compared(sent, shadow)
    assert (told.agreed, told.changed, told.missing, told.added) == counts


def test_the_counts_are_those_of_the_shortest_way() -> None:
    rng = random.Random(5)
    for _ in range(60):
        first, second = (rng.choices("abc", k=rng.randrange(9)) for _ in range(2))
        told = compared(" ".join(first), " ".join(second))
        assert told.agreed + told.changed + told.missing == len(first)
        assert told.agreed + told.changed + told.added == len(second)
        assert told.changed + told.missing + told.added == distance(first, second)


def distance(first: list[str], second: list[str]) -> int:
    if not first or not second:
        return len(first) + len(second)
    if first[0] == second[0]:
        return distance(first[1:], second[1:])
    shorter = (first[1:], second[1:]), (first[1:], second), (first, second[1:])
    return 1 + min(distance(*pair) for pair in shorter)


def test_digits_are_the_same_as_numerals_and_as_words_and_never_nearly() -> None:
    assert compared("It is 555-1234.", "it is five five five one two three four").digits_same == 1
    assert compared("It is 555-1234.", "it is five five five one two three").digits_different == 1
    nothing = compared("No number.", "no number")
    assert (nothing.digits_same, nothing.digits_different) == (0, 0)


def test_names_are_words_in_capitals_inside_a_sentence() -> None:
    told = compared("Hello. I am Ada Lovelace from Leeds, I'm late.", "hello i am ada loveless from leeds i'm late")
    assert (told.names_same, told.names_different) == (2, 1)


def test_finals_are_compared_where_both_recognisers_have_reached_the_same_place() -> None:
    pairs = Agreement()
    assert pairs.sent("I would like to", 2.0) is None
    assert pairs.sent("book a table.", 4.0) is None
    told = pairs.shadow("i would like to book a table", 4.6)
    assert told is not None
    assert (told.agreed, told.words) == (7, 7)
    assert pairs.shadow("for two", 6.0) is None
    assert pairs.rest() == Comparison(added=2, digits_different=1)
    assert pairs.rest() is None


def test_one_that_hears_nothing_does_not_make_the_other_wait_for_ever() -> None:
    pairs = Agreement()
    told = [pairs.sent("five words in each final", 2.0 * number) for number in range(1, 30)]
    found = [each for each in told if each is not None]
    assert found
    assert all(each.missing <= MOST_WORDS + 5 and each.agreed == 0 for each in found)
