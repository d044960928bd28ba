"""Recogniser of one speaker: PCM in, transcripts out, without processes and sockets.

The WebRTC detector inside `pocketsphinx.Endpointer` finds where speech begins and ends; between the two every frame
goes directly to the decoder. (The endpointer's own output lags by its window, which would delay partials by 0.3 s.)
It takes noise and music for speech, in which the decoder finds words: nothing begins without `dsp.VoiceActivity`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from providers.engines.base import Transcript, Word
from providers.engines.pocketsphinx.hearing import (
    BEFORE,
    LEAST_VOICE,
    MODEL_RATE,
    TELEPHONE_MEAN,
    TELEPHONE_RATE,
    ModelFrames,
)

PARTIAL_EVERY = 0.2
"""Seconds of speech between two partials."""

LONGEST_UTTERANCE = 30.0
"""Seconds; the longest utterance. Without a pause (music) the decoder's memory would grow for the whole call."""

AGAIN = 5.0
"""Seconds up to which the first utterance is decoded twice. The decoder has no estimate of the channel before it: of 54
words by espeak 43 were wrong in one pass, 26 in the second, which costs an eighth of the utterance's length once."""

FRAMES_PER_SECOND = 100
"""Frames per second of the decoder, the unit of its word times."""

_FILLER = re.compile(r"<.*>|\[.*\]|\+\+.*\+\+")
_VARIANT = re.compile(r"\(\d+\)$")
_PROFANITY = re.compile(
    r"(?:\w*fuck\w*|\w*shit\w*|bitch\w*|bastards?|ass|asses|assholes?|dicks?|cocks?|cunts?|pussy|pussies|damn|goddamn"
    r"|whores?|sluts?|niggers?|niggas?|faggots?|piss\w*|tits?|crap)"
)
"""Profanity, which this engine recognises on telephone audio where it was not said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecogniserOptions:
    """Options of one recognition."""

    vad_mode: int = 2
    """0 … 3: strictness of the detector; a higher value finds less speech."""
    window: float = 0.3
    """Seconds; nine tenths of them must be speech to begin an utterance."""
    silence: float = 0.5
    """Seconds without speech that end an utterance; at least ``window``."""
    profanity: bool = False
    """True keeps profanity; False drops it, because this engine invents it."""


class _TwoPass:
    """Decoder whose first utterance is decoded twice, see `AGAIN`."""

    def __init__(self, decoder: Any) -> None:
        self._decoder = decoder
        self._first: bytearray | None = bytearray()

    def start(self) -> None:
        """Begin an utterance."""
        self._decoder.start_utt()

    def feed(self, pcm: bytes) -> None:
        """Decode the next audio of the utterance."""
        self._decoder.process_raw(pcm, False, False)
        if self._first is not None:
            self._first += pcm
            if len(self._first) > 2 * MODEL_RATE * AGAIN:
                self._first = None

    def end(self) -> None:
        """End the utterance."""
        self._decoder.end_utt()
        if self._first is not None:
            self._decoder.start_utt()
            self._decoder.process_raw(bytes(self._first), False, True)  # the whole: its mean is known
            self._decoder.end_utt()
            self._first = None

    def segments(self) -> Iterator[Any]:
        """The decoder's segments of the utterance so far."""
        return iter(self._decoder.seg() or ())


class SphinxRecogniser:
    """Recogniser of one speaker. Times are seconds from the first fed sample.

    Parameters
    ----------
    decoder
        A `pocketsphinx.Decoder` that serves this recognition alone.
    rate
        Hz of the fed PCM, any.
    """

    def __init__(self, decoder: Any, *, rate: int, options: RecogniserOptions) -> None:
        from pocketsphinx import Endpointer

        self._options = options
        self._endpointer = Endpointer(window=options.window, vad_mode=options.vad_mode, sample_rate=MODEL_RATE)
        self._frames = ModelFrames(rate, self._endpointer.frame_bytes)
        # A start is reported up to one window late.
        self._recent: deque[bytes] = deque(maxlen=round((options.window + BEFORE) / self._frames.seconds) + 2)
        self._decoder = _TwoPass(decoder)
        if rate == TELEPHONE_RATE:
            decoder.set_cmn(TELEPHONE_MEAN)
        self._time = 0.0
        self._open = False
        self._origin = self._start = self._speech_end = self._looked = 0.0
        self._shown: Transcript | None = None

    def feed(self, pcm: bytes) -> Iterator[Transcript]:
        """Recognise the next audio, cut anywhere."""
        for frame in self._frames.feed(pcm):
            yield from self._hear_frame(frame)

    def finish(self) -> Iterator[Transcript]:
        """End the audio; an open utterance gets its final."""
        for frame in self._frames.flush():
            yield from self._hear_frame(frame)
        if self._open:
            if remainder := self._frames.remainder:
                self._decoder.feed(remainder)
            self._speech_end = self._time
            yield from self._end()

    def _hear_frame(self, frame: bytes) -> Iterator[Transcript]:
        self._recent.append(frame)
        self._endpointer.process(frame)
        self._time += self._frames.seconds
        speech = self._endpointer.in_speech
        if not self._open:
            if speech and self._frames.voice.heard:
                self._begin(self._endpointer.speech_start)
            return
        self._decoder.feed(frame)
        if speech:
            self._speech_end = self._time
        # The detector needs a window of silence before it reports the end.
        elif self._time - self._speech_end >= self._options.silence - self._options.window:
            self._speech_end = max(self._endpointer.speech_end, self._start)
            yield from self._end()
            return
        if self._time - self._start >= LONGEST_UTTERANCE:
            yield from self._end()
            self._begin(self._time)
        elif self._time - self._looked >= PARTIAL_EVERY:
            yield from self._look()

    def _begin(self, start: float) -> None:
        frames = min(round((self._time - start + BEFORE) / self._frames.seconds), len(self._recent))
        self._open = True
        self._origin = self._time - frames * self._frames.seconds
        self._start = max(start, self._origin)
        self._looked = self._start
        self._speech_end = self._time
        self._shown = None
        self._frames.voice.seconds = min(self._frames.voice.seconds, self._options.window)
        self._decoder.start()
        if frames:
            self._decoder.feed(b"".join(list(self._recent)[-frames:]))

    def _look(self) -> Iterator[Transcript]:
        self._looked = self._time
        heard = self._transcript(final=False, end=self._time)
        if self._frames.voice.seconds < LEAST_VOICE:
            return
        if heard.text and (self._shown is None or heard.text != self._shown.text):
            self._shown = heard
            yield heard

    def _end(self) -> Iterator[Transcript]:
        self._decoder.end()
        self._open = False
        enough = self._frames.voice.seconds >= LEAST_VOICE
        self._frames.voice.seconds = 0.0
        self._recent.clear()  # audio of this utterance must not begin the next one
        heard = self._transcript(final=True, end=self._speech_end)
        if not heard.text and self._shown is not None:
            # Every partial must be followed by a final.
            heard = replace(self._shown, final=True, end=max(heard.end, self._shown.end))
        if heard.text and enough:
            yield heard

    def _transcript(self, *, final: bool, end: float) -> Transcript:
        words = tuple(self._words())
        text = " ".join(word.text for word in words)
        # The decoder may end a word in the silence after it.
        end = max(end, self._start, *(word.end for word in words[-1:]))
        return Transcript(text, final=final, start=self._start, end=end, words=words)

    def _words(self) -> Iterator[Word]:
        for segment in self._decoder.segments():
            text = _VARIANT.sub("", segment.word)
            if _FILLER.fullmatch(text) or (not self._options.profanity and _PROFANITY.fullmatch(text)):
                continue
            start = self._origin + segment.start_frame / FRAMES_PER_SECOND
            # A word that the decoder begins in the noise before the speech is moved to the start of the speech.
            end = self._origin + (segment.end_frame + 1) / FRAMES_PER_SECOND
            yield Word(text, max(start, self._start), max(end, self._start))
