"""Variables in an assistant's texts: Liquid, with the platform's own names for the time.

``{{now}}``, ``{{date}}``, ``{{time}}``, ``{{month}}``, ``{{day}}`` and ``{{year}}`` are in UTC. The filter ``date``
takes a format and a time zone, as LiquidJS does: ``{{"now" | date: "%H:%M", "Europe/London"}}``. An unknown variable is
an empty text.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from providers.emulator.conversation.text.faults import PlanError, package_missing

_LOOPS = 10_000
_OUTPUT_BYTES = 1_000_000


def render(template: str, variables: Mapping[str, Any], now: datetime, *, field: str = "template") -> str:
    """A template with its variables filled in.

    Parameters
    ----------
    template:
        Liquid.
    variables:
        The assistant's ``variableValues`` with ``customer``, ``phoneNumber``, ``call`` and ``transport`` beside them.
    now:
        The time, with a time zone.
    field:
        The template's place in the assistant, for the error.

    Raises
    ------
    PlanError
        The template is no Liquid, or a filter cannot be used as it is; the message names ``field``.
    """
    if "{{" not in template and "{%" not in template:
        return template
    environment, liquid_error = _liquid()
    try:
        read = environment.from_string(template)
        return str(read.render(**{**time_variables(now), **variables, _NOW: now}))
    except liquid_error as fault:
        reason = str(fault).partition("\n")[0]
        raise PlanError(f"{field}: expected a Liquid template, found a fault in it: {reason}") from fault


_NOW = "__now"
"""Name under which a rendering knows its time."""


def time_variables(now: datetime) -> dict[str, str]:
    """The variables that the platform fills with the time."""
    utc = now.astimezone(UTC)
    date = f"{utc:%b} {utc.day}, {utc.year}"
    time = f"{utc.hour % 12 or 12}:{utc:%M %p}"
    return {
        "now": f"{date} {time}",
        "date": date,
        "time": time,
        "month": f"{utc:%B}",
        "day": str(utc.day),
        "year": str(utc.year),
    }


@functools.cache
def _liquid() -> tuple[Any, type[Exception]]:
    try:
        import liquid
        from liquid.exceptions import LiquidError
    except ImportError as fault:
        raise package_missing("a text with variables", "python-liquid") from fault

    limits = {"loop_iteration_limit": _LOOPS, "output_stream_limit": _OUTPUT_BYTES}
    environment: Any = type("BoundedEnvironment", (liquid.Environment,), limits)()
    environment.filters["date"] = _date_filter()
    return environment, LiquidError


def _date_filter() -> Callable[..., str]:
    from liquid.exceptions import FilterArgumentError
    from liquid.filter import with_context

    def date(
        value: object, form: object = "%A, %B %-d, %Y at %-I:%M %P %z", zone: object = None, *, context: Any
    ) -> str:
        """A time in a format and a time zone."""
        try:
            moment = _moment(value, context.resolve(_NOW))
            return "" if moment is None else moment.astimezone(_zone(zone)).strftime(str(form))
        except (ValueError, OverflowError, OSError) as fault:
            raise FilterArgumentError(f"date: {fault}", token=None) from fault

    dated: Callable[..., str] = with_context(date)
    return dated


def _moment(value: object, now: datetime) -> datetime | None:
    """The time that a filter is given; None where there is none."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    text = str(value or "").strip()
    if not text:
        return None
    if text in ("now", "today", time_variables(now)["now"]):
        return now
    from dateutil import parser

    read: datetime = parser.parse(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _zone(zone: object) -> timezone | ZoneInfo:
    """A zone by its name, or by JavaScript's minutes west of Greenwich; UTC where none is given."""
    if zone is None or zone == "":
        return UTC
    if isinstance(zone, int | float):
        return timezone(timedelta(minutes=-zone))
    try:
        return ZoneInfo(str(zone))
    except (KeyError, ValueError, OSError) as fault:
        raise ValueError("expected a time zone such as Europe/London, found an unknown name") from fault
