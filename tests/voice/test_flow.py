"""The order of steps of a voice request."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Literal

import numpy as np
import pyloudnorm
import pytest

from dsp import encode_pcm16
from providers.engines.base import Chunk, SpeakingCapabilities, Utterance
from providers.engines.tone import Tone
from providers.errors import EngineError
from providers.tasks import until_first
from providers.text.tags import Pause
from providers.voice.flow import cleaner, speak, steps
from providers.voice.options import DEFAULT_OPTIONS, VoiceOptions
from providers.voice.pipeline import AudioPipeline
from providers.voice.wire import VoiceRequest
from tests.dsp.voices import speech
from tests.fakes import LOUD, Hang, ScriptedVoice

SILENT = bytes(3200)


def request(text: str, rate: int = 16000, voice: str | None = None) -> VoiceRequest:
    return VoiceRequest(text, rate, voice, "")


async def collect(
    text: str, engine: ScriptedVoice | Tone, rate: int = 16000, options: VoiceOptions = DEFAULT_OPTIONS
) -> list[bytes]:
    async with aclosing(speak(request(text, rate), engine, options)) as blocks:
        return [block async for block in blocks]


def spoken(
    text: str, engine: ScriptedVoice | Tone, rate: int = 16000, options: VoiceOptions = DEFAULT_OPTIONS
) -> list[bytes]:
    return asyncio.run(collect(text, engine, rate, options))


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
    assert [utterance.text for utterance in engine.utterances] == [
        "One.",
        "Two at 1 dollar and 50 cents!",
        "Three",
        "four",
    ]


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
    assert [utterance.text for utterance in engine.utterances] == ["Hello  200R there.", "Bye ."]


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
    with pytest.raises(EngineError, match=r"first audio: expected within 0\.05 s"):
        spoken("one", ScriptedVoice([Hang()]), options=VoiceOptions(first_audio=0.05))


def test_an_engine_that_stalls_in_the_middle_is_a_failure() -> None:
    with pytest.raises(EngineError, match=r"expected the next audio within 0\.05 s"):
        spoken("one", ScriptedVoice([LOUD, Hang()]), options=VoiceOptions(next_audio=0.05))


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


# Pauses


def test_all_pauses_of_a_request_together_are_bounded() -> None:
    plan = steps('a<break time="10s"/>b ' * 587)
    assert sum(step.seconds for step in plan if isinstance(step, Pause)) == 60
    assert sum(isinstance(step, str) for step in plan) == 588


def test_a_pause_that_reaches_the_bound_is_cut_short_and_later_ones_are_left_out() -> None:
    assert steps('a<break time="3s"/>b<break time="3s"/>c<break time="3s"/>d', pauses=4) == [
        "a", Pause(3.0), "b", Pause(1.0), "c", "d",
    ]  # fmt: skip


def test_breaks_without_bound_are_a_minute_of_silence_in_blocks() -> None:
    async def scenario() -> list[int]:
        async with aclosing(speak(request("one" + "<break time=10s>." * 587, 48000), Tone())) as blocks:
            return [len(block) async for block in blocks]

    sizes = asyncio.run(scenario())
    assert sum(sizes) == 2 * 48000 * 60 + 2 * round(3 * 0.06 * 48000)
    assert max(sizes) <= 2 * 48000


def test_silence_is_made_no_further_ahead_than_any_audio() -> None:
    async def scenario() -> int:
        engine = ScriptedVoice()
        text = 'one <break time="20s"/> two <break time="20s"/> three'
        async with aclosing(speak(request(text), engine, VoiceOptions(lookahead=2))) as blocks:
            await anext(blocks)
            for _ in range(200):
                await asyncio.sleep(0)
        return len(engine.utterances)

    assert asyncio.run(scenario()) == 1


# Peaks


def loudest(pcm: bytes) -> float:
    return float(np.abs(np.frombuffer(pcm, "<i2").astype(float)).max() / 32768)


def full_scale(rate: int, seconds: float) -> bytes:
    """A square wave: resampled, it overshoots by a tenth."""
    return (np.sign(np.sin(2 * np.pi * 441 * np.arange(round(rate * seconds)) / rate)) * 32767).astype("<i2").tobytes()


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 44100, 47999])
def test_audio_at_full_scale_stays_below_the_ceiling_at_every_rate_and_keeps_its_length(rate: int) -> None:
    pcm = b"".join(spoken("one", ScriptedVoice([full_scale(22050, 1)], rate=22050), rate))
    assert len(pcm) == 2 * rate
    assert 0.85 < loudest(pcm) <= 10 ** (-1 / 20) + 1 / 32768


def test_audio_below_the_ceiling_is_not_changed_by_a_bit() -> None:
    noise = (np.random.default_rng(3).uniform(-0.89, 0.89, 16000) * 32768).astype("<i2").tobytes()
    assert b"".join(spoken("one", ScriptedVoice([noise]))) == noise


def test_any_cut_of_an_engines_audio_gives_the_same_bytes() -> None:
    audio = full_scale(22050, 0.5) + bytes(8820) + full_scale(22050, 0.3)
    whole = b"".join(spoken("one", ScriptedVoice([audio], rate=22050), 8000))
    rng = np.random.default_rng(7)
    for _ in range(5):
        cuts = [0, *sorted(rng.integers(0, len(audio), 30).tolist()), len(audio)]
        script = [audio[start:end] for start, end in zip(cuts, cuts[1:], strict=False)]
        assert b"".join(spoken("one", ScriptedVoice(script, rate=22050), 8000)) == whole


@pytest.mark.parametrize("level", [-36.0, -14.0])
def test_speech_is_brought_to_the_loudness_that_is_set(level: float) -> None:
    words = speech(16000, 10, level=level)
    words[0] = words[-1] = 0.1
    wave = encode_pcm16(words)
    pcm = b"".join(spoken("one", ScriptedVoice([wave]), options=VoiceOptions(loudness=-20.0)))
    assert len(pcm) == len(wave)
    settled = np.frombuffer(pcm, "<i2")[2 * 16000 :] / 32768
    assert pyloudnorm.Meter(16000).integrated_loudness(settled) == pytest.approx(-20, abs=1.5)


# What stays behind


class Failing(ScriptedVoice):
    """Fails in the middle, each time with an error of its own."""

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        yield Chunk(LOUD, self.rate)
        raise EngineError("gone")


@pytest.mark.parametrize("engine", [ScriptedVoice(), Failing(), ScriptedVoice([SILENT]), ScriptedVoice([LOUD] * 99)])
@pytest.mark.parametrize("read", [0, 1, 1000])
def test_nothing_of_a_request_waits_for_the_garbage_collector(engine: ScriptedVoice, read: int) -> None:
    async def one_request() -> None:
        async with aclosing(speak(request("one"), engine, VoiceOptions(lookahead=1))) as blocks:
            for _ in range(read):
                if await anext(blocks, None) is None:
                    return

    async def scenario() -> None:
        with contextlib.suppress(EngineError):
            await until_first(one_request(), asyncio.Event().wait())  # type: ignore[arg-type]

    gc.collect()
    gc.disable()
    try:
        asyncio.run(scenario())
        assert [kept for kept in gc.get_objects() if isinstance(kept, AudioPipeline)] == []
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("clean_text", "normalises", "heard"),
    [
        ("auto", False, "5 dollars"),
        ("auto", True, "**$5**"),
        ("on", True, "5 dollars"),
        ("off", False, "**$5**"),
    ],
)
def test_text_is_cleaned_unless_the_engine_reads_it_well(
    clean_text: Literal["auto", "on", "off"], normalises: bool, heard: str
) -> None:
    engine = ScriptedVoice(capabilities=SpeakingCapabilities(normalises_text=normalises))
    clean = cleaner(VoiceOptions(clean_text=clean_text), engine.capabilities, None)
    assert steps("**$5**", clean=clean) == [heard]


def test_text_is_cleaned_in_the_language_of_the_voice() -> None:
    german = SpeakingCapabilities(default_language="de")
    assert steps("**$5**", clean=cleaner(VoiceOptions(), german, None)) == ["$5"]
    assert steps("**$5**", clean=cleaner(VoiceOptions(), german, "en-gb")) == ["5 dollars"]
