"""Division of a text into units: between sentences, the first one short, no character lost."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.text.sentences import FIRST, LONGEST, speakable, units


@pytest.mark.parametrize(
    "sentences",
    [
        ["Hello there.", "How are you?", "Fine!"],
        ["Dr. Smith met Mr. J. R. Jones at 5 p.m. on Jan. 5.", "He left."],
        ["See you at 5 p.m.", "Then we go."],
        ["It costs $12.50 or 3.14 in v1.2.3.", "Really."],
        ["Number 5.", "That is all."],
        ["No.", "I do not.", "No. 5 is fine."],
        ["So do I.", "We left."],
        ["Open https://a.example.com/x?y=1.2 now.", "Or mail a.b@c.example.com.", "Done?"],
        ["Well... maybe.", "Wait…", "No way."],
        ['"Really?" she said.', "“Yes.”", "(He left.)", "Good."],
        ["Wow?!", "Yes!!!", "No."],
        ["Acme Inc. of Delaware, e.g. this one, i.e. that.", "Fine."],
        ["In the U.S. economy, approx. five.", "Yes."],
        ["1. Open the door.", "2. Close it."],
        ["Am 3. Mai kommt z.B. Herr Dr. Maier.", "Er zahlt bar."],
        ["¿Qué tal?", "¡Muy bien!", "El Sr. Pérez llegó."],
        ["Это т.е. пример.", "Да."],
        ["मैं ठीक हूँ।", "आप कैसे हैं?"],
        ["كيف حالك؟", "أنا بخير۔", "شكرا"],
        ["Hello world .", "to say .", "We have"],
        ["One\n", "Two\r\n", "Three"],
    ],
)
def test_text_is_cut_between_sentences_only(sentences: list[str]) -> None:
    assert units(" ".join(sentences)) == [sentence.strip() for sentence in sentences]


def test_chinese_and_japanese_need_no_white_space() -> None:
    assert units("今天好。你好吗？好！「走吧。」他说") == ["今天好。", "你好吗？", "好！", "「走吧。」", "他说"]


def test_marks_alone_are_added_to_a_neighbouring_unit() -> None:
    assert units("***\nHello.\n---\nBye") == ["***\nHello.\n---", "Bye"]


@pytest.mark.parametrize("text", ["", "   ", "\n\n"])
def test_empty_text_gives_no_units(text: str) -> None:
    assert units(text) == []


def test_a_long_first_sentence_is_cut_at_its_first_clause() -> None:
    rest = "there are two rooms left on the second floor, " * 3
    made = units(f"Thank you for calling the Grand Hotel, {rest}. Bye.")
    assert made[0] == "Thank you for calling the Grand Hotel,"
    assert made[-1] == "Bye."


def test_a_short_first_sentence_is_not_cut() -> None:
    assert units("Well, thank you, that is nice.") == ["Well, thank you, that is nice."]


def test_a_comma_inside_a_number_ends_no_clause() -> None:
    text = "We counted exactly 1,234,567 of them in " + "the garden behind the house " * 3
    assert all("1,234,567" in unit or "1" not in unit for unit in units(text))


@pytest.mark.parametrize("text", ["word " * 400, "ก" * 2000, "天" * 2000, "天地玄黄，" * 400, "x" * 2000, "a, " * 700])
def test_the_first_unit_of_a_long_text_is_short_and_none_is_too_long(text: str) -> None:
    made = units(text)
    assert all(len(unit) <= LONGEST for unit in made)
    if " " in text or "，" in text:
        assert len(made[0]) <= FIRST


def test_a_long_sentence_is_cut_at_a_clause_rather_than_at_a_space() -> None:
    clause = "and then we went to the other side of the town to see it"
    assert all(unit.endswith(",") or unit == clause for unit in units(", ".join([clause] * 30)))


@pytest.mark.parametrize("cluster", ["e\u0301", "👩\u200d🚀", "क्षि", "🇨🇭", "👍🏽", "เก็", "กำ"])
def test_a_character_of_several_code_points_is_never_cut(cluster: str) -> None:
    made = units(cluster * 700)
    assert len(made) > 1
    assert all(len(unit) % len(cluster) == 0 for unit in made)


def squeezed(text: str) -> str:
    return "".join(text.split())


LIKELY = st.lists(
    st.sampled_from(list("aIç1 .,!?…\"')(\n。，天กำे\u0301\u200d👍") + ["Dr.", "e.g.", "p.m. ", "The ", " . ", "3.14"])
).map("".join)


@given(st.one_of(st.text(), LIKELY), st.integers(10, 60))
def test_only_white_space_is_lost(text: str, longest: int) -> None:
    made = units(text, longest=longest, first=longest // 2)
    assert squeezed("".join(made)) == squeezed(text)
    assert all(unit == unit.strip() != "" for unit in made)
    assert all(len(unit) <= longest for unit in made)


@pytest.mark.parametrize("piece", ["\u0301", "a\u0301", "9", "\ud800", "word ", "เ", "天", " a"])
def test_text_of_a_million_characters_is_cut_in_linear_time(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    assert sum(map(len, units(text))) >= len(text.replace(" ", ""))


@given(st.text(st.characters()), st.integers(10, 60))
def test_lone_surrogates_are_text_like_any_other(text: str, longest: int) -> None:
    assert squeezed("".join(units(text, longest=longest))) == squeezed(text)


@pytest.mark.parametrize("piece", [".", ". ", "a. ", '." ', "\u0301", "\n", ", ", "A.B. ", "! a", "¿", "Dr. "])
def test_hostile_text_costs_linear_time(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    assert squeezed("".join(units(text))) == squeezed(text)


@pytest.mark.parametrize("text", ["a", "7", "天", "٣", "👍", "$", "50 %", "&", "+", "é"])
def test_letters_digits_and_symbols_are_speakable(text: str) -> None:
    assert speakable(text)


@pytest.mark.parametrize("text", ["", " ", "...", "?!", "—", "。", "「」", "* _ ~ `", "\u200b", "\u0301"])
def test_punctuation_alone_is_not_speakable(text: str) -> None:
    assert not speakable(text)


@given(st.text())
def test_every_letter_makes_a_text_speakable(text: str) -> None:
    if any(unicodedata.category(letter)[0] in "LN" for letter in text):
        assert speakable(text)
