"""The caller's typed lines: spoken by the server's voice, and heard at the pace of speech."""

from __future__ import annotations

import asyncio
import contextlib

from providers.emulator.conversation.ports import PortError, VoicePort

__all__ = ["TypedSpeech"]

_MOST_LINES = 5
_MOST_SECONDS = 60.0


class TypedSpeech:
    """Lines that wait, and the sound of the one that is spoken.

    Parameters
    ----------
    rate
        Hz.
    """

    def __init__(self, voice: VoicePort, rate: int) -> None:
        self._voice = voice
        self._most = int(_MOST_SECONDS * rate) * 2
        self._sound = bytearray()
        self._lines: list[str] = []
        self._making: asyncio.Task[None] | None = None

    @property
    def speaks(self) -> bool:
        """Whether a line is spoken now: the microphone is not heard meanwhile."""
        return bool(self._sound)

    def say(self, text: str) -> None:
        """Speak a line once those before it are made; beyond a few it is dropped."""
        if len(self._lines) < _MOST_LINES:
            self._lines.append(text)
        if self._making is None or self._making.done():
            self._making = asyncio.create_task(self._make())

    def take(self, size: int) -> bytes | None:
        """The next bytes of speech; None where there are none."""
        if not self._sound:
            return None
        taken = bytes(self._sound[:size])
        del self._sound[:size]
        return taken

    def cancel(self) -> None:
        """Speak no more."""
        self._sound.clear()
        if self._making is not None:
            self._making.cancel()

    async def _make(self) -> None:
        while self._lines:
            made = bytearray()
            with contextlib.suppress(PortError):
                async with contextlib.aclosing(self._voice.speak(self._lines.pop(0), 0)) as body:
                    async for piece in body:
                        made += piece
                        if len(made) > self._most:
                            break
            self._sound += made  # whole, so that no gap of the making is heard
