"""Stores of finished utterances: memory, an SQLite file, or Redis. Bytes in, the same bytes out."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, TypeVar, TypeVarTuple

from cachetools import LRUCache

from providers.cache.utterance_table import UtteranceTable
from providers.errors import EngineUnavailable, ProvidersError
from providers.installing import install_command

__all__ = ["FileStore", "MemoryStore", "RedisStore", "Store", "StoreError"]

MEBIBYTE = 1 << 20

_Arguments = TypeVarTuple("_Arguments")
_Result = TypeVar("_Result")


class StoreError(ProvidersError):
    """The store did not answer; the request continues without it."""


class Store(Protocol):
    """Bytes under keys; the least recently used ones are dropped."""

    async def get(self, key: str, /) -> bytes | None:
        """The bytes of ``key``, or None. Raises `StoreError`."""

    async def put(self, key: str, value: bytes, /) -> None:
        """Keep ``value`` unless it is larger than the whole store. Raises `StoreError`."""

    async def aclose(self) -> None:
        """Free the store's resources in this process."""


class MemoryStore:
    """Store in memory, bounded in bytes; the least recently used values are dropped first."""

    def __init__(self, max_bytes: int = 64 * MEBIBYTE) -> None:
        self._entries: LRUCache[str, bytes] = LRUCache(max_bytes, getsizeof=len)

    async def get(self, key: str, /) -> bytes | None:
        """The bytes of ``key``, or None."""
        found: bytes | None = self._entries.get(key)
        return found

    async def put(self, key: str, value: bytes, /) -> None:
        """Keep ``value``."""
        if len(value) <= self._entries.maxsize:
            self._entries[key] = value

    async def aclose(self) -> None:
        """Free what the store holds."""
        self._entries.clear()


class FileStore:
    """Store in an SQLite file, which several processes may share; only its owner can read it.

    One thread does all the work: SQLite blocks, and the loop never does.
    """

    def __init__(self, directory: Path, max_bytes: int = 1024 * MEBIBYTE) -> None:
        self._max_bytes = max_bytes
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="voice-cache")
        try:
            self._table = self._thread.submit(UtteranceTable, directory, max_bytes).result()
        except (sqlite3.Error, OSError) as error:
            self._thread.shutdown()
            found = type(error).__name__
            raise EngineUnavailable(f"cache file: expected a directory to write to, found {found}") from error

    async def get(self, key: str, /) -> bytes | None:
        """The bytes of ``key``, or None."""
        return await self._on_thread(self._table.get, key)

    async def put(self, key: str, value: bytes, /) -> None:
        """Keep ``value``."""
        if len(value) <= self._max_bytes:
            await self._on_thread(self._table.put, key, value)

    async def aclose(self) -> None:
        """Free what the store holds."""
        await self._on_thread(self._table.close)
        self._thread.shutdown()

    async def _on_thread(self, work: Callable[[*_Arguments], _Result], *arguments: *_Arguments) -> _Result:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"cache file: {type(error).__name__}") from error


class RedisStore:
    """Store in Redis, shared by several servers (extra ``redis``). Its size is Redis' own ``maxmemory``."""

    def __init__(self, url: str, *, keep: float | None = None, timeout: float = 0.25) -> None:
        """``url`` may hold a password and is never shown; ``keep`` and ``timeout`` are in seconds."""
        try:
            from redis import RedisError
            from redis.asyncio import Redis
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff
        except ImportError:
            raise EngineUnavailable(f"cache redis: run {install_command('redis')}", engine="cache") from None
        self._failures = (RedisError, OSError)
        self._keep = None if keep is None else round(keep * 1000)
        try:
            self._redis: Redis = Redis.from_url(
                url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=Retry(NoBackoff(), 0)
            )
        except ValueError:
            # The library's own message may quote the address, and with it a password.
            raise EngineUnavailable("cache redis: expected redis://host:port/db", engine="cache") from None

    async def get(self, key: str, /) -> bytes | None:
        """The bytes of ``key``, or None."""
        try:
            found = await self._redis.get(key)
        except self._failures as error:
            raise StoreError(f"cache redis: {type(error).__name__}") from error
        return found if isinstance(found, bytes) else None

    async def put(self, key: str, value: bytes, /) -> None:
        """Keep ``value``."""
        try:
            await self._redis.set(key, value, px=self._keep)
        except self._failures as error:
            raise StoreError(f"cache redis: {type(error).__name__}") from error

    async def aclose(self) -> None:
        """Free what the store holds."""
        await self._redis.aclose()
