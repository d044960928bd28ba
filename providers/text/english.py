"""English text as it is read aloud: amounts, dates, times, fractions, units and abbreviations.

Digits stay, because every engine reads them; only the signs around them and their order change.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from providers.text.abbreviations import STARTERS

__all__ = ["in_spoken_english"]

_AMOUNT = r"(?P<amount>\d{1,3}(?:,\d{2,3})+|\d{1,15})(?:\.(?P<part>\d{1,2}))?(?!\d|[.,]\d)"
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})*|\d+")
_SCALE = r"(?:(?P<scale>[ -]?(?:thousand|million|billion|trillion)|bn|[kKmMbB])\b)?"
_PER = r"(?:/(?P<per>month|mo|year|yr|week|wk|day|night|hour|hr|person|each|unit|kg|lb|mile|gallon)\b)?"
_MONEY = re.compile(rf"(?P<minus>(?<!\w)[-−])?(?P<sign>(?:US|CA|AU|C|A)?\$|[€£¥₹]) ?{_AMOUNT}{_SCALE}{_PER}")
_MONEY_RANGE = re.compile(r"(?<=[\dkKmMbB])(?:-| ?– ?)(?=(?:US|CA|AU|C|A)?[$€£¥₹]\d)")
_SCALES = {"k": "thousand", "m": "million", "b": "billion", "bn": "billion"}
_PER_WORDS = {"mo": "month", "yr": "year", "wk": "week", "hr": "hour", "lb": "pound", "kg": "kilogram"}

_CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "US$": ("US dollar", "US dollars", "cent", "cents"),
    "CA$": ("Canadian dollar", "Canadian dollars", "cent", "cents"),
    "AU$": ("Australian dollar", "Australian dollars", "cent", "cents"),
    "€": ("euro", "euros", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "¥": ("yen", "yen", "", ""),
    "₹": ("rupee", "rupees", "paisa", "paise"),
}
_CURRENCIES |= {"C$": _CURRENCIES["CA$"], "A$": _CURRENCIES["AU$"]}

_MONTHS = "January February March April May June July August September October November December".split()
_ISO_DATE = re.compile(r"(?<![\w/-])(\d{4})-(\d{2})-(\d{2})(?![\w/-])")
_SLASHED_DATE = re.compile(r"(?<![\w/.-])(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})(?![\w/-])")
_WRITTEN_YEAR = re.compile(
    rf"\b((?:{'|'.join(_MONTHS)})(?: \d{{1,2}}(?:st|nd|rd|th)?)?,? |(?:[Ii]n|[Ss]ince) )"
    r"(1[1-9]\d\d)(?![\w,.:/-]*\d|\w)"
)

_TIME = re.compile(r"(?<![\d:.])([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?(?![\d:])( ?[AaPp]\.?[Mm]\b\.?)?")
_HOUR = re.compile(r"(?<![\d:.,$])(1[0-2]|0?[1-9])([ap])m\b", re.IGNORECASE)
_RANGE = re.compile(
    r"(?<![\w.,/:$€£-])(\d{1,5}(?:[.:]\d{1,2})?%?(?: ?[ap]m)?)(?:-| ?– ?)(\d{1,5}(?::\d\d)?)(?![\d/-]|[.,:]\d)",
    re.IGNORECASE,
)
_FRACTION = re.compile(r"(?<![\w/.,-])(?:(\d{1,3}) )?([1-9])/([2348])(?![\w/.-])")
_FRACTIONS = {
    ("1", "2"): "one half", ("1", "3"): "one third", ("2", "3"): "two thirds", ("1", "4"): "one quarter",
    ("3", "4"): "three quarters", ("1", "8"): "one eighth", ("3", "8"): "three eighths", ("5", "8"): "five eighths",
    ("7", "8"): "seven eighths",
}  # fmt: skip

_UNITS = {
    "km": ("kilometer", "kilometers"), "cm": ("centimeter", "centimeters"), "mm": ("millimeter", "millimeters"),
    "kg": ("kilogram", "kilograms"), "lb": ("pound", "pounds"), "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"), "ft": ("foot", "feet"), "mi": ("mile", "miles"),
    "mph": ("mile per hour", "miles per hour"),
    "km/h": ("kilometer per hour", "kilometers per hour"), "min": ("minute", "minutes"), "mins": ("minute", "minutes"),
    "hr": ("hour", "hours"), "hrs": ("hour", "hours"), "sec": ("second", "seconds"), "secs": ("second", "seconds"),
    "ml": ("milliliter", "milliliters"), "GB": ("gigabyte", "gigabytes"), "MB": ("megabyte", "megabytes"),
    "TB": ("terabyte", "terabytes"), "kWh": ("kilowatt hour", "kilowatt hours"),
    "sq ft": ("square foot", "square feet"), "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "°C": ("degree Celsius", "degrees Celsius"),
}  # fmt: skip
_UNIT_NAMES = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_UNIT = re.compile(rf"(?<![\w$€£])(\d[\d,]{{0,20}}(?:\.\d{{1,6}})?) ?({_UNIT_NAMES})(?![\w/])(?:\.(?= [a-z]))?")

_NAME_FOLLOWS = r"(?= ?[A-Z])"
_WORDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), spoken)
    for pattern, spoken in (
        (rf"\bMt\.{_NAME_FOLLOWS}", "Mount"),
        (rf"\bFt\.{_NAME_FOLLOWS}", "Fort"),
        (r"\bApt\.", "apartment"),
        (r"\bSte\.(?= ?\d)", "suite"),
        (r"\bNo\.(?= ?\d)", "number"),
        (r"\b[Ee]xt\.(?= ?\d)", "extension"),
        (r"\bvs\.?(?=\s)", "versus"),
        (r"\b[Aa]pprox\.", "approximately"),
        (r"\b[Dd]ept\.", "department"),
        (r"\bi\.e\.", "that is"),
        (r"\bw/(?= )", "with"),
        (r"\b24/7\b", "24 7"),
        (r"(?<!\w)#(?=\d)", "number "),
        (r"(?<![\w~])~(?=[$€£]?\d)", "about "),
    )
)
_STREETS = {
    "St": "Street",
    "Dr": "Drive",
    "Ave": "Avenue",
    "Blvd": "Boulevard",
    "Rd": "Road",
    "Ln": "Lane",
    "Pkwy": "Parkway",
}
_STREET = re.compile(rf"\b({'|'.join(_STREETS)})\.")
_STREET_NAME = re.compile(r"(?:[A-Z][\w'’]{0,30}|\d{1,3}(?:st|nd|rd|th)) $")
_AFTER_STREET = frozenset("apt suite unit ste nw ne sw se n s e w north south east west".split())
_MAIL = re.compile(r"(?<![\w.+-])([\w+-]{1,64}(?:\.[\w+-]{1,64}){0,8})@([\w-]{1,64}(?:\.[\w-]{1,64}){1,8})")


def in_spoken_english(text: str, *, day_first: bool = False) -> str:
    """Text with amounts, dates and abbreviations written out; ``day_first`` is the order of 1/2/2026.

    >>> in_spoken_english("It's $42.50 on 12/31/2026 at 12 Main St., ~5 km from St. Mary's.")
    "It's 42 dollars and 50 cents on December 31st, 20 26 at 12 Main Street, about 5 kilometers from Saint Mary's."
    """
    steps: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
        (_MAIL, _mail),
        (_MONEY_RANGE, lambda _: " to "),
        (_MONEY, _money),
        (_ISO_DATE, lambda found: _date(found, *found.group(1, 2, 3))),
        (_SLASHED_DATE, _day_first_date if day_first else _month_first_date),
        (_WRITTEN_YEAR, lambda found: found[1] + _year(found[2])),
        (_TIME, _time),
        (_HOUR, lambda found: f"{found[1]} {found[2].upper()}M"),
        (_RANGE, lambda found: f"{found[1]} to {found[2]}"),
        (_FRACTION, _fraction),
        (_UNIT, _unit),
    )
    text = _STREET.sub(_street, text)
    for pattern, spoken in _WORDS:
        text = pattern.sub(spoken, text)
    for pattern, change in steps:
        text = pattern.sub(change, text)
    return text


def _street(found: re.Match[str]) -> str:
    """Street or Saint, Drive or Doctor: decided by whether the name is before or after it."""
    short, text = found[1], found.string
    following = text[found.end() : found.end() + 30]
    next_word = re.split(r"[^\w'’]", following.lstrip(), maxsplit=1)[0]
    starts_anew = next_word[:1].isupper() and next_word.lower() in STARTERS
    name_follows = next_word[:1].isupper() and not starts_anew and next_word.lower() not in _AFTER_STREET
    behind_name = _STREET_NAME.search(text, max(0, found.start() - 40), found.start()) is not None
    if not behind_name or (name_follows and short in ("St", "Dr")):
        return "Saint" if short == "St" and name_follows else found[0]
    return _STREETS[short] + ("." if starts_anew or not following.strip() else "")


def _mail(found: re.Match[str]) -> str:
    name = found[1].replace(".", " dot ").replace("_", " underscore ")
    return f"{name} at {found[2].replace('.', ' dot ')}"


def _money(found: re.Match[str]) -> str:
    one, many, small_one, small_many = _CURRENCIES[found["sign"]]
    amount, part, scale = found["amount"], found["part"] or "", (found["scale"] or "").strip(" -")
    whole = int(amount.replace(",", ""))
    amount = amount if _THOUSANDS.fullmatch(amount) else str(whole)
    if scale or not small_one or len(part) == 1:
        figure = f"{amount}.{part}" if part else amount
        name = one if figure == "1" and not scale else many
        said = " ".join(filter(None, (figure, _SCALES.get(scale.lower(), scale), name)))
    else:
        small = int(part or 0)
        pieces = [f"{amount} {one if whole == 1 else many}"] if whole or not small else []
        pieces += [f"{small} {small_one if small == 1 else small_many}"] if small else []
        said = " and ".join(pieces)
    per = f" per {_PER_WORDS.get(found['per'], found['per'])}" if found["per"] else ""
    return ("minus " if found["minus"] else "") + said + per


def _month_first_date(found: re.Match[str]) -> str:
    month, day, year = found.group(1, 2, 3)
    return _date(found, year, *((day, month) if int(month) > 12 else (month, day)))


def _day_first_date(found: re.Match[str]) -> str:
    day, month, year = found.group(1, 2, 3)
    return _date(found, year, *((day, month) if int(month) > 12 else (month, day)))


def _date(found: re.Match[str], year: str, month: str, day: str) -> str:
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return found[0]
    return f"{_MONTHS[int(month) - 1]} {int(day)}{_suffix(int(day))}, {_year(year if len(year) == 4 else '20' + year)}"


def _suffix(day: int) -> str:
    return "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _year(year: str) -> str:
    """A year in two halves: 1985 is "19 85", 1905 is "19 oh 5", 1900 is "19 hundred"; 2005 stays as it is."""
    if not "1100" <= year <= "2099" or year.startswith("200"):
        return year
    half, rest = year[:2], year[2:]
    return f"{half} hundred" if rest == "00" else f"{half} oh {rest[1]}" if rest[0] == "0" else f"{half} {rest}"


def _time(found: re.Match[str]) -> str:
    """10:00 is "10 o'clock", 10:05 is "10 oh 5"; the hours after noon keep their number."""
    hour, minute, half = int(found[1]), found[2], (found[3] or "").strip(" .")[:1].upper()
    if not half and (hour > 12 or hour == 0):
        half, hour = ("P", hour - 12) if hour else ("A", 12)
    minute = f" oh {minute[1]}" if minute[0] == "0" else f":{minute}"
    if minute == " oh 0":
        minute = "" if half else " o'clock"
    following = found.string[found.end() : found.end() + 2]
    ends = (found[3] or "").endswith(".") and (not following or following[1:].isupper())
    return f"{hour}{minute}" + (f" {half}M" if half else "") + ("." if ends else "")


def _fraction(found: re.Match[str]) -> str:
    said = _FRACTIONS.get((found[2], found[3]))
    if said is None:
        return found[0]
    return f"{found[1]} and {said.replace('one half', 'a half')}" if found[1] else said


def _unit(found: re.Match[str]) -> str:
    one, many = _UNITS[found[2]]
    return f"{found[1]} {one if found[1] == '1' else many}"
