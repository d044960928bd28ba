"""Where a sentence may be cut so that a voice can begin."""

from __future__ import annotations

import pytest

from providers.text.phrases import opening


@pytest.mark.parametrize(
    ("sentence", "first", "rest"),
    [
        ("Sure, I can help you with that.", "Sure,", "I can help you with that."),
        ("It costs 1,250 euros, tax included of course.", "It costs 1,250 euros,", "tax included of course."),
        ("We open at nine; on Sundays we are closed.", "We open at nine;", "on Sundays we are closed."),
        ("你好，我可以帮助你预约下个星期五的时间，请告诉我你的名字和你的电话号码。", None, None),
        (
            "I have put you down for the early shift on Monday and your colleague takes the late one.",
            "I have put you down for the early shift on Monday,",
            "and your colleague takes the late one.",
        ),
    ],
)
def test_the_first_phrase_ends_where_a_speaker_may_breathe(sentence: str, first: str | None, rest: str | None) -> None:
    found = opening(sentence)
    if first is None:
        assert found == (sentence, "")
    else:
        assert found == (first, rest)


@pytest.mark.parametrize(
    "sentence",
    ["", "Yes, of course.", "Thank you for calling the clinic.", "Please call on 4, 5, 6 or 7, thanks.", "x" * 300],
)
def test_a_sentence_without_a_good_place_stays_whole(sentence: str) -> None:
    assert opening(sentence) == (sentence, "")


def test_no_word_is_lost() -> None:
    words = "one two, three; and four: five but six - seven, eight nine and ten eleven".split()
    for length in range(1, len(words)):
        sentence = " ".join(words[:length]) + "."
        first, rest = opening(sentence)
        assert " ".join(f"{first} {rest}".replace(",", " ").split()) == " ".join(sentence.replace(",", " ").split())
