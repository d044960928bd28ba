"""Hedged requests over two engines, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any

import pytest

from providers.engines.base import Chunk, Utterance
from providers.engines.events import EngineEvent
from providers.errors import EngineError
from providers.failover.hedging import HedgeOptions
from providers.failover.speaking import FallbackSpeaking, FallbackSpeakingOptions
from tests.engines.scripted import ScriptedVoice, Step, tone
from tests.virtual_time import run_virtual, virtual_clock

HELLO = Utterance("Hello.", 8000)
A, B, C = tone(0.1, level=1000), tone(0.1, level=2000), tone(0.1, level=3000)
USUAL: list[Step] = [0.3, A]


class HedgedVoices:
    """Two hedged engines; the first one has answered 20 times after 0.3 s."""

    def __init__(
        self,
        *engines: ScriptedVoice,
        least: int = 20,
        first_audio: float = 10.0,
    ) -> None:
        self.events: list[EngineEvent] = []
        self.voice = FallbackSpeaking(
            engines,
            options=FallbackSpeakingOptions(first_audio=first_audio, hedge=HedgeOptions(least=least)),
            clock=virtual_clock,
            observe=self.events.append,
        )

    async def say(self) -> tuple[list[Chunk], float]:
        began = virtual_clock()
        async with aclosing(self.voice.synthesize(HELLO)) as chunks:
            return [chunk async for chunk in chunks], virtual_clock() - began

    async def warm(self) -> None:
        for _ in range(20):
            assert (await self.say())[1] == pytest.approx(0.3)

    def kinds(self) -> list[tuple[str, str]]:
        return [(event.kind, event.engine) for event in self.events]


def play(hedged_voices: HedgedVoices, scenario: Callable[[HedgedVoices], Coroutine[Any, Any, None]]) -> None:
    async def scene() -> None:
        await hedged_voices.warm()
        await scenario(hedged_voices)
        await hedged_voices.voice.aclose()
        assert len(asyncio.all_tasks()) == 1, "no task is left"

    run_virtual(scene())


def late(*steps: Step) -> ScriptedVoice:
    return ScriptedVoice("a", *[USUAL] * 20, list(steps))


def test_no_second_engine_starts_while_the_first_is_in_time() -> None:
    second = ScriptedVoice("b", [B])

    async def scenario(hedged_voices: HedgedVoices) -> None:
        assert hedged_voices.events == []
        assert second.asked == []

    play(HedgedVoices(late(0.3, A), second), scenario)


def test_a_second_engine_that_starts_earlier_speaks_and_the_first_is_cancelled() -> None:
    first, second = late(9.0, A), ScriptedVoice("b", [0.2, B, B])

    async def scenario(hedged_voices: HedgedVoices) -> None:
        chunks, took = await hedged_voices.say()
        assert chunks == [Chunk(B, 8000, fallback_engine="b")] * 2
        assert took == pytest.approx(0.5)
        assert hedged_voices.kinds() == [("hedged", "b"), ("hedge-won", "b")]
        assert (first.running, first.cancelled) == (0, 1)

    play(HedgedVoices(first, second), scenario)


def test_a_late_first_engine_that_starts_earlier_speaks_and_the_second_is_cancelled() -> None:
    first, second = late(0.4, A, 0.1, A), ScriptedVoice("b", [9.0, B])

    async def scenario(hedged_voices: HedgedVoices) -> None:
        chunks, took = await hedged_voices.say()
        assert chunks == [Chunk(A, 8000)] * 2
        assert took == pytest.approx(0.5)
        assert hedged_voices.kinds() == [("hedged", "b"), ("hedge-lost", "b")]
        assert (second.running, second.cancelled) == (0, 1)

    play(HedgedVoices(first, second), scenario)


def test_no_request_is_hedged_before_the_usual_delay_is_known() -> None:
    first, second = ScriptedVoice("a", *[USUAL] * 20, [5.0, A]), ScriptedVoice("b", [B])

    async def scenario(hedged_voices: HedgedVoices) -> None:
        assert (await hedged_voices.say())[1] == pytest.approx(5.0)
        assert second.asked == []

    play(HedgedVoices(first, second, least=21), scenario)


def test_an_engine_that_stays_slow_stops_counting_as_late() -> None:
    first, second = late(2.0, A), ScriptedVoice("b", [3.0, B])
    slow: list[Step] = [2.0, A]
    first.then(slow, slow, slow, [1.9, A])

    async def scenario(hedged_voices: HedgedVoices) -> None:
        for _ in range(4):
            await hedged_voices.say()
        hedged = hedged_voices.kinds().count(("hedged", "b"))
        assert hedged >= 2
        assert (await hedged_voices.say())[1] == pytest.approx(1.9)
        assert hedged_voices.kinds().count(("hedged", "b")) == hedged

    play(HedgedVoices(first, second), scenario)


def test_a_second_engine_that_fails_changes_nothing() -> None:
    async def scenario(hedged_voices: HedgedVoices) -> None:
        chunks, took = await hedged_voices.say()
        assert chunks == [Chunk(A, 8000)]
        assert took == pytest.approx(2.0)

    play(HedgedVoices(late(2.0, A), ScriptedVoice("b", [EngineError("b is down")])), scenario)


def test_a_first_engine_that_fails_late_is_replaced_by_the_second() -> None:
    async def scenario(hedged_voices: HedgedVoices) -> None:
        chunks, took = await hedged_voices.say()
        assert chunks == [Chunk(B, 8000, fallback_engine="b")]
        assert took == pytest.approx(2.3)

    play(HedgedVoices(late(1.0, EngineError("a is down")), ScriptedVoice("b", [2.0, B])), scenario)


def test_when_both_fail_the_first_ones_failure_is_raised() -> None:
    async def scenario(hedged_voices: HedgedVoices) -> None:
        with pytest.raises(EngineError, match="a is down"):
            await hedged_voices.say()

    play(HedgedVoices(late(1.0, EngineError("a is down")), ScriptedVoice("b", [EngineError("b is down")])), scenario)


@pytest.mark.parametrize("moment", [0.1, 0.4, 0.7])
def test_hanging_up_cancels_both(moment: float) -> None:
    first, second = late(9.0, A), ScriptedVoice("b", [0.3, B, 9.0])

    async def scenario(hedged_voices: HedgedVoices) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(moment):
                await hedged_voices.say()
        assert first.running == second.running == 0

    play(HedgedVoices(first, second), scenario)


def test_the_first_engine_wins_a_tie_and_the_second_is_closed() -> None:
    first, second = late(0.5, A), ScriptedVoice("b", [0.2, B, 9.0])

    async def scenario(hedged_voices: HedgedVoices) -> None:
        await hedged_voices.say()
        assert first.running == second.running == 0

    play(HedgedVoices(first, second), scenario)


def test_a_failure_of_the_first_engine_still_falls_back() -> None:
    second, third = ScriptedVoice("b", [EngineError("b is down")]), ScriptedVoice("c", [C])

    async def scenario(hedged_voices: HedgedVoices) -> None:
        chunks, _ = await hedged_voices.say()
        assert chunks == [Chunk(C, 8000, fallback_engine="c")]
        assert hedged_voices.kinds() == [("failed", "a"), ("failed", "b"), ("took-over", "c")]

    play(HedgedVoices(late(EngineError("a is down")), second, third), scenario)


def test_when_both_hedged_engines_fail_the_third_speaks_and_none_is_asked_twice() -> None:
    first, second, third = (
        late(1.0, EngineError("a is down")),
        ScriptedVoice("b", [0.1, EngineError("b")]),
        ScriptedVoice("c", [C]),
    )

    async def scenario(hedged_voices: HedgedVoices) -> None:
        chunks, _ = await hedged_voices.say()
        assert chunks == [Chunk(C, 8000, fallback_engine="c")]
        assert (len(first.asked), len(second.asked), len(third.asked)) == (21, 1, 1)

    play(HedgedVoices(first, second, third), scenario)


def test_the_configured_time_outs_hold_for_hedged_requests() -> None:
    first, second = late(60.0, A), ScriptedVoice("b", [3.0, B])

    async def scenario(hedged_voices: HedgedVoices) -> None:
        chunks, took = await hedged_voices.say()
        assert chunks == [Chunk(B, 8000, fallback_engine="b")]
        assert took == pytest.approx(3.3)
        assert ("failed", "a") in hedged_voices.kinds(), "late by the settings, not only later than usual"

    play(HedgedVoices(first, second, first_audio=1.5), scenario)


def test_a_voice_that_only_the_second_engine_has_is_spoken_by_it() -> None:
    async def scene() -> None:
        hedged_voices = HedgedVoices(ScriptedVoice("a", voices=("x",)), ScriptedVoice("b", [B]))
        async with aclosing(hedged_voices.voice.synthesize(Utterance("Two.", 8000, "y"))) as chunks:
            assert [chunk.pcm async for chunk in chunks] == [B]
        await hedged_voices.voice.aclose()

    run_virtual(scene())


@pytest.mark.parametrize(("continued_by", "expected"), [("", A), ("b", B)])
def test_the_next_sentence_of_a_text_is_never_hedged(continued_by: str, expected: bytes) -> None:
    async def scene() -> list[Chunk]:
        voice = HedgedVoices(ScriptedVoice("a", [4.0, A]), ScriptedVoice("b", [B])).voice
        async with aclosing(voice.synthesize(Utterance("Two.", 8000, continued_by=continued_by))) as chunks:
            return [chunk async for chunk in chunks]

    assert [chunk.pcm for chunk in run_virtual(scene())] == [expected]
