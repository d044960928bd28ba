"""Who speaks to the assistant: a microphone, lines that are typed or given, a WAV file."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path
from typing import Protocol

from dsp import EchoCanceller, decode_pcm16, encode_pcm16
from providers.emulator.audio_device import microphone
from providers.emulator.audio_frames import frames, paced
from providers.emulator.conversation.commands import ConversationEvent
from providers.emulator.failures import EmulatorError
from providers.emulator.speech import CLEAR_VOICE, SOURCE_RATE, sentence
from providers.emulator.wav import mono, read_clip, resampled

_ANSWER_SECONDS = 20.0
"""How long a caller waits for an answer before the next line."""
_PAUSE = 0.6
"""Seconds between the assistant's last word and the caller's next line."""

Hear = Callable[[bytes], None]
"""Takes the caller's sound: mono PCM."""


class Caller(Protocol):
    """One person on the line."""

    async def speak(self, hear: Hear) -> None:
        """Speak until the caller wants to hang up."""
        ...

    def heard(self, frame: bytes) -> None:
        """Take in what the loudspeaker plays: a frame of the assistant's sound."""
        ...


class Floor:
    """Whether the assistant has the floor, by the log of the conversation."""

    def __init__(self, *, greets: bool) -> None:
        self._busy = greets
        self._changed = asyncio.Event()

    def take(self, event: ConversationEvent) -> None:
        """Note one entry."""
        if event.kind in ("turn-ended", "speech-started", "model-asked"):
            self._busy = True
        elif event.kind == "speech-stopped" or (event.kind == "model-done" and event.detail.get("error")):
            self._busy = False
        self._changed.set()

    async def free(self) -> None:
        """Wait until the assistant has said what it had to say."""
        while self._busy:
            self._changed.clear()
            await self._changed.wait()

    def claim(self) -> None:
        """The caller has spoken: an answer is owed."""
        self._busy = True


class SpokenLines:
    """Lines of text, spoken by the embedded engine.

    Parameters
    ----------
    lines : AsyncIterator[str]
        What the caller says.
    floor : Floor | None
        Wait for the assistant's answer before each line; None: a line is spoken as soon as it comes.
    """

    def __init__(self, lines: AsyncIterator[str], rate: int, floor: Floor | None = None) -> None:
        self._lines = lines
        self._rate = rate
        self._floor = floor

    async def speak(self, hear: Hear) -> None:
        """Speak line by line."""
        async for line in self._lines:
            if text := line.strip():
                pcm = await _spoken(text, self._rate)
                await self._turn()
                await _play(pcm, self._rate, hear)
                if self._floor is not None:
                    self._floor.claim()
        await self._turn()

    def heard(self, frame: bytes) -> None:
        """Nothing reaches a script's ear."""

    async def _turn(self) -> None:
        if self._floor is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._floor.free(), _ANSWER_SECONDS)
            await asyncio.sleep(_PAUSE)


class RecordedCaller:
    """A WAV file, played once; then the caller listens to the answer and hangs up."""

    def __init__(self, file: Path, rate: int, floor: Floor) -> None:
        self._pcm = encode_pcm16(mono(read_clip(file), rate))
        self._rate = rate
        self._floor = floor

    async def speak(self, hear: Hear) -> None:
        """Play the file."""
        await _play(self._pcm, self._rate, hear)
        self._floor.claim()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._floor.free(), _ANSWER_SECONDS)

    def heard(self, frame: bytes) -> None:
        """Nothing reaches a file's ear."""


class MicrophoneCaller:
    """The microphone of this machine, without what its loudspeaker plays into it."""

    def __init__(self, rate: int, blocks: Callable[[int], AsyncGenerator[bytes, None]] = microphone) -> None:
        self._rate = rate
        self._blocks = blocks
        self._echo = EchoCanceller(rate)
        self._played: deque[bytes] = deque(maxlen=50)

    async def speak(self, hear: Hear) -> None:
        """Speak until the call ends."""
        async with contextlib.aclosing(self._blocks(self._rate)) as blocks:
            async for block in blocks:
                hear(self._without_echo(block))

    def heard(self, frame: bytes) -> None:
        """Keep what the loudspeaker plays, for the microphone's next block."""
        self._played.append(frame)

    def _without_echo(self, block: bytes) -> bytes:
        played = self._played.popleft() if self._played else b""
        far = decode_pcm16(played[: len(block)].ljust(len(block), b"\0"))
        return encode_pcm16(self._echo.feed(decode_pcm16(block), far))


async def _spoken(text: str, rate: int) -> bytes:
    """A line as PCM."""
    samples = await sentence(text, CLEAR_VOICE)
    if samples is None:
        raise EmulatorError(
            "typed lines need the embedded voice: pip install 'vapi-providers[local]'; or speak with --mic, or give a"
            " recording with --caller-wav"
        )
    return encode_pcm16(resampled(samples, SOURCE_RATE, rate))


async def _play(pcm: bytes, rate: int, hear: Hear) -> None:
    async for piece in paced(frames(pcm, rate, channels=1)):
        if isinstance(piece, bytes):
            hear(piece)
    await asyncio.sleep(0.02)  # the last frame lasts as long as the others
