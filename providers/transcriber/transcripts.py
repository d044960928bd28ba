"""What the engine heard, made fit for the wire: nothing empty, nothing twice, finals that end a sentence.

The platform waits 0.1 s after a final that ends in punctuation and 1.5 s after one that does not, so a finished
sentence without a mark costs the caller more than a second, and a mark behind an unfinished one an interruption.
"""

from __future__ import annotations

from providers.engines.base import Transcript
from providers.text.finals import punctuated
from providers.transcriber.wire import Channel


class TranscriptNormaliser:
    """State of one speaker's transcripts, taken in order.

    Parameters
    ----------
    channel
        Who it is.
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
        """The text to send, None when there is nothing to say."""
        text = transcript.text.strip()
        if transcript.final:
            self._shown = ""
            return (punctuated(text, self._languages) if self._punctuate else text) or None
        if not text or text == self._shown:
            return None
        self._shown = text
        return text
