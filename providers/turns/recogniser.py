"""Turn engine ``recogniser``: the turn signal that some recognisers give with their transcripts."""

from __future__ import annotations

from providers.turns.base import Opinion, Reason, TurnQuestion, log_odds
from providers.turns.weights import RECOGNISER

__all__ = ["RecogniserTurns"]


class RecogniserTurns:
    """Engine that passes on the recogniser's own signal."""

    name = "recogniser"

    async def start(self) -> None:
        """Do nothing: the signal comes with the transcripts."""

    def opinion(self, question: TurnQuestion) -> Opinion | None:
        """The recogniser's opinion; None where it gives none."""
        hearing = question.hearing
        if hearing is None or hearing.recogniser is None:
            return None
        odds = RECOGNISER[hearing.recogniser]
        if hearing.recogniser_confidence is not None:
            odds = log_odds(hearing.recogniser_confidence)
        return Opinion(odds, Reason.RECOGNISER_DONE if odds >= 0 else Reason.RECOGNISER_OPEN)

    async def aclose(self) -> None:
        """Do nothing."""
