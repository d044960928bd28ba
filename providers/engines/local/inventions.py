"""What Whisper writes where nobody spoke, and how it is told from what somebody said."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["is_invented"]

_UNLIKELY = -1.0
"""Mean log probability of a segment's tokens below which it is dropped when the model also suspects silence."""

_SUSPECTED_SILENCE = 0.4
"""The model's probability of no speech. On noise and music of the recordings for tuning it was 0.45 to 0.85 with a log
probability of -0.85 to -1.4; on single spoken digits up to 0.72, with -0.64 to -0.95."""

_INVENTIONS = frozenset(("thank you", "thanks for watching", "thank you for watching", "you", "bye", "bye bye"))
"""What the model writes in noise, from the ends of the films that it was trained on."""

_CERTAIN_SILENCE = 0.6
"""Probability of no speech above which an invention is dropped, however likely its tokens are."""


def is_invented(segment: Any) -> bool:
    """Whether a segment of faster-whisper is no speech."""
    said = " ".join(re.findall(r"\w+", segment.text.casefold()))
    if segment.no_speech_prob > _CERTAIN_SILENCE and said in _INVENTIONS:
        return True
    return not said or bool(segment.no_speech_prob > _SUSPECTED_SILENCE and segment.avg_logprob < _UNLIKELY)
