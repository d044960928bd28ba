"""Dates and times."""

from __future__ import annotations

import datetime
import re

_DATE = re.compile(
    r"(?<![\w./-])(?:(?P<year>\d{4})(?P<sign>[ ./-])(?P<month>\d{1,2})(?P=sign)(?P<day>\d{1,2})"
    r"|(?P<us_month>\d{1,2})/(?P<us_day>\d{1,2})/(?P<us_year>\d{4}))(?![\w/-]|\.\d)"
)
_TIME = re.compile(
    r"(?<![\w:.])(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?"
    r"(?:(?P<half>[ap]\.?m\b)|(?![\w:]|\.\d))",
    re.IGNORECASE,
)
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_MONTHS = "January February March April May June July August September October November December".split()


def format_dates(text: str) -> str:
    """Dates with the names of weekday and month: year first, or as the United States write it."""
    return _DATE.sub(_said_date, text)


def _said_date(found: re.Match[str]) -> str:
    order = ("year", "month", "day") if found["year"] else ("us_year", "us_month", "us_day")
    try:
        date = datetime.date(*(int(found[part]) for part in order))
    except ValueError:  # no such day
        return found[0]
    return f"{_WEEKDAYS[date.weekday()]}, {_MONTHS[date.month - 1]} {date.day}, {date.year}"


def format_times(text: str) -> str:
    """Times without their colons, full hours without minutes."""
    return _TIME.sub(_said_time, text)


def _said_time(found: re.Match[str]) -> str:
    parts = [found["hour"], found["minute"]]
    if found["second"]:
        parts.append(found["second"])
    while len(parts) > 1 and parts[-1] == "00":
        parts.pop()
    if found["half"]:
        parts.append(found["half"])
    return " ".join(parts)
