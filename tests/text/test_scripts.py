"""Choice of a voice that can read a text's script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.text.scripts import voice_for


@pytest.mark.parametrize(
    ("text", "voice", "speaks"),
    [
        ("Привет, как дела?", "en-us", "ru"),
        ("Привіт, як справи?", "en-us", "uk"),
        ("Здравей", "bg", "bg"),
        ("नमस्ते", "en-us+f5", "hi+f5"),
        ("नमस्कार", "mr", "mr"),
        ("你好", "de", "cmn"),
        ("你好", "ja", "ja"),
        ("東京へようこそ", "en-us", "ja"),
        ("カタカナ", "en-us", "ja"),
        ("안녕하세요", "en-us", "ko"),
        ("مرحبا", "en-us", "ar"),
        ("آپ کیسے ہیں", "en-us", "ur"),
        ("چطوری پدر", "en-us", "fa"),
        ("שלום", "en-us", "he"),
        ("สวัสดี", "en-us", "th"),
        ("Γεια σου", "en-us", "el"),
        ("Hello there", "ru", "ru"),
        ("Say नमस्ते to all of them", "en-us", "en-us"),
        ("Grüße, Señor", "en-us", "en-us"),
        ("ᚠᚢᚦ", "en-us", "en-us"),
        ("123 ★", "en-us", "en-us"),
        ("", "en-us", "en-us"),
    ],
)
def test_the_voice_fits_the_script(text: str, voice: str, speaks: str) -> None:
    assert voice_for(text, voice, lambda name: True) == speaks


def test_only_existing_voices_are_chosen() -> None:
    assert voice_for("你好", "en-us", {"zh"}.__contains__) == "zh"
    assert voice_for("你好", "en-us", {"de"}.__contains__) == "en-us"


@given(st.text())
def test_any_text_has_a_voice(text: str) -> None:
    assert voice_for(text, "en-us", lambda name: True)
