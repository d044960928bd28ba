"""Bounds of a voice request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["DEFAULT_OPTIONS", "VoiceOptions"]


@dataclass(frozen=True)
class VoiceOptions:
    """What one request may take, and how its audio is finished."""

    lookahead: float = 30.0
    """Seconds of audio made ahead of a slow reader."""
    first_audio: float = 10.0
    """Seconds until the first audible sample must be there."""
    next_audio: float = 10.0
    """Seconds between two blocks."""
    write: float = 30.0
    """Seconds a reader may take nothing of what is ready for it."""
    pauses: float = 60.0
    """Seconds of all pauses of a request together; longer ones are cut short."""
    clean_text: Literal["auto", "on", "off"] = "auto"
    """Whether Markdown, amounts and dates are made speakable; auto leaves them to an engine that reads them well."""
    loudness: float | None = None
    """LUFS to bring speech to; None leaves the engine's."""
    word_frames: bool = False
    """Whether the answer is JSON lines with word times (experimental) instead of PCM."""


DEFAULT_OPTIONS = VoiceOptions()
