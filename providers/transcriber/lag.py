"""Lag of a call's transcripts: from the arrival of the last audio that one covers until it is sent."""

from __future__ import annotations

from typing import Protocol

from providers import telemetry
from providers.engines.base import Transcript
from providers.transcriber.arrivals import Arrivals, end_of_words

__all__ = ["LagReport", "Sent"]


class Sent(Protocol):
    """What is told of each transcript that was sent."""

    def __call__(self, lag: float | None, *, final: bool) -> None:
        """Take in the seconds since the last audio that the transcript covers came; None where they are not known."""


class LagReport:
    """Report of each transcript that was sent, for the metrics and the call's trace."""

    def __init__(self, sent: Sent | None) -> None:
        self._sent = sent
        self.span = telemetry.NO_SPAN
        """The recognition's."""

    def sent(self, transcript: Transcript | None, arrivals: Arrivals, *, final: bool) -> None:
        """Tell how late a transcript was, where the recognition tells how far it reaches."""
        lag = arrivals.since(end_of_words(transcript)) if transcript is not None else None
        if final:
            self.span.event("final", lag=lag)
        if self._sent is not None:
            self._sent(lag, final=final)
