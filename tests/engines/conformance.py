"""One suite for every engine: what `TextToSpeech` and `SpeechToText` promise, as rules.

An engine is put through it by a subclass that says how to open it and what is possible::

    class TestTone(SpeakingConformance):
        case = SpeakingCase(opened=lambda: kept(Tone()), deterministic=True, unknown_voice=None)

``opened`` gives a context manager that yields an engine, not yet started, and frees it and whatever stands behind it
(a vendor's imitation) afterwards. The suite starts the engine. It knows no engine by name and no vendor.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pytest

from providers.engines.base import Chunk, Recognition, SpeechToText, TextToSpeech, Transcript, Utterance, Word
from providers.errors import EngineBusy, EngineError, UnknownVoice

RATES = (8000, 16000, 22050, 24000, 44100, 48000)
"""Hz a caller may want."""

PROMPT = 0.1
"""Seconds within which a cancelled engine is free; the contract of the endpoints."""

NOISE = 0.4
"""Seconds that a busy test machine may add to `PROMPT`."""

SHORT = "Good morning, how are you today?"
LONG = "The quick brown fox jumps over the lazy dog, and then it goes home again to sleep until the evening. " * 4

HOSTILE = (
    "",
    "   ",
    "\n\n",
    "...",
    "\0",
    "a\0b",
    "👋🏽👨‍👩‍👧",
    "שלום עולם",
    "नमस्ते",
    "\u202e\u200b\ufeff",
    "lone \ud800 surrogate",
    "<speak>&amp;</speak>",
    "1234567890" * 20,
)
"""Texts after which an engine may answer with audio, with nothing or with an `EngineError`, and must go on working."""

_Engine = TypeVar("_Engine", TextToSpeech, SpeechToText)


@contextlib.asynccontextmanager
async def kept(engine: _Engine) -> AsyncIterator[_Engine]:
    """An engine that needs nothing around it."""
    try:
        yield engine
    finally:
        await engine.aclose()


async def nothing() -> None:
    """The default for engines that show no trace of their work from outside."""


@dataclass(frozen=True)
class SpeakingCase:
    """One speaking engine and what is possible with it."""

    opened: Callable[[], AbstractAsyncContextManager[TextToSpeech]]
    deterministic: bool = True
    """The same utterance gives the same bytes every time."""
    unknown_voice: str | None = "zz-such-a-voice-there-is-not"
    """A voice the engine does not have; None for an engine that takes any name, or has but one voice."""
    audible: bool = True
    """False for an engine whose speech is silence."""
    idle: Callable[[], Awaitable[None]] = nothing
    """Returns when the world outside has seen that the engine does nothing any more."""
    texts: tuple[str, ...] = HOSTILE


async def say(engine: TextToSpeech, text: str = SHORT, rate: int = 8000, voice: str | None = None) -> list[Chunk]:
    """All chunks of one utterance."""
    async with aclosing(engine.synthesize(Utterance(text, rate, voice))) as stream:
        return [chunk async for chunk in stream]


def joined(chunks: Sequence[Chunk]) -> bytes:
    return b"".join(chunk.pcm for chunk in chunks)


def seconds(chunks: Sequence[Chunk]) -> float:
    return len(joined(chunks)) / 2 / chunks[0].rate if chunks else 0.0


class SpeakingConformance:
    """What every speaking engine does."""

    case: SpeakingCase

    def started(self, act: Callable[[TextToSpeech], Coroutine[Any, Any, None]]) -> None:
        async def scenario() -> None:
            async with self.case.opened() as engine:
                await engine.start()
                await act(engine)

        asyncio.run(scenario())

    def test_its_name_and_capabilities_are_constant(self) -> None:
        async def act(engine: TextToSpeech) -> None:
            assert isinstance(engine, TextToSpeech)
            assert engine.name == engine.name.strip().lower() != ""
            capabilities = engine.capabilities
            assert capabilities == engine.capabilities
            assert all(4000 <= rate <= 192000 for rate in capabilities.rates)
            assert all(capabilities.voices)
            assert all(capabilities.languages)

        self.started(act)

    @pytest.mark.parametrize("rate", RATES)
    def test_audio_is_whole_samples_at_one_rate_of_its_capabilities(self, rate: int) -> None:
        async def act(engine: TextToSpeech) -> None:
            chunks = await say(engine, SHORT, rate)
            assert chunks
            assert len(joined(chunks)) % 2 == 0
            assert all(chunk.pcm for chunk in chunks)
            (found,) = {chunk.rate for chunk in chunks}
            assert found in (engine.capabilities.rates or (rate,))

        self.started(act)

    def test_speech_is_audible_and_as_long_as_speech_is(self) -> None:
        async def act(engine: TextToSpeech) -> None:
            chunks = await say(engine)
            assert 0.3 < seconds(chunks) < 20.0
            samples = np.frombuffer(joined(chunks), dtype="<i2").astype(float)
            loud = float(np.sqrt(np.mean(samples**2))) > 32.0
            assert loud is self.case.audible

        self.started(act)

    def test_a_long_text_is_spoken_to_its_end(self) -> None:
        async def act(engine: TextToSpeech) -> None:
            once, fourfold = await say(engine, LONG[: len(LONG) // 4]), await say(engine, LONG)
            assert 3.0 < seconds(fourfold) / seconds(once) < 5.0

        self.started(act)

    def test_an_engine_that_streams_does_not_wait_for_the_end(self) -> None:
        async def act(engine: TextToSpeech) -> None:
            if engine.capabilities.streaming:
                assert len(await say(engine, LONG)) > 1

        self.started(act)

    def test_word_times_are_in_order_and_inside_the_audio(self) -> None:
        async def act(engine: TextToSpeech) -> None:
            chunks = await say(engine)
            words = [word for chunk in chunks for word in chunk.words]
            if not engine.capabilities.word_times:
                assert words == []
                return
            assert " ".join(word.text for word in words) == SHORT
            assert_ordered(words, 0.0, seconds(chunks))

        self.started(act)

    def test_the_same_utterance_is_the_same_again(self) -> None:
        async def act(engine: TextToSpeech) -> None:
            first, second = await say(engine), await say(engine)
            if self.case.deterministic:
                assert joined(first) == joined(second)
            assert seconds(second) == pytest.approx(seconds(first), rel=0.1)

        self.started(act)

    def test_utterances_at_the_same_time_do_not_mix(self) -> None:
        async def act(engine: TextToSpeech) -> None:
            texts = [SHORT, LONG, SHORT.upper(), LONG[::2]]
            alone = [await say(engine, text) for text in texts]
            together = await asyncio.gather(*(say(engine, text) for text in texts))
            for before, now in zip(alone, together, strict=True):
                if self.case.deterministic:
                    assert joined(now) == joined(before)
                assert seconds(now) == pytest.approx(seconds(before), rel=0.1)

        self.started(act)

    def test_closing_after_the_first_chunk_is_prompt_and_leaves_nothing_running(self) -> None:
        async def act(engine: TextToSpeech) -> None:
            stream = engine.synthesize(Utterance(LONG, 8000))
            await anext(stream)
            async with prompt():
                await stream.aclose()
            await self.quiet()
            assert await say(engine)

        self.started(act)

    def test_cancelling_before_the_first_chunk_is_prompt_and_leaves_nothing_running(self) -> None:
        async def act(engine: TextToSpeech) -> None:
            for turns in (0, 1, 2, 5, 20):
                stream = engine.synthesize(Utterance(LONG, 8000))
                first = asyncio.ensure_future(anext(stream))
                for _ in range(turns):
                    await asyncio.sleep(0)
                first.cancel()
                async with prompt():
                    await asyncio.gather(first, return_exceptions=True)
                    await stream.aclose()
            await self.quiet()
            assert await say(engine)

        self.started(act)

    def test_a_stream_that_was_never_begun_can_be_closed(self) -> None:
        async def act(engine: TextToSpeech) -> None:
            await engine.synthesize(Utterance(SHORT, 8000)).aclose()
            await self.quiet()

        self.started(act)

    def test_an_unknown_voice_is_named_before_any_audio(self) -> None:
        async def act(engine: TextToSpeech) -> None:
            voice = self.case.unknown_voice
            if voice is None:
                assert await say(engine, voice="any-name-at-all")
                return
            with pytest.raises(UnknownVoice) as caught:
                await say(engine, voice=voice)
            assert caught.value.voice == voice
            assert caught.value.engine == engine.name
            assert caught.value.examples
            assert not caught.value.retryable
            for example in engine.capabilities.voices[:1]:
                assert await say(engine, voice=example)

        self.started(act)

    def test_only_engine_errors_leave_it_whatever_the_text(self) -> None:
        async def act(engine: TextToSpeech) -> None:
            for text in self.case.texts:
                with contextlib.suppress(EngineError):
                    assert len(joined(await say(engine, text))) % 2 == 0
            assert await say(engine)

        self.started(act)

    def test_only_engine_errors_leave_it_whatever_the_voice(self) -> None:
        async def act(engine: TextToSpeech) -> None:
            for voice in ("\0", "../../etc/passwd", "x" * 10_000, "ü\n", "\ud800"):
                with contextlib.suppress(EngineError):
                    await say(engine, voice=voice)
            assert await say(engine)

        self.started(act)

    def test_starting_and_closing_twice_is_allowed(self) -> None:
        async def act(engine: TextToSpeech) -> None:
            await engine.start()
            assert await say(engine)
            await engine.aclose()
            await engine.aclose()

        self.started(act)

    async def quiet(self) -> None:
        async with asyncio.timeout(PROMPT + NOISE):
            await self.case.idle()


@dataclass(frozen=True)
class ListeningCase:
    """One listening engine and what is possible with it."""

    opened: Callable[[], AbstractAsyncContextManager[SpeechToText]]
    speech: Callable[[int], bytes]
    """Mono PCM, at the given rate in Hz, in which the engine hears at least one utterance."""
    deterministic: bool = True
    """The same audio gives the same finals, however it is cut."""
    every_channel: bool = True
    """False for an engine that speaks for one channel only, whatever is in the others."""
    rates: tuple[int, ...] = (8000, 16000, 48000)
    """Hz to try; fewer for engines that take long."""
    idle: Callable[[], Awaitable[None]] = nothing
    """Returns when the world outside has seen that the engine does nothing any more."""
    lose: Callable[[], Awaitable[None]] | None = None
    """Makes every open recognition lose its engine; None if that cannot happen."""
    hostile: Sequence[Callable[[], AbstractAsyncContextManager[SpeechToText]]] = ()
    """The engine before something that misbehaves: a vendor that cuts, lies or babbles, or an engine with a mistake."""
    patience: float = 20.0
    """Seconds a whole recognition may take on a busy machine."""
    frame: float = field(default=0.02)
    """Seconds of audio per push."""


class ListeningConformance:
    """What every listening engine does."""

    case: ListeningCase

    def started(self, act: Callable[[SpeechToText], Coroutine[Any, Any, None]]) -> None:
        async def scenario() -> None:
            async with self.case.opened() as engine:
                await engine.start()
                await act(engine)

        asyncio.run(scenario())

    async def hear(self, engine: SpeechToText, pcm: bytes, rate: int, channels: int = 1) -> list[Transcript]:
        """All transcripts of some audio, pushed and read at the same time as a call does it."""
        async with asyncio.timeout(self.case.patience), engine.listen(rate=rate, channels=channels) as recognition:
            feeder = asyncio.create_task(self.feed(recognition, pcm, rate, channels))
            transcripts = await gathered(recognition)
            await feeder
        return transcripts

    async def feed(self, recognition: Recognition, pcm: bytes, rate: int, channels: int) -> None:
        step = int(self.case.frame * rate) * 2 * channels
        for position in range(0, len(pcm), step):
            await recognition.push(pcm[position : position + step])
        await recognition.finish()

    def test_its_name_and_capabilities_are_constant(self) -> None:
        async def act(engine: SpeechToText) -> None:
            assert isinstance(engine, SpeechToText)
            assert engine.name == engine.name.strip().lower() != ""
            capabilities = engine.capabilities
            assert capabilities == engine.capabilities
            assert capabilities.channels in (1, 2)
            assert capabilities.capacity is None or capabilities.capacity > 0
            assert all(4000 <= rate <= 192000 for rate in capabilities.rates)

        self.started(act)

    def test_transcripts_obey_the_rules_at_every_rate(self) -> None:
        async def act(engine: SpeechToText) -> None:
            for rate in self.case.rates:
                pcm = self.case.speech(rate)
                transcripts = await self.hear(engine, pcm, rate)
                assert any(transcript.final and transcript.text for transcript in transcripts)
                assert_lawful(transcripts, engine, length=len(pcm) / 2 / rate, channels=1)

        self.started(act)

    def test_both_channels_of_a_stereo_call_are_heard_apart(self) -> None:
        async def act(engine: SpeechToText) -> None:
            if engine.capabilities.channels < 2:
                return
            rate = self.case.rates[0]
            mono = self.case.speech(rate)
            stereo = np.repeat(np.frombuffer(mono, dtype="<i2"), 2).tobytes()
            transcripts = await self.hear(engine, stereo, rate, channels=2)
            assert_lawful(transcripts, engine, length=len(mono) / 2 / rate, channels=2)
            left, right = ([t.text for t in transcripts if t.final and t.channel == side] for side in (0, 1))
            assert left
            assert left == right or not self.case.every_channel

        self.started(act)

    def test_finals_do_not_depend_on_how_the_audio_is_cut(self) -> None:
        async def act(engine: SpeechToText) -> None:
            if not self.case.deterministic:
                return
            rate = self.case.rates[0]
            pcm = self.case.speech(rate)
            whole = finals(await self.hear(engine, pcm, rate))
            rng = np.random.default_rng(11)
            async with asyncio.timeout(self.case.patience), engine.listen(rate=rate) as recognition:
                feeder = asyncio.create_task(push_in_pieces(recognition, pcm, rng))
                assert finals(await gathered(recognition)) == whole
                await feeder

        self.started(act)

    def test_recognitions_at_the_same_time_do_not_mix(self) -> None:
        async def act(engine: SpeechToText) -> None:
            rate = self.case.rates[0]
            pcm = self.case.speech(rate)
            alone = finals(await self.hear(engine, pcm, rate))
            if engine.capabilities.capacity == 1:
                return
            together = await asyncio.gather(self.hear(engine, pcm, rate), self.hear(engine, b"", rate))
            assert finals(together[1]) == []
            if self.case.deterministic:
                assert finals(together[0]) == alone

        self.started(act)

    def test_a_recognition_without_audio_ends_cleanly_and_heard_nothing(self) -> None:
        async def act(engine: SpeechToText) -> None:
            assert await self.hear(engine, b"", self.case.rates[0]) == []
            await self.quiet()

        self.started(act)

    def test_a_recognition_of_a_single_frame_ends_cleanly(self) -> None:
        async def act(engine: SpeechToText) -> None:
            rate = self.case.rates[0]
            assert_lawful(await self.hear(engine, b"\0\0", rate), engine, length=1 / rate, channels=1)

        self.started(act)

    def test_leaving_without_finish_is_prompt_and_leaves_nothing_running(self) -> None:
        async def act(engine: SpeechToText) -> None:
            rate = self.case.rates[0]
            for pushes in (0, 1, 25):
                async with contextlib.AsyncExitStack() as stack:
                    recognition = await stack.enter_async_context(engine.listen(rate=rate))
                    for _ in range(pushes):
                        await recognition.push(bytes(2 * int(rate * self.case.frame)))
                    async with prompt():
                        await stack.aclose()
            await self.quiet()

        self.started(act)

    def test_cancelling_the_reader_is_prompt_and_leaves_nothing_running(self) -> None:
        async def act(engine: SpeechToText) -> None:
            async def read() -> None:
                async with engine.listen(rate=self.case.rates[0]) as recognition:
                    entered.set()
                    async for _ in recognition:
                        pass

            entered = asyncio.Event()
            reader = asyncio.create_task(read())
            async with asyncio.timeout(self.case.patience):
                await entered.wait()
            reader.cancel()
            async with prompt():
                await asyncio.gather(reader, return_exceptions=True)
            assert reader.cancelled()
            await self.quiet()

        self.started(act)

    def test_finish_may_be_said_twice_and_no_audio_follows_it(self) -> None:
        async def act(engine: SpeechToText) -> None:
            rate = self.case.rates[0]
            async with asyncio.timeout(self.case.patience), engine.listen(rate=rate) as recognition:
                await recognition.finish()
                await recognition.finish()
                with pytest.raises(EngineError):
                    await recognition.push(bytes(320))
                assert await gathered(recognition) == []

        self.started(act)

    def test_more_channels_than_it_can_take_are_refused_on_entering(self) -> None:
        async def act(engine: SpeechToText) -> None:
            with pytest.raises(EngineError):
                async with engine.listen(rate=self.case.rates[0], channels=engine.capabilities.channels + 1):
                    pass
            await self.quiet()

        self.started(act)

    def test_a_full_engine_says_so_and_takes_the_next_when_one_leaves(self) -> None:
        async def act(engine: SpeechToText) -> None:
            capacity, rate = engine.capabilities.capacity, self.case.rates[0]
            if capacity is None:
                return
            async with contextlib.AsyncExitStack() as stack:
                for _ in range(capacity):
                    await stack.enter_async_context(engine.listen(rate=rate))
                with pytest.raises(EngineBusy):
                    await stack.enter_async_context(engine.listen(rate=rate))
            async with asyncio.timeout(self.case.patience), engine.listen(rate=rate):
                pass

        self.started(act)

    def test_only_engine_errors_leave_it_whatever_is_behind_it(self) -> None:
        async def act(opened: Callable[[], AbstractAsyncContextManager[SpeechToText]]) -> None:
            async with asyncio.timeout(self.case.patience), opened() as engine:
                with contextlib.suppress(EngineError):
                    await engine.start()
                for after in (0, 1, 3):
                    with contextlib.suppress(EngineError):
                        await self.endure(engine, after)

        for opened in self.case.hostile:
            asyncio.run(act(opened))

    async def endure(self, engine: SpeechToText, pushes: int) -> None:
        """One recognition from start to end; every part of it may fail, and the later ones are tried all the same."""
        rate = self.case.rates[0]
        async with engine.listen(rate=rate) as recognition:
            for _ in range(pushes):
                with contextlib.suppress(EngineError):
                    await recognition.push(self.case.speech(rate)[: 2 * rate])
                await asyncio.sleep(0.01)
            with contextlib.suppress(EngineError):
                await recognition.finish()
            with contextlib.suppress(EngineError):
                await gathered(recognition)
            with contextlib.suppress(EngineError):
                await recognition.push(bytes(320))

    def test_a_lost_engine_is_an_engine_error_on_push_and_on_iteration(self) -> None:
        async def act(engine: SpeechToText) -> None:
            if self.case.lose is None:
                return
            rate = self.case.rates[0]
            async with asyncio.timeout(self.case.patience), engine.listen(rate=rate) as recognition:
                await recognition.push(bytes(320))
                await self.case.lose()
                with pytest.raises(EngineError):
                    await drain(recognition)
                with pytest.raises(EngineError):
                    await push_for_ever(recognition)

        self.started(act)

    def test_starting_and_closing_twice_is_allowed(self) -> None:
        async def act(engine: SpeechToText) -> None:
            await engine.start()
            assert await self.hear(engine, b"", self.case.rates[0]) == []
            await engine.aclose()
            await engine.aclose()

        self.started(act)

    async def quiet(self) -> None:
        async with asyncio.timeout(PROMPT + NOISE):
            await self.case.idle()


async def gathered(recognition: Recognition) -> list[Transcript]:
    """All transcripts, but for the empty partials that only say how far the engine has come."""
    return [transcript async for transcript in recognition if transcript.text or transcript.final]


def finals(transcripts: Sequence[Transcript]) -> list[str]:
    return [transcript.text for transcript in transcripts if transcript.final]


def assert_ordered(words: Sequence[Word], start: float, end: float) -> None:
    """Words follow each other within the stretch; 20 ms are the grain of some engines' clocks."""
    for word in words:
        assert word.text.strip() == word.text != ""
        assert start - 0.02 <= word.start <= word.end <= end + 0.02
    for one, two in itertools.pairwise(words):
        assert one.start <= two.start


def assert_lawful(transcripts: Sequence[Transcript], engine: SpeechToText, *, length: float, channels: int) -> None:
    """Partials replace each other, one final ends an utterance, and utterances follow each other in the audio."""
    for channel in range(channels):
        own = [transcript for transcript in transcripts if transcript.channel == channel]
        assert all(transcript.final for transcript in own[-1:]), "an utterance was left open"
        heard_until = 0.0
        for transcript in own:
            assert transcript.text == transcript.text.strip()
            assert heard_until - 0.02 <= transcript.start <= transcript.end <= length + 0.5
            assert transcript.final or engine.capabilities.partials
            if engine.capabilities.word_times:
                assert_ordered(transcript.words, transcript.start, transcript.end)
            else:
                assert transcript.words == ()
            if transcript.final:
                heard_until = transcript.end
    assert {transcript.channel for transcript in transcripts} <= set(range(channels))


@contextlib.asynccontextmanager
async def prompt() -> AsyncIterator[None]:
    """What happens inside takes no longer than a cancellation may."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < PROMPT + NOISE


async def drain(recognition: Recognition) -> None:
    async for _ in recognition:
        pass


async def push_for_ever(recognition: Recognition) -> None:
    while True:
        await recognition.push(bytes(320))
        await asyncio.sleep(0)


async def push_in_pieces(recognition: Recognition, pcm: bytes, rng: np.random.Generator) -> None:
    position = 0
    while position < len(pcm):
        size = 2 * int(rng.integers(1, 1500))
        await recognition.push(pcm[position : position + size])
        position += size
    await recognition.finish()
