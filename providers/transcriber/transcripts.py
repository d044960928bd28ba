"""Normalisation of an engine's transcripts for the wire: no empty ones, no repetitions, finals with closing marks.

The platform waits 0.1 s after a final that ends in punctuation and 1.5 s after one that does not, so a finished
sentence without a mark delays the answer by more than a second, and a mark after an unfinished one interrupts.
"""

from __future__ import annotations

from dataclasses import dataclass

from providers.engines.base import Recognition, Transcript
from providers.text.finals import punctuated
from providers.transcriber.wire import Channel


class TranscriptNormaliser:
    """Normaliser of one speaker's transcripts, in order.

    Parameters
    ----------
    channel
        Channel of the speaker.
    punctuate
        Whether finals need case and a closing mark, because the engine gives none.
    languages
        BCP 47 tags of the languages that the engine recognises; empty when unknown.
    """

    def __init__(self, channel: Channel, *, punctuate: bool, languages: tuple[str, ...] = ()) -> None:
        self.channel = channel
        self._punctuate = punctuate
        self._languages = languages
        self._shown = ""

    def normalise(self, transcript: Transcript) -> str | None:
        """The text to send, None when there is nothing to send."""
        text = transcript.text.strip()
        if transcript.final:
            self._shown = ""
            return (punctuated(text, self._languages) if self._punctuate else text) or None
        if not text or text == self._shown:
            return None
        self._shown = text
        return text


@dataclass(frozen=True, slots=True)
class Feed:
    """One recognition, with its channels and speakers."""

    recognition: Recognition
    speakers: tuple[TranscriptNormaliser, ...]
    """One per channel of the recognition."""
    channel: int | None
    """Channel of the call that it is fed; None is all of them, interleaved."""
