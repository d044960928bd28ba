"""The audio of one recognition: what came in, how far its words are out, and what has to be heard again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np

from providers.engines.base import Transcript
from providers.errors import EngineError
from providers.reconnect.merge import Merge
from providers.reconnect.ring_buffer import RingBuffer
from providers.reconnect.speech_meter import SpeechMeter

__all__ = ["CallAudio", "Resumption"]

_LEAD = 0.5
"""Seconds of quiet replayed before what was not quiet."""
_TAIL = 0.06
"""Seconds a word may sound on after the end that its engine told; the shortest words take longer than this."""
_WORD = 0.1
"""Seconds of speech that deserve an answer; the shortest words take longer than this."""
_BLOCK = 0.25
"""Seconds handed over at once when there is more: small enough to notice a loss, large enough to catch up fast."""


@dataclass(frozen=True, slots=True)
class Resumption:
    """Where a new connection goes on."""

    begin: int
    """Frame of the stream: no unheard word stands before it, as far as the audio is still here."""
    rescued: list[Transcript]
    """Finals made of partials whose audio is gone."""
    gap: float
    """Seconds of unheard audio that are gone."""


class CallAudio:
    """Recent audio of a stream with what was heard in it: one ring buffer, one speech meter, one merge.

    Parameters
    ----------
    rate
        Hz.
    channels
        Interleaved channels.
    seconds
        Audio kept.
    """

    def __init__(self, rate: int, channels: int, seconds: float) -> None:
        self.rate = rate
        self.channels = channels
        self.merge = Merge(channels)
        self.finished = False
        """No more audio comes."""
        self.more = asyncio.Event()
        """There may be something new to read."""
        self.room = asyncio.Event()
        """There may be room for more."""
        self._capacity = max(1, round(seconds * rate))
        self._ring = RingBuffer(2 * channels, self._capacity)
        self._meter = SpeechMeter(rate, channels)
        self._done = 0.0
        """Seconds up to which every channel is settled or quiet."""

    @property
    def end(self) -> int:
        """Frame after the last one that came in."""
        return self._ring.end

    @property
    def capacity(self) -> int:
        """Frames kept at most."""
        return self._capacity

    def append(self, pcm: bytes) -> None:
        """Take in whole frames; the oldest ones give way."""
        self._ring.append(pcm)
        self._meter.feed(pcm)
        self._meter.forget(self._ring.start / self.rate)
        self.more.set()

    def finish(self) -> None:
        """Note that no more audio comes."""
        self.finished = True
        self.more.set()

    def read(self, begin: int) -> bytes:
        """A block from a frame on, empty when none has come yet; silence where a channel's words are out already.

        Raises
        ------
        EngineError
            The frame is not kept any more.
        """
        try:
            pcm = self._ring.read(begin, round(_BLOCK * self.rate))
        except LookupError:
            raise EngineError("push: expected the engine to keep up with the audio, found it far behind") from None
        settled = [round(self.merge.settled(channel) * self.rate) - begin for channel in range(self.channels)]
        if self.channels == 1 or max(settled) <= 0:
            return pcm
        # Another channel's replay starts earlier than this channel's words end.
        frames = np.frombuffer(pcm, dtype="<i2").reshape(-1, self.channels).copy()
        for channel, frame in enumerate(settled):
            frames[: max(frame, 0), channel] = 0
        return frames.tobytes()

    def resume(self) -> Resumption:
        """Where a connection that opens now goes on."""
        gone = self._ring.start / self.rate
        rescued = [
            final
            for channel in range(self.channels)
            if self._unheard_from(channel) < gone and (final := self.merge.rescue(channel, gone))
        ]
        begin = round(min(self._unheard_from(channel) for channel in range(self.channels)) * self.rate)
        start = max(begin, self._ring.start)
        return Resumption(start, rescued, (start - begin) / self.rate)

    def forget_heard(self, sent: int) -> None:
        """Drop what no connection has to hear again; ``sent`` frames were handed over."""
        begin = min(self._unheard_from(channel) for channel in range(self.channels))
        self._done = max(self._done, min(begin, sent / self.rate))
        self._ring.forget(round(self._done * self.rate))
        self._meter.forget(self._done)

    def unheard(self) -> bool:
        """Whether something that is not quiet is not settled yet."""
        return any(self._said_more(channel) for channel in range(self.channels))

    def owes(self, covered: list[float]) -> bool:
        """Whether there is speech that transcripts do not cover; ``covered`` is in seconds per channel."""
        return any(self._meter.speech(channel, end + _TAIL) >= _WORD for channel, end in enumerate(covered))

    def _unheard_from(self, channel: int) -> float:
        settled, end = max(self.merge.settled(channel), self._done), self.end / self.rate
        return settled if self._said_more(channel) else max(settled, min(end, end - _LEAD))

    def _said_more(self, channel: int) -> bool:
        return self._meter.last_loud[channel] > max(self.merge.settled(channel), self._done) + _TAIL
