"""Hearing of one channel of a socket: recognitions one after the other, as if they were one.

A client may ask for the words so far at any time (Finalize, commit, stop). Then the recognition is finished, its last
finals are handed over, and the next audio opens another one, whose times go on where the last one ended::

    push ──► recognition ──► transcripts, normalised ──► heard
                │ finalize: finish, wait for its last final
                ▼
              (none) ── push: open the next one
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace

from providers.engines.base import Recognition, SpeechToText, Transcript, Word, seconds_behind, with_patience
from providers.errors import EngineError
from providers.text.finals import punctuated

__all__ = ["Hearing"]

_LAST_WORDS = 30.0
"""Seconds from the end of the audio to the last final: clients send files as if they were calls, as fast as they go."""

Heard = Callable[[Transcript], Awaitable[None]]


@dataclass(slots=True)
class _Open:
    """A recognition and what belongs to it."""

    recognition: Recognition
    stack: AsyncExitStack
    teller: asyncio.Task[None]


@dataclass(slots=True)
class Hearing:
    """Hearing of one channel, an async context manager; leaving it ends the recognition.

    Parameters
    ----------
    rate
        Hz.
    heard
        Awaited for each transcript that differs from the one before it, and for each final with words.
    """

    engine: SpeechToText
    rate: int
    heard: Heard
    punctuate: bool = True
    _open: _Open | None = field(init=False, default=None)
    _offset: float = field(init=False, default=0.0)
    """Seconds of audio before the open recognition."""
    _pushed: int = field(init=False, default=0)
    """Bytes in all."""
    _shown: str = field(init=False, default="")
    _finishing: bool = field(init=False, default=False)
    failed: asyncio.Future[None] = field(init=False)
    """Has the error of a recognition that is lost."""

    def __post_init__(self) -> None:
        self.failed = asyncio.get_running_loop().create_future()

    @property
    def seconds(self) -> float:
        """Audio so far."""
        return self._pushed / 2 / self.rate

    @property
    def behind(self) -> float:
        """Seconds of audio that the recogniser has still to be given."""
        return seconds_behind(self._open.recognition) if self._open is not None else 0.0

    async def __aenter__(self) -> Hearing:
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.abandon()
        if self.failed.done() and not self.failed.cancelled():
            self.failed.exception()  # seen by now, or of no interest any more

    async def open(self) -> None:
        """Open a recognition unless one is open.

        Raises
        ------
        EngineError
            `EngineBusy` when the engine takes no more.
        """
        if self._open is not None:
            return
        stack = AsyncExitStack()
        try:
            engine = with_patience(self.engine, _LAST_WORDS, at_end=True)
            recognition = await stack.enter_async_context(engine.listen(rate=self.rate))
        except BaseException:
            await stack.aclose()
            raise
        self._offset, self._shown, self._finishing = self.seconds, "", False
        self._open = _Open(recognition, stack, asyncio.create_task(self._tell(recognition)))

    async def push(self, pcm: bytes) -> None:
        """Hear whole samples.

        Raises
        ------
        EngineError
        """
        await self.open()
        assert self._open is not None
        await self._open.recognition.push(pcm)
        self._pushed += len(pcm)

    async def finalize(self) -> None:
        """Finish what is being said; every final of the audio so far has been handed over on return.

        Raises
        ------
        EngineError
        """
        if (done := self._open) is None:
            return
        self._finishing = True
        await done.recognition.finish()
        await asyncio.wait((done.teller,))
        self._open = None
        await done.stack.aclose()
        if self.failed.done():
            await self.failed

    async def abandon(self) -> None:
        """Forget what is being said."""
        if (left := self._open) is not None:
            self._open = None
            left.teller.cancel()
            await asyncio.gather(left.teller, return_exceptions=True)
            await left.stack.aclose()

    async def _tell(self, recognition: Recognition) -> None:
        try:
            async for transcript in recognition:
                if (told := self._normalised(transcript)) is not None:
                    await self.heard(told)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # the socket's own task raises it
            if not self.failed.done():
                self.failed.set_exception(error)
        else:
            if not self._finishing and not self.failed.done():
                self.failed.set_exception(EngineError("the recogniser ended while the audio goes on"))

    def _normalised(self, transcript: Transcript) -> Transcript | None:
        text = transcript.text.strip()
        if transcript.final:
            self._shown = ""
            capabilities = self.engine.capabilities
            if self.punctuate and not capabilities.punctuates:
                text = punctuated(text, capabilities.languages)
        elif text == self._shown:
            return None
        else:
            self._shown = text
        return self._moved(replace(transcript, text=text)) if text else None

    def _moved(self, transcript: Transcript) -> Transcript:
        """The transcript with its times counted from the start of the socket's audio."""
        by = self._offset
        if not by:
            return transcript
        words = tuple(Word(word.text, word.start + by, word.end + by) for word in transcript.words)
        return replace(transcript, start=transcript.start + by, end=transcript.end + by, words=words)
