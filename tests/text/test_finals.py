"""Finals: case and one closing mark where the engine gave none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.text.finals import punctuated


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("hello there", "Hello there."),
        ("hello,", "Hello."),
        ("i am here and i'm fine", "I am here and I'm fine."),
        ("yes i think so", "Yes I think so."),
        ("iPhone is good", "iPhone is good."),
        ("straße", "Straße."),
        ("42", "42"),
        ("it is 42 degrees", "It is 42 degrees."),
        ("i want to", "I want to"),
        ("um", "Um"),
        ("so", "So"),
        ("i think so", "I think so."),
        ("my number is five five five", "My number is five five five"),
        ("five dollars", "Five dollars."),
        ("yes, and", "Yes, and"),
        ("ich hätte gerne einen", "Ich hätte gerne einen"),
        ("मेरा नंबर नौ आठ", "मेरा नंबर नौ आठ"),
        ("我的电话是一三八", "我的电话是一三八"),
        ("えーと", "えーと"),
        ('he said "hi"', 'He said "hi".'),
        ("kawa i mleko", "Kawa i mleko."),
        ("ragazzi i soldi", "Ragazzi i soldi."),
        ("привет как дела", "Привет как дела."),
        ("आप कैसे हैं", "आप कैसे हैं।"),
        ("你好", "你好。"),
        ("こんにちは", "こんにちは。"),
        ("안녕하세요", "안녕하세요."),
        ("شكرا", "شكرا."),
        ("آپ کیسے ہیں", "آپ کیسے ہیں۔"),
        ("תודה", "תודה."),
        ("ขอบคุณ", "ขอบคุณ."),
    ],
)
def test_case_and_mark_fit_the_script(heard: str, written: str) -> None:
    assert punctuated(heard) == written


@pytest.mark.parametrize(
    "question",
    [
        "is it open today",
        "can you help me",
        "hi what are your hours",
        "okay and how much is it",
        "what's the time",
        "where do i go",
        "do you have a table",
        "what time do you close",
        "why don't we meet",
        "where are you from",
        "what is it for",
    ],
)
def test_a_clear_english_question_gets_a_question_mark(question: str) -> None:
    assert punctuated(question).endswith("?")


@pytest.mark.parametrize(
    "statement",
    [
        "do the dishes",
        "do it again",
        "have a nice day",
        "what a day",
        "what i want is this",
        "when i get home i will call",
        "how nice of you",
        "which is fine",
        "who cares",
        "so do i",
        "will called me",
        "tell me what is wrong",
    ],
)
def test_a_text_that_only_resembles_a_question_gets_a_full_stop(statement: str) -> None:
    assert punctuated(statement).endswith(".")


@pytest.mark.parametrize(
    "text", ["", "done.", "really?", "stop!", "well…", "好。", "है।", "؟", 'he "hi."', "no!) ", "?!"]
)
def test_text_with_a_mark_is_unchanged(text: str) -> None:
    assert punctuated(text) == text


@given(st.text())
def test_punctuating_is_idempotent(text: str) -> None:
    assert punctuated(punctuated(text)) == punctuated(text)


@given(st.text(alphabet=st.characters(categories=["L", "N", "Zs"])))
def test_words_change_only_in_case(text: str) -> None:
    written = punctuated(text)
    bare = written.rstrip(".?।。۔။។։")
    # Upper case is what all forms of a letter share: the Turkish dotless i has another lower case than its capital.
    assert [word.upper() for word in bare.split()] == [word.upper() for word in text.split()]


def test_the_engines_language_decides_what_is_unfinished() -> None:
    assert punctuated("die", ("en-US",)) == "Die."
    assert punctuated("die", ("de",)) == "Die"
