"""Amounts of money, measures, telephone numbers and numbers."""

from __future__ import annotations

import re
from typing import Any

from providers.emulator.conversation.text.faults import package_missing
from providers.emulator.conversation.text.steps.spelled import LONGEST, decimal, digits, plural, whole

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?"
_CURRENCIES = {"$": ("dollar", "cent"), "€": ("euro", "cent"), "£": ("pound", "penny")}
_SCALES = {"k": "thousand", "m": "million", "b": "billion", "bn": "billion", "t": "trillion"}
_MONEY = re.compile(
    rf"(?P<minus>(?<![\w-])-)?(?P<sign>[$€£])\s?(?P<amount>{_NUMBER})"
    r"(?:\s?(?P<scale>thousand|million|billion|trillion)\b|(?P<short>bn|[kmbt])\b)?",
    re.IGNORECASE,
)

_DISTANCES = {
    "km/h": "kilometer per hour",
    "mph": "mile per hour",
    "km": "kilometer",
    "cm": "centimeter",
    "mm": "millimeter",
    "m": "meter",
    "mi": "mile",
    "ft": "foot",
    "yd": "yard",
}
_UNITS = {
    "lbs": "pound",
    "lb": "pound",
    "kg": "kilogram",
    "mg": "milligram",
    "g": "gram",
    "oz": "ounce",
    "ml": "milliliter",
    "l": "liter",
    "°C": "degree Celsius",
    "°F": "degree Fahrenheit",
    "GB": "gigabyte",
    "MB": "megabyte",
    "TB": "terabyte",
    "kWh": "kilowatt-hour",
    "kW": "kilowatt",
    "GHz": "gigahertz",
    "MHz": "megahertz",
    "kHz": "kilohertz",
    "Hz": "hertz",
}


def _measures(units: dict[str, str]) -> re.Pattern[str]:
    names = "|".join(re.escape(unit) for unit in sorted(units, key=len, reverse=True))
    return re.compile(rf"(?<![\w.,])(?P<number>{_NUMBER})\s?(?P<unit>{names})(?![\w/])")


_DISTANCE = _measures(_DISTANCES)
_UNIT = _measures(_UNITS)
_PERCENTAGE = re.compile(rf"(?<![\w.,])(?P<number>{_NUMBER})\s?%")
_FIRST_YEAR, _LAST_YEAR = 1900, 2025
_PLAIN = re.compile(
    r"(?P<kept>(?<![\w.,])\d(?: \d){2,}(?!\w)"
    r"|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, [A-Z][a-z]+ \d{1,2}, \d{4})"
    rf"|(?<![\w.,:/@])(?P<minus>(?<!-)-)?(?P<number>{_NUMBER})(?![\w:/@]|[.,]\d)"
)
"""What is kept: digits that are spaced already, and a date that was spelled."""


def format_dollar_amounts(text: str) -> str:
    """Amounts of money in words."""
    return _MONEY.sub(_said_money, text)


def _said_money(found: re.Match[str]) -> str:
    unit, part = _CURRENCIES[found["sign"]]
    amount = found["amount"].replace(",", "")
    minus = "minus " if found["minus"] else ""
    if found["scale"] or found["short"]:
        scale = found["scale"] or _SCALES[found["short"].lower()]
        return f"{minus}{decimal(amount)} {scale.lower()} {plural(unit, '2')}"
    units, _, rest = amount.partition(".")
    parts = (rest + "0")[:2] if rest else "00"
    said = []
    if int(units) or not int(parts):
        said.append(f"{_in_words(units)} {plural(unit, units.lstrip('0') or '0')}")
    if int(parts):
        said.append(f"{whole(int(parts))} {_parts(part, int(parts))}")
    return minus + " and ".join(said)


def _parts(part: str, number: int) -> str:
    if part == "penny":
        return "penny" if number == 1 else "pence"
    return plural(part, str(number))


def _in_words(number: str) -> str:
    return decimal(number) if len(number.partition(".")[0]) <= LONGEST else digits(number)


def format_distances(text: str) -> str:
    """Distances and speeds with the names of their units."""
    return _DISTANCE.sub(lambda found: f"{found['number']} {plural(_DISTANCES[found['unit']], found['number'])}", text)


def format_units(text: str) -> str:
    """Weights, volumes and other measures in words."""

    def said(found: re.Match[str]) -> str:
        number = _in_words(found["number"].replace(",", ""))
        return f"{number} {plural(_UNITS[found['unit']], found['number'])}"

    return _UNIT.sub(said, text)


def format_percentages(text: str) -> str:
    """Percentages with the word."""
    return _PERCENTAGE.sub(lambda found: f"{found['number']} percent", text)


def format_phone_numbers(text: str) -> str:
    """Telephone numbers digit by digit; numbers without a country code are North American."""
    if sum(character.isdecimal() for character in text) < 7:
        return text
    pieces, begin = [], 0
    for found in _phone_numbers(text):
        if found.raw_string.isdecimal():  # a row of digits alone may be anything
            continue
        plus = "plus " if found.raw_string.startswith("+") else ""
        pieces += [text[begin : found.start], plus, digits(found.raw_string)]
        begin = found.end
    return "".join([*pieces, text[begin:]])


def _phone_numbers(text: str) -> Any:
    try:
        import phonenumbers
    except ImportError as fault:
        raise package_missing("the formatting plan", "phonenumberslite") from fault
    return phonenumbers.PhoneNumberMatcher(text, "US", leniency=phonenumbers.Leniency.POSSIBLE)


def format_numbers(text: str, *, cutoff: float) -> str:
    """Numbers in words, years as they are, and whole numbers above ``cutoff`` digit by digit."""

    def said(found: re.Match[str]) -> str:
        if found["kept"]:
            return found[0]
        minus = "minus " if found["minus"] else ""
        return minus + _said_number(found["number"], cutoff, is_negative=bool(minus))

    return _PLAIN.sub(said, text)


def _said_number(number: str, cutoff: float, *, is_negative: bool) -> str:
    plain = number.replace(",", "")
    if "." in plain:
        return _in_words(plain)
    is_identifier = len(plain) > 1 and plain.startswith("0")
    if is_identifier or len(plain) > LONGEST:
        return digits(plain)
    value = int(plain)
    if number != plain:  # a number with separators is an amount, not an identifier
        return whole(value)
    if value > cutoff:
        return digits(plain)
    if not is_negative and _FIRST_YEAR <= value <= _LAST_YEAR:
        return number
    return whole(value)
