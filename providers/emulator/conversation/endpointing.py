"""The start speaking plan: how long to wait after a transcript until the caller counts as finished."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import regex

from providers.emulator.conversation.assistant import (
    EndpointingRule,
    PatternOption,
    StartSpeakingPlan,
    TranscriptionEndpointingPlan,
)
from providers.turns.wait_function import UnusableWaitFunction, wait_function

_PUNCTUATION = (*".!?,;:…。！？，、؟۔।॥",)
_CLOSING = "\"'”’»)]"
_SEARCH_SECONDS = 0.05
_LIVEKIT_DEFAULT = "200 + 8000 * x"


@dataclass(frozen=True, slots=True)
class Wait:
    """How long to wait, and why."""

    seconds: float
    reason: str
    """``rule``, ``punctuation``, ``number``, ``no-punctuation``, ``livekit``, ``custom-endpointing-model``."""


def by_transcription(plan: TranscriptionEndpointingPlan, text: str) -> Wait:
    """The wait by the end of the caller's text."""
    end = text.rstrip().rstrip(_CLOSING)
    if end[-1:].isdigit():
        return Wait(plan.on_number_seconds, "number")
    if end.endswith(_PUNCTUATION):
        return Wait(plan.on_punctuation_seconds, "punctuation")
    return Wait(plan.on_no_punctuation_seconds, "no-punctuation")


def by_rules(rules: Sequence[EndpointingRule], *, caller: str, assistant: str) -> Wait | None:
    """The wait of the first rule that matches."""
    for rule in rules:
        if rule.type == "both":
            found = _matches(rule.assistant_regex, rule.assistant_regex_options, assistant) and _matches(
                rule.customer_regex, rule.customer_regex_options, caller
            )
        else:
            found = _matches(rule.regex, rule.regex_options, assistant if rule.type == "assistant" else caller)
        if found:
            return Wait(rule.timeout_seconds, "rule")
    return None


def start_wait(plan: StartSpeakingPlan, *, caller: str, assistant: str) -> tuple[Wait, bool]:
    """The wait by precedence, and whether the customer's endpointing server is to be asked for another."""
    ruled = by_rules(plan.custom_endpointing_rules, caller=caller, assistant=assistant)
    if ruled is not None:
        return ruled, False
    planned = by_transcription(plan.transcription_endpointing_plan, caller)
    smart = plan.smart_endpointing_plan
    if smart is not None and smart.provider == "livekit":
        return Wait(_waited(smart.wait_function, planned), "livekit"), False
    return planned, smart is not None and smart.provider == "custom-endpointing-model"


def _waited(expression: str, planned: Wait) -> float:
    """The wait function at a probability that the text's end suggests; the platform has a model for it."""
    still_speaking = {"punctuation": 0.05, "number": 0.3}.get(planned.reason, 0.5)
    try:
        return wait_function(expression)(still_speaking)
    except UnusableWaitFunction:
        return wait_function(_LIVEKIT_DEFAULT)(still_speaking)


def _matches(pattern: str, options: Sequence[PatternOption], text: str) -> bool:
    """Whether a pattern of the assistant's is found; one that is no pattern, or takes too long, is not."""
    enabled = {option.type for option in options if option.enabled}
    flags = (regex.IGNORECASE if "ignore-case" in enabled else 0) | (regex.MULTILINE if "multi-line" in enabled else 0)
    try:
        whole = rf"\b(?:{pattern})\b" if "whole-word" in enabled else pattern
        return regex.search(whole, text, flags, timeout=_SEARCH_SECONDS) is not None
    except (regex.error, TimeoutError):
        return False
