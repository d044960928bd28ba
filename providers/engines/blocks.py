"""Recognition that is given its audio in blocks of one length, for wires where each message has a price."""

from __future__ import annotations

from collections.abc import AsyncIterator

from providers.engines.base import Recognition, Transcript

__all__ = ["InBlocks"]


class InBlocks:
    """Recognition behind a buffer of one block; the rest goes out when the audio ends.

    Parameters
    ----------
    block
        Bytes of whole frames.
    """

    def __init__(self, recognition: Recognition, block: int) -> None:
        self._recognition = recognition
        self._block = block
        self._held = bytearray()

    async def push(self, pcm: bytes, /) -> None:
        """Push audio; whole blocks are passed on in one piece."""
        self._held += pcm
        if cut := len(self._held) - len(self._held) % self._block:
            whole = bytes(self._held[:cut])
            del self._held[:cut]
            await self._recognition.push(whole)

    async def finish(self) -> None:
        """Pass on what is held, and end the audio."""
        if self._held:
            held, self._held = bytes(self._held), bytearray()
            await self._recognition.push(held)
        await self._recognition.finish()

    def __aiter__(self) -> AsyncIterator[Transcript]:
        return aiter(self._recognition)
