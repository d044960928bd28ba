"""The loudspeaker and the microphone of this machine, where it has them."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from providers.emulator.audio_frames import FRAMES_PER_SECOND
from providers.emulator.failures import EmulatorError
from providers.emulator.wav import wav_bytes

_PLAYERS = (
    ("afplay",),
    ("pw-play",),
    ("paplay",),
    ("aplay", "-q"),
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "quiet"),
)
"""Players that come with a desktop, most native first; each takes a file."""

_MIC_QUEUE = FRAMES_PER_SECOND
"""Frames of the microphone that may wait for the network: one second."""


def play(pcm: bytes, rate: int) -> str | None:
    """Play mono PCM and return the player's name; None when this machine has none that works."""
    if _play_by_sounddevice(pcm, rate):
        return "sounddevice"
    for player in _PLAYERS:
        if shutil.which(player[0]) and _play_by_command(player, pcm, rate):
            return player[0]
    return None


def _play_by_sounddevice(pcm: bytes, rate: int) -> bool:
    try:
        import sounddevice
    except (ImportError, OSError):  # OSError: installed, but without PortAudio
        return False
    try:
        with sounddevice.RawOutputStream(samplerate=rate, channels=1, dtype="int16") as stream:
            stream.write(pcm)
    except sounddevice.PortAudioError:
        return False
    return True


def _play_by_command(player: tuple[str, ...], pcm: bytes, rate: int) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "speech.wav"
        file.write_bytes(wav_bytes(pcm, rate))
        return subprocess.run([*player, str(file)], check=False, capture_output=True).returncode == 0


def has_microphone() -> bool:
    """Whether this machine has a microphone that can be used here."""
    try:
        import sounddevice

        return bool(sounddevice.query_devices(kind="input"))
    except (ImportError, OSError, ValueError):  # not installed; without PortAudio; without a device
        return False
    except sounddevice.PortAudioError:
        return False


async def microphone(rate: int) -> AsyncGenerator[bytes, None]:
    """Mono PCM from the default microphone, 20 ms at a time, until the generator is closed."""
    sounddevice = _sounddevice()
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes] = asyncio.Queue(_MIC_QUEUE)

    def keep(block: bytes) -> None:
        with contextlib.suppress(asyncio.QueueFull):
            queue.put_nowait(block)

    def captured(block: Any, frames: int, when: Any, status: Any) -> None:
        loop.call_soon_threadsafe(keep, bytes(block))

    try:
        stream = sounddevice.RawInputStream(
            samplerate=rate, channels=1, dtype="int16", blocksize=rate // FRAMES_PER_SECOND, callback=captured
        )
        stream.start()
    except sounddevice.PortAudioError as fault:
        raise EmulatorError(f"--mic: this machine's microphone cannot be opened: {fault}") from fault
    try:
        while True:
            yield await queue.get()
    finally:
        stream.close()


def _sounddevice() -> Any:
    try:
        import sounddevice
    except ImportError as fault:
        raise EmulatorError("--mic needs the package sounddevice: pip install sounddevice") from fault
    except OSError as fault:
        raise EmulatorError("--mic needs the PortAudio library, which sounddevice did not find") from fault
    return sounddevice
