"""The stop speaking plan: whether what the caller says silences the assistant."""

from __future__ import annotations

from typing import Literal

from providers.emulator.conversation.assistant import StopSpeakingPlan
from providers.emulator.conversation.text.phrases import acknowledgements, interruptions, words

Verdict = Literal["acknowledged", "phrase", "words", "too-few"]
"""Never interrupts, always does, does by number, does not by number."""


class InterruptionRule:
    """What a caller's words mean for an assistant that is heard."""

    def __init__(self, plan: StopSpeakingPlan) -> None:
        self._acknowledgements = acknowledgements(plan.acknowledgement_phrases)
        self._interruptions = interruptions(plan.interruption_phrases)
        self._least = max(1, plan.num_words)

    def verdict(self, text: str) -> Verdict:
        """The verdict on all words of the caller's running turn."""
        if self._acknowledgements.covers(text):
            return "acknowledged"
        if self._interruptions.matches(text):
            return "phrase"
        return "words" if len(words(text)) >= self._least else "too-few"
