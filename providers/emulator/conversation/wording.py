"""What the core needs of the text room: cutting, formatting, variables."""

from __future__ import annotations

from typing import Any, Protocol

from providers.emulator.conversation.assistant import ChunkPlan

_BOUNDARIES = ".!?,;:。，！？；"


class TextChunker(Protocol):
    """Cuts a model's text into what one voice request each says."""

    def feed(self, delta: str) -> list[str]:
        """The chunks that are complete with this piece of text."""
        ...

    def flush(self) -> list[str]:
        """What is left at the end of the text."""
        ...


class SimpleChunker:
    """Chunks of at least ``minCharacters`` that end at punctuation."""

    def __init__(self, plan: ChunkPlan) -> None:
        self._plan = plan
        self._text = ""

    def feed(self, delta: str) -> list[str]:
        """The chunks that are complete with this piece of text."""
        if not self._plan.enabled:
            self._text += delta
            return []
        chunks: list[str] = []
        for character in delta:
            self._text += character
            if character in _BOUNDARIES and len(self._text.strip()) >= self._plan.min_characters:
                chunks += self.flush()
        return chunks

    def flush(self) -> list[str]:
        """What is left at the end of the text."""
        text, self._text = self._text.strip(), ""
        return [text] if text else []


def chunker(plan: ChunkPlan) -> TextChunker:
    """A chunker for one message."""
    return SimpleChunker(plan)


def speakable(text: str, plan: ChunkPlan) -> str:
    """A chunk as the voice is to say it."""
    return " ".join(text.split())


def rendered(template: str, variables: dict[str, Any]) -> str:
    """A text of the assistant's with its variables filled in."""
    return template
