"""The three stores: memory, SQLite file, Redis."""

from __future__ import annotations

import asyncio
import pickle
from pathlib import Path

import pytest
from diskcache import Cache

from providers.cache.stores import FileStore, MemoryStore, RedisStore, StoreError
from providers.errors import EngineUnavailable
from tests.engines.imitations.redis_server import RedisImitation


def test_memory_is_bounded_in_bytes_and_forgets_the_least_recently_used() -> None:
    async def scenario() -> None:
        store = MemoryStore(max_bytes=30)
        for key in "abc":
            await store.put(key, key.encode() * 10)
        assert await store.get("a") == b"a" * 10
        await store.put("d", b"d" * 10)
        assert [await store.get(key) for key in "abcd"] == [b"a" * 10, None, b"c" * 10, b"d" * 10]

    asyncio.run(scenario())


def test_what_is_larger_than_the_memory_is_not_kept_and_drives_nothing_out() -> None:
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


class Bomb:
    """What an attacker leaves on a disk: unpickling it is an act."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (pytest.fail, ("unpickled",))


def test_a_pickle_on_disk_is_never_loaded(tmp_path: Path) -> None:
    with Cache(str(tmp_path)) as foreign:
        foreign.set("small", Bomb())
        foreign.set("large", [Bomb(), bytes(100_000)])
        foreign.set(Bomb, b"a key that is a pickle")
    assert b"unpickled" in pickle.dumps(Bomb())

    async def scenario() -> None:
        store = FileStore(tmp_path)
        assert (await store.get("small"), await store.get("large")) == (None, None)
        await store.aclose()

    asyncio.run(scenario())


def test_a_place_that_cannot_be_written_is_an_error_at_start(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.write_bytes(b"")
    with pytest.raises(EngineUnavailable, match="expected a directory to write to"):
        FileStore(taken)


def test_redis_keeps_bytes_for_as_long_as_it_is_told() -> None:
    async def scenario() -> None:
        async with RedisImitation().serving() as server:
            store = RedisStore(server.url, keep=3600.0)
            await store.put("key", b"\x00\xff\r\n")
            assert await store.get("key") == b"\x00\xff\r\n"
            assert await store.get("other") is None
            assert server.lifetimes == [b"3600000"]
            await store.aclose()

    asyncio.run(scenario())


def test_a_redis_that_hangs_or_is_gone_is_one_error_without_its_password() -> None:
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


def test_a_redis_address_that_is_none_is_refused_without_being_shown() -> None:
    with pytest.raises(EngineUnavailable, match="expected redis://") as caught:
        RedisStore("rediss-but-not-quite://:secret@host")
    assert "secret" not in str(caught.value)
