"""Turn engine text: what the words say, and the seconds that follow."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.turns.base import Reason, TurnQuestion
from providers.turns.text import TextTurns, reason_of
from providers.turns.waits import Waits

WAITS = Waits()


def seconds(text: str, question: str = "", languages: tuple[str, ...] = ()) -> float:
    return WAITS.after(reason_of(TurnQuestion(text, question, languages)))


@pytest.mark.parametrize(
    ("text", "waits"),
    [
        ("That is all.", 0.1),
        ("Really?", 0.1),
        ('He said "no."', 0.1),
        ("はい。", 0.1),
        ("ठीक है।", 0.1),
        ("نعم؟", 0.1),
        ("wait…", 1.5),
        ("Your message is...", 1.5),
        ("It is 447", 0.5),
        ("twenty-one", 0.5),
        ("٤٤٧", 0.5),
        ("Well I", 1.5),
        ("first, then,", 1.5),
        ("done (", 1.5),
        ("I would like a-", 1.5),
        ("-", 1.5),
        ("My number is 555-1234.", 0.5),
        ("Is it five?", 0.5),
        ("I want to", 1.5),
        ("um", 1.5),
        ("And um.", 1.5),
        ("I need the.", 1.5),
        ("Where are you from?", 0.1),
        ("That is what I came for.", 0.1),
        ("50%.", 0.1),
        ("It was five dollars.", 0.1),
        ("I would like this one.", 0.1),
        ("Ich möchte bitte eine.", 1.5),
        ("", 1.5),
        ("   ", 1.5),
        ("It is four four seven", 2.5),
        ("My number is five five five.", 2.5),
        ("Meine Nummer ist null eins sieben sechs.", 2.5),
        ("我的电话是一三八。", 2.5),
        ("In nineteen ninety five", 0.5),
        ("At two thousand five", 0.5),
    ],
)
def test_the_ending_of_the_words_decides(text: str, waits: float) -> None:
    assert seconds(text) == waits


PHONE = {
    "en": ("What is your phone number?", ["five five five", "one two three", "four five six seven"]),
    "de": ("Wie ist Ihre Telefonnummer?", ["null eins sieben", "sechs drei vier", "fünf neun eins zwei"]),
    "fr": ("Quel est votre numéro de téléphone ?", ["zéro six", "douze trente-quatre", "cinquante-six dix-huit"]),
    "es": ("¿Cuál es su número de teléfono?", ["seis uno dos", "tres cuatro cinco", "siete ocho nueve"]),
    "it": ("Qual è il suo numero di telefono?", ["tre tre tre", "uno due tre", "quattro cinque sei"]),
    "pt": ("Qual é o seu número de telefone?", ["nove um dois", "três quatro cinco", "seis sete oito"]),
    "nl": ("Wat is uw telefoonnummer?", ["nul zes een", "twee drie vier", "vijf zes zeven acht"]),
    "sv": ("Vad är ditt telefonnummer?", ["noll sju noll", "ett två tre", "fyra fem sex"]),
    "pl": ("Jaki jest numer telefonu?", ["pięć zero jeden", "dwa trzy cztery", "sześć siedem osiem"]),
    "ru": ("Какой у вас номер телефона?", ["девять один два", "три четыре пять", "шесть семь восемь девять"]),
    "tr": ("Telefon numaranız nedir?", ["beş beş beş", "bir iki üç", "dört beş altı yedi"]),
    "ko": ("전화번호가 뭐예요?", ["공일공", "일이삼사", "오육칠팔"]),
    "zh": ("您的电话号码是多少？", ["一三八", "一二三四", "五六七八"]),
}


@pytest.mark.parametrize("language", PHONE)
def test_a_telephone_number_in_groups_is_awaited_to_its_last_digit(language: str) -> None:
    question, groups = PHONE[language]
    said = [" ".join(groups[: count + 1]) for count in range(len(groups))]
    assert [seconds(text, question, (language,)) for text in said] == [2.5] * (len(groups) - 1) + [0.5]


@pytest.mark.parametrize("mark", ["", ".", ","])
def test_numerals_in_groups_are_awaited_whatever_the_engine_punctuates(mark: str) -> None:
    said = ["555" + mark, "555 123" + mark, "555 123 4567" + mark.strip(",")]
    assert [seconds(text, "Your phone number?") for text in said] == [2.5, 2.5, 0.5]


@pytest.mark.parametrize(
    ("question", "text", "waits"),
    [
        ("What is your zip code?", "nine four one", 2.5),
        ("What is your zip code?", "nine four one oh three", 0.5),
        ("What are the last four digits of your card?", "one two", 2.5),
        ("What are the last four digits of your card?", "one two three four", 0.5),
        ("What is your account number?", "447 120 998", 2.5),
        ("How many people?", "four", 0.5),
        ("What is your email address?", "john dot smith at", 2.5),
        ("What is your email address?", "john at gmail dot com", 1.5),
        ("What is your email address?", "I don't use email.", 0.1),
        ("Could you spell that?", "B. R. O.", 2.5),
        ("Shall I book it?", "yes please", 0.5),
        ("Shall I book it?", "yes but", 1.5),
        ("", "yes please", 1.5),
    ],
)
def test_the_question_before_tells_what_is_still_to_come(question: str, text: str, waits: float) -> None:
    assert seconds(text, question) == waits


def test_a_number_with_all_its_digits_is_over_and_one_of_unknown_length_may_not_be() -> None:
    phone = TextTurns().opinion(TurnQuestion("555 123 4567", "What is your phone number?"))
    house = TextTurns().opinion(TurnQuestion("it is 447"))
    assert phone.reason is house.reason is Reason.NUMBER
    assert phone.log_odds > 1 > house.log_odds


UNFINISHED = {
    "en": "I would like to speak to the", "de": "ich möchte einen Termin und", "fr": "je voudrais parler à mon",
    "es": "quiero hablar con mi", "it": "vorrei parlare con il", "pt": "eu quero falar com o",
    "nl": "ik wil graag een", "sv": "jag vill ha en", "pl": "chciałbym się umówić i", "ru": "я хочу записаться и",
    "tr": "randevu almak istiyorum ve", "ja": "予約を", "zh": "我想预约和", "ko": "예약하고 싶어요 그리고",
    "hi": "मुझे चाहिए और", "ar": "أريد موعدا و",
}  # fmt: skip


@pytest.mark.parametrize("language", UNFINISHED)
def test_a_word_that_ends_no_sentence_waits_in_any_language_even_with_a_full_stop(language: str) -> None:
    for mark in ("", "."):
        assert reason_of(TurnQuestion(UNFINISHED[language] + mark, "", (language,))) is Reason.UNFINISHED


@given(st.text(), st.text())
def test_any_text_has_an_opinion_of_the_words(text: str, question: str) -> None:
    opinion = TextTurns().opinion(TurnQuestion(text, question))
    assert -6 <= opinion.log_odds <= 6
    assert WAITS.after(opinion.reason) in (0.1, 0.5, 1.5, 2.5)
