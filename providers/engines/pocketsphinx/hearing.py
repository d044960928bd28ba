"""One speaker heard by pocketsphinx: PCM in, transcripts out, no process and no socket.

The WebRTC detector inside `pocketsphinx.Endpointer` says where speech begins and ends; between the two every frame goes
to the decoder as it comes. (The endpointer's own output lags by its window, which would delay every partial by 0.3 s.)
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from dsp import PcmDecoder, encode_pcm16
from providers.engines.base import Transcript, Word
from providers.engines.local.model import live_resampler

MODEL_RATE = 16000
"""Hz of the model that comes with pocketsphinx."""

PARTIAL_EVERY = 0.2
"""Seconds of speech between two looks at what has been heard so far."""

LONGEST_UTTERANCE = 30.0
"""Seconds; without a pause (music, a noisy line) the decoder's memory would grow for the whole call."""

BEFORE = 0.5
"""Seconds in front of the detected start that the decoder hears too. It takes its idea of the channel from an
utterance's mean, and was trained on utterances with some silence around them."""

AGAIN = 5.0
"""Seconds up to which the first utterance is decoded twice. Before it the decoder knows nothing of the channel: of 54
words by espeak 43 were wrong in one pass, 26 in the second, which costs an eighth of the utterance's length once.
With half of the band missing, at 8 kHz, it does not help."""

FRAMES_PER_SECOND = 100
"""Of the decoder, the unit of its word times."""

_FILLER = re.compile(r"<.*>|\[.*\]|\+\+.*\+\+")
_VARIANT = re.compile(r"\(\d+\)$")
_PROFANITY = re.compile(
    r"(?:\w*fuck\w*|\w*shit\w*|bitch\w*|bastards?|ass|asses|assholes?|dicks?|cocks?|cunts?|pussy|pussies|damn|goddamn"
    r"|whores?|sluts?|niggers?|niggas?|faggots?|piss\w*|tits?|crap)"
)
"""On telephone audio this engine hears such words that were not said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingOptions:
    """What can be set of one recognition."""

    vad_mode: int = 2
    """0 … 3: how much must speak for speech before the detector calls it that."""
    window: float = 0.3
    """Seconds of which nine tenths must be speech to begin an utterance."""
    silence: float = 0.5
    """Seconds without speech that end an utterance; at least ``window``."""
    profanity: bool = False
    """True lets profanity through; False drops it, because this engine invents it."""


class Hearing:
    """One speaker's recognition. Times are seconds from the first fed sample.

    Parameters
    ----------
    decoder
        A `pocketsphinx.Decoder` that serves this recognition alone.
    rate
        Hz of the fed PCM, any.
    """

    def __init__(self, decoder: Any, *, rate: int, options: HearingOptions) -> None:
        from pocketsphinx import Endpointer

        self._decoder = decoder
        self._options = options
        self._endpointer = Endpointer(window=options.window, vad_mode=options.vad_mode, sample_rate=MODEL_RATE)
        self._frame_bytes: int = self._endpointer.frame_bytes
        self._frame_seconds: float = self._endpointer.frame_length
        # A start is reported up to one window late.
        self._recent: deque[bytes] = deque(maxlen=round((options.window + BEFORE) / self._frame_seconds) + 2)
        self._pcm = PcmDecoder()
        self._resampler = live_resampler(rate, MODEL_RATE)
        self._buffer = bytearray()
        self._time = 0.0
        self._open = False
        self._first: bytearray | None = bytearray() if rate >= MODEL_RATE else None
        self._origin = self._start = self._speech_end = self._looked = 0.0
        self._shown: Transcript | None = None

    def feed(self, pcm: bytes) -> Iterator[Transcript]:
        """Hear the next audio, cut anywhere."""
        return self._hear(encode_pcm16(self._resampler.feed(self._pcm.feed(pcm))))

    def finish(self) -> Iterator[Transcript]:
        """Hear the end: an utterance that is still open gets its final."""
        yield from self._hear(encode_pcm16(self._resampler.flush()))
        if self._open:
            if self._buffer:
                self._decode_more(bytes(self._buffer))
            self._speech_end = self._time
            yield from self._end()

    def _hear(self, pcm: bytes) -> Iterator[Transcript]:
        self._buffer += pcm
        while len(self._buffer) >= self._frame_bytes:
            frame = bytes(self._buffer[: self._frame_bytes])
            del self._buffer[: self._frame_bytes]
            yield from self._hear_frame(frame)

    def _hear_frame(self, frame: bytes) -> Iterator[Transcript]:
        self._recent.append(frame)
        self._endpointer.process(frame)
        self._time += self._frame_seconds
        speech = self._endpointer.in_speech
        if not self._open:
            if speech:
                self._begin(self._endpointer.speech_start)
            return
        self._decode_more(frame)
        if speech:
            self._speech_end = self._time
        # The detector itself needs a window of silence before it says so.
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
        frames = min(round((self._time - start + BEFORE) / self._frame_seconds), len(self._recent))
        self._open = True
        self._origin = self._time - frames * self._frame_seconds
        self._start = max(start, self._origin)
        self._looked = self._start
        self._speech_end = self._time
        self._shown = None
        self._decoder.start_utt()
        if frames:
            self._decode_more(b"".join(list(self._recent)[-frames:]))

    def _decode_more(self, pcm: bytes) -> None:
        self._decoder.process_raw(pcm, False, False)
        if self._first is not None:
            self._first += pcm
            if len(self._first) > 2 * MODEL_RATE * AGAIN:
                self._first = None

    def _decode_again(self) -> None:
        if self._first is not None:
            self._decoder.start_utt()
            self._decoder.process_raw(bytes(self._first), False, False)
            self._decoder.end_utt()
            self._first = None

    def _look(self) -> Iterator[Transcript]:
        self._looked = self._time
        heard = self._transcript(final=False, end=self._time)
        if heard.text and (self._shown is None or heard.text != self._shown.text):
            self._shown = heard
            yield heard

    def _end(self) -> Iterator[Transcript]:
        self._decoder.end_utt()
        self._decode_again()
        self._open = False
        self._recent.clear()  # what belongs to this utterance must not open the next one too
        heard = self._transcript(final=True, end=self._speech_end)
        if not heard.text and self._shown is not None:
            # What was shown must not be left hanging: every partial is followed by a final.
            heard = replace(self._shown, final=True, end=max(heard.end, self._shown.end))
        if heard.text:
            yield heard

    def _transcript(self, *, final: bool, end: float) -> Transcript:
        words = tuple(self._words())
        text = " ".join(word.text for word in words)
        # The decoder may hear a word into the silence behind it.
        end = max(end, self._start, *(word.end for word in words[-1:]))
        return Transcript(text, final=final, start=self._start, end=end, words=words)

    def _words(self) -> Iterator[Word]:
        for segment in self._decoder.seg() or ():
            text = _VARIANT.sub("", segment.word)
            if _FILLER.fullmatch(text) or (not self._options.profanity and _PROFANITY.fullmatch(text)):
                continue
            start = self._origin + segment.start_frame / FRAMES_PER_SECOND
            # A word that the decoder hears into the noise before the speech begins with the speech.
            end = self._origin + (segment.end_frame + 1) / FRAMES_PER_SECOND
            yield Word(text, max(start, self._start), max(end, self._start))
