"""Decoding of several streams in one step of a model, for recognisers whose library can (sherpa-onnx)."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

__all__ = ["DecodesTogether"]


class DecodesTogether:
    """Recogniser whose ``decode_stream`` takes along the streams of other threads that wait for the model.

    Nothing waits for a batch to fill: a lone stream is decoded at once, and those that come meanwhile are the next
    batch. All else is the recogniser's own.

    Parameters
    ----------
    recogniser
        With ``decode_streams`` for a list of streams.
    most
        Streams of one batch.
    """

    def __init__(self, recogniser: Any, *, most: int = 32) -> None:
        self._recogniser = recogniser
        self._most = most
        self._model = threading.Lock()
        self._waiting: deque[_Step] = deque()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._recogniser, name)

    def decode_stream(self, stream: Any) -> None:
        """Decode one step of a stream; it blocks until that is done."""
        step = _Step(stream)
        self._waiting.append(step)
        with self._model:
            while not step.done:  # else an earlier batch has taken it along
                batch = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
                self._decode(batch)
        if step.error is not None:
            raise step.error

    def _decode(self, batch: list[_Step]) -> None:
        error: Exception | None = None
        try:
            self._recogniser.decode_streams([step.stream for step in batch])
        except Exception as raised:
            error = raised
        for step in batch:
            step.done, step.error = True, error


class _Step:
    """One step of one stream."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self.done = False
        self.error: Exception | None = None
