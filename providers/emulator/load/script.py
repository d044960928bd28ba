"""What every call of a load says, as WebSocket frames, and where its utterances end.

Utterances whose words are known follow each other closely: each is told by its words, and the same words come again
only after a minute or so. Utterances of a file have no known words: the silence after each is longer than any lag that
is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np

from dsp import Samples, encode_pcm16, join_channels
from providers.emulator.audio_frames import FRAMES_PER_SECOND, frames
from providers.emulator.sound import speech_spans
from providers.emulator.utterances import HeardUtterance, UtteranceMatcher, Wording
from providers.emulator.wav import resampled

_PAUSE = 1.0
"""Seconds of silence between the two speakers."""
SPACING = 10.0
"""Seconds of silence after an utterance of unknown words: the longest lag that is told of it."""
_LONGEST = 600.0
"""Seconds of audio that are held; more utterances are left out."""
_HEAD = b"\x82"
"""A binary message in one frame (RFC 6455, 5.2)."""
_NO_MASK = bytes(4)
"""A masking key of zeros: every client frame must have a key, and this one leaves the payload as it is."""


@dataclass(frozen=True, slots=True, eq=False)
class ConversationSpeech:
    """What two people say, one utterance a clip, float32 mono at one rate."""

    customer: Sequence[Samples]
    assistant: Sequence[Samples]
    rate: int
    """Hz."""
    texts: Sequence[str] = ()
    """The customer's words; empty where they are not known."""
    speech: bool = True
    """False for a noise that only has the rhythm of speech: a recogniser need not answer it."""


@dataclass(frozen=True, slots=True)
class Script:
    """The audio of every call, ready to be written: both speakers in turn, over and over."""

    messages: tuple[bytes, ...]
    """One WebSocket frame per 20 ms of audio."""
    silence: bytes
    """The same for silence."""
    utterances: tuple[HeardUtterance, ...]
    wording: Wording
    speech: bool = True

    @property
    def duration(self) -> float:
        """Seconds until all is said again."""
        return len(self.messages) / FRAMES_PER_SECOND

    def matcher(self) -> UtteranceMatcher:
        """What tells the lags of one call that says this."""
        return UtteranceMatcher(
            self.utterances, self.wording, period=self.duration, spaced=not any(one.text for one in self.utterances)
        )


def script(conversation: ConversationSpeech, rate: int, *, spacing: float = SPACING) -> Script:
    """Customer, pause, assistant, pause, and so on, as WebSocket frames."""
    texts = list(conversation.texts) or [""] * len(conversation.customer)
    others = cycle([resampled(clip, conversation.rate, rate) for clip in conversation.assistant])
    sides: tuple[list[Samples], list[Samples]] = ([], [])
    utterances: list[HeardUtterance] = []
    length = 0
    for clip, text in zip(conversation.customer, texts, strict=True):
        said, answer = resampled(clip, conversation.rate, rate), next(others)
        spans = speech_spans(said, rate)
        gap = 2 * _PAUSE + len(answer) / rate
        tail = 0.0 if text else max(0.0, spacing - gap)
        if not spans or (utterances and length / rate > _LONGEST):
            continue
        utterances.append(HeardUtterance(length / rate + spans[0].start, length / rate + spans[-1].end, text))
        whole = _whole_frames(len(said) + round((gap + tail) * rate), rate)
        pause = round(_PAUSE * rate)
        sides[0].append(_padded(said, 0, whole))
        sides[1].append(_padded(answer, len(said) + pause, whole))
        length += whole
    stereo = join_channels([encode_pcm16(np.concatenate(side)) for side in sides])
    messages = tuple(message(piece.payload) for piece in frames(stereo, rate) if isinstance(piece.payload, bytes))
    silence = message(bytes(4 * (rate // FRAMES_PER_SECOND)))
    wording = Wording([one.text for one in utterances])
    return Script(messages, silence, tuple(utterances), wording, conversation.speech)


def _padded(clip: Samples, start: int, whole: int) -> Samples:
    padded = np.zeros(whole, np.float32)
    padded[start : start + len(clip)] = clip
    return padded


def _whole_frames(samples: int, rate: int) -> int:
    """The next number of samples that is whole frames, and whole seconds of them at any rate."""
    frame = rate / FRAMES_PER_SECOND
    step = round(frame) if frame.is_integer() else rate
    return -(-samples // step) * step


def message(payload: bytes) -> bytes:
    """One binary WebSocket message from a client."""
    size = len(payload)
    if size < 126:
        return _HEAD + bytes([0x80 | size]) + _NO_MASK + payload
    if size < 1 << 16:
        return _HEAD + b"\xfe" + size.to_bytes(2, "big") + _NO_MASK + payload
    return _HEAD + b"\xff" + size.to_bytes(8, "big") + _NO_MASK + payload
