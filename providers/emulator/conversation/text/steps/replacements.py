"""Replacements of the customer's, with the meaning of JavaScript's ``String.replace``."""

from __future__ import annotations

import functools

import regex

from providers.emulator.conversation.assistant import Replacement
from providers.emulator.conversation.text.faults import PlanError

FIELD = "voice.chunkPlan.formatPlan.replacements"
_SEARCH_SECONDS = 0.25
"""What one pattern may take for one text."""
_REFERENCE = regex.compile(r"\$(?:(?P<sign>[$&`'])|(?P<group>[0-9]{1,2})|<(?P<name>[^>]*)>)")


def apply_replacements(text: str, replacements: tuple[Replacement, ...]) -> str:
    """Text after every replacement, in their order."""
    for index, replacement in enumerate(replacements):
        text = _applied(text, replacement, f"{FIELD}[{index}]")
    return text


def _applied(text: str, replacement: Replacement, field: str) -> str:
    if replacement.type == "exact":
        if not replacement.key:
            return text
        return text.replace(replacement.key, replacement.value, -1 if replacement.replace_all_enabled else 1)
    pattern = compiled(replacement, field)
    try:
        return str(pattern.sub(lambda found: _expanded(replacement.value, found), text, timeout=_SEARCH_SECONDS))
    except TimeoutError as fault:
        raise PlanError(
            f"{field}.regex: expected a pattern that ends, it took {_SEARCH_SECONDS} s on a text"
        ) from fault


def compiled(replacement: Replacement, field: str) -> regex.Pattern[str]:
    """The pattern of a replacement.

    Raises
    ------
    PlanError
        The pattern is none; the message names the field.
    """
    try:
        return _compiled(replacement)
    except regex.error as fault:
        raise PlanError(f"{field}.regex: expected a regular expression, found a fault in it: {fault}") from fault


@functools.lru_cache(256)
def _compiled(replacement: Replacement) -> regex.Pattern[str]:
    switches = {option.type for option in replacement.options if option.enabled}
    flags = regex.IGNORECASE if "ignore-case" in switches else 0
    flags |= regex.MULTILINE if "multi-line" in switches else 0
    written = rf"\b(?:{replacement.regex})\b" if "whole-word" in switches else replacement.regex
    return regex.compile(written, flags)


def _expanded(value: str, found: regex.Match[str]) -> str:
    """The value with its references: ``$1``, ``$<name>``, ``$&`` and their kin."""
    signs = {"$": "$", "&": found[0], "`": found.string[: found.start()], "'": found.string[found.end() :]}

    def referenced(reference: regex.Match[str]) -> str:
        if reference["sign"]:
            return signs[reference["sign"]]
        if reference["name"] is not None:
            names = found.groupdict()
            return (names.get(reference["name"]) or "") if names else reference[0]
        return _group(reference, found)

    return str(_REFERENCE.sub(referenced, value))


def _group(reference: regex.Match[str], found: regex.Match[str]) -> str:
    groups = len(found.groups())
    written = str(reference["group"])
    for digits in (written, written[0]):  # $12 is group 12, or group 1 and a 2
        if 1 <= int(digits) <= groups:
            return (found[int(digits)] or "") + written[len(digits) :]
    return str(reference[0])
