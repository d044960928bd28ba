"""Sound that is made while it plays, on this machine's loudspeaker."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

_COMMANDS = {
    "pw-play": ("--rate={rate}", "--channels=1", "--format=s16", "--latency=60ms", "-"),
    "paplay": ("--raw", "--rate={rate}", "--channels=1", "--format=s16le", "--latency-msec=60"),
    "aplay": ("-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", "{rate}", "-B", "120000"),
    "ffplay": ("-nodisp", "-loglevel", "quiet", "-f", "s16le", "-ar", "{rate}", "-ch_layout", "mono", "-i", "-"),
}
"""Players that read raw samples from a pipe."""
_AHEAD = 0.3
"""Seconds that may wait to be played; what is made beyond is dropped, so that nobody is heard late."""


@dataclass(frozen=True, slots=True)
class Loudspeaker:
    """An open loudspeaker."""

    name: str
    """Of the library or program that plays."""
    play: Callable[[bytes], None]
    """Takes mono PCM; never waits."""
    silence: Callable[[], None]
    """Drops what was not heard yet, where that can be done."""


@asynccontextmanager
async def open_loudspeaker(rate: int) -> AsyncGenerator[Loudspeaker | None, None]:
    """The loudspeaker at ``rate`` Hz until the block ends; None where this machine has none that works."""
    device = _sounddevice(rate)
    if device is not None:
        speaker, stream = device
        try:
            yield speaker
        finally:
            stream.close()
        return
    async with _player(rate) as player:
        yield player


def _sounddevice(rate: int) -> tuple[Loudspeaker, Any] | None:
    try:
        import sounddevice
    except (ImportError, OSError):  # OSError: installed, but without PortAudio
        return None
    waiting = bytearray()
    most = 2 * round(_AHEAD * rate)

    def play(pcm: bytes) -> None:
        if len(waiting) < most:
            waiting.extend(pcm)

    def wanted(outdata: Any, frames: int, when: Any, status: Any) -> None:
        piece = bytes(waiting[: len(outdata)])
        del waiting[: len(piece)]
        outdata[:] = piece.ljust(len(outdata), b"\0")

    try:
        stream = sounddevice.RawOutputStream(
            samplerate=rate, channels=1, dtype="int16", blocksize=rate // 50, callback=wanted
        )
        stream.start()
    except sounddevice.PortAudioError:
        return None
    return Loudspeaker("sounddevice", play, waiting.clear), stream


@asynccontextmanager
async def _player(rate: int) -> AsyncGenerator[Loudspeaker | None, None]:
    """A program that plays what is written to it."""
    name = next((name for name in _COMMANDS if shutil.which(name)), None)
    if name is None:
        yield None
        return
    silent = asyncio.subprocess.DEVNULL
    command = (name, *(word.format(rate=rate) for word in _COMMANDS[name]))
    child = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=silent, stderr=silent, start_new_session=True
    )
    pipe = child.stdin
    assert pipe is not None

    def play(pcm: bytes) -> None:
        if not pipe.is_closing() and pipe.transport.get_write_buffer_size() < 2 * _AHEAD * rate:
            pipe.write(pcm)

    try:
        yield Loudspeaker(name, play, lambda: None)
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
