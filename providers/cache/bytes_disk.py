"""The SQLite cache of `diskcache`, held to bytes: what lies on disk is data and is never unpickled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from diskcache import Cache, Disk
from diskcache.core import MODE_BINARY, MODE_RAW

__all__ = ["open_cache"]


class BytesDisk(Disk):  # type: ignore[misc]  # diskcache ships no types
    """Text keys and bytes values only; a row of any other kind, whoever wrote it, counts as absent."""

    def put(self, key: Any) -> tuple[Any, bool]:
        if not isinstance(key, str):
            raise TypeError(f"key: expected str, found {type(key).__name__}")
        return key, True

    def get(self, key: Any, raw: bool) -> Any:
        return key if raw else None

    def store(self, value: Any, read: bool, key: Any = None) -> Any:
        if not isinstance(value, bytes):
            raise TypeError(f"value: expected bytes, found {type(value).__name__}")
        return super().store(value, read, key)

    def fetch(self, mode: int, filename: Any, value: Any, read: bool) -> Any:
        if mode not in (MODE_RAW, MODE_BINARY):
            return None
        return super().fetch(mode, filename, value, read)


def open_cache(directory: Path, max_bytes: int) -> Cache:
    """Open, or make, the cache in a directory."""
    return Cache(str(directory), disk=BytesDisk, size_limit=max_bytes, eviction_policy="least-recently-used")
