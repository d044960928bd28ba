"""Where a caller's wait went, turn by turn, in the platform's names."""

from __future__ import annotations

from dataclasses import dataclass

from providers.emulator.conversation.commands import ConversationEvent


@dataclass(frozen=True, slots=True)
class TurnWait:
    """The wait after one turn of the caller's, in seconds."""

    total: float
    """From the end of the caller's words, by the platform's voice detector, to the assistant's first sound."""
    transcriber: float
    """… to the last transcript."""
    endpointing: float
    """From there to the end of turn."""
    model: float
    """From there to the model's first word."""
    voice: float
    """From there to the voice's first sound."""
    start: float
    """From there to the moment it was heard: ``waitSeconds``."""

    def parts(self) -> list[tuple[str, float]]:
        """The parts with their names, in order."""
        return [
            ("transcriber", self.transcriber),
            ("endpointing", self.endpointing),
            ("model", self.model),
            ("voice", self.voice),
            ("waitSeconds", self.start),
        ]


class TurnClock:
    """Reads the log of a conversation as it is written; an answered turn gives its `TurnWait`."""

    def __init__(self) -> None:
        self._stopped: float | None = None
        self._heard: float | None = None
        self._marks: dict[str, float] = {}

    def take(self, event: ConversationEvent) -> TurnWait | None:
        """Note one entry."""
        match event.kind:
            case "caller-speech":
                self._stopped = None if event.detail.get("speaking") else event.at
            case "transcript":
                self._heard = event.at
            case "turn-ended":
                last = event.at if self._heard is None else self._heard
                self._marks = {"transcript": last, "turn-ended": event.at}
            case "model-first-word" | "first-audio" if "turn-ended" in self._marks:
                self._marks.setdefault(event.kind, event.at)
            case "speech-started" if "turn-ended" in self._marks:
                return self._answered(event.at)
        return None

    def _answered(self, at: float) -> TurnWait:
        marks, self._marks = self._marks, {}
        ended = marks["turn-ended"]
        word = marks.get("model-first-word", ended)
        sound = marks.get("first-audio", word)
        spoken = min(marks["transcript"], ended)
        # The detector hangs over the end of speech: a final can be there before it.
        stopped = min(spoken, self._stopped) if self._stopped is not None else spoken
        return TurnWait(at - stopped, spoken - stopped, ended - spoken, word - ended, sound - word, at - sound)
