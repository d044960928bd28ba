"""All rules, in the order in which they are judged."""

from __future__ import annotations

from collections.abc import Sequence

from providers.emulator.check import (
    access_rules,
    endpointing_rules,
    transcriber_manners,
    transcriber_sound,
    voice_audio,
    voice_manners,
    voice_speech,
)
from providers.emulator.check.rule import CheckRule
from providers.emulator.failures import EmulatorError

RULES: tuple[CheckRule, ...] = (
    *access_rules.RULES,
    *endpointing_rules.RULES,
    *voice_audio.RULES,
    *voice_manners.RULES,
    *voice_speech.RULES,
    *transcriber_sound.RULES,
    *transcriber_manners.RULES,
)


def endpoint_of(rule: CheckRule) -> str:
    """The endpoint a rule asks."""
    return access_rules.ENDPOINT_OF.get(rule.id, rule.group)


def chosen(only: Sequence[str], skipped: Sequence[str]) -> tuple[CheckRule, ...]:
    """The rules that ``only`` names (all when it is empty) without those that ``skipped`` names.

    A name is an id (``T5``), a letter (``T``) or a group (``transcriber``).
    """
    for name in (*only, *skipped):
        if not any(_named(rule, name) for rule in RULES):
            raise EmulatorError(f"expected {_choices()}; found {name!r}")
    kept = [rule for rule in RULES if not only or any(_named(rule, name) for name in only)]
    return tuple(rule for rule in kept if not any(_named(rule, name) for name in skipped))


def _choices() -> str:
    """Every name that ``--only`` and ``--skip`` take, with a group's rules behind it."""
    groups = dict.fromkeys(rule.group for rule in RULES)
    listed = (f"{group} ({', '.join(rule.id for rule in RULES if rule.group == group)})" for group in groups)
    letters = ", ".join(sorted({rule.id[0] for rule in RULES}))
    return f"a group or one of its rules: {'; '.join(listed)}; or a letter: {letters}"


def _named(rule: CheckRule, name: str) -> bool:
    wanted = name.strip().lower()
    return wanted in (rule.id.lower(), rule.id[0].lower(), rule.group)
