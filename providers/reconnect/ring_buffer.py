"""The recent audio of a recognition, addressed by its place in the call. Counts frames, knows no clock."""

from __future__ import annotations

__all__ = ["RingBuffer"]


class RingBuffer:
    """The last ``capacity`` frames of a stream; frame 0 is the first one ever added.

    Parameters
    ----------
    frame_bytes
        Bytes per frame: 2 per channel.
    capacity
        Frames kept at most.
    """

    def __init__(self, frame_bytes: int, capacity: int) -> None:
        if frame_bytes < 2 or capacity < 1:
            raise ValueError(f"ring: expected room for at least one frame, found {frame_bytes} bytes x {capacity}")
        self._frame_bytes = frame_bytes
        self._capacity = capacity
        self._data = bytearray()
        self._base = 0
        self._start = 0

    @property
    def start(self) -> int:
        """Frame from which on the audio is still here."""
        return self._start

    @property
    def end(self) -> int:
        """Frame after the last one added."""
        return self._base + len(self._data) // self._frame_bytes

    def append(self, pcm: bytes) -> int:
        """Add whole frames, dropping the oldest beyond the capacity; answers how many were added."""
        frames, rest = divmod(len(pcm), self._frame_bytes)
        if rest:
            raise ValueError(f"pcm: expected a multiple of {self._frame_bytes} bytes, found {len(pcm)}")
        self._data += pcm
        self.forget(self.end - self._capacity)
        return frames

    def read(self, begin: int, most: int) -> bytes:
        """At most ``most`` frames from ``begin`` on; empty when none has come yet.

        Raises
        ------
        LookupError
            ``begin`` is older than what is kept.
        """
        if begin < self._start:
            raise LookupError(f"ring: expected a frame from {self._start} on, found {begin}")
        first = (begin - self._base) * self._frame_bytes
        return bytes(self._data[first : first + most * self._frame_bytes])

    def forget(self, before: int) -> None:
        """Drop the frames before ``before``; going back is not possible."""
        self._start = max(self._start, min(before, self.end))
        dead = self._start - self._base
        # Moving the rest down costs its length, so it waits until at least as much is dead.
        if 2 * dead >= self.end - self._base:
            del self._data[: dead * self._frame_bytes]
            self._base = self._start
