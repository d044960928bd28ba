"""Uploaded files as transcripts: one recognition for each channel, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace

from starlette.requests import Request

from providers.dialects.audio.decoding import Sound
from providers.dialects.services import Services
from providers.engines.base import Recognition, SpeechToText, Transcript, with_patience
from providers.tasks import until_first
from providers.text.finals import punctuated

__all__ = ["FileHearing", "place_for_upload", "unless_hung_up"]

_BLOCK = 0.5
"""Seconds pushed at once."""
_LEAST_PATIENCE, _PATIENCE = 20.0, 4.0
"""Seconds that a recogniser has for a file, and so many more for each second of it."""


@asynccontextmanager
async def place_for_upload(services: Services) -> AsyncGenerator[None, None]:
    """A place among the uploads, then one among the calls: both take a recogniser.

    Raises
    ------
    AtCapacity
    """
    services.drain.admit()
    with await services.uploads.wait(), services.gate.admit():
        yield


async def unless_hung_up(request: Request, work: Callable[[], Awaitable[None]]) -> None:
    """Do some work until it is done or the client hangs up; the request's body has been read."""

    async def worked() -> None:
        await work()

    async def hang_up() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    await until_first(worked(), hang_up())


@dataclass(frozen=True, slots=True)
class FileHearing:
    """What a recogniser hears in a file."""

    engine: SpeechToText
    punctuate: bool = True
    """Whether finals of an engine that writes none get case and marks."""

    async def finals(self, sound: Sound, channel: int = 0) -> AsyncGenerator[Transcript, None]:
        """Finals of one channel, as they come.

        Raises
        ------
        EngineError
        """
        pcm, step = sound.channels[channel], 2 * round(_BLOCK * sound.rate)
        engine = with_patience(self.engine, _LEAST_PATIENCE + _PATIENCE * sound.seconds)
        async with engine.listen(rate=sound.rate) as recognition:
            feeding = asyncio.create_task(_feed(recognition, pcm, step))
            try:
                async for transcript in _transcripts(recognition):
                    if transcript.final and transcript.text.strip():
                        yield self._written(transcript)
                await feeding
            finally:
                feeding.cancel()
                await asyncio.gather(feeding, return_exceptions=True)

    async def all(self, sound: Sound, channel: int = 0) -> list[Transcript]:
        """Every final of one channel."""
        async with aclosing(self.finals(sound, channel)) as finals:
            return [final async for final in finals]

    def _written(self, final: Transcript) -> Transcript:
        capabilities = self.engine.capabilities
        text = final.text.strip()
        if self.punctuate and not capabilities.punctuates:
            text = punctuated(text, capabilities.languages)
        return replace(final, text=text)


async def _feed(recognition: Recognition, pcm: bytes, step: int) -> None:
    for begin in range(0, len(pcm), step):
        await recognition.push(pcm[begin : begin + step])
        await asyncio.sleep(0)  # a push may return without waiting, and calls need the loop
    await recognition.finish()


async def _transcripts(recognition: Recognition) -> AsyncIterator[Transcript]:
    async for transcript in recognition:
        yield transcript
