"""Variables in Liquid."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from providers.emulator.conversation.text.faults import PlanError
from providers.emulator.conversation.text.variables import render

NOON = datetime(2024, 1, 1, 12, 0, tzinfo=UTC)


def rendered(template: str, now: datetime = NOON, **variables: object) -> str:
    return render(template, variables, now, field="firstMessage")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{now}}", "Jan 1, 2024 12:00 PM"),
        ("{{date}}", "Jan 1, 2024"),
        ("{{time}}", "12:00 PM"),
        ("{{month}}", "January"),
        ("{{day}}", "1"),
        ("{{year}}", "2024"),
    ],
)
def test_the_time_has_the_published_names_and_forms(template: str, text: str) -> None:
    assert rendered(template) == text


def test_the_time_is_in_utc() -> None:
    tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
    assert rendered("{{now}}", tokyo) == "Jan 1, 2024 12:00 PM"


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('{{"now" | date: "%A, %B %d, %Y, %I:%M %p", "America/Los_Angeles"}}', "Monday, January 01, 2024, 04:00 AM"),
        ('{{"now" | date: "%H:%M", "Europe/London"}}', "12:00"),
        ('{{now | date: "%A"}}', "Monday"),
        ('{{"2024-06-01T10:00:00Z" | date: "%H:%M", "Europe/Berlin"}}', "12:00"),
        ('{{"2024-06-01" | date: "%b %d, %Y"}}', "Jun 01, 2024"),
        ('{{0 | date: "%Y"}}', "1970"),
        ('{{"now" | date: "%H", 300}}', "07"),
        ('{{missing | date: "%Y"}}', ""),
    ],
)
def test_the_date_filter_takes_a_format_and_a_time_zone(template: str, text: str) -> None:
    assert rendered(template) == text


def test_variables_of_the_assistant_and_the_call_are_filled_in() -> None:
    text = "Hello, {{name}}! You call from {{customer.number}} ({{ call.type }})."
    customer = {"number": "+15550100"}
    said = rendered(text, name="John", customer=customer, call={"type": "webCall"})
    assert said == "Hello, John! You call from +15550100 (webCall)."


def test_an_unknown_variable_is_an_empty_text() -> None:
    assert rendered("Hello {{name}}{{customer.number}}!") == "Hello !"


def test_a_variable_of_the_customers_wins_over_the_time() -> None:
    assert rendered("{{date}}", date="tomorrow") == "tomorrow"


def test_conditions_and_filters_are_liquid() -> None:
    template = '{% if transport.conversationType == "voice" -%} {{ "say" | upcase }} {%- else -%} write {%- endif %}'
    assert rendered(template, transport={"conversationType": "voice"}) == "SAY"


def test_text_without_variables_is_left_as_it_is() -> None:
    assert rendered("100 % {sure}") == "100 % {sure}"


@pytest.mark.parametrize(
    "template",
    ["{{ name", "{% if %}", "{{ 1 | nofilter }}", '{{ "now" | date: "%H", "Mars/Base" }}', "{% include 'x' %}",
     '{{ "soon" | date: "%H" }}', "{% for i in (1..1000000) %}x{% endfor %}"],
)  # fmt: skip
def test_a_template_with_a_fault_names_its_field_and_not_its_text(template: str) -> None:
    with pytest.raises(PlanError, match="^firstMessage: expected a Liquid template") as raised:
        rendered(template)
    assert template not in str(raised.value)
