"""Fallback between speaking engines, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from typing import Any

import pytest

from providers.engines.base import Chunk, SpeakingCapabilities, TextToSpeech, Utterance
from providers.engines.events import EngineEvent
from providers.errors import EngineBusy, EngineError, EngineUnavailable, UnknownVoice
from providers.failover.health import CooldownOptions
from providers.failover.speaking import FallbackSpeaking, FallbackSpeakingOptions, common_capabilities
from tests.engines.scripted import ScriptedVoice, tone
from tests.virtual_time import run_virtual, virtual_clock

HELLO = Utterance("Hello.", 8000)
A, B, C = tone(0.1, level=1000), tone(0.1, level=2000), tone(0.1, level=3000)
OPTIONS = FallbackSpeakingOptions(cooldown=CooldownOptions(base=5.0, ceiling=20.0))


def down(message: str = "down") -> EngineError:
    return EngineError(message)


class FallbackStack:
    """A fallback over scripted engines, and the events that it reported."""

    def __init__(self, *engines: ScriptedVoice) -> None:
        self.events: list[EngineEvent] = []
        self.heard: list[Chunk] = []
        self.voice = FallbackSpeaking(engines, options=OPTIONS, clock=virtual_clock, observe=self.events.append)

    async def say(self, utterance: Utterance = HELLO) -> list[Chunk]:
        async with aclosing(self.voice.synthesize(utterance)) as chunks:
            self.heard = []
            async for chunk in chunks:
                self.heard.append(chunk)
            return self.heard

    def kinds(self) -> list[tuple[str, str]]:
        return [(event.kind, event.engine) for event in self.events]


def pcm(chunks: list[Chunk]) -> bytes:
    return b"".join(chunk.pcm for chunk in chunks)


def play(*engines: ScriptedVoice, scenario: Callable[[FallbackStack], Coroutine[Any, Any, Any]]) -> Any:
    async def scene() -> Any:
        stack = FallbackStack(*engines)
        try:
            return await scenario(stack)
        finally:
            await stack.voice.aclose()
            assert not any(engine.running for engine in engines)

    return run_virtual(scene())


def test_the_first_engine_speaks_while_it_is_available() -> None:
    first, second = ScriptedVoice("a", [A, A]), ScriptedVoice("b", [B])
    chunks = play(first, second, scenario=lambda stack: stack.say())
    assert chunks == [Chunk(A, 8000), Chunk(A, 8000)]
    assert second.asked == []


def test_after_a_failure_before_the_first_audible_sample_only_the_next_engine_is_heard() -> None:
    first, second = ScriptedVoice("a", [tone(0.1, level=0), down()]), ScriptedVoice("b", [B])

    async def scenario(stack: FallbackStack) -> None:
        assert await stack.say() == [Chunk(B, 8000, fallback_engine="b")]
        assert stack.kinds() == [("failed", "a"), ("took-over", "b")]

    play(first, second, scenario=scenario)


def test_a_failure_after_the_first_audible_sample_is_raised_and_no_other_voice_speaks() -> None:
    first, second = ScriptedVoice("a", [A, down("cut")]), ScriptedVoice("b", [B])

    async def scenario(stack: FallbackStack) -> None:
        with pytest.raises(EngineError, match="cut"):
            await stack.say()
        assert stack.heard == [Chunk(A, 8000)]
        assert second.asked == []
        assert pcm(await stack.say()) == B, "the engine that broke off rests"

    play(first, second, scenario=scenario)


def test_a_late_first_sample_is_a_failure_and_the_late_engine_is_cancelled() -> None:
    first, second = ScriptedVoice("a", [60.0, A]), ScriptedVoice("b", [B])

    async def scenario(stack: FallbackStack) -> None:
        assert pcm(await stack.say()) == B
        assert virtual_clock() == pytest.approx(1.5)
        assert first.cancelled == 1

    play(first, second, scenario=scenario)


def test_silence_does_not_extend_the_time_limit() -> None:
    drip = [step for _ in range(100) for step in (tone(0.001, level=0), 0.1)]
    first, second = ScriptedVoice("a", drip), ScriptedVoice("b", [B])
    assert pcm(play(first, second, scenario=lambda stack: stack.say())) == B


def test_a_sample_cut_in_two_is_heard_once_it_is_whole() -> None:
    first = ScriptedVoice("a", [b"\x00", b"\x40", down("cut")])

    async def scenario(stack: FallbackStack) -> None:
        async with aclosing(stack.voice.synthesize(HELLO)) as chunks:
            assert (await anext(chunks)).pcm + (await anext(chunks)).pcm == b"\x00\x40"

    play(first, ScriptedVoice("b", [B]), scenario=scenario)


def test_the_last_engine_left_has_more_time() -> None:
    first, second = ScriptedVoice("a", [down()]), ScriptedVoice("b", [3.0, B])
    assert pcm(play(first, second, scenario=lambda stack: stack.say())) == B


def test_an_engine_that_hangs_mid_utterance_is_an_error_and_not_an_endless_silence() -> None:
    async def scenario(stack: FallbackStack) -> None:
        with pytest.raises(EngineError, match="within 5 s"):
            await stack.say()

    play(ScriptedVoice("a", [A, 3600.0, A]), scenario=scenario)


def test_when_all_fail_the_last_failure_is_raised() -> None:
    async def scenario(stack: FallbackStack) -> None:
        with pytest.raises(EngineError, match="b is down"):
            await stack.say()

    play(ScriptedVoice("a", [down()]), ScriptedVoice("b", [down("b is down")]), scenario=scenario)


def test_a_failed_engine_is_not_used_until_a_probe_has_passed() -> None:
    first = ScriptedVoice("a", [down()], [down()], [down()], [A])
    second = ScriptedVoice("b", [B])

    async def scenario(stack: FallbackStack) -> None:
        said = []
        for _ in range(8):
            said.append(pcm(await stack.say()))
            await asyncio.sleep(6.0)
        # Failed at 0; probed at 5 (fails), 15 (fails) and 35 (passes): it cools down for 5, 10 and 20 seconds.
        assert said == [B, B, B, B, B, B, A, A]
        assert [utterance.text for utterance in first.asked[:4]] == ["Hello.", "One.", "One.", "One."]
        assert stack.kinds()[-1] == ("returned", "a")

    play(first, second, scenario=scenario)


def test_cooling_down_engines_are_used_last_and_are_available_once_they_serve() -> None:
    first = ScriptedVoice("a", [down()], [A])
    second = ScriptedVoice("b", [B], [down()])

    async def scenario(stack: FallbackStack) -> None:
        assert [pcm(await stack.say()) for _ in range(3)] == [B, A, A]

    play(first, second, scenario=scenario)


def test_a_busy_engine_cools_down_for_the_time_that_it_named() -> None:
    first = ScriptedVoice("a", [EngineBusy("full", retry_after=2.0)], [A])

    async def scenario(stack: FallbackStack) -> None:
        said = []
        for _ in range(3):
            said.append(pcm(await stack.say()))
            await asyncio.sleep(1.1)
        assert said == [B, B, A]

    play(first, ScriptedVoice("b", [B]), scenario=scenario)


def test_a_failure_caused_by_the_text_cools_no_engine_down() -> None:
    first = ScriptedVoice("a", [EngineError("text too long", retryable=False)], [A])

    async def scenario(stack: FallbackStack) -> None:
        assert [pcm(await stack.say()) for _ in range(2)] == [B, A]

    play(first, ScriptedVoice("b", [B]), scenario=scenario)


def test_no_audio_for_words_is_a_failure_and_no_audio_for_a_dash_is_not() -> None:
    first, second = ScriptedVoice("a", []), ScriptedVoice("b", [B])

    async def scenario(stack: FallbackStack) -> None:
        assert pcm(await stack.say()) == B
        assert await stack.say(Utterance("–", 8000)) == []

    play(first, second, scenario=scenario)


def test_a_later_engine_that_has_the_voice_speaks_and_is_not_a_fallback_engine() -> None:
    first, second = ScriptedVoice("a", [A], voices=("anna",)), ScriptedVoice("b", [B], voices=("bert",))

    async def scenario(stack: FallbackStack) -> None:
        assert await stack.say(Utterance("Hello.", 8000, "bert")) == [Chunk(B, 8000)]
        assert pcm(await stack.say()) == A, "an unknown voice is no failure of the engine"

    play(first, second, scenario=scenario)


def test_a_voice_that_no_engine_has_is_refused_with_the_first_engines_examples() -> None:
    async def scenario(stack: FallbackStack) -> None:
        with pytest.raises(UnknownVoice) as caught:
            await stack.say(Utterance("Hello.", 8000, "zoe"))
        assert caught.value.examples == ("anna",)

    play(ScriptedVoice("a", [A], voices=("anna",)), ScriptedVoice("b", [B], voices=("bert",)), scenario=scenario)


def test_a_fallback_engine_without_the_voice_speaks_with_its_default() -> None:
    first, second = ScriptedVoice("a", [down()], voices=("anna",)), ScriptedVoice("b", [B], voices=("bert",))

    async def scenario(stack: FallbackStack) -> None:
        anna = Utterance("Hello.", 8000, "anna")
        assert await stack.say(anna) == [Chunk(B, 8000, fallback_engine="b")]
        assert await stack.say(anna) == [Chunk(B, 8000, fallback_engine="b")]
        assert len(first.asked) == 1, "a cooling-down engine is not tried while another one can speak"
        assert second.asked[-1].voice is None

    play(first, second, scenario=scenario)


def test_an_engine_with_the_voice_is_preferred_to_an_earlier_one_without_it() -> None:
    engines = [
        ScriptedVoice("a", [down()], voices=("anna",)),
        ScriptedVoice("b", [B], voices=("bert",)),
        ScriptedVoice("c", [C], voices=("anna",)),
    ]
    anna = Utterance("Hello.", 8000, "anna")
    assert play(*engines, scenario=lambda stack: stack.say(anna)) == [Chunk(C, 8000, fallback_engine="c")]


@pytest.mark.parametrize("hang_up_after", [0.05, 0.15])
def test_hanging_up_cancels_the_engine_at_once_at_every_stage(hang_up_after: float) -> None:
    first = ScriptedVoice("a", [0.1, A, 10.0, A])

    async def scenario(stack: FallbackStack) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(hang_up_after):
                await stack.say()
        assert (first.running, first.cancelled) == (0, 1)

    play(first, ScriptedVoice("b", [B]), scenario=scenario)


def test_an_engine_that_is_down_at_start_cools_down_and_one_that_cannot_start_is_reported() -> None:
    async def scenario(stack: FallbackStack) -> None:
        await stack.voice.start()
        assert pcm(await stack.say()) == B

    play(ScriptedVoice("a", [A], start=down()), ScriptedVoice("b", [B]), scenario=scenario)

    async def refused(stack: FallbackStack) -> None:
        with pytest.raises(EngineUnavailable, match="install"):
            await stack.voice.start()

    play(ScriptedVoice("a", [A]), ScriptedVoice("b", [B], start=EngineUnavailable("install b")), scenario=refused)


def test_a_start_that_fails_everywhere_is_an_error() -> None:
    async def scenario(stack: FallbackStack) -> None:
        with pytest.raises(EngineError, match="down"):
            await stack.voice.start()

    play(ScriptedVoice("a", [A], start=down()), scenario=scenario)


def test_closing_closes_every_engine_and_ends_the_probes() -> None:
    engines = ScriptedVoice("a", [down()]), ScriptedVoice("b", [B])

    async def scenario(stack: FallbackStack) -> None:
        await stack.say()

    play(*engines, scenario=scenario)
    assert all(engine.closed for engine in engines)


def test_it_is_a_speaking_engine_named_after_its_engines() -> None:
    async def scenario(stack: FallbackStack) -> None:
        assert isinstance(stack.voice, TextToSpeech)
        assert stack.voice.name == "a,b"

    play(ScriptedVoice("a", [A]), ScriptedVoice("b", [B]), scenario=scenario)
    with pytest.raises(ValueError, match="at least one"):
        FallbackSpeaking([])


def test_the_capabilities_hold_whichever_engine_speaks() -> None:
    one = SpeakingCapabilities(rates=(8000, 24000), languages=("en",), voices=("x",), streaming=True, word_times=True)
    two = SpeakingCapabilities(rates=(22050,), languages=("de",), voices=("y", "x"), streaming=True)
    assert common_capabilities([one, two]) == SpeakingCapabilities(
        (8000, 22050, 24000), ("en", "de"), ("x", "y"), True, False
    )
    assert common_capabilities([one, SpeakingCapabilities()]).rates == ()


def test_the_engine_that_began_a_text_speaks_its_next_sentence_when_an_earlier_one_returns() -> None:
    first, second = ScriptedVoice("a", [A]), ScriptedVoice("b", [B], voices=("b-voice",))

    async def scenario(stack: FallbackStack) -> None:
        assert await stack.say(Utterance("Two.", 8000, "a-voice", continued_by="b")) == [
            Chunk(B, 8000, fallback_engine="b")
        ]
        assert first.asked == []

    play(first, second, scenario=scenario)


def test_a_failure_at_a_later_sentence_is_raised_and_no_other_voice_continues() -> None:
    first, second = ScriptedVoice("a", [down()]), ScriptedVoice("b", [B])

    async def scenario(stack: FallbackStack) -> None:
        with pytest.raises(EngineError, match="down"):
            await stack.say(Utterance("Two.", 8000, continued_by=""))
        assert second.asked == []

    play(first, second, scenario=scenario)


def test_another_voice_continues_at_a_sentence_if_the_option_allows_it() -> None:
    first, second = ScriptedVoice("a", [down()]), ScriptedVoice("b", [B])
    options = FallbackSpeakingOptions(change_mid_text=True)

    async def scene() -> list[Chunk]:
        voice = FallbackSpeaking([first, second], options=options, clock=virtual_clock)
        async with aclosing(voice.synthesize(Utterance("Two.", 8000, continued_by=""))) as chunks:
            heard = [chunk async for chunk in chunks]
        await voice.aclose()
        return heard

    assert run_virtual(scene()) == [Chunk(B, 8000, fallback_engine="b")]
