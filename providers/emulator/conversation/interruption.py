"""The stop speaking plan: whether what the caller says silences the assistant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from providers.emulator.conversation.assistant import StopSpeakingPlan

Verdict = Literal["acknowledged", "phrase", "words", "too-few"]

ACKNOWLEDGEMENTS = (
    *("i understand", "i see", "i got it", "i hear you", "im listening", "im with you", "right", "okay", "ok", "sure"),
    *("alright", "got it", "understood", "yeah", "yes", "uh-huh", "mm-hmm", "gotcha", "mhmm", "ah", "yeah okay"),
    "yeah sure",
)
"""The published list."""
INTERRUPTIONS = (
    *("stop", "shut", "up", "enough", "quiet", "silence", "but", "dont", "not", "no", "hold", "wait", "cut", "pause"),
    *("nope", "nah", "nevermind", "never", "bad", "actually"),
)
"""The published list."""


def verdict(plan: StopSpeakingPlan, text: str) -> Verdict:
    """What the words of a caller mean for an assistant that is heard."""
    words = _words(text)
    listed = plan.acknowledgement_phrases
    if words and _all_within(words, ACKNOWLEDGEMENTS if listed is None else listed):
        return "acknowledged"
    listed = plan.interruption_phrases
    if any(_contains(words, _words(phrase)) for phrase in (INTERRUPTIONS if listed is None else listed)):
        return "phrase"
    return "words" if words and len(words) >= max(1, plan.num_words) else "too-few"


def _words(text: str) -> list[str]:
    """Lower-case words without marks: ``don't`` is ``dont``, ``uh-huh`` one word."""
    kept = "".join(character for character in text.lower() if character.isalnum() or character.isspace())
    return kept.split()


def _contains(words: Sequence[str], phrase: Sequence[str]) -> bool:
    length = len(phrase)
    return bool(length) and any(list(words[at : at + length]) == list(phrase) for at in range(len(words) - length + 1))


def _all_within(words: Sequence[str], phrases: Sequence[str]) -> bool:
    """Whether the words can be read as phrases one after the other."""
    known = [_words(phrase) for phrase in phrases]
    reached = {0}
    for at in range(len(words)):
        if at in reached:
            reached |= {at + len(phrase) for phrase in known if phrase and list(words[at : at + len(phrase)]) == phrase}
    return len(words) in reached
