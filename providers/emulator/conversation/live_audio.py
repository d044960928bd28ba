"""The sound of a live call: the caller's frames, what was heard of the assistant, the platform's voice detector."""

from __future__ import annotations

from collections.abc import Sequence

from dsp import VoiceActivity, decode_pcm16
from providers.emulator.conversation.commands import PlayedSpan

FRAME = 0.02
"""Seconds."""
_MOST_WAITING = 1.0
"""Seconds of the caller's sound that may wait for their frame; the oldest is dropped beyond."""

_MOST_SOUNDS = 32
"""Voice requests whose sound is kept; at most 16 are in flight."""


def frame_samples(rate: int, index: int) -> int:
    """Samples of the ``index``-th frame: where 20 ms are no whole number, lengths alternate and time never drifts."""
    return (index + 1) * rate // 50 - index * rate // 50


class CallerSound:
    """The caller's sound, cut into frames; silence where none came."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._waiting = bytearray()
        self._index = 0
        self.dropped = 0
        """Bytes that came too fast."""

    def push(self, pcm: bytes) -> None:
        """Take sound in."""
        self._waiting += pcm
        excess = len(self._waiting) - 2 * int(_MOST_WAITING * self._rate)
        if excess > 0:
            excess += excess % 2
            del self._waiting[:excess]
            self.dropped += excess

    def frame(self, *, muted: bool) -> bytes:
        """The next frame."""
        size = 2 * frame_samples(self._rate, self._index)
        self._index += 1
        taken = bytes(self._waiting[: min(size, len(self._waiting) // 2 * 2)])
        del self._waiting[: len(taken)]
        return bytes(size) if muted else taken.ljust(size, b"\0")


class PlayedSound:
    """The sound of voice requests, and the frames of it that were heard."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._sounds: dict[int, bytearray] = {}
        self._spans: list[tuple[int, int, int, int]] = []
        """(first sample since the call began, samples, request, first sample of its sound), not in a frame yet."""
        self._index = 0

    def receive(self, request: int, pcm: bytes) -> float:
        """Keep sound of a request; returns the seconds of whole samples that are new."""
        if request not in self._sounds and len(self._sounds) >= _MOST_SOUNDS:
            del self._sounds[next(iter(self._sounds))]
        sound = self._sounds.setdefault(request, bytearray())
        before = len(sound) // 2
        sound += pcm
        return (len(sound) // 2 - before) / self._rate

    def frame(self, spans: Sequence[PlayedSpan]) -> bytes:
        """The next frame; what ``spans`` hold beyond it waits for the one after it."""
        for span in spans:
            begin, offset = round(span.at * self._rate), round(span.offset * self._rate)
            self._spans.append((begin, round((span.at + span.seconds) * self._rate) - begin, span.request, offset))
        first = self._index * self._rate // 50
        length = frame_samples(self._rate, self._index)
        self._index += 1
        frame = bytearray(2 * length)
        later: list[tuple[int, int, int, int]] = []
        for begin, count, request, offset in self._spans:
            skipped = max(0, first - begin)
            fits = max(0, min(count, first + length - begin))
            piece = self._sounds.get(request, bytearray())[2 * (offset + skipped) : 2 * (offset + fits)]
            at = 2 * (begin + skipped - first)
            if piece:
                frame[at : at + len(piece)] = piece
            if fits < count:
                later.append((begin + fits, count - fits, request, offset + fits))
        self._spans = later
        return bytes(frame)


class VoiceDetector:
    """The platform's voice detector: whether the caller speaks."""

    def __init__(self, rate: int) -> None:
        self._activity = VoiceActivity(rate)

    def feed(self, frame: bytes) -> bool | None:
        """Take a frame in; True or False where speech starts or ends, None where nothing changes."""
        events = self._activity.feed(decode_pcm16(frame))
        return events[-1].speaking if events else None
