"""The formatting plan: what is done to a chunk of the model's text before a voice gets it.

Fourteen steps run in the published order. Each has the wire name by which ``formattersEnabled`` switches it::

     1  removeAngleBrackets  always on        9  date
     2  markdown                             10  time
     3  asterisk             off             11  distance · unit · percentage · phoneNumber
     4  newline                              12  number
     5  colon                                13  stripAsterisk
     6  acronym                              14  replacements, which have no name: always on
     7  dollarAmount
     8  email

``quote`` and ``dash`` are names of the schema without a published description. They run after step 3, and only when
they are listed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from providers.emulator.conversation.assistant import ChunkPlan, FormatPlan
from providers.emulator.conversation.text.faults import PlanError
from providers.emulator.conversation.text.steps import dates, names, numbers, symbols
from providers.emulator.conversation.text.steps.replacements import FIELD, apply_replacements, compiled

STEPS: dict[str, Callable[[str], str]] = {
    "removeAngleBrackets": symbols.remove_angle_bracket_content,
    "markdown": symbols.remove_markdown_symbols,
    "asterisk": symbols.remove_phrases_in_asterisks,
    "quote": symbols.remove_quotes,
    "dash": symbols.replace_dashes,
    "newline": symbols.replace_new_lines_with_periods,
    "colon": symbols.replace_colons_with_periods,
    "acronym": names.format_acronyms,
    "dollarAmount": numbers.format_dollar_amounts,
    "email": names.format_emails,
    "date": dates.format_dates,
    "time": dates.format_times,
    "distance": numbers.format_distances,
    "unit": numbers.format_units,
    "percentage": numbers.format_percentages,
    "phoneNumber": numbers.format_phone_numbers,
    "number": functools.partial(numbers.format_numbers, cutoff=2025),
    "stripAsterisk": symbols.remove_asterisks,
}
"""The steps by name, in their order; the cutoff of ``number`` is the plan's."""

OFF_BY_DEFAULT = frozenset({"asterisk", "quote", "dash"})


def format_text(text: str, plan: FormatPlan) -> str:
    """Text as the plan leaves it.

    Raises
    ------
    PlanError
        A field of the plan cannot be used, or a package for it is missing.
    """
    if not plan.enabled:
        return text
    for name, step in STEPS.items():
        if not _runs(name, plan):
            continue
        text = numbers.format_numbers(text, cutoff=plan.number_to_digits_cutoff) if name == "number" else step(text)
    return apply_replacements(text, plan.replacements)


def speakable(chunk: str, plan: ChunkPlan) -> str:
    """A chunk as it goes into a voice request: formatted, unless one of the two plans is off."""
    return format_text(chunk, plan.format_plan).strip() if plan.enabled else chunk


def check_format_plan(plan: FormatPlan) -> None:
    """Read everything of a plan that only a text would show to be wrong.

    Raises
    ------
    PlanError
        A formatter is unknown, a pattern is none, or a package is missing.
    """
    for name in plan.formatters_enabled or ():
        if name not in STEPS:
            known = ", ".join(STEPS)
            raise PlanError(f"voice.chunkPlan.formatPlan.formattersEnabled: expected names of {known}; found {name!r}")
    for index, replacement in enumerate(plan.replacements):
        if replacement.type == "regex":
            compiled(replacement, f"{FIELD}[{index}]")
    if plan.enabled:
        format_text("5 km, 123-456-7890", plan)


def _runs(name: str, plan: FormatPlan) -> bool:
    if name == "removeAngleBrackets":
        return True
    if plan.formatters_enabled is None:
        return name not in OFF_BY_DEFAULT
    return name in plan.formatters_enabled
