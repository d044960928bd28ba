"""The embedded voice in its worker processes: crashes, hang-ups, a bounded queue, no process left."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import psutil
import pytest

from providers.engines.base import Utterance
from providers.engines.espeak.engine import Espeak, EspeakOptions
from providers.errors import EngineBusy, EngineError, EngineUnavailable, UnknownVoice, UnspeakableText
from tests.espeak_speech import CRASHING

HOURS = "word " * 50_000
"""More than ten seconds of work."""


def spoken(act: Callable[[Espeak], Awaitable[None]], **options: int) -> None:
    """Run a scenario on a started engine, and see that it leaves no process."""

    async def scenario() -> None:
        engine = Espeak(EspeakOptions(**options))  # type: ignore[arg-type]  # only the whole numbers are set here
        try:
            await engine.start()
            await act(engine)
        finally:
            await engine.aclose()

    before = processes()
    asyncio.run(scenario())
    assert processes() <= before


def processes() -> set[int]:
    return {process.pid for process in psutil.Process().children(recursive=True)}


def workers() -> list[psutil.Process]:
    """The forks of this process's fork servers."""
    return [worker for server in psutil.Process().children() for worker in server.children()]


async def say(engine: Espeak, text: str = "Hello there.", voice: str | None = None) -> int:
    """Bytes of audio."""
    async with aclosing(engine.synthesize(Utterance(text, 22050, voice))) as chunks:
        return sum([len(chunk.pcm) async for chunk in chunks])


@pytest.mark.parametrize("text", CRASHING)
def test_a_text_that_crashes_the_library_is_refused_and_disturbs_no_other(text: str) -> None:
    async def act(engine: Espeak) -> None:
        for _ in range(3):
            others = [asyncio.create_task(say(engine)) for _ in range(4)]
            with pytest.raises(UnspeakableText, match="expected one that engine 'espeak' can speak") as refused:
                await say(engine, text)
            assert not refused.value.retryable
            assert text not in str(refused.value)
            assert all([await other > 10_000 for other in others])

    spoken(act)


def test_a_refused_text_is_remembered_and_costs_no_process_again() -> None:
    async def act(engine: Espeak) -> None:
        with pytest.raises(UnspeakableText):
            await say(engine, CRASHING[0])
        assert await say(engine) > 10_000
        await asyncio.gather(*(say(engine) for _ in range(4)))
        alive = {worker.pid for worker in workers()}
        with pytest.raises(UnspeakableText):
            await say(engine, CRASHING[0])
        assert await say(engine) > 10_000
        assert {worker.pid for worker in workers()} == alive

    spoken(act)


def test_a_sentence_whose_process_is_killed_is_spoken_by_the_next() -> None:
    async def act(engine: Espeak) -> None:
        stream = asyncio.create_task(say(engine, "A word and one more. " * 500))
        worker = await busy_worker()
        os.kill(worker.pid, signal.SIGKILL)
        assert await stream > 1_000_000

    spoken(act, workers=1)


def test_workers_that_die_idle_cost_no_sentence() -> None:
    async def act(engine: Espeak) -> None:
        for worker in workers():
            os.kill(worker.pid, signal.SIGKILL)
        assert await asyncio.gather(*(say(engine) for _ in range(8)))

    spoken(act)


def test_a_dead_fork_server_is_replaced_and_takes_its_workers_with_it() -> None:
    async def act(engine: Espeak) -> None:
        orphans = workers()
        (server,) = psutil.Process().children()
        os.kill(server.pid, signal.SIGKILL)
        _, alive = await asyncio.to_thread(psutil.wait_procs, orphans, 10)
        assert not alive
        assert await say(engine) > 10_000

    spoken(act)


def test_a_caller_who_hangs_up_stops_the_library() -> None:
    async def act(engine: Espeak) -> None:
        for _ in range(5):
            chunks = engine.synthesize(Utterance(HOURS, 22050))
            waiting = asyncio.ensure_future(anext(chunks))
            worker = await busy_worker()
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            await chunks.aclose()
            async with asyncio.timeout(5):
                assert await say(engine) > 10_000
            assert worker.is_running()  # it was not ended: it stopped

    spoken(act, workers=1)


def test_a_worker_that_hangs_is_ended_after_its_caller_has_gone() -> None:
    async def act(engine: Espeak) -> None:
        chunks = engine.synthesize(Utterance(HOURS, 22050))
        waiting = asyncio.ensure_future(anext(chunks))
        worker = await busy_worker()
        worker.suspend()  # as a library in an endless loop: it answers nothing
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        async with asyncio.timeout(20):
            assert await say(engine) > 10_000
        await asyncio.to_thread(worker.wait, 10)

    spoken(act, workers=1)


def test_the_place_of_a_caller_who_hangs_up_is_free_when_the_library_has_stopped() -> None:
    async def act(engine: Espeak) -> None:
        chunks = engine.synthesize(Utterance(HOURS, 22050))
        waiting = asyncio.ensure_future(anext(chunks))
        await busy_worker()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        with pytest.raises(EngineBusy):
            await say(engine)  # the library has not even heard of the hang-up
        async with asyncio.timeout(5):
            while True:
                try:
                    assert await say(engine) > 10_000
                    return
                except EngineBusy:
                    await asyncio.sleep(0)

    spoken(act, workers=1, queue=0)


def test_a_full_queue_is_refused_at_once() -> None:
    async def act(engine: Espeak) -> None:
        results = await asyncio.gather(*(say(engine) for _ in range(10)), return_exceptions=True)
        refused = [result for result in results if isinstance(result, BaseException)]
        assert len(refused) == 10 - 1 - 3
        assert all(isinstance(error, EngineBusy) for error in refused)
        assert "espeak speaks 1 sentences and 3 more wait" in str(refused[0])
        assert await say(engine) > 10_000

    spoken(act, workers=1, queue=3)


def test_a_control_character_changes_nothing_for_later_callers() -> None:
    async def act(engine: Espeak) -> None:
        before = await say(engine, "One two three four five.")
        for command in ("\x0120S", "\x010A", "\x0199F", "\x9b20S"):
            await say(engine, f"{command} One two three four five.")
            assert await say(engine, "One two three four five.") == pytest.approx(before, rel=0.03)

    spoken(act, workers=1)


@pytest.mark.parametrize("text", ["★", "①", "<", "", "\x01", "…"])
def test_a_text_without_a_sound_is_no_audio_and_no_failure(text: str) -> None:
    async def act(engine: Espeak) -> None:
        assert await say(engine, text) == 0

    spoken(act)


@pytest.mark.parametrize("voice", ["en-us+" + "x" * 37, "f5", ".", "!v/f5", "/etc/passwd", "en-us\0", "\0", ""])
def test_a_voice_that_the_library_does_not_list_is_refused(voice: str) -> None:
    async def act(engine: Espeak) -> None:
        alive = {worker.pid for worker in workers()}
        with pytest.raises(UnknownVoice, match="for example en-us, en-gb"):
            await say(engine, voice=voice)
        assert {worker.pid for worker in workers()} == alive

    spoken(act)


@pytest.mark.parametrize("voice", ["en-us+" + "x" * 40, "f5", "../de", "nobody"])
def test_a_default_voice_that_does_not_exist_is_refused_at_start(voice: str) -> None:
    async def scenario() -> None:
        engine = Espeak(EspeakOptions(voice=voice))
        with pytest.raises(EngineUnavailable, match="--espeak-voice: expected a voice of espeak .* found"):
            await engine.start()
        await engine.aclose()

    asyncio.run(scenario())


def test_capabilities_are_constant_after_the_start() -> None:
    async def act(engine: Espeak) -> None:
        capabilities = engine.capabilities
        assert "en-us" in capabilities.languages
        assert capabilities.rates == (22050,)
        await say(engine)
        assert engine.capabilities is capabilities

    spoken(act)


def test_a_closed_engine_raises() -> None:
    async def scenario() -> None:
        engine = Espeak()
        await engine.start()
        waiting = asyncio.create_task(say(engine, HOURS))
        await busy_worker()
        await engine.aclose()
        with pytest.raises(EngineError, match="espeak is closed"):
            await waiting
        with pytest.raises(EngineError, match="espeak is closed"):
            await say(engine)

    asyncio.run(scenario())
    assert not workers()


def test_no_process_is_left_when_the_server_is_killed() -> None:
    script = (
        "import asyncio, psutil\n"
        "from providers.engines.espeak.engine import Espeak\n"
        "async def main():\n"
        "    engine = Espeak(); await engine.start()\n"
        "    print(*[p.pid for p in psutil.Process().children(recursive=True)], flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        pids = [int(pid) for pid in server.stdout.readline().split()]
        assert len(pids) >= 3
        left = [psutil.Process(pid) for pid in pids]
        server.kill()
    _, alive = psutil.wait_procs(left, 10)
    assert not alive


async def busy_worker() -> psutil.Process:
    """The worker that has just begun to use its processor."""
    begun = {worker.pid: sum(worker.cpu_times()[:2]) for worker in workers()}
    async with asyncio.timeout(10):
        while True:
            await asyncio.sleep(0.01)
            for worker in workers():
                if sum(worker.cpu_times()[:2]) > begun.get(worker.pid, 0.0) + 0.02:
                    return worker
