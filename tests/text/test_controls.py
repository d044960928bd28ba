"""Control characters never reach an engine."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.text.controls import without_controls

INVISIBLE = "\u00ad\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"


def test_every_control_is_replaced_or_removed() -> None:
    for code in range(0x110000):
        mark = chr(code)
        expected = mark
        if mark in "\v\f\x85\u2028\u2029":
            expected = "\n"
        elif mark not in "\t\n\r" and unicodedata.category(mark) in ("Cc", "Cs"):
            expected = " "
        elif mark in INVISIBLE:
            expected = ""
        assert without_controls(f"a{mark}b") == f"a{expected}b"


@pytest.mark.parametrize(
    "text", ["क्\u200dष", "می\u200cخواهم", "👩🏽\u200d🚀", "สวัส\u200bดี", "שלום", "مرحبا", "e\u0301", "a\tb\r\nc"]
)
def test_characters_that_words_are_spelled_with_stay(text: str) -> None:
    assert without_controls(text) == text


@given(st.text(st.characters()))
def test_any_text_can_be_encoded_afterwards(text: str) -> None:
    clean = without_controls(text)
    assert clean.encode().decode() == clean
    assert without_controls(clean) == clean


def test_a_long_text_costs_linear_time() -> None:
    assert without_controls("\u0001\u202e" * 500_000) == " " * 500_000
