"""Replay: the sound of a recorded call once more, to an ear of other settings."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from providers.emulator.audio_frames import awaited, frames, paced
from providers.emulator.credentials import SentCredentials
from providers.emulator.protocol import TRANSCRIBER_PATH, start_message
from providers.emulator.transcriber_client import CallRecord, TranscriberCall

__all__ = ["ReplayRequest", "RecordedSound", "read_sound", "replayed"]

_TAIL = 8.0
"""Seconds of silence, at most, in which the last final is awaited."""
_SETTLE = 1.5
"""Seconds without news after which no more is awaited."""
_EACH = 0.5
"""Seconds of sound between two messages of progress."""


class ReplayRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is replayed, and how."""

    recording: Annotated[str, Meta(max_length=64)]
    transcriber: Annotated[str, Meta(max_length=100)] = ""
    """Engine that listens; empty is the server's own."""
    denoise: bool | None = None
    """None is the server's own setting, here and below."""
    echo: Literal["off", "gate", "cancel"] | None = None
    speed: Annotated[float, Meta(ge=1, le=8)] = 4.0
    """Times real time; an ear that is slower slows the replay down."""

    def changes(self) -> dict[str, Any]:
        """The settings that differ, by their public names."""
        chosen = {"transcriber": self.transcriber or None, "denoise": self.denoise, "echo": self.echo}
        return {name: value for name, value in chosen.items() if value is not None}


@dataclass(frozen=True, slots=True)
class RecordedSound:
    """A recorded call's sound."""

    pcm: bytes
    """Interleaved, 16 bits."""
    rate: int
    """Hz."""
    channels: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.pcm) / 2 / self.channels / self.rate


def read_sound(file: Path) -> RecordedSound:
    """Read a FLAC file."""
    import soundfile

    samples, rate = soundfile.read(str(file), dtype="int16", always_2d=True)
    return RecordedSound(samples.astype("<i2").tobytes(), int(rate), samples.shape[1])


async def replayed(
    sound: RecordedSound, base: str, credentials: SentCredentials, *, speed: float
) -> AsyncGenerator[dict[str, Any], None]:
    """Replay a call: messages of progress, and each transcript as it comes.

    Raises
    ------
    Unreachable, ServerRefused
        The ear does not take the call.
    """
    news: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
    record = CallRecord()
    url = f"{base}{TRANSCRIBER_PATH}".replace("http", "ws", 1)
    call = TranscriberCall(url, credentials, start_message(sound.rate, channels=sound.channels))

    def heard(record: CallRecord) -> None:
        line = record.lines[-1]
        if line.heard.final:
            news.put_nowait({"type": "final", "speaker": line.heard.channel, "text": line.heard.text})

    async def run() -> None:
        try:
            await call.run(_sent(sound, record, speed, news.put_nowait), record=record, on_line=heard)
        finally:
            news.put_nowait(None)

    running = asyncio.create_task(run())
    try:
        while (found := await news.get()) is not None:
            yield found
        await running
    finally:
        running.cancel()
        await asyncio.wait([running])


async def _sent(
    sound: RecordedSound, record: CallRecord, speed: float, tell: Callable[[dict[str, Any]], None]
) -> AsyncGenerator[bytes | str, None]:
    """The call's frames, then silence until nothing more is said."""

    def settled(now: float) -> bool:
        return (now - sound.seconds) / speed > _SETTLE and bool(record.finals)

    spoken = frames(sound.pcm, sound.rate, sound.channels)
    silence = awaited(settled, sound.rate, sound.channels, begin=sound.seconds, longest=_TAIL * speed)
    sent, told = 0, 0.0
    async for payload in paced(itertools.chain(spoken, silence), speed=speed):
        yield payload
        sent += len(payload)
        seconds = min(sound.seconds, sent / 2 / sound.channels / sound.rate)
        if seconds - told >= _EACH:
            told = seconds
            tell({"type": "progress", "seconds": round(seconds, 2), "of": round(sound.seconds, 2)})
