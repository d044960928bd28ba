"""Recordings of calls in the folder of ``--record``: which there are, one call's JSON, its sound."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from providers.calls.export import CallSummary

__all__ = ["RecordingFolder", "RecordingList"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOST_LISTED = 200


class RecordingList(msgspec.Struct):
    """Recorded calls, the newest first."""

    recordings: list[CallSummary]


class RecordingFolder:
    """The folder, which is read and never written here. Every method reads files: it belongs in a thread."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def list(self) -> RecordingList:
        """The newest recordings that have a sound; files that are damaged are left out."""
        files = sorted(self._folder.glob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
        found = (_summary(file) for file in files[:_MOST_LISTED] if self.sound(file.stem) is not None)
        return RecordingList([summary for summary in found if summary is not None])

    def detail(self, name: str) -> bytes | None:
        """The JSON of a call; None where there is none of this name."""
        return self._read(name, ".json")

    def sound(self, name: str) -> Path | None:
        """The FLAC file of a call's first socket; None where there is none of this name."""
        file = self._folder / f"{name}.flac"
        return file if _NAME.fullmatch(name) and file.is_file() else None

    def _read(self, name: str, suffix: str) -> bytes | None:
        if not _NAME.fullmatch(name):
            return None
        try:
            return (self._folder / f"{name}{suffix}").read_bytes()
        except OSError:
            return None


def _summary(file: Path) -> CallSummary | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=CallSummary)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
