"""The order of steps of a voice request."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import numpy as np
import pytest

from providers.engines.tone import Tone
from providers.errors import EngineError
from providers.text.tags import Pause
from providers.voice.flow import VoiceOptions, speak, steps
from providers.voice.wire import VoiceRequest
from tests.fakes import LOUD, Hang, ScriptedVoice

SILENT = bytes(3200)


def request(text: str, rate: int = 16000, voice: str | None = None) -> VoiceRequest:
    return VoiceRequest(text, rate, voice, "")


async def collect(text: str, engine: ScriptedVoice | Tone, rate: int = 16000, **options: float) -> list[bytes]:
    async with aclosing(speak(request(text, rate), engine, VoiceOptions(**options))) as blocks:
        return [block async for block in blocks]


def spoken(text: str, engine: ScriptedVoice | Tone, rate: int = 16000, **options: float) -> list[bytes]:
    return asyncio.run(collect(text, engine, rate, **options))


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 32000, 44100, 48000, 11025, 47999])
def test_a_tone_has_exactly_its_length_at_every_rate(rate: int) -> None:
    pcm = b"".join(spoken("exactly so long", Tone(), rate))
    assert len(pcm) == 2 * round(15 * 0.06 * rate)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
def test_resampled_audio_has_exactly_its_length(rate: int) -> None:
    pcm = b"".join(spoken("one", ScriptedVoice([LOUD] * 7), rate))
    assert len(pcm) == 2 * round(0.7 * rate)


def test_chunks_cut_inside_a_sample_come_out_whole() -> None:
    ramp = (np.arange(4800) * 5 % 20000).astype("<i2").tobytes()
    whole = b"".join(spoken("one", ScriptedVoice([ramp])))
    odd = b"".join(spoken("one", ScriptedVoice([ramp[:1], ramp[1:1002], b"", ramp[1002:4001], ramp[4001:]])))
    assert odd == whole
    assert all(len(block) % 2 == 0 for block in spoken("one", ScriptedVoice([ramp[:777], ramp[777:]])))


def test_the_first_block_is_audible_and_holds_what_came_before() -> None:
    first, *rest = spoken('<break time="200ms"/> one', ScriptedVoice([LOUD, LOUD]))
    samples = np.frombuffer(first, "<i2")
    assert np.abs(samples.astype(int)).max() > 1000
    assert not samples[:3200].any()
    assert len(first) + sum(map(len, rest)) == 2 * (3200 + 3200)


def test_a_break_is_silence_of_its_length() -> None:
    pcm = b"".join(spoken('one <break time="500ms"/> two', Tone()))
    samples = np.frombuffer(pcm, "<i2")
    word = round(3 * 0.06 * 16000)
    assert len(samples) == 2 * word + 8000
    assert not samples[word : word + 8000].any()


def test_sentences_go_to_the_engine_one_by_one_and_tags_never() -> None:
    engine = ScriptedVoice()
    spoken("One. <emotion>Two</emotion> at $1.50! <<x>>Three<flush/>four", engine)
    assert [utterance.text for utterance in engine.utterances] == ["One.", "Two at $1.50!", "Three", "four"]


@pytest.mark.parametrize("text", ["", "   \n\t ", "...", "<flush/>", "<<nothing>>", "—"])
def test_text_without_anything_to_say_yields_nothing(text: str) -> None:
    engine = ScriptedVoice()
    assert spoken(text, engine) == []
    assert engine.utterances == []


def test_only_a_break_is_only_silence() -> None:
    assert b"".join(spoken('<break time="1s"/>', ScriptedVoice())) == bytes(32000)


def test_pauses_and_units_keep_their_order() -> None:
    assert steps('a <break time="1s"/> b') == ["a", Pause(1.0), "b"]


@pytest.mark.parametrize("script", [[], [SILENT, SILENT], [bytes(1)]])
def test_an_engine_that_makes_no_sound_is_a_failure(script: list[bytes]) -> None:
    with pytest.raises(EngineError, match="expected audible speech, found silence"):
        spoken("one", ScriptedVoice(script))


@pytest.mark.parametrize("text", ["★", "①", "<", "① < ★"])
@pytest.mark.parametrize("script", [[], [SILENT]])
def test_symbols_that_an_engine_passes_over_are_no_failure(text: str, script: list[bytes]) -> None:
    assert not any(b"".join(spoken(text, ScriptedVoice(script))))


def test_a_control_character_never_reaches_the_engine() -> None:
    engine = ScriptedVoice()
    spoken("Hello \x01200R there.\x9b Bye\0.", engine)
    assert [utterance.text for utterance in engine.utterances] == ["Hello 200R there.", "Bye."]


def test_a_failure_before_the_first_sample_comes_before_the_first_block() -> None:
    with pytest.raises(EngineError, match="gone"):
        spoken("one", ScriptedVoice([SILENT, EngineError("gone")]))


def test_a_failure_after_the_first_sample_comes_after_it() -> None:
    async def scenario() -> list[bytes]:
        got = []
        with pytest.raises(EngineError, match="gone"):
            async for block in speak(request("one"), ScriptedVoice([LOUD, EngineError("gone")])):
                got.append(block)
        return got

    assert len(asyncio.run(scenario())) == 1


def test_an_engine_that_says_nothing_in_time_is_a_failure() -> None:
    with pytest.raises(EngineError, match=r"expected audible speech within 0\.05 s"):
        spoken("one", ScriptedVoice([Hang()]), first_audio=0.05)


def test_an_engine_that_stalls_in_the_middle_is_a_failure() -> None:
    with pytest.raises(EngineError, match=r"expected the next audio within 0\.05 s"):
        spoken("one", ScriptedVoice([LOUD, Hang()]), next_audio=0.05)


def test_closing_the_flow_cancels_the_engine() -> None:
    async def scenario() -> ScriptedVoice:
        engine = ScriptedVoice([LOUD, Hang()])
        async with aclosing(speak(request("one"), engine)) as blocks:
            await anext(blocks)
        return engine

    assert asyncio.run(scenario()).cancelled.is_set()


def test_the_next_unit_is_made_while_the_current_one_is_read() -> None:
    async def scenario() -> int:
        engine = ScriptedVoice()
        async with aclosing(speak(request("One. Two. Three."), engine)) as blocks:
            await anext(blocks)
            while len(engine.utterances) < 3:
                await asyncio.sleep(0)
            return len(engine.utterances)

    assert asyncio.run(asyncio.wait_for(scenario(), 5)) == 3


def test_audio_made_ahead_of_a_slow_reader_is_bounded() -> None:
    async def scenario() -> ScriptedVoice:
        engine = ScriptedVoice([LOUD] * 1000)
        async with aclosing(speak(request("One."), engine, VoiceOptions(lookahead=0.5))) as blocks:
            await anext(blocks)
            for _ in range(2000):
                await asyncio.sleep(0)
        return engine

    produced = asyncio.run(scenario()).produced
    assert len(LOUD) < produced <= 2 * 16000 * 0.5 + 3 * len(LOUD)
