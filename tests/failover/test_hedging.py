"""Two engines and a race, in virtual time."""

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


class Race:
    """A hedge whose first engine has shown 20 times that it usually takes 0.3 s."""

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


def play(race: Race, scenario: Callable[[Race], Coroutine[Any, Any, None]]) -> None:
    async def scene() -> None:
        await race.warm()
        await scenario(race)
        await race.voice.aclose()
        assert len(asyncio.all_tasks()) == 1, "no task is left"

    run_virtual(scene())


def late(*steps: Step) -> ScriptedVoice:
    return ScriptedVoice("a", *[USUAL] * 20, list(steps))


def test_a_first_engine_in_time_is_alone() -> None:
    second = ScriptedVoice("b", [B])

    async def scenario(race: Race) -> None:
        assert race.events == []
        assert second.asked == []

    play(Race(late(0.3, A), second), scenario)


def test_a_late_first_engine_loses_to_the_second_and_is_cancelled_and_counted() -> None:
    first, second = late(9.0, A), ScriptedVoice("b", [0.2, B, B])

    async def scenario(race: Race) -> None:
        chunks, took = await race.say()
        assert chunks == [Chunk(B, 8000, fallback_engine="b")] * 2
        assert took == pytest.approx(0.5)
        assert race.kinds() == [("hedged", "b"), ("hedge-won", "b")]
        assert (first.running, first.cancelled) == (0, 1)

    play(Race(first, second), scenario)


def test_a_late_first_engine_may_still_win_and_the_second_is_cancelled_and_counted() -> None:
    first, second = late(0.4, A, 0.1, A), ScriptedVoice("b", [9.0, B])

    async def scenario(race: Race) -> None:
        chunks, took = await race.say()
        assert chunks == [Chunk(A, 8000)] * 2
        assert took == pytest.approx(0.5)
        assert race.kinds() == [("hedged", "b"), ("hedge-lost", "b")]
        assert (second.running, second.cancelled) == (0, 1)

    play(Race(first, second), scenario)


def test_nothing_is_hedged_before_it_is_known_what_is_usual() -> None:
    first, second = ScriptedVoice("a", *[USUAL] * 20, [5.0, A]), ScriptedVoice("b", [B])

    async def scenario(race: Race) -> None:
        assert (await race.say())[1] == pytest.approx(5.0)
        assert second.asked == []

    play(Race(first, second, least=21), scenario)


def test_an_engine_that_became_slow_for_good_stops_being_late() -> None:
    first, second = late(2.0, A), ScriptedVoice("b", [3.0, B])
    slow: list[Step] = [2.0, A]
    first.then(slow, slow, slow, [1.9, A])

    async def scenario(race: Race) -> None:
        for _ in range(4):
            await race.say()
        hedged = race.kinds().count(("hedged", "b"))
        assert hedged >= 2
        assert (await race.say())[1] == pytest.approx(1.9)
        assert race.kinds().count(("hedged", "b")) == hedged

    play(Race(first, second), scenario)


def test_a_second_engine_that_fails_changes_nothing() -> None:
    async def scenario(race: Race) -> None:
        chunks, took = await race.say()
        assert chunks == [Chunk(A, 8000)]
        assert took == pytest.approx(2.0)

    play(Race(late(2.0, A), ScriptedVoice("b", [EngineError("b is down")])), scenario)


def test_a_first_engine_that_fails_late_leaves_it_to_the_second() -> None:
    async def scenario(race: Race) -> None:
        chunks, took = await race.say()
        assert chunks == [Chunk(B, 8000, fallback_engine="b")]
        assert took == pytest.approx(2.3)

    play(Race(late(1.0, EngineError("a is down")), ScriptedVoice("b", [2.0, B])), scenario)


def test_when_both_fail_the_first_ones_failure_is_raised() -> None:
    async def scenario(race: Race) -> None:
        with pytest.raises(EngineError, match="a is down"):
            await race.say()

    play(Race(late(1.0, EngineError("a is down")), ScriptedVoice("b", [EngineError("b is down")])), scenario)


@pytest.mark.parametrize("moment", [0.1, 0.4, 0.7])
def test_hanging_up_cancels_both(moment: float) -> None:
    first, second = late(9.0, A), ScriptedVoice("b", [0.3, B, 9.0])

    async def scenario(race: Race) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(moment):
                await race.say()
        assert first.running == second.running == 0

    play(Race(first, second), scenario)


def test_a_tie_goes_to_the_first_and_the_other_is_closed() -> None:
    first, second = late(0.5, A), ScriptedVoice("b", [0.2, B, 9.0])

    async def scenario(race: Race) -> None:
        await race.say()
        assert first.running == second.running == 0

    play(Race(first, second), scenario)


def test_a_failure_of_the_first_engine_still_falls_back() -> None:
    second, third = ScriptedVoice("b", [EngineError("b is down")]), ScriptedVoice("c", [C])

    async def scenario(race: Race) -> None:
        chunks, _ = await race.say()
        assert chunks == [Chunk(C, 8000, fallback_engine="c")]
        assert race.kinds() == [("failed", "a"), ("failed", "b"), ("took-over", "c")]

    play(Race(late(EngineError("a is down")), second, third), scenario)


def test_when_both_of_a_race_fail_the_third_engine_speaks_and_none_is_asked_twice() -> None:
    first, second, third = (
        late(1.0, EngineError("a is down")),
        ScriptedVoice("b", [0.1, EngineError("b")]),
        ScriptedVoice("c", [C]),
    )

    async def scenario(race: Race) -> None:
        chunks, _ = await race.say()
        assert chunks == [Chunk(C, 8000, fallback_engine="c")]
        assert (len(first.asked), len(second.asked), len(third.asked)) == (21, 1, 1)

    play(Race(first, second, third), scenario)


def test_the_time_outs_of_the_settings_hold_in_a_race() -> None:
    first, second = late(60.0, A), ScriptedVoice("b", [3.0, B])

    async def scenario(race: Race) -> None:
        chunks, took = await race.say()
        assert chunks == [Chunk(B, 8000, fallback_engine="b")]
        assert took == pytest.approx(3.3)
        assert ("failed", "a") in race.kinds(), "late by the settings, not only later than usual"

    play(Race(first, second, first_audio=1.5), scenario)


def test_a_voice_the_first_engine_does_not_know_is_the_seconds() -> None:
    async def scene() -> None:
        race = Race(ScriptedVoice("a", voices=("x",)), ScriptedVoice("b", [B]))
        async with aclosing(race.voice.synthesize(Utterance("Two.", 8000, "y"))) as chunks:
            assert [chunk.pcm async for chunk in chunks] == [B]
        await race.voice.aclose()

    run_virtual(scene())


@pytest.mark.parametrize(("continued_by", "expected"), [("", A), ("b", B)])
def test_the_next_sentence_of_a_text_is_never_raced(continued_by: str, expected: bytes) -> None:
    async def scene() -> list[Chunk]:
        voice = Race(ScriptedVoice("a", [4.0, A]), ScriptedVoice("b", [B])).voice
        async with aclosing(voice.synthesize(Utterance("Two.", 8000, continued_by=continued_by))) as chunks:
            return [chunk async for chunk in chunks]

    assert [chunk.pcm for chunk in run_virtual(scene())] == [expected]
