"""Merging of Deepgram's live results: many segments per utterance in, cumulative partials and one final out.

Deepgram cuts an utterance into segments. Each is revised by interim results until one says ``is_final``; the utterance
ends with the segment that says ``speech_final``, or with an UtteranceEnd message when endpointing heard no silence
(background noise). So, for each channel on its own::

    interim                    -> partial: the closed segments and this one
    interim without words      -> partial: the same again, covering more audio; without text when nothing is open. Such
                                  results come over silence and noise as well: they show that the vendor works
    is_final                   -> the segment is closed; partial
    is_final + speech_final    -> the segment is closed; final; a new utterance begins
    UtteranceEnd               -> nothing open: ignored (it follows speech_final, too)
                                  all segments closed: final
                                  an interim still open: its wording is not settled, and a final made of it now would be
                                  repeated by the is_final that follows. So the vendor is asked to Finalize the channel,
                                  and the segment that is closed next ends the utterance.

Segments follow each other without a gap, so a replay starts at a final's ``end``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from providers.engines.base import Transcript, Word

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef"
_NO_SPACE = re.compile(f"[{_UNSPACED}]$|^[{_UNSPACED}]")
"""Thai, Lao, Burmese, Khmer, kana, Han: scripts without spaces between words."""


class UnreadableResult(Exception):
    """Result that closes a segment and cannot be read, so that words would be lost."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One result about its range of audio."""

    channel: int
    text: str
    words: tuple[Word, ...]
    start: float
    """Seconds of audio."""
    end: float
    """Seconds of audio."""
    closed: bool
    ends: bool
    """Whether the vendor's endpointing ends the utterance here."""
    flushed: bool
    """Whether it answers a Finalize."""


@dataclass(slots=True)
class _Utterance:
    closed: list[Segment] = field(default_factory=list)
    interim: Segment | None = None
    ending: bool = False

    def transcript(self, *, final: bool) -> Transcript:
        segments = [*self.closed, self.interim] if self.interim else self.closed
        words = tuple(word for segment in segments for word in segment.words)
        return Transcript(
            text=joined([segment.text for segment in segments]),
            final=final,
            channel=segments[0].channel,
            start=words[0].start if words else segments[0].start,
            end=segments[-1].end,
            words=words,
        )


class Utterances:
    """Open utterances of all channels; messages of the SDK in, transcripts out.

    Parameters
    ----------
    channels
        Number of channels of the stream; results for others are unreadable.
    """

    def __init__(self, channels: int) -> None:
        self._open = [_Utterance() for _ in range(channels)]
        self._asked: list[int] = []
        self._flushed: set[int] = set()

    @property
    def all_flushed(self) -> bool:
        """True when every channel has answered a Finalize and has nothing open."""
        settled = not any(utterance.closed or utterance.interim for utterance in self._open)
        return settled and len(self._flushed) == len(self._open)

    def to_finalize(self) -> list[int]:
        """Return and clear the channels whose open segment the vendor must be asked to close."""
        asked, self._asked = self._asked, []
        return asked

    def feed(self, message: Any) -> list[Transcript]:
        """Take one message of the SDK, of any type, None included.

        Raises
        ------
        UnreadableResult
            A result closes a segment and its words cannot be read.
        """
        kind = getattr(message, "type", None)
        if kind == "Results":
            segment = read_segment(message, len(self._open))
            return [] if segment is None else self._hear(segment)
        if kind == "UtteranceEnd":
            return self._end(getattr(message, "channel", None))
        return []

    def flush(self) -> list[Transcript]:
        """End every open utterance, in the order in which they began."""
        rest = [utterance.transcript(final=True) for utterance in self._open if utterance.closed or utterance.interim]
        self._open = [_Utterance() for _ in self._open]
        return sorted(rest, key=lambda transcript: transcript.start)

    def _hear(self, segment: Segment) -> list[Transcript]:
        utterance = self._open[segment.channel]
        if not segment.closed:
            return self._revise(utterance, segment)
        utterance.interim = None
        if segment.flushed:
            self._flushed.add(segment.channel)
        if segment.text:
            utterance.closed.append(segment)
        if not utterance.closed:
            utterance.ending = False
            return [_progress(utterance, segment)]
        if segment.ends or segment.flushed or utterance.ending:
            self._open[segment.channel] = _Utterance()
            return [utterance.transcript(final=True)]
        return [_progress(utterance, segment)]

    def _revise(self, utterance: _Utterance, segment: Segment) -> list[Transcript]:
        if segment.text:
            utterance.interim = segment
        return [_progress(utterance, segment)]

    def _end(self, channel: Any) -> list[Transcript]:
        index = _first(channel)
        if index is None or not 0 <= index < len(self._open):
            return []
        utterance = self._open[index]
        if utterance.interim:
            utterance.ending = True
            self._asked.append(index)
            return []
        if not utterance.closed:
            return []
        self._open[index] = _Utterance()
        return [utterance.transcript(final=True)]


def _progress(utterance: _Utterance, segment: Segment) -> Transcript:
    """A partial that covers the audio up to the end of a segment, with or without words."""
    if not (utterance.closed or utterance.interim):
        return Transcript("", final=False, channel=segment.channel, start=segment.start, end=segment.end)
    partial = utterance.transcript(final=False)
    return replace(partial, end=max(partial.end, segment.end))


def read_segment(message: Any, channels: int) -> Segment | None:
    """Read one result; None when it cannot be read and the next one replaces it.

    The SDK builds its models without checking when a message does not fit, so every field may be missing or wrong.
    """
    closed, ends, flushed = (
        bool(getattr(message, name, False)) for name in ("is_final", "speech_final", "from_finalize")
    )
    try:
        best = message.channel.alternatives[0]
        channel = int(message.channel_index[0])
        start, duration = float(message.start), float(message.duration)
        words = tuple(
            Word(word.punctuated_word or word.word, float(word.start), float(word.end)) for word in best.words or ()
        )
        text = best.transcript.strip()
        if not math.isfinite(start + duration):
            channel = -1
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError):
        channel = -1
    if not 0 <= channel < channels:
        if closed:
            raise UnreadableResult
        return None
    return Segment(channel, text, words, start, start + duration, closed, ends, flushed)


def joined(texts: Sequence[str]) -> str:
    """Texts of consecutive segments as one, with a space only where the script has one.

    Examples
    --------
    >>> joined(["I would like", "two tickets."])
    'I would like two tickets.'
    >>> joined(["こんにちは。", "元気ですか。"])
    'こんにちは。元気ですか。'
    """
    whole = ""
    for text in texts:
        gap = "" if not whole or _NO_SPACE.search(whole[-1]) or _NO_SPACE.search(text[:1]) else " "
        whole += gap + text
    return whole


def _first(values: Any) -> int | None:
    try:
        return int(values[0])
    except (LookupError, OverflowError, TypeError, ValueError):
        return None
