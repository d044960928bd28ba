"""Listening engine for load tests: it counts audio and answers one final per second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from providers.engines.base import ListeningCapabilities, Transcript
from providers.errors import EngineError

NAME = "null"


@dataclass(frozen=True, slots=True)
class Null:
    """The listening engine."""

    name: str = NAME

    @property
    def capabilities(self) -> ListeningCapabilities:
        """Any rate, one or two channels, punctuated finals."""
        return ListeningCapabilities(channels=2, punctuates=True)

    async def start(self) -> None:
        """Do nothing."""

    @asynccontextmanager
    async def listen(self, *, rate: int, channels: int = 1) -> AsyncGenerator[_Counting, None]:
        """Yield a recognition with ``second 1.``, ``second 2.`` … on channel 0 for any audio."""
        if not 1 <= channels <= self.capabilities.channels:
            raise EngineError(f"channels: expected 1 or 2, found {channels}", engine=self.name, retryable=False)
        yield _Counting(rate, channels)

    async def aclose(self) -> None:
        """Do nothing."""


class _Counting:
    def __init__(self, rate: int, channels: int) -> None:
        self._second = rate * channels * 2
        self._bytes = 0
        self._told = 0
        self._finished = False
        self._changed = asyncio.Event()

    async def push(self, pcm: bytes, /) -> None:
        if self._finished:
            raise EngineError("push: expected no audio after finish", engine=NAME, retryable=False)
        self._bytes += len(pcm)
        if self._bytes >= (self._told + 1) * self._second:
            self._changed.set()

    async def finish(self) -> None:
        self._finished = True
        self._changed.set()

    async def __aiter__(self) -> AsyncIterator[Transcript]:
        while True:
            while self._bytes >= (self._told + 1) * self._second:
                self._told += 1
                yield Transcript(f"second {self._told}.", final=True, start=self._told - 1, end=self._told)
            if self._finished:
                return
            self._changed.clear()
            await self._changed.wait()
