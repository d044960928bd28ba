"""Tags are obeyed or dropped, never read aloud; all other text is unchanged."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.text.tags import LONGEST_PAUSE, Pause, Speak, parts

SCRIPTS = [
    "आपकी मेज़ सात बजे के लिए बुक है।",
    "โต๊ะของคุณจองไว้ตอนเจ็ดโมง",
    "تم حجز طاولتك الساعة السابعة؟",
    "השולחן שלך הוזמן לשעה שבע",
    "您的桌子已预订。七点！",
    "👩🏽\u200d🚀 🇨🇭 ❤️ e\u0301",
    "1,234.50 € – 12/31/2026, 050-1234567, ٣٤٥, §7 & 50 % @home #1",
]


def said(text: str) -> str:
    return " ".join(part.text for part in parts(text) if isinstance(part, Speak))


@pytest.mark.parametrize("text", SCRIPTS)
def test_text_in_any_script_is_unchanged(text: str) -> None:
    assert parts(text) == [Speak(text)]


@pytest.mark.parametrize(
    "text",
    [
        "a < b",
        "3 > 2",
        "I <3 you",
        "<",
        ">",
        "a <",
        "x <= y >= z",
        "a <- b -> c",
        "1 << 2",
        "if a<b and c>d then",
        "Bob <bob@example.com>",
        "see <https://example.com/a>",
        "a < flush of joy",
        "< b >",
    ],
)
def test_angle_brackets_that_are_not_tags_stay(text: str) -> None:
    assert parts(text) == [Speak(text)]


@given(st.text().filter(lambda text: "<" not in text))
def test_text_without_an_opening_bracket_is_unchanged(text: str) -> None:
    assert parts(text) == ([Speak(text.strip())] if text.strip() else [])


@pytest.mark.parametrize(
    ("tag", "seconds"),
    [
        ('<break time="500ms"/>', 0.5),
        ('<break time="1.5s"/>', 1.5),
        ("<break time='2s'>", 2.0),
        ("< BREAK time = 750ms />", 0.75),
        ('<break time=".25s" strength="strong"/>', 0.25),
        ('<break strength="strong"/>', 0.7),
        ('<break strength="x-weak"></break>', 0.1),
        ("<break/>", 0.4),
        ('<break time="3600s"/>', LONGEST_PAUSE),
        ('<break time="' + "9" * 400 + 's"/>', LONGEST_PAUSE),
        ('<break time="6s"/><break time="6s"/>', LONGEST_PAUSE),
    ],
)
def test_a_break_becomes_a_bounded_pause(tag: str, seconds: float) -> None:
    before, pause, after = parts(f"One {tag} two")
    assert (before, after) == (Speak("One"), Speak("two"))
    assert isinstance(pause, Pause)
    assert pause.seconds == pytest.approx(seconds)


@pytest.mark.parametrize(
    "tag",
    [
        '<break time="soon"/>',
        '<break time="500"/>',
        '<break time="-1s"/>',
        '<break time="nans"/>',
        '<break strength="none"/>',
        '<break strength="huge"/>',
        '<break time="1s>',
        '<break time="1s"',
        "<break time=1s",
        "</break>",
    ],
)
def test_a_malformed_break_is_dropped_and_never_spoken(tag: str) -> None:
    assert said(f"One {tag} two").split() == ["One", "two"]
    assert not any(isinstance(part, Pause) for part in parts(f"One {tag} two"))


@pytest.mark.parametrize("tag", ["<flush/>", "<flush>", "</flush>", "< flush />", "<FLUSH>", "<\n/ flush\t>"])
def test_a_flush_in_every_spelling_ends_a_unit(tag: str) -> None:
    assert parts(f"One{tag}two") == [Speak("One"), Speak("two")]


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("<spell>ABC 12</spell>", "A B C, 1 2"),
        ("<SPELL>a1b</SPELL>", "A 1 B"),
        ("<spell>ñé</spell>", "Ñ É"),
        ("<spell>привет</spell>", "П Р И В Е Т"),
        ("<spell>नमस्ते</spell>", "न म स् ते"),
        ("<spell>你好</spell>", "你 好"),
        ("<spell>👨\u200d👩\u200d👧x</spell>", "👨\u200d👩\u200d👧 X"),
        ("<spell>ß</spell>", "ß"),
        ("<spell>a<b>b</b></spell>", "A B"),
        ("<spell>a<!-- -->b</spell>", "A B"),
    ],
)
def test_spelled_text_becomes_single_characters(text: str, spelled: str) -> None:
    assert said(f"code {text} end") == f"code {spelled} end"


def test_an_unclosed_spell_does_not_spell_the_rest() -> None:
    assert parts("<spell>A1</spell> then <spell>words stay words") == [Speak("A 1 then words stay words")]


def test_a_break_inside_spelled_text_is_still_a_pause() -> None:
    assert parts("<spell>AB<break time='1s'/>C</spell>") == [Speak("A B"), Pause(1.0), Speak("C")]


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("Hello <b>world", "Hello world"),
        ("un<i>believ</i>able", "unbelievable"),
        ("one<br/>two", "one two"),
        ("<<call_tool {a: 1}>>Done", "Done"),
        ("<!-- a < b --> Done", "Done"),
        ("<?xml version='1.0'?><speak>Done</speak>", "Done"),
        ('<prosody rate="slow" pitch="-2st">Done</prosody>', "Done"),
        ('<sub alias="a>b">Done</sub>', "Done"),
        ("<laugh softly> Done", "Done"),
        ("<amazon:effect name='whispered'>Done</amazon:effect>", "Done"),
        ("<тег>Done</тег>", "Done"),
    ],
)
def test_every_other_tag_is_removed(text: str, heard: str) -> None:
    assert said(text) == heard


@pytest.mark.parametrize("text", ["", "  \n ", "<b></b>", "<<all of it>>", "<flush/> <flush/>"])
def test_text_without_words_gives_no_parts(text: str) -> None:
    assert parts(text) == []


ALPHABET = list("<>/\"'= ab1!-\n") + ["break", "spell", "flush", "time", "<<", ">>", "<b>", "</spell>", "<!--", "-->"]


@given(st.lists(st.sampled_from(ALPHABET)).map("".join))
def test_any_mixture_of_brackets_gives_clean_bounded_parts(text: str) -> None:
    for part in parts(text):
        if isinstance(part, Pause):
            assert 0 < part.seconds <= LONGEST_PAUSE
        else:
            assert part.text == part.text.strip() != ""


@pytest.mark.parametrize("letters", ["\u0301", "\u200d", "a\u0301", "9", "\ud800", "👩\u200d", "a "])
def test_long_spelled_text_costs_linear_time(letters: str) -> None:
    assert said("<spell>" + letters * (500_000 // len(letters)) + "</spell>")


@pytest.mark.parametrize("tag", ["<spell><b>", "<break time='1s'/>a", "<break time='" + "9" * 400 + "s'/>", "<<a>>"])
def test_many_nested_tags_cost_linear_time(tag: str) -> None:
    parts(tag * (500_000 // len(tag)) + "</b></spell>" * 10_000)


@given(st.text(st.characters()))
def test_any_text_is_parsed_even_with_lone_surrogates(text: str) -> None:
    for wrapped in (text, f"<spell>{text}</spell>", f"<break time='{text}'/>", f"<{text}>"):
        assert all(part.seconds <= LONGEST_PAUSE for part in parts(wrapped) if isinstance(part, Pause))


@pytest.mark.parametrize("unit", ["<", "< ", "<a", '<a "', "<!--", "<<", "<break ", "<spell>", "< / ", '<b a="x" '])
def test_hostile_text_costs_linear_time(unit: str) -> None:
    # 400,000 characters: quadratic time would be minutes and exceed the time limit of the test.
    parts(unit * (400_000 // len(unit)))


def test_letters_outside_tags_are_never_lost() -> None:
    chance = random.Random(7)
    for _ in range(300):
        words = [f"w{chance.randrange(1000)}" for _ in range(8)]
        tags = [chance.choice(["<b>", "</i>", "<flush/>", "<break time='1s'/>", "<<x>>", "<br>"]) for _ in words]
        text = "".join(f"{word} {tag} " for word, tag in zip(words, tags, strict=True))
        assert said(text).split() == words
