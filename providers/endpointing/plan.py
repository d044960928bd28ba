"""An assistant's ``startSpeakingPlan``: its JSON, and the rules and seconds that it sets."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True)
class Pattern:
    """Regular expression of an assistant's rule, with its options."""

    text: str
    ignore_case: bool = False
    whole_word: bool = False
    multi_line: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One ``customEndpointingRules`` entry; a pattern that is None is not searched for."""

    timeout: float
    """Seconds, as written, not yet clamped."""
    assistant_pattern: Pattern | None
    user_pattern: Pattern | None


@dataclass(frozen=True, slots=True)
class PlanSeconds:
    """The assistant's ``transcriptionEndpointingPlan``, in seconds; None where it sets nothing."""

    punctuation: float | None = None
    number: float | None = None
    no_punctuation: float | None = None


class RegexOption(msgspec.Struct):
    """An option of a pattern: ignore-case, whole-word or multi-line."""

    type: str = ""
    enabled: bool = True


class EndpointingRule(msgspec.Struct):
    """One of the assistant's ``customEndpointingRules``."""

    type: str = ""
    regex: str | None = None
    regexOptions: list[RegexOption] | None = None
    assistantRegex: str | None = None
    assistantRegexOptions: list[RegexOption] | None = None
    customerRegex: str | None = None
    customerRegexOptions: list[RegexOption] | None = None
    timeoutSeconds: float = 0.0


class TranscriptionEndpointingPlan(msgspec.Struct):
    """Seconds to wait after each kind of ending; each may be missing."""

    onPunctuationSeconds: float | None = None
    onNoPunctuationSeconds: float | None = None
    onNumberSeconds: float | None = None


class SmartEndpointingPlan(msgspec.Struct):
    """The part of an assistant's smart plan that has a wait function."""

    waitFunction: str | None = None


class StartSpeakingPlan(msgspec.Struct):
    """The parts of an assistant's plan that a decision depends on."""

    customEndpointingRules: list[EndpointingRule] | None = None
    transcriptionEndpointingPlan: TranscriptionEndpointingPlan | None = None
    smartEndpointingPlan: SmartEndpointingPlan | None = None


def plan_seconds(plan: TranscriptionEndpointingPlan | None) -> PlanSeconds:
    """The seconds that a plan sets."""
    if plan is None:
        return PlanSeconds()
    return PlanSeconds(plan.onPunctuationSeconds, plan.onNumberSeconds, plan.onNoPunctuationSeconds)


def rule_of(rule: EndpointingRule) -> Rule:
    """The rule of an entry; a pattern counts for the side that its type names."""
    either = _pattern(rule.regex, rule.regexOptions)
    on_assistant = _pattern(rule.assistantRegex, rule.assistantRegexOptions)
    on_user = _pattern(rule.customerRegex, rule.customerRegexOptions)
    return Rule(
        rule.timeoutSeconds,
        on_assistant or (either if rule.type in ("assistant", "both") else None),
        on_user or (either if rule.type in ("user", "customer", "both") else None),
    )


def _pattern(text: str | None, options: list[RegexOption] | None) -> Pattern | None:
    if not text:
        return None
    on = {option.type for option in options or () if option.enabled}
    return Pattern(text, "ignore-case" in on, "whole-word" in on, "multi-line" in on)
