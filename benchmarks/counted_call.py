"""Calls to the counting recogniser, which says ``second 1.``, ``second 2.`` …: a word for each second of audio.

A word that is missing, doubled or late is seen, whatever the load.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
from websockets.exceptions import InvalidHandshake, InvalidStatus

from benchmarks.callers import FRAME_BYTES, PATH, START, message
from providers.emulator.credentials import SentCredentials
from providers.emulator.websocket_client import CallSocket, open_socket

_BLOCK_FRAMES = 5
"""Frames written at once: a caller of 100 ms frames costs the measuring side a fifth of one of 20 ms frames."""
_BLOCK = message(bytes(FRAME_BYTES)) * _BLOCK_FRAMES
_BLOCKS_PER_SECOND = 50 // _BLOCK_FRAMES
_PATIENCE = 15.0
"""Seconds for the last word."""


class Refused(Exception):
    """The upgrade was answered with another status than 101, or the connection was not accepted."""


class _Said(msgspec.Struct):
    transcription: str = ""
    transcriptType: str = ""  # noqa: N815  # the protocol's name


@dataclass(slots=True)
class CountedCall:
    """One call and what became of it."""

    seconds: int
    """Of audio."""
    speed: float = 1.0
    """Seconds of audio sent in a second."""
    words: list[str] = field(default_factory=list)
    lags: list[tuple[float, float]] = field(default_factory=list)
    """Moment of each word, and seconds from the last frame of its second of audio to it."""
    cut: int | None = None
    """Close code of a server that ended the call; None when the caller did."""
    hung_up: bool = False
    """Whether the caller hung up before the end."""
    sent: list[float] = field(default_factory=list)
    _told: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def lost(self) -> int:
        """Words that did not come, or not in order."""
        said = min(self.seconds, len(self.sent)) if self.hung_up else self.seconds
        expected = [f"second {number}." for number in range(1, said + 1)]
        return sum(1 for at, word in enumerate(expected) if self.words[at : at + 1] != [word])

    async def run(
        self, base: str, *, opened: asyncio.Event | None = None, over: Callable[[], bool] = lambda: False
    ) -> None:
        """Make the call; ``opened`` is set once it is taken, and when ``over`` says so the caller hangs up.

        Raises
        ------
        Refused
            The call was not taken.
        """
        socket = await self._open(base)
        if opened is not None:
            opened.set()
        try:
            socket.text(START.decode())
            await self._speak(socket, over)
            await self._heard()
            await socket.hang_up(5.0)
        finally:
            if socket.ended and socket.close_code != 1000:
                self.cut = socket.close_code
            socket.abort()

    async def _open(self, base: str) -> CallSocket:
        url = base.replace("http", "ws", 1) + PATH
        try:
            return await open_socket(url, SentCredentials(), on_text=self._take, timeout=_PATIENCE)
        except InvalidStatus as error:
            raise Refused(str(error.response.status_code)) from None
        except (OSError, InvalidHandshake) as error:
            raise Refused(type(error).__name__) from None

    async def _speak(self, socket: CallSocket, over: Callable[[], bool]) -> None:
        begun = time.perf_counter()
        for block in range(self.seconds * _BLOCKS_PER_SECOND):
            due = begun + (block + 1) / (_BLOCKS_PER_SECOND * self.speed)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if socket.ended:
                return
            if over():
                self.hung_up = True
                return
            socket.frame(_BLOCK)
            if (block + 1) % _BLOCKS_PER_SECOND == 0:
                self.sent.append(time.perf_counter())

    async def _heard(self) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                while len(self.words) < len(self.sent):
                    self._told.clear()
                    await self._told.wait()
        except TimeoutError:
            return

    def _take(self, text: bytes) -> None:
        said = msgspec.json.decode(text, type=_Said)
        if said.transcriptType != "final":
            return
        now = time.perf_counter()
        if len(self.words) < len(self.sent):
            self.lags.append((now, now - self.sent[len(self.words)]))
        self.words.append(said.transcription)
        self._told.set()
