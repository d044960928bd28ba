"""The formatting plan, by the examples that its documentation gives."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.emulator.conversation.assistant import ChunkPlan, FormatPlan, PatternOption, Replacement
from providers.emulator.conversation.text.faults import PlanError
from providers.emulator.conversation.text.formatting import (
    OFF_BY_DEFAULT,
    STEPS,
    check_format_plan,
    format_text,
    speakable,
)

ALL = FormatPlan()


def only(name: str, text: str, *, cutoff: float = 2025) -> str:
    """One step alone."""
    return format_text(text, FormatPlan(formatters_enabled=(name,), number_to_digits_cutoff=cutoff))


def replaced(text: str, *replacements: Replacement) -> str:
    return format_text(text, FormatPlan(formatters_enabled=(), replacements=replacements))


def test_01_remove_angle_bracket_content_drops_tags() -> None:
    assert only("removeAngleBrackets", "Hello <tag> world") == "Hello  world"
    assert only("removeAngleBrackets", "Hello <b>world") == "Hello world"


def test_01_break_spell_and_double_brackets_stay() -> None:
    text = 'One <break time="0.5s"/> two <spell>ABC</spell> three <<four>>'
    assert only("removeAngleBrackets", text) == text


def test_01_angle_brackets_go_whatever_is_listed() -> None:
    assert only("email", "Hello <b>world") == "Hello world"


def test_02_remove_markdown_symbols_keeps_asterisks() -> None:
    assert only("markdown", "**Wanted** to say *hi*") == "**Wanted** to say *hi*"
    assert only("markdown", "_so_ `code` ~gone~") == "so code gone"


def test_03_remove_phrases_in_asterisks_takes_their_text() -> None:
    assert only("asterisk", "**Wanted** to say *hi*") == " to say"


def test_03_phrases_in_asterisks_stay_by_default() -> None:
    assert format_text("**Wanted** to say *hi*", ALL) == "Wanted to say hi"


def test_04_replace_new_lines_with_periods() -> None:
    assert only("newline", "Hello  world\n to say\nWe have NASA") == "Hello  world .  to say . We have NASA"


def test_04_a_new_line_after_a_mark_is_a_space() -> None:
    assert only("newline", "We are here,\ncall me.\n\nBye\n") == "We are here, call me. Bye"


def test_05_replace_colons_with_periods() -> None:
    assert only("colon", "price: $42.50") == "price. $42.50"


def test_05_the_colon_of_a_time_is_left_for_the_times() -> None:
    assert format_text("at 14:30", ALL) == "at fourteen thirty"


def test_06_format_acronyms_lowers_the_known() -> None:
    assert only("acronym", "NASA and .NET") == "nasa and .net"


def test_06_unknown_acronyms_are_spaced_unless_they_have_a_vowel() -> None:
    assert only("acronym", "the SDK of ACME") == "the S D K of ACME"


def test_07_format_dollar_amounts() -> None:
    assert only("dollarAmount", "$42.50") == "forty two dollars and fifty cents"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("$1", "one dollar"),
        ("$0.50", "fifty cents"),
        ("$0", "zero dollars"),
        ("-$3", "minus three dollars"),
        ("$1,200.01", "twelve hundred dollars and one cent"),
        ("$2.5 million", "two point five million dollars"),
        ("$5M", "five million dollars"),
        ("£2.01", "two pounds and one penny"),
        ("$42.", "forty two dollars."),
    ],
)
def test_07_amounts_of_all_shapes(written: str, said: str) -> None:
    assert only("dollarAmount", written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("JOHN.DOE@example.COM", "JOHN dot DOE at example dot COM"),
        ("john.doe@example.com", "john dot doe at example dot com"),
        ("SALES@company.org", "SALES at company dot org"),
        ("jane_smith-work@my-company.co.uk", "jane underscore smith dash work at my dash company dot co dot uk"),
    ],
)
def test_08_format_emails(written: str, said: str) -> None:
    assert only("email", written) == said
    assert format_text(written, ALL) == said


def test_09_format_dates() -> None:
    assert only("date", "2023 05 10") == "Wednesday, May 10, 2023"
    assert only("date", "2023-05-10") == "Wednesday, May 10, 2023"
    assert only("date", "05/10/2023") == "Wednesday, May 10, 2023"


def test_09_a_day_that_does_not_exist_stays() -> None:
    assert only("date", "2023-13-40") == "2023-13-40"


def test_09_a_spelled_date_is_left_alone_by_the_numbers() -> None:
    assert format_text("It is 2031-05-10.", ALL) == "It is Saturday, May 10, 2031."


def test_10_format_times() -> None:
    assert only("time", "14:00") == "14"
    assert only("time", "14:30") == "14 30"
    assert only("time", "2:15 PM") == "2 15 PM"
    assert only("time", "10:30am and 9:00pm") == "10 30 am and 9 pm"


def test_11_format_distances() -> None:
    assert only("distance", "5km") == "5 kilometers"
    assert only("distance", "1 mi and 6 ft") == "1 mile and 6 feet"


def test_11_format_units() -> None:
    assert only("unit", "43 lb") == "forty three pounds"
    assert only("unit", "20 °C") == "twenty degrees Celsius"


def test_11_format_percentages() -> None:
    assert only("percentage", "50%") == "50 percent"


def test_11_format_phone_numbers() -> None:
    assert only("phoneNumber", "123-456-7890") == "1 2 3 4 5 6 7 8 9 0"
    assert format_text("call (831) 239-8123 now", ALL) == "call 8 3 1 2 3 9 8 1 2 3 now"
    assert format_text("+44 20 7946 0958", ALL) == "plus 4 4 2 0 7 9 4 6 0 9 5 8"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("-9", "minus nine"),
        ("2.5", "two point five"),
        ("2023", "2023"),
        ("12345", "1 2 3 4 5"),
        ("1200", "twelve hundred"),
        ("9999", "9 9 9 9"),
        ("007", "0 0 7"),
        ("1,234", "one thousand two hundred and thirty four"),
        ("10.0.0.1 v2 A4", "10.0.0.1 v2 A4"),
        ("3.", "three."),
    ],
)
def test_12_format_numbers(written: str, said: str) -> None:
    assert only("number", written) == said


def test_12_the_cutoff_decides_what_is_read_digit_by_digit() -> None:
    assert only("number", "30003", cutoff=300_000) == "thirty thousand and three"
    assert only("number", "320", cutoff=100) == "3 2 0"


def test_13_remove_asterisks() -> None:
    assert only("stripAsterisk", "**Bold** and *italic*") == "Bold and italic"


def test_14_replacements_come_last() -> None:
    street = Replacement(type="regex", regex=r"\bST\b", value="STREET")
    road = Replacement(type="exact", key="RD", value="ROAD")
    assert replaced("320 ST 21 RD", street, road) == "320 STREET 21 ROAD"
    assert format_text("the ST and the RD", FormatPlan(replacements=(street, road))) == "the STREET and the ROAD"


def test_14_exact_replaces_the_first_or_all() -> None:
    first = Replacement(type="exact", key="hello", value="hi")
    every = msgspec.structs.replace(first, replace_all_enabled=True)
    assert replaced("hello world, hello universe", first) == "hi world, hello universe"
    assert replaced("hello world, hello universe", every) == "hi world, hi universe"


@pytest.mark.parametrize(
    ("pattern", "value", "text", "said"),
    [
        (r"\b[a-zA-Z]{5}\b", "hi", "hello you", "hi you"),
        (r"\d+", "some number", "1 and 22", "some number and some number"),
        (r"(\d{3})(\d{3})(\d{4})", "($1) $2-$3", "8312398123", "(831) 239-8123"),
        ("colou?r", "hue", "color or colour", "hue or hue"),
        (r"(?<word>b)", "[$<word>$&$$$1$2]", "abc", "a[bb$b$2]c"),
    ],
)
def test_14_regex_has_the_meaning_of_javascript(pattern: str, value: str, text: str, said: str) -> None:
    assert replaced(text, Replacement(type="regex", regex=pattern, value=value)) == said


def test_14_options_of_a_pattern() -> None:
    def with_option(name: str) -> Replacement:
        option = msgspec.convert({"type": name, "enabled": True}, PatternOption)
        return Replacement(type="regex", regex="^cat", value="dog", options=(option,))

    assert replaced("Cat", with_option("ignore-case")) == "dog"
    assert replaced("category", with_option("whole-word")) == "category"
    assert replaced("a\ncat", with_option("multi-line")) == "a\ndog"


def test_a_pattern_that_does_not_end_is_named() -> None:
    endless = Replacement(type="regex", regex=r"(a|aa)+$", value="")
    with pytest.raises(PlanError, match=r"replacements\[0\]\.regex"):
        replaced("a" * 60 + "b", endless)


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (FormatPlan(formatters_enabled=("emial",)), r"formattersEnabled: expected names of .*found 'emial'"),
        (
            FormatPlan(
                replacements=(
                    Replacement(type="exact", key="a", value=""),
                    Replacement(type="regex", regex="(", value=""),
                )
            ),
            r"replacements\[1\]\.regex: expected a regular expression",
        ),
    ],
)
def test_a_plan_that_cannot_be_used_is_refused(plan: FormatPlan, message: str) -> None:
    with pytest.raises(PlanError, match=message):
        check_format_plan(plan)


def test_the_whole_documented_text_runs_through_all_steps() -> None:
    text = (
        "Hello <tag> world\n**Wanted** to say *hi*\nWe have NASA and .NET here,\ncall me at 123-456-7890,\n"
        "price: $42.50\nand the date is 2023 05 10\nand time is 14:00\nDistance is 5km\n"
        "my email is JOHN.DOE@example.COM\n"
    )
    assert format_text(text, ALL) == (
        "Hello  world . Wanted to say hi . We have nasa and .net here, call me at 1 2 3 4 5 6 7 8 9 0, "
        "price. forty two dollars and fifty cents . and the date is Wednesday, May 10, 2023 . and time is fourteen . "
        "Distance is five kilometers . my email is JOHN dot DOE at example dot COM"
    )


def test_either_plan_off_leaves_the_text_as_it_is() -> None:
    text = "**5km** <flush/>"
    assert format_text(text, FormatPlan(enabled=False)) == text
    assert speakable(text, ChunkPlan(enabled=False)) == text
    assert speakable(text, ChunkPlan(format_plan=FormatPlan(enabled=False))) == text
    assert speakable(" 5km ", ChunkPlan()) == "five kilometers"


def test_the_schema_names_every_step() -> None:
    schema = (
        "markdown asterisk quote dash newline colon acronym dollarAmount email date time distance unit percentage"
        " phoneNumber number stripAsterisk"
    )
    assert list(STEPS)[1:] == schema.split()
    assert {"asterisk", "quote", "dash"} == OFF_BY_DEFAULT


def test_quote_and_dash_run_when_they_are_listed() -> None:
    plan = FormatPlan(formatters_enabled=("quote", "dash"))
    assert format_text("“Yes” — it's well-known", plan) == "Yes, it's well-known"


@given(st.text(alphabet="ab AB12.,:-$%<>*_@\n/+km", max_size=60))
def test_any_text_can_be_formatted(text: str) -> None:
    said = format_text(text, ALL)
    assert "*" not in said
    assert "\n" not in said


@pytest.mark.timeout(30)
@pytest.mark.parametrize("piece", ["a", "_", " ", "\t", "<", "<<a", "*", "9", "A.", "$1", "\n "])
def test_a_long_text_takes_no_square_of_its_length(piece: str) -> None:
    # A hundred thousand characters take a moment, or minutes where a step begins its search anew at each of them.
    format_text(piece * (100_000 // len(piece)), ALL)
