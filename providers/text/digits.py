"""Number dictated digit by digit or in groups: how many digits were said, and whether more are to come.

How many a number has is known from the question asked before or from the caller's own words: a telephone number of the
language's country, a postal code, a card. An account or order number has no known length, and more may always come.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from providers.text.endings import DigitWords, digit_words, likely_languages

__all__ = ["digits_said", "more_digits_expected", "number_complete"]

_LOOKED_AT = 400
"""Characters at the end of a text that are read."""

_GROUP = re.compile(r"\w+(?:[-'’]\w+)*")
_HAN_OR_HANGUL = re.compile("[\u3005-\u3007\u3400-\u9fff\uac00-\ud7af]")
_BETWEEN = frozenset("and und et y e en og och i и та".split())
"""Words between the groups of a number."""

_PHONE_DIGITS = {
    "en": 10, "fr": 10, "es": 9, "it": 9, "de": 10, "pt": 9, "nl": 10, "pl": 9, "cs": 9, "ru": 10, "uk": 9, "sv": 9,
    "da": 8, "nb": 8, "tr": 10, "hi": 10, "ja": 10, "zh": 11, "ko": 10, "ar": 9,
}  # fmt: skip
"""Fewest digits of a telephone number with its area code."""
_LOCAL_PHONE_DIGITS = 7
"""Digits of a North American number without its area code; spoken as three and four, never passed on the way to ten."""

_PHONE = (
    r"phone|mobile|cell|call you|reach you|telefon|handy|rückruf|teléfono|telefono|móvil|celular|téléphone|portable"
    r"|cellulare|telefone|telemóvel|телефон|numer telefonu|फ़ोन|फोन|मोबाइल|電話|电话|手机|전화|هاتف|جوال"
)
_KINDS: tuple[tuple[str, int | None], ...] = (
    (r"last (?:four|4)|letzten vier|últimos cuatro|quatre derniers|ultime quattro|últimos quatro", 4),
    (r"zip|postleitzahl|\bplz\b|código postal|code postal|\bcap\b|postal code|postcode|postnummer|индекс|pin code", 5),
    (r"social security|\bssn\b", 9),
    (r"credit card|card number|kartennummer|número de (?:la )?tarjeta|numéro de carte|numero (?:di )?carta", 15),
    (r"account|order|reference|confirmation|tracking|serial|invoice|policy|member|\bid\b|\biban\b|konto|kunden"
     r"|bestell|vertrags|cuenta|pedido|compte|commande|conto|ordine|conta|encomenda|rekening|klant|счет|счёт|заказ"
     r"|口座|账号", None),
    (_PHONE, 0),
    (r"\bnumber\b|\bnummer\b|número|numéro|numero|номер|numer\b|číslo|番号|号码|號碼|번호|नंबर|رقم|numara", 0),
)  # fmt: skip
"""Words that name a number, with its fewest digits: 0 is a telephone number's, None is not known."""
_ASKED = tuple((re.compile(words, re.IGNORECASE), digits) for words, digits in _KINDS)


def digits_said(text: str, languages: Iterable[str] = ()) -> int:
    """Number of digits at the end of a text, as numerals or as words; 0 if it ends otherwise.

    >>> digits_said("It is 555-123"), digits_said("four four seven, two"), digits_said("vierundvierzig", ["de"])
    (6, 4, 2)
    """
    return sum(_groups(text, languages))


def more_digits_expected(text: str, question: str = "", languages: Iterable[str] = ()) -> bool:
    """True when a text ends inside a number that is being dictated.

    >>> asked = "What is your phone number?"
    >>> more_digits_expected("It's 555-123.", asked), more_digits_expected("It's 555-123-4567.", asked)
    (True, False)
    >>> more_digits_expected("four four seven"), more_digits_expected("I have 2"), more_digits_expected("at five")
    (True, False, False)
    """
    languages = tuple(languages)
    groups = _groups(text, languages)
    said = sum(groups)
    if not said:
        return False
    named = _named(text[-_LOOKED_AT:]) or _named(question[-_LOOKED_AT:])
    if named is None:
        # Without a name only digits said one by one are a dictation; plain numerals are an amount, a year, a house.
        dictated = len(groups) > 1 and groups[-1] == groups[-2] == 1
        return dictated and not _is_phone(said, text, languages)
    fewest = named[0]
    if fewest is None:
        return True
    return not _is_phone(said, text, languages) if fewest == 0 else said < fewest


def number_complete(text: str, question: str = "", languages: Iterable[str] = ()) -> bool:
    """True when a text ends with all digits of a number whose length is known.

    >>> number_complete("555 123 4567", "Your phone number?"), number_complete("447", "Your account number?")
    (True, False)
    """
    languages = tuple(languages)
    said = digits_said(text, languages)
    named = _named(text[-_LOOKED_AT:]) or _named(question[-_LOOKED_AT:])
    if not said or named is None or named[0] is None:
        return False
    return said >= named[0] if named[0] else _is_phone(said, text, languages)


def _named(text: str) -> tuple[int | None] | None:
    """The fewest digits of the number that a text names, in a tuple; None when it names none."""
    return next(((digits,) for words, digits in _ASKED if words.search(text)), None)


def _is_phone(said: int, text: str, languages: tuple[str, ...]) -> bool:
    tags = [tag.lower().partition("-")[0] for tag in languages] or sorted(likely_languages(text)) or ["en"]
    known = [_PHONE_DIGITS[tag] for tag in tags if tag in _PHONE_DIGITS] or [min(_PHONE_DIGITS.values())]
    return said >= min(known) or (said == _LOCAL_PHONE_DIGITS and "en" in tags)


def _groups(text: str, languages: Iterable[str]) -> list[int]:
    """Digits of each group at the end of a text, the first group first."""
    words = _GROUP.findall(text[-_LOOKED_AT:].lower())
    known = digit_words(text, languages)
    found: list[int] = []
    for word in reversed(words):
        digits = _digits_of(word, known)
        if not digits:
            if word in _BETWEEN and found:
                continue
            break
        if found and found[-1] == 1 and digits == 2 and word in known.numbers:
            found[-1] = 2  # "forty five"
        else:
            found.append(digits)
        if _HAN_OR_HANGUL.match(word) and digits < len(word):
            break  # the number begins inside what is written as one word
    return found[::-1]


def _digits_of(word: str, known: DigitWords) -> int:
    numerals = sum(letter.isdecimal() for letter in word)
    if numerals:
        return numerals if numerals == sum(letter.isalnum() for letter in word) else 0
    if word in known.units:
        return 1
    if _HAN_OR_HANGUL.match(word):
        return len(word) - len(word.rstrip("".join(unit for unit in known.units if len(unit) == 1)))
    parts = word.split("-")
    if len(parts) > 1 and all(part in known.units for part in parts):
        return len(parts)
    return 2 if all(part in known.units or known.is_number(part) for part in parts) else 0
