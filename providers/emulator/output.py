"""Where a command's lines and reports go: a terminal, a pipe that may close early, a file, or standard output."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO, Any, cast

import msgspec
from rich.console import Console

from providers.emulator.failures import EmulatorError

STDOUT = Path("-")
"""The file name that stands for standard output."""


class PipeOutput:
    """Standard output that drops what is written after its reader has gone: ``| head`` ends no command early."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or drop."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._drop()
            return len(text)

    def flush(self) -> None:
        """Flush, or drop."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._drop()

    def _drop(self) -> None:
        """Send all that follows nowhere, the interpreter's own flush at the end included."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        """All else is the stream's own."""
        return getattr(self._stream, name)


def console_beside(report: Path | None) -> Console:
    """The console for people: standard output, or standard error when a report takes standard output."""
    if report == STDOUT:
        return Console(stderr=True)
    return Console(file=cast(IO[str], PipeOutput(sys.stdout)))


def save(path: Path, data: bytes) -> None:
    """Write a report to a file or to standard output.

    Raises
    ------
    EmulatorError
        The file cannot be written.
    """
    if path == STDOUT:
        output = PipeOutput(sys.stdout)
        output.write(data.decode())
        output.flush()
        return
    try:
        path.write_bytes(data)
    except OSError as error:
        raise EmulatorError(f"{path}: {error.strerror or error}") from error


def save_json(path: Path | None, report: Any) -> None:
    """Write a report as JSON where a file is named."""
    if path is not None:
        save(path, msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
