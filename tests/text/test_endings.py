"""Endings of sentences in every language that the engines know."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.text.ending_words import LANGUAGES
from providers.text.endings import Ending, ending, without_mark

UNFINISHED = {
    "en": ["i want to", "um", "my name is", "i would like a", "and then i", "it's because", "i'm", "yes and", "so"],
    "de": ["ich möchte eine", "äh", "ich komme aus dem", "ja und", "ich rufe an wegen", "das ist weil"],
    "fr": ["je voudrais une", "euh", "oui et", "je viens de", "c'est parce que", "mon numéro c'est le"],
    "es": ["quiero un", "sí y", "eh", "necesito una cita para", "mi número es", "hola quiero hablar con"],
    "it": ["vorrei un", "ehm", "sì ma", "ho bisogno di", "il mio numero è"],
    "pt": ["eu quero um", "hum", "sim mas", "eu preciso de", "meu número é"],
    "nl": ["ik wil graag een", "eh", "ja maar", "ik bel voor"],
    "pl": ["chciałbym do", "yyy", "tak ale", "proszę o", "bo ja chcę w"],
    "sv": ["jag vill ha en", "eh", "ja men", "jag ringer från"],
    "da": ["jeg vil have en", "øh", "ja men", "jeg ringer fra"],
    "nb": ["jeg vil ha et", "ja men", "jeg ringer fra"],
    "cs": ["chtěl bych do", "ehm", "ano ale", "prosím o"],
    "tr": ["ben bir", "şey", "evet ama", "randevu almak istiyorum çünkü"],
    "ru": ["я хочу в", "эм", "да но", "мне нужно для"],
    "uk": ["я хочу до", "так але", "мені треба для"],
    "hi": ["मुझे दिल्ली से", "मेरा नाम और", "यह राम का", "क्योंकि"],
    "ar": ["أريد أن", "نعم لكن", "أنا من"],
    "ko": ["네 그리고", "음", "제가"],
    "ja": ["予約を", "えーと", "私は", "東京から"],
    "zh": ["我要一个苹果和", "因为", "但是", "我的电话号码是"],
}
NUMBERS = {
    "en": ["my number is five five five", "twenty-one", "two oh", "it is 447", "one hundred"],
    "de": ["meine nummer ist null eins", "einundzwanzig", "zweihundertfünfzig", "hundert"],
    "fr": ["mon numéro zéro six", "soixante quinze", "vingt et un deux un"],
    "es": ["mi número es seis cinco", "veintiuno", "uno"],
    "it": ["il mio numero è tre quattro", "ventuno", "trentadue"],
    "pt": ["meu número é nove oito", "vinte", "três um"],
    "nl": ["mijn nummer is nul zes", "eenentwintig", "tweeëndertig"],
    "pl": ["mój numer pięć zero", "dwadzieścia"],
    "sv": ["mitt nummer är noll sju", "tjugofem"],
    "da": ["mit nummer er to fire", "femogtyve"],
    "nb": ["nummeret mitt er åtte ni", "tjueto"],
    "cs": ["moje číslo je šest nula", "dvacet"],
    "tr": ["numaram beş üç", "yirmi bir"],
    "ru": ["мой номер восемь девять", "двадцать"],
    "uk": ["мій номер п'ять вісім", "двадцять"],
    "hi": ["मेरा नंबर नौ आठ", "एक सौ", "९८"],
    "ar": ["رقمي خمسة ستة", "٤٤٧"],
    "ko": ["공 일 공", "일이삼"],
    "ja": ["番号は三四", "ゼロ", "090"],
    "zh": ["我的电话是一三八", "五"],
}
FINISHED = {
    "en": [
        "no", "yes it is", "i think so", "come in", "turn it on", "this one", "that is all", "call me", "just a second",
        "five dollars", "it is his", "all is well", "at 5 pm", "how about it", "what is the point",
    ],
    "de": ["ja", "ich nehme das", "ich rufe morgen an", "kommst du mit mir", "das ist alles", "danke"],
    "fr": ["oui", "merci beaucoup", "c'est ça", "je suis là", "dis donc"],
    "es": ["sí", "no", "es así", "muchas gracias", "quiero una cita mañana", "así es"],
    "it": ["sì", "grazie", "chi sei", "va bene così", "ho capito"],
    "pt": ["sim", "não", "obrigado", "é ele", "está bem"],
    "nl": ["ja", "dank je wel", "dat is goed", "ik wil dat"],
    "pl": ["tak", "nie", "dziękuję bardzo", "to wszystko"],
    "sv": ["ja tack", "en till", "det är bra"],
    "da": ["ja tak", "det er godt"],
    "nb": ["ja takk", "det er bra"],
    "cs": ["ano", "děkuji", "to je všechno"],
    "tr": ["evet", "teşekkürler", "randevu istiyorum"],
    "ru": ["да", "спасибо", "я хочу записаться"],
    "uk": ["так дякую", "я хочу записатися"],
    "hi": ["हाँ", "नंबर बता दो", "मुझे मेज़ चाहिए", "ठीक है"],
    "ar": ["نعم", "شكرا", "أريد موعدا"],
    "ko": ["네", "감사합니다"],
    "ja": ["はい", "こんにちは", "ちょっと", "お願いします", "なんで"],
    "zh": ["是的", "好", "对", "你好", "谢谢"],
}  # fmt: skip


def _table(examples: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(tag, text) for tag, texts in examples.items() for text in texts]


def test_every_language_has_examples_of_each_kind() -> None:
    assert UNFINISHED.keys() == NUMBERS.keys() == FINISHED.keys() == LANGUAGES.keys()


@pytest.mark.parametrize(("tag", "text"), _table(UNFINISHED))
def test_an_unfinished_ending_is_found_with_and_without_the_language(tag: str, text: str) -> None:
    assert ending(text, (tag,)) in (Ending.OPEN, Ending.LEANING)
    assert ending(text) in (Ending.OPEN, Ending.LEANING)


@pytest.mark.parametrize(("tag", "text"), _table(NUMBERS))
def test_a_number_is_found_with_and_without_the_language(tag: str, text: str) -> None:
    assert ending(text, (tag,)) is Ending.NUMBER
    assert ending(text) is Ending.NUMBER


@pytest.mark.parametrize(("tag", "text"), _table(FINISHED))
def test_a_finished_ending_is_found_with_and_without_the_language(tag: str, text: str) -> None:
    assert ending(text, (tag,)) is Ending.FINISHED
    assert ending(text) is Ending.FINISHED


@pytest.mark.parametrize(
    ("text", "languages", "kind"),
    [
        ("um", ("en-US",), Ending.OPEN),
        ("die", ("en",), Ending.FINISHED),
        ("die", ("de-AT",), Ending.LEANING),
        ("jeg ringer fra", ("no",), Ending.LEANING),
        ("ich möchte eine", ("multi",), Ending.OPEN),
        ("ich möchte eine", ("en", "de"), Ending.FINISHED),
        ("haluan yhden a", ("fi",), Ending.FINISHED),
        ("5", ("fi",), Ending.NUMBER),
        ("no", (), Ending.FINISHED),
        ("xyzzy", (), Ending.FINISHED),
        ("50%", (), Ending.FINISHED),
        ("12 €", (), Ending.FINISHED),
        ("I’M", (), Ending.OPEN),
        ("", (), Ending.FINISHED),
        (" - ", (), Ending.FINISHED),
        ("!", (), Ending.FINISHED),
    ],
)
def test_a_given_language_is_used(text: str, languages: tuple[str, ...], kind: Ending) -> None:
    assert ending(text, languages) is kind


def test_a_sentence_is_finished_if_the_languages_disagree_about_its_last_word() -> None:
    # An article in Portuguese, a whole answer in English, Spanish and Italian.
    assert ending("no", ("pt",)) is Ending.LEANING
    assert ending("no", ("pt", "en")) is Ending.FINISHED


def test_a_sentence_is_unfinished_if_the_languages_disagree_only_about_the_kind() -> None:
    assert ending("un", ("fr", "pl")) is Ending.FINISHED
    assert ending("en", ("sv", "nl")) is Ending.OPEN
    assert ending("a", ("en", "es")) is Ending.LEANING
    assert ending("o", ("en", "pt")) is Ending.FINISHED
    assert ending("uno", ("es", "it")) is Ending.OPEN or ending("uno", ("es", "it")) is Ending.NUMBER


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("My number is 555-1234.", ("My number is 555-1234", ".")),
        ('He said "no."', ('He said "no', ".")),
        ("Really?!", ("Really", "?")),
        ("はい。", ("はい", "。")),
        ("well", ("well", "")),
        ("?", ("", "?")),
        ("", ("", "")),
        ('("what?") ', ('("what', "?")),
    ],
)
def test_the_closing_mark_is_removed(text: str, parts: tuple[str, str]) -> None:
    assert without_mark(text) == parts


@given(st.text())
def test_any_text_has_an_ending(text: str) -> None:
    words, mark = without_mark(text)
    assert len(mark) <= 1
    assert isinstance(ending(words), Ending)


@pytest.mark.parametrize(
    "unit", ["\u0301", "a\u0301", "-", "five ", "einund", "en", "'", "5", "\ud800", "の", "))", ". "]
)
def test_only_the_end_of_a_long_text_is_read(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    for languages in ((), ("de",), ("ja",), ("en",)):
        ending(without_mark(text)[0], languages)
