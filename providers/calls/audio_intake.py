"""Audio of a socket as it comes, until it is looked at."""

from __future__ import annotations


class AudioIntake:
    """Audio of a socket that was not looked at yet, and the clock of all of it."""

    def __init__(self) -> None:
        self.bytes_per_second = 0
        self._received = 0
        self._next_look = 0
        self._waiting: list[bytes] = []

    @property
    def position(self) -> float:
        """Seconds of audio received."""
        return self._received / self.bytes_per_second if self.bytes_per_second else 0.0

    @property
    def waits(self) -> bool:
        """Whether there is audio to look at."""
        return bool(self._waiting)

    def add(self, pcm: bytes) -> bool:
        """Take in audio; True when it is time to look."""
        self._waiting.append(pcm)
        self._received += len(pcm)
        return self._received >= self._next_look

    def take(self) -> list[bytes]:
        """The audio that waits."""
        blocks, self._waiting = self._waiting, []
        return blocks

    def look_after(self, block: int) -> None:
        """Set the next look to after so many bytes more."""
        self._next_look = self._received + block
