"""The three stores: memory, SQLite file, Redis."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from providers.cache.stores import FileStore, MemoryStore, RedisStore, StoreError
from providers.errors import EngineUnavailable
from tests.engines.imitations.redis_server import RedisImitation


def test_memory_is_bounded_in_bytes_and_drops_the_least_recently_used() -> None:
    async def scenario() -> None:
        store = MemoryStore(max_bytes=30)
        for key in "abc":
            await store.put(key, key.encode() * 10)
        assert await store.get("a") == b"a" * 10
        await store.put("d", b"d" * 10)
        assert [await store.get(key) for key in "abcd"] == [b"a" * 10, None, b"c" * 10, b"d" * 10]

    asyncio.run(scenario())


def test_a_value_larger_than_the_memory_is_not_kept_and_drops_nothing() -> None:
    async def scenario() -> None:
        store = MemoryStore(max_bytes=30)
        await store.put("a", b"a" * 30)
        await store.put("b", b"b" * 31)
        assert (await store.get("a"), await store.get("b")) == (b"a" * 30, None)

    asyncio.run(scenario())


@pytest.mark.parametrize("size", [10, 100_000], ids=["row", "own file"])
def test_a_file_outlives_the_process(tmp_path: Path, size: int) -> None:
    async def scenario() -> None:
        first = FileStore(tmp_path)
        await first.put("key", b"x" * size)
        await first.aclose()
        second = FileStore(tmp_path)
        assert await second.get("key") == b"x" * size
        assert await second.get("other") is None
        await second.aclose()

    asyncio.run(scenario())


def test_a_file_is_bounded_in_bytes(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = FileStore(tmp_path, max_bytes=1 << 20)
        for number in range(100):
            await store.put(str(number), bytes(100_000))
        await store.aclose()

    asyncio.run(scenario())
    kept = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert kept < 3 << 20, "100 entries of 100 kB would be ten times as much"


def test_only_the_owner_can_read_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "cache"

    async def scenario() -> None:
        store = FileStore(folder)
        await store.put("key", b"value")
        files = list(folder.iterdir())
        assert len(files) >= 2, "the database and its log"
        assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
        assert folder.stat().st_mode & 0o777 == 0o700
        await store.aclose()

    asyncio.run(scenario())


def test_a_file_drops_the_least_recently_used_first(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = FileStore(tmp_path, max_bytes=30)
        for key in "abc":
            await store.put(key, key.encode() * 10)
        assert await store.get("a") == b"a" * 10
        await store.put("d", b"d" * 10)
        assert [await store.get(key) for key in "abcd"] == [b"a" * 10, None, b"c" * 10, b"d" * 10]
        await store.put("e", b"e" * 31)
        assert await store.get("e") is None
        await store.aclose()

    asyncio.run(scenario())


def test_two_processes_share_a_file(tmp_path: Path) -> None:
    async def scenario() -> None:
        first, second = FileStore(tmp_path), FileStore(tmp_path)
        await first.put("key", b"value")
        assert await second.get("key") == b"value"
        await asyncio.gather(*(store.put(str(number), b"x") for number in range(50) for store in (first, second)))
        await first.aclose()
        await second.aclose()

    asyncio.run(scenario())


def test_a_value_that_is_not_bytes_counts_as_absent(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = FileStore(tmp_path)
        with sqlite3.connect(tmp_path / "utterances.sqlite3") as foreign:
            foreign.execute("INSERT INTO utterances VALUES ('text', 1, 1, 'words'), ('null', 1, 1, NULL)")
        foreign.close()
        assert (await store.get("text"), await store.get("null")) == (None, None)
        await store.aclose()

    asyncio.run(scenario())


def test_a_file_that_is_not_a_database_is_an_error_at_start(tmp_path: Path) -> None:
    (tmp_path / "utterances.sqlite3").write_bytes(b"not a database, but long enough to look like one" * 100)
    with pytest.raises(EngineUnavailable, match="found DatabaseError"):
        FileStore(tmp_path)


def test_a_directory_that_cannot_be_written_is_an_error_at_start(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.write_bytes(b"")
    with pytest.raises(EngineUnavailable, match="expected a directory to write to"):
        FileStore(taken)


def test_redis_keeps_bytes_for_the_given_time() -> None:
    async def scenario() -> None:
        async with RedisImitation().serving() as server:
            store = RedisStore(server.url, keep=3600.0)
            await store.put("key", b"\x00\xff\r\n")
            assert await store.get("key") == b"\x00\xff\r\n"
            assert await store.get("other") is None
            assert server.lifetimes == [b"3600000"]
            await store.aclose()

    asyncio.run(scenario())


def test_a_redis_that_hangs_or_is_gone_is_a_store_error_without_its_password() -> None:
    async def scenario() -> None:
        async with RedisImitation().serving() as server:
            store = RedisStore(server.url, timeout=0.05)
            server.hangs = True
            with pytest.raises(StoreError) as hanging:
                await store.get("key")
            await store.aclose()
        gone = RedisStore(server.url, timeout=0.05)
        with pytest.raises(StoreError) as refused:
            await gone.put("key", b"value")
        await gone.aclose()
        assert "secret" not in f"{hanging.value} {refused.value}"

    asyncio.run(scenario())


def test_an_invalid_redis_address_is_refused_without_being_shown() -> None:
    with pytest.raises(EngineUnavailable, match="expected redis://") as caught:
        RedisStore("rediss-but-not-quite://:secret@host")
    assert "secret" not in str(caught.value)
