"""The cached voice, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any

import pytest

from providers.cache.cached import Cached, CachedOptions
from providers.cache.stores import MemoryStore, StoreError
from providers.engines.base import Chunk, TextToSpeech, Utterance
from providers.engines.events import EngineEvent
from providers.errors import EngineError, UnknownVoice
from providers.failover.speaking import FallbackSpeaking
from tests.engines.scripted import ScriptedVoice, tone
from tests.virtual_time import run_virtual, virtual_clock

HELLO = Utterance("Hello.", 8000)
A, B = tone(0.1, level=1000), tone(0.1, level=2000)


class CacheStack:
    """A cache over a voice, and the events that it reported."""

    def __init__(self, inner: TextToSpeech, store: Any = None, options: CachedOptions | None = None) -> None:
        self.events: list[str] = []
        self.cached = Cached(inner, store or MemoryStore(), options=options, clock=virtual_clock, observe=self._observe)

    def _observe(self, event: EngineEvent) -> None:
        self.events.append(event.kind)

    async def say(self, utterance: Utterance = HELLO) -> bytes:
        async with aclosing(self.cached.synthesize(utterance)) as chunks:
            return b"".join([chunk.pcm async for chunk in chunks])


def play(stack: CacheStack, scenario: Callable[[CacheStack], Coroutine[Any, Any, None]]) -> None:
    async def scene() -> None:
        try:
            await scenario(stack)
        finally:
            await stack.cached.aclose()
        assert len(asyncio.all_tasks()) == 1, "every task has ended"

    run_virtual(scene())


def test_a_phrase_is_synthesised_once_and_played_from_then_on() -> None:
    voice = ScriptedVoice("a", [0.3, A, 0.1, B])

    async def scenario(stack: CacheStack) -> None:
        assert await stack.say() == A + B
        await asyncio.sleep(0.1)
        began = virtual_clock()
        assert await stack.say() == A + B
        assert virtual_clock() == began
        assert stack.events == ["miss", "hit"]

    play(CacheStack(voice), scenario)
    assert len(voice.asked) == 1


@pytest.mark.parametrize(
    "other", [Utterance("Hello!", 8000), Utterance("Hello.", 8000, "anna"), Utterance("Hello.", 8000, "")]
)
def test_another_text_or_voice_has_another_recording(other: Utterance) -> None:
    async def scenario(stack: CacheStack) -> None:
        assert (await stack.say(), await stack.say(other)) == (A, B)

    play(CacheStack(ScriptedVoice("a", [A], [B])), scenario)


def test_other_settings_or_another_engine_never_share_a_recording() -> None:
    store = MemoryStore()

    async def scene() -> None:
        said: list[list[bytes]] = []
        for name, settings in [("a", "slow"), ("a", "fast"), ("b", "slow"), ("a", "slow")]:
            cached = Cached(ScriptedVoice(name, [tone(0.1, level=1000 + len(said))]), store, settings=settings)
            async with aclosing(cached.synthesize(HELLO)) as chunks:
                said.append([chunk.pcm async for chunk in chunks])
            await asyncio.sleep(0.1)
        assert said[0] == said[3]
        assert said[0] != said[1] != said[2] != said[0]

    run_virtual(scene())


def test_callers_at_any_rate_share_the_recording_of_an_engine_with_one_rate() -> None:
    voice = ScriptedVoice("a", [A], rates=(22050,))

    async def scenario(stack: CacheStack) -> None:
        for rate in (8000, 16000, 24000):
            async with aclosing(stack.cached.synthesize(Utterance("Hello.", rate))) as chunks:
                assert [chunk async for chunk in chunks] == [Chunk(A, 22050)]

    play(CacheStack(voice), scenario)
    assert len(voice.asked) == 1


def test_an_engine_that_answers_at_the_rate_asked_for_is_recorded_at_each() -> None:
    voice = ScriptedVoice("a", [A], rates=())

    async def scenario(stack: CacheStack) -> None:
        for rate in (8000, 16000, 8000):
            async with aclosing(stack.cached.synthesize(Utterance("Hello.", rate))) as chunks:
                assert [chunk async for chunk in chunks] == [Chunk(A, rate)]

    play(CacheStack(voice), scenario)
    assert len(voice.asked) == 2


def test_concurrent_requests_share_one_synthesis_and_late_ones_get_its_beginning() -> None:
    voice = ScriptedVoice("a", [0.3, A, 0.3, B])

    async def scenario(stack: CacheStack) -> None:
        async def later(delay: float) -> bytes:
            await asyncio.sleep(delay)
            return await stack.say()

        assert await asyncio.gather(*(later(delay) for delay in (0.0, 0.0, 0.1, 0.4, 0.5))) == [A + B] * 5
        assert virtual_clock() == pytest.approx(0.6)
        assert stack.events == ["miss", "joined", "joined", "joined", "joined"]

    play(CacheStack(voice), scenario)
    assert len(voice.asked) == 1


def test_a_caller_who_hangs_up_does_not_disturb_the_others() -> None:
    voice = ScriptedVoice("a", [0.3, A, 0.3, B])

    async def scenario(stack: CacheStack) -> None:
        first, second = asyncio.create_task(stack.say()), asyncio.create_task(stack.say())
        await asyncio.sleep(0.4)
        first.cancel()
        assert await second == A + B
        assert await stack.say() == A + B

    play(CacheStack(voice), scenario)
    assert (len(voice.asked), voice.cancelled) == (1, 0)


def test_the_last_hang_up_cancels_the_synthesis_and_nothing_is_kept() -> None:
    voice = ScriptedVoice("a", [0.3, A, 0.3, B])

    async def scenario(stack: CacheStack) -> None:
        waiters = [asyncio.create_task(stack.say()) for _ in range(2)]
        await asyncio.sleep(0.4)
        for waiter in waiters:
            waiter.cancel()
        await asyncio.wait(waiters)
        assert (voice.running, voice.cancelled) == (0, 1)
        assert await stack.say() == A + B
        assert stack.events == ["miss", "joined", "miss"]

    play(CacheStack(voice), scenario)


def test_a_failed_synthesis_fails_for_all_waiting_requests_and_is_not_kept() -> None:
    voice = ScriptedVoice("a", [A, 0.1, EngineError("cut")], [A, B])

    async def scenario(stack: CacheStack) -> None:
        outcomes = await asyncio.gather(stack.say(), stack.say(), return_exceptions=True)
        assert [str(outcome) for outcome in outcomes] == ["cut", "cut"]
        assert await stack.say() == A + B

    play(CacheStack(voice), scenario)


@pytest.mark.parametrize("cut", [[A[:-1]], []], ids=["inside a sample", "before the first"])
def test_a_cut_off_synthesis_is_not_kept(cut: list[bytes]) -> None:
    voice = ScriptedVoice("a", cut, [A])

    async def scenario(stack: CacheStack) -> None:
        await stack.say()
        assert await stack.say() == A

    play(CacheStack(voice), scenario)


def test_a_fallback_engines_voice_is_never_kept() -> None:
    first, second = ScriptedVoice("a", [EngineError("down")], [A]), ScriptedVoice("b", [B])

    async def scenario(stack: CacheStack) -> None:
        for expected in (B, B, A, A):
            assert await stack.say() == expected
            await asyncio.sleep(3.0)
        assert stack.events == ["miss", "miss", "miss", "hit"]

    play(CacheStack(FallbackSpeaking([first, second], clock=virtual_clock)), scenario)


def test_a_request_that_begins_a_text_never_shares_the_failure_of_one_that_continues_it() -> None:
    first, second = ScriptedVoice("a", [0.5, EngineError("down")]), ScriptedVoice("b", [B])

    async def scenario(stack: CacheStack) -> None:
        going_on = Utterance("Hello.", 8000, continued_by="")
        outcomes = await asyncio.gather(stack.say(going_on), stack.say(), return_exceptions=True)
        assert [str(outcomes[0]), outcomes[1]] == ["down", B]

    play(CacheStack(FallbackSpeaking([first, second], clock=virtual_clock)), scenario)


def test_an_unknown_voice_is_an_error_and_is_asked_again_next_time() -> None:
    voice = ScriptedVoice("a", [A], voices=("anna",))

    async def scenario(stack: CacheStack) -> None:
        for _ in range(2):
            with pytest.raises(UnknownVoice):
                await stack.say(Utterance("Hello.", 8000, "zoe"))

    play(CacheStack(voice), scenario)
    assert len(voice.asked) == 2


def test_a_long_text_goes_straight_to_the_engine() -> None:
    voice = ScriptedVoice("a", [A], [B])

    async def scenario(stack: CacheStack) -> None:
        long = Utterance("x" * 11, 8000)
        assert [await stack.say(long), await stack.say(long)] == [A, B]
        assert stack.events == []

    play(CacheStack(voice, options=CachedOptions(max_text=10)), scenario)


def test_an_engine_that_never_ends_is_stopped() -> None:
    voice = ScriptedVoice("a", [A] * 100)

    async def scenario(stack: CacheStack) -> None:
        with pytest.raises(EngineError, match="at most 1 s"):
            await stack.say()

    play(CacheStack(voice, options=CachedOptions(longest=1.0)), scenario)
    assert voice.running == 0


class BrokenStore(MemoryStore):
    """A memory store that raises while ``down`` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.down = True
        self.asked = 0

    async def get(self, key: str, /) -> bytes | None:
        self.asked += 1
        if self.down:
            raise StoreError("down")
        return await super().get(key)


def test_a_store_that_is_down_fails_no_request_and_is_not_asked_for_a_while() -> None:
    store = BrokenStore()

    async def scenario(stack: CacheStack) -> None:
        assert [await stack.say() for _ in range(3)] == [A, A, A]
        assert store.asked == 1
        assert stack.events.count("store-failed") == 1
        store.down = False
        await asyncio.sleep(5.0)
        assert await stack.say() == A
        await asyncio.sleep(0.1)
        assert await stack.say() == A
        assert stack.events[-2:] == ["miss", "hit"]

    play(CacheStack(ScriptedVoice("a", [0.1, A]), store), scenario)


def test_what_is_not_a_recording_counts_as_absent() -> None:
    store = MemoryStore()

    async def scenario(stack: CacheStack) -> None:
        await stack.say()
        await asyncio.sleep(0.1)
        for key in list(store._entries):
            await store.put(key, b"something else altogether")
        assert await stack.say() == B

    play(CacheStack(ScriptedVoice("a", [A], [B]), store), scenario)


def test_prewarmed_lines_are_ready_and_a_failed_one_stops_no_other() -> None:
    voice = ScriptedVoice("a", [EngineError("odd line")], [0.2, A])

    async def scenario(stack: CacheStack) -> None:
        ready = await stack.cached.prewarm(["Bad.", "Hello.", "", "  Bye.\n", "Hello."], rate=8000, at_once=1)
        assert ready == 2
        assert stack.events == ["miss", "failed", "miss", "miss"]
        assert await stack.say() == await stack.say(Utterance("Bye.", 8000)) == A
        assert stack.events[-2:] == ["hit", "hit"]

    play(CacheStack(voice), scenario)


def test_closing_during_a_synthesis_ends_it_with_an_error() -> None:
    voice = ScriptedVoice("a", [A, 60.0, A])

    async def scene() -> None:
        stack = CacheStack(voice)
        listener = asyncio.create_task(stack.say())
        await asyncio.sleep(1.0)
        await stack.cached.aclose()
        with pytest.raises(EngineError, match="closing"):
            await listener
        assert voice.closed
        assert voice.cancelled == 1

    run_virtual(scene())


def test_it_is_a_speaking_engine_under_the_name_of_its_engine() -> None:
    cached = Cached(ScriptedVoice("a", [A]), MemoryStore())
    assert isinstance(cached, TextToSpeech)
    assert (cached.name, cached.capabilities.rates) == ("a", (8000,))
