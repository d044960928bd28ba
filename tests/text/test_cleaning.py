"""Cleaning: the written text, the text for the engine, and text that must not change."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.text.cleaning import cleaned
from providers.text.digit_groups import with_digits_apart
from providers.text.english import in_spoken_english
from providers.text.markup import without_markup

ANY_LANGUAGE = [
    ("**Bold**, *it* and __both__", "Bold, it and both"),
    ("# Menu\n- tea\n* milk\n+ ham\n> said", "Menu\ntea\nmilk\nham\nsaid"),
    ("- [x] done\n- [ ] open", "done\nopen"),
    ("one\n---\ntwo", "one\n\ntwo"),
    ("| a | b |\n|---|---|\n| 1 | 2 |", "a, b\n\n1, 2"),
    ("```python\nx\n```", "x"),
    ("use `code` and ~~old~~ snake_case", "use code and old snake case"),
    ("[our page](https://example.com/x) or ![picture](a.png)", "our page or picture"),
    ("https://www.example.com/a?b=c#d.", "example.com/a."),
    ("http://user:secret@example.com:8080/" + "p" * 50, "example.com"),
    ("(www.example.com).", "(example.com)."),
    ("<https://example.com>", "example.com"),
    ("Tom &amp; Jerry&nbsp;&lt;3", "Tom & Jerry <3"),
    ("Great 🎉!", "Great!"),
    ("👩🏽\u200d🚀 🇨🇭 ❤️ done", "done"),
    ("press 1️⃣ or *️⃣", "press 1 or *"),
    ("A → B ★", "A B"),
    ("what⁉", "what?!"),
    ("👍", ""),
    ("555-123-4567", "5 5 5, 1 2 3, 4 5 6 7"),
    ("(555) 123-4567", "5 5 5, 1 2 3, 4 5 6 7"),
    ("+49 30 901820", "+4 9, 3 0, 9 0 1 8 2 0"),
    ("0176 1234567", "0 1 7 6, 1 2 3 4 5 6 7"),
    ("01 42 68 53 00", "0 1, 4 2, 6 8, 5 3, 0 0"),
    ("5551234567", "5 5 5, 1 2 3, 4 5 6 7"),
    ("4111 1111 1111 1111", "4 1 1 1, 1 1 1 1, 1 1 1 1, 1 1 1 1"),
    ("٥٥٥-١٢٣-٤٥٦٧", "٥ ٥ ٥, ١ ٢ ٣, ٤ ٥ ٦ ٧"),
    ("मेरा नंबर 98765-43210 है।", "मेरा नंबर 9 8 7 6 5, 4 3 2 1 0 है।"),
]

ENGLISH = [
    ("It's $42.50.", "It's 42 dollars and 50 cents."),
    ("$1,234.56", "1,234 dollars and 56 cents"),
    ("-$5", "minus 5 dollars"),
    ("$5k or $1.5 million", "5 thousand dollars or 1.5 million dollars"),
    ("$0.01, $0.99 and $1", "1 cent, 99 cents and 1 dollar"),
    ("$0", "0 dollars"),
    ("$9.99/mo", "9 dollars and 99 cents per month"),
    ("$5-$10", "5 dollars to 10 dollars"),
    ("€5, £3.20, £1.01, ¥500", "5 euros, 3 pounds and 20 pence, 1 pound and 1 penny, 500 yen"),
    ("US$20 or C$5", "20 US dollars or 5 Canadian dollars"),
    ("₹1,50,000", "150000 rupees"),
    ("on 12/31/2026", "on December 31st, 20 26"),
    ("on 25/12/26", "on December 25th, 20 26"),
    ("on 2026-11-22", "on November 22nd, 20 26"),
    ("on 2026-13-45", "on 2026-13-45"),
    ("May 5, 1985", "May 5, 19 85"),
    ("in 1905, in 1900 and in 2005", "in 19 oh 5, in 19 hundred and in 2005"),
    ("at 10:00", "at 10 o'clock"),
    ("at 10:00 AM", "at 10 AM"),
    ("at 10:05 p.m. sharp", "at 10 oh 5 PM sharp"),
    ("Be here at 9:00 a.m. Then go.", "Be here at 9 AM. Then go."),
    ("at 14:30", "at 2:30 PM"),
    ("at 00:15", "at 12:15 AM"),
    ("9am-5pm", "9 AM to 5 PM"),
    ("5-10 minutes, 10:30-11:30", "5 to 10 minutes, 10:30 to 11:30"),
    ("1/2 cup, 2 1/2 cups, 3/4 inch", "one half cup, 2 and a half cups, three quarters inch"),
    ("24/7", "24 7"),
    ("2/8 and 5/3, on 2005-01-02", "2/8 and 5/3, on January 2nd, 2005"),
    ("5 km, 1 lb, 20°C, 12 oz. of", "5 kilometers, 1 pound, 20 degrees Celsius, 12 ounces of"),
    ("I live on Main St. We moved", "I live on Main Street. We moved"),
    ("St. Mary's St.", "Saint Mary's Street."),
    ("Old St. Louis", "Old Saint Louis"),
    ("12 Oak Ave., Apt. 5", "12 Oak Avenue, apartment 5"),
    ("Dr. Smith, 5 Elm Dr. today", "Dr. Smith, 5 Elm Drive today"),
    ("Mt. Hood, Ft. Worth", "Mount Hood, Fort Worth"),
    ("No. 5, ext. 7, #1", "number 5, extension 7, number 1"),
    ("cats vs. dogs, i.e. pets", "cats versus dogs, that is pets"),
    ("w/ milk, ~5", "with milk, about 5"),
    ("john.doe_x@example.com", "john dot doe underscore x at example dot com"),
]

UNTOUCHED = [
    "आपकी मेज़ सात बजे के लिए बुक है।",
    "โต๊ะของคุณจองไว้ตอนเจ็ดโมง",
    "تم حجز طاولتك الساعة السابعة؟",
    "השולחן שלך הוזמן לשעה שבע",
    "您的桌子已预订。七点！",
    "テーブルは7時です。",
    "e\u0301 क्\u200dष می\u200cخواهم",
    "Das macht 12,50 €, am 3.5.2026 um 14:30 Uhr.",
    "Ça coûte 12,50 € le 12/11/2026 à 14h30.",
    "Cuesta $5 y son las 10:00 de la mañana.",
    "1.234.567 и 1 234 567 рублей",
    "Von 2020-2021 am 12.12.2026 und 2026-11-21",
    "3 * 4 und 3*4",
    "5 5 5 1 2 3 4",
    "192.168.100.100",
    "Well, that is all. Thank you!",
    "A T & T, C++ and B2B",
    "Meine Adresse ist a_b@example.de",
    "",
]


@pytest.mark.parametrize(("written", "spoken"), ANY_LANGUAGE)
@pytest.mark.parametrize("voice", ["", "de", "en-us", "hi"])
def test_markup_is_removed_in_any_language(written: str, spoken: str, voice: str) -> None:
    assert cleaned(written, voice) == spoken


@pytest.mark.parametrize(("written", "spoken"), ENGLISH)
def test_english_amounts_dates_and_abbreviations_are_written_out(written: str, spoken: str) -> None:
    assert cleaned(written, "en-us+f5") == spoken


@pytest.mark.parametrize("text", UNTOUCHED)
def test_text_without_markup_or_amounts_is_unchanged(text: str) -> None:
    assert cleaned(text) == text
    assert cleaned(text, "xx") == text


@pytest.mark.parametrize("text", UNTOUCHED[:6])
def test_text_of_other_scripts_is_unchanged_for_an_english_voice(text: str) -> None:
    assert cleaned(text, "en-us") == text


def test_a_british_voice_says_the_day_first() -> None:
    assert cleaned("on 1/2/2026", "en-us") == "on January 2nd, 20 26"
    assert cleaned("on 1/2/2026", "en-gb") == "on February 1st, 20 26"


def test_english_is_found_by_its_words_where_the_voice_has_no_language() -> None:
    assert cleaned("the bill is $5", "af_heart") == "the bill is 5 dollars"
    assert cleaned("das macht $5", "alloy") == "das macht $5"
    assert cleaned("the bill is $5", "de") == "the bill is $5"


@pytest.mark.parametrize("text", [written for written, _ in ANY_LANGUAGE + ENGLISH])
@pytest.mark.parametrize("voice", ["en-us", "de", ""])
def test_cleaning_is_idempotent(text: str, voice: str) -> None:
    once = cleaned(text, voice)
    assert cleaned(once, voice) == once


@given(st.text(st.characters(categories=["Lu", "Ll", "Lo", "Lm", "Mn", "Mc", "Zs"]), max_size=60))
def test_words_of_any_script_are_never_changed(text: str) -> None:
    assert re.split(r"\s+", cleaned(text, "en-us").strip()) == re.split(r"\s+", text.strip())


_PIECES = (
    "$ 5 42.50 1,234 / - 12/31/2026 10:00 am _ * ** ` [ ]( ) http:// www. example.com @ # 😀 \u20e3 St. Main"
    " Dr. A a ° km . , | \n + ( 555-123-4567 0 99999999999 & &amp; ~ ~~~ > < é ह €".split(" ")
)


@given(st.lists(st.sampled_from(_PIECES), max_size=40), st.sampled_from(["", " "]), st.sampled_from(["en", "de", ""]))
def test_any_mixture_of_signs_is_cleaned(pieces: list[str], between: str, voice: str) -> None:
    assert isinstance(cleaned(between.join(pieces), voice), str)


@pytest.mark.parametrize(
    "unit",
    ["*", "_", "[", "[a](", "![", "|", "| ", "`", "~~", "&amp;", "http://", "www.", "a@", "a.", "1 ", "1-", "(1) ", "9",
     "$1,", "$1", "1/", "12:", "😀", "\u200d", " ", "\n", "- ", "#", "St. ", "a_", "\u0301", "1\u20e3",
     "<https://", "+"],
)  # fmt: skip
def test_hostile_text_costs_linear_time(unit: str) -> None:
    # 100,000 characters: quadratic time would be minutes and exceed the time limit of the test.
    text = unit * (100_000 // len(unit))
    in_spoken_english(with_digits_apart(without_markup(text)))


def test_a_number_of_400_digits_is_read_digit_by_digit() -> None:
    spoken = cleaned("9" * 400, "en-us")
    assert spoken.count("9") == 400
    assert "99" not in spoken
    assert cleaned("$" + "9" * 400, "en-us") == "$" + "9" * 400
