"""Waits: seconds after each kind of ending."""

from __future__ import annotations

from dataclasses import dataclass

from providers.turns.base import Reason

__all__ = ["Waits"]


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds from the end of the caller's speech to the assistant's turn, by what the words say."""

    punctuation: float = 0.1
    number: float = 0.5
    no_punctuation: float = 1.5
    dictation: float = 2.5
    """While more digits or letters are expected."""
    held: float = 2.0
    """While the transcriber holds the final; a later transcript is answered anew."""

    def after(self, reason: Reason) -> float:
        """Seconds for a reason that the words give."""
        match reason:
            case Reason.PUNCTUATION:
                return self.punctuation
            case Reason.NUMBER | Reason.SHORT_ANSWER:
                return self.number
            case Reason.DIGITS | Reason.SPELLING:
                return max(self.dictation, self.no_punctuation)
        return self.no_punctuation
