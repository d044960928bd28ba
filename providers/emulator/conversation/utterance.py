"""One message of the assistant's on its way to the caller's ear."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from providers.emulator.conversation.text.chunking import Chunker

Source = Literal["model", "force-say"]

_SECONDS_PER_CHARACTER = 1 / 15
"""Usual speech, until a chunk of this call is complete."""


@dataclass(slots=True)
class Chunk:
    """What one voice request says."""

    request: int
    text: str
    """As the model wrote it."""
    spoken: str
    """As the voice was asked to say it."""
    voice: int
    received: float = 0.0
    """Seconds of sound."""
    complete: bool = False
    heard: bool = False
    """True from where its sound began."""
    over: bool = False
    """True once all of its sound was heard."""

    def heard_text(self, played: float, pace: float) -> str:
        """The whole words of it that fit into ``played`` seconds."""
        if self.over:
            return self.text
        if not self.heard:
            return ""
        total = self.received if self.complete else max(self.received, len(self.spoken) * pace)
        position = int(len(self.text) * min(1.0, played / total) + 1e-6) if total else 0
        return self.text if position >= len(self.text) else _whole_words(self.text, position)


@dataclass(slots=True)
class Utterance:
    """A message: its text comes in pieces, its chunks go to the voice one after the other."""

    source: Source
    turn_id: str
    chunker: Chunker
    interruptible: bool = True
    wait: float = 0.0
    """Seconds between the voice's first sound and the assistant's."""
    not_before: float = 0.0
    end_reason: str | None = None
    """Why the call ends once it was heard; None: it does not."""
    waiting: list[str] = field(default_factory=list)
    """Chunks that no voice was asked for yet."""
    chunks: list[Chunk] = field(default_factory=list)
    closed: bool = False
    """True once its text is complete."""
    began: float | None = None
    """When its first sound was heard."""
    turn: int = 0

    @property
    def finished(self) -> bool:
        """True when nothing of it is left to be heard."""
        return self.closed and not self.waiting and all(chunk.over for chunk in self.chunks)

    @property
    def text(self) -> str:
        """The words of all its chunks that were asked for."""
        return " ".join(chunk.text for chunk in self.chunks if chunk.text)

    def chunk(self, request: int) -> Chunk | None:
        """The chunk of a voice request."""
        return next((chunk for chunk in self.chunks if chunk.request == request), None)

    @property
    def pace(self) -> float:
        """Seconds of a character, by the chunks that are complete."""
        done = [chunk for chunk in self.chunks if chunk.complete and chunk.spoken and chunk.received]
        if not done:
            return _SECONDS_PER_CHARACTER
        return sum(chunk.received for chunk in done) / sum(len(chunk.spoken) for chunk in done)


def _whole_words(text: str, position: int) -> str:
    """The text before ``position``, without a word that goes on behind it."""
    if text[position].isspace():
        return text[:position].rstrip()
    head, space, _ = text[:position].rpartition(" ")
    return head.rstrip() if space else ""
