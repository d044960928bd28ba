"""SQLite table of bytes under text keys, bounded in bytes; the least recently used rows are dropped first.

It blocks, and one thread at a time uses it. Several processes may share the file: SQLite locks it.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

__all__ = ["UtteranceTable"]

_NAME = "utterances.sqlite3"
_WAIT_FOR_LOCK = 0.25
"""Seconds to wait for another process that holds the file; then a request continues without it."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS utterances (key TEXT PRIMARY KEY, used INTEGER NOT NULL, size INTEGER NOT NULL, value BLOB);
CREATE INDEX IF NOT EXISTS by_use ON utterances (used, size);
"""
_NEXT_USE = "(SELECT coalesce(max(used), 0) + 1 FROM utterances)"


class UtteranceTable:
    """The table in a directory; made if it is missing.

    Raises
    ------
    OSError, sqlite3.Error
        The directory cannot be written to, or the file is not a database.
    """

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = directory / _NAME
        # SQLite gives its side files the mode of the database, so the mode is set before it opens the file.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
        self._database = sqlite3.connect(path, timeout=_WAIT_FOR_LOCK, isolation_level=None)
        try:
            self._database.execute("PRAGMA auto_vacuum = FULL")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.executescript(_SCHEMA)
        except BaseException:
            self._database.close()
            raise

    def get(self, key: str) -> bytes | None:
        """The bytes of ``key``; None where there are none or the value is not bytes."""
        row = self._database.execute("SELECT value FROM utterances WHERE key = ?", (key,)).fetchone()
        if row is None or not isinstance(row[0], bytes):
            return None
        self._database.execute(f"UPDATE utterances SET used = {_NEXT_USE} WHERE key = ?", (key,))  # noqa: S608  # constant
        return row[0]

    def put(self, key: str, value: bytes) -> None:
        """Keep ``value``, and drop the least recently used rows until everything fits."""
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.execute(
                f"INSERT OR REPLACE INTO utterances VALUES (?, {_NEXT_USE}, ?, ?)",  # noqa: S608  # constant
                (key, len(value), value),
            )
            self._shrink()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _shrink(self) -> None:
        (total,) = self._database.execute("SELECT sum(size) FROM utterances").fetchone()
        while total > self._max_bytes:
            key, size = self._database.execute("SELECT key, size FROM utterances ORDER BY used LIMIT 1").fetchone()
            self._database.execute("DELETE FROM utterances WHERE key = ?", (key,))
            total -= size
