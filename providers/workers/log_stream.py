"""Stream for the supervisor's log lines, which never waits for their reader."""

from __future__ import annotations

import os
import select
from typing import TextIO


class ImpatientStream:
    """Writes a line when the stream takes it now, and drops it otherwise.

    The supervisor has no thread for a queue of lines, because it forks, and must accept connections whatever the reader
    of the log does.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, line: str) -> int:
        """Write a line, or drop it."""
        try:
            descriptor = self._stream.fileno()
            if select.select([], [descriptor], [], 0)[1]:
                os.write(descriptor, line.encode(errors="backslashreplace"))
        except (OSError, ValueError):  # no one reads it
            return 0
        return len(line)

    def flush(self) -> None:
        """Part of a stream's interface; nothing waits."""

    def isatty(self) -> bool:
        """Whether a person reads it."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """No descriptor that a queue could be put in front of."""
        raise OSError("written without a queue")
