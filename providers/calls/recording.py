"""Recordings of calls: both channels as FLAC, and beside them the call as JSON. Off unless a folder is named.

Files are written in a thread of their own. One that cannot be written ends that recording, never the call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import structlog

from providers.errors import SettingsError
from providers.installing import install_command

__all__ = ["CallRecording", "Recorder"]

log = structlog.get_logger()

_MOST_WAITING = 32 * 1024 * 1024
"""Bytes of all recordings that wait for the disk."""


class Recorder:
    """Writer of recordings into one folder.

    Parameters
    ----------
    folder
        Made when it is missing, readable by its owner alone.
    longest
        Seconds of audio that are kept of each call.

    Raises
    ------
    SettingsError
        The folder cannot be written, or the encoder is not installed.
    """

    def __init__(self, folder: str, *, longest: float) -> None:
        if find_spec("soundfile") is None:
            raise SettingsError([f"--record: run {install_command('record')}"])
        self._folder = Path(folder)
        self._longest = longest
        self._waiting = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recordings")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            probe = self._folder / ".writable"
            probe.touch(mode=0o600)
            probe.unlink()
        except OSError as error:
            raise SettingsError([f"--record: cannot write {folder!r}: {error.strerror or error}"]) from None

    def open(self, name: str, *, rate: int, channels: int) -> CallRecording:
        """A recording of a call's audio: Hz, 1 or 2 channels. Nothing is written before its first audio."""
        return CallRecording(self, self._free(name), rate=rate, channels=channels, longest=self._longest)

    def describe(self, name: str, content: bytes) -> None:
        """Write a call's JSON beside its audio; a later one takes its place."""
        self._submit(len(content), lambda: _write_private(self._folder / f"{name}.json", content))

    async def aclose(self) -> None:
        """Wait until everything is written."""
        await asyncio.to_thread(self._thread.shutdown)

    def write(self, size: int, work: Callable[[], None]) -> bool:
        """Have some bytes written; False when too many wait already."""
        if self._waiting + size > _MOST_WAITING:
            return False
        self._submit(size, work)
        return True

    def _submit(self, size: int, work: Callable[[], None]) -> None:
        self._waiting += size
        loop = asyncio.get_running_loop()

        def written(future: asyncio.Future[None]) -> None:
            self._waiting -= size
            if not future.cancelled() and (error := future.exception()) is not None:
                log.warning("recording failed", error=f"{type(error).__name__}")

        loop.run_in_executor(self._thread, work).add_done_callback(written)

    def _free(self, name: str) -> Path:
        """A path that no file has: a call may have several sockets, one after the other."""
        path, number = self._folder / f"{name}.flac", 1
        while path.exists():
            number += 1
            path = self._folder / f"{name}-{number}.flac"
        return path


class CallRecording:
    """One socket's audio on its way to a file."""

    def __init__(self, recorder: Recorder, path: Path, *, rate: int, channels: int, longest: float) -> None:
        self._recorder = recorder
        self._path = path
        self._format = (rate, channels)
        self._left = int(longest * rate) * 2 * channels
        self._file: Any = None

    def feed(self, pcm: bytes) -> None:
        """Take in whole frames, as long as there is room."""
        pcm = pcm[: self._left]
        if not pcm:
            return
        self._left -= len(pcm)
        if not self._recorder.write(len(pcm), lambda: self._append(pcm)):
            self._left = 0
            log.warning("recording ends", reason="the disk does not keep up")

    def close(self) -> None:
        """End the file once all is written."""
        self._recorder.write(0, self._end)

    def _append(self, pcm: bytes) -> None:
        """Runs in the recorder's thread, like `_end`."""
        if self._file is None:
            import soundfile

            self._path.touch(mode=0o600)
            rate, channels = self._format
            self._file = soundfile.SoundFile(
                str(self._path), "w", samplerate=rate, channels=channels, format="FLAC", subtype="PCM_16"
            )
        self._file.buffer_write(pcm, dtype="int16")

    def _end(self) -> None:
        if self._file is not None:
            self._file.close()


def _write_private(path: Path, content: bytes) -> None:
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    draft.replace(path)
