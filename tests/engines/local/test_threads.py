"""Blocking recognition in threads: streamed, bounded, cancelled; every failure is an EngineError."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import pytest

from providers.engines.base import Transcript
from providers.engines.local.model import LocalModel
from providers.engines.local.threads import BLOCK, ThreadedRecognition, recognise_in_thread
from providers.errors import EngineError, EngineUnavailable

RATE = 8000


def final(text: str) -> Transcript:
    return Transcript(text, final=True)


class Scripted:
    """Says how many bytes each block had; may fail, and may wait for a gate."""

    def __init__(self, *, fail: bool = False, gate: threading.Event | None = None) -> None:
        self.blocks: list[int] = []
        self.waiting = False
        self._fail = fail
        self._gate = gate

    def feed(self, pcm: bytes) -> Iterator[Transcript]:
        if self._gate:
            self.waiting = True
            self._gate.wait(10)
        if self._fail:
            raise ValueError("what the caller said")
        self.blocks.append(len(pcm))
        yield final(str(len(pcm)))

    def finish(self) -> Iterator[Transcript]:
        yield final("end")


def threaded(pool: ThreadPoolExecutor, recogniser: Scripted, *, backlog: float) -> ThreadedRecognition:
    return ThreadedRecognition(pool, recogniser, rate=RATE, backlog=backlog, engine="scripted")


@asynccontextmanager
async def opened(recogniser: Scripted, *, backlog: float = 2.0) -> AsyncIterator[ThreadedRecognition]:
    with ThreadPoolExecutor(1) as pool:
        async with recognise_in_thread(threaded(pool, recogniser, backlog=backlog)) as recognition:
            yield recognition


def test_audio_reaches_the_thread_whole_and_in_bounded_blocks() -> None:
    async def scenario() -> None:
        recogniser = Scripted()
        async with opened(recogniser) as recognition:
            await recognition.push(bytes(2 * RATE + 6))
            await recognition.finish()
            assert [t.text for t in [t async for t in recognition]][-1] == "end"
        assert sum(recogniser.blocks) == 2 * RATE + 6
        assert max(recogniser.blocks) <= 2 * RATE * BLOCK

    asyncio.run(scenario())


def test_a_full_backlog_makes_push_wait_until_there_is_room() -> None:
    async def scenario() -> None:
        gate = threading.Event()
        async with opened(Scripted(gate=gate), backlog=1.0) as recognition:
            await recognition.push(bytes(4 * RATE))  # the backlog may be passed by one push
            waiting = asyncio.ensure_future(recognition.push(bytes(2)))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.shield(waiting), 0.05)
            gate.set()
            await waiting

    asyncio.run(scenario())


def test_a_failing_thread_is_an_error_on_iteration_and_push_without_its_message() -> None:
    async def scenario() -> None:
        async with opened(Scripted(fail=True)) as recognition:
            await recognition.push(bytes(2))
            for _ in range(2):
                with pytest.raises(EngineError, match="scripted failed with ValueError") as failed:
                    await anext(aiter(recognition))
                assert "caller" not in str(failed.value)
            with pytest.raises(EngineError, match="scripted failed"):
                await recognition.push(bytes(2))

    asyncio.run(scenario())


def test_leaving_does_not_wait_for_the_thread() -> None:
    async def scenario() -> None:
        gate = threading.Event()
        pool = ThreadPoolExecutor(1)
        async with asyncio.timeout(5):
            async with recognise_in_thread(threaded(pool, Scripted(gate=gate), backlog=1)) as recognition:
                await recognition.push(bytes(2))
                await asyncio.sleep(0)
        gate.set()
        pool.shutdown()

    asyncio.run(scenario())


def test_the_place_is_released_when_the_thread_ends() -> None:
    async def scenario() -> None:
        gate, released = threading.Event(), asyncio.Event()
        with ThreadPoolExecutor(1) as pool:
            recogniser = Scripted(gate=gate)
            context = recognise_in_thread(threaded(pool, recogniser, backlog=1), released=released.set)
            async with context as recognition:
                await recognition.push(bytes(2))
                while not recogniser.waiting:
                    await asyncio.sleep(0)
            assert not released.is_set()
            gate.set()
            async with asyncio.timeout(10):
                await released.wait()

    asyncio.run(scenario())


def test_a_call_without_work_releases_its_place_as_it_leaves() -> None:
    async def scenario() -> None:
        released = asyncio.Event()
        with ThreadPoolExecutor(1) as pool:
            async with recognise_in_thread(threaded(pool, Scripted(), backlog=1), released=released.set):
                pass
            assert released.is_set()

    asyncio.run(scenario())


def test_a_second_iteration_ends_at_once() -> None:
    async def scenario() -> None:
        async with opened(Scripted()) as recognition:
            await recognition.finish()
            assert [t.text async for t in recognition] == ["end"]
            assert [t.text async for t in recognition] == []

    asyncio.run(scenario())


def test_a_model_is_loaded_once_for_all_who_ask() -> None:
    loads: list[int] = []

    async def scenario() -> None:
        def load() -> str:
            loads.append(1)
            return "model"

        model = LocalModel(load, engine="scripted", extra="some")
        assert await asyncio.gather(*(model.get() for _ in range(5))) == ["model"] * 5

    asyncio.run(scenario())
    assert len(loads) == 1


def test_a_model_that_failed_to_load_is_tried_again() -> None:
    attempts = iter([OSError("not yet"), None])

    def load() -> str:
        if error := next(attempts):
            raise error
        return "model"

    async def scenario() -> None:
        model = LocalModel(load, engine="scripted", extra="some")
        with pytest.raises(EngineUnavailable, match="scripted cannot load its model: OSError: not yet"):
            await model.get()
        assert await model.get() == "model"

    asyncio.run(scenario())


def test_a_missing_package_says_what_to_install() -> None:
    def load() -> str:
        raise ModuleNotFoundError("No module named 'scripted'")

    with pytest.raises(EngineUnavailable, match=r"pip install .*\[some\]'"):
        asyncio.run(LocalModel(load, engine="scripted", extra="some").get())
