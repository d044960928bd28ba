"""The conformance suite itself: a sound engine passes it whole, and each flaw is caught by the rule made for it."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from providers.engines.base import Chunk, ListeningCapabilities, SpeakingCapabilities, Transcript, Utterance, Word
from providers.errors import EngineBusy, EngineError, UnknownVoice
from tests.engines.conformance import (
    ListeningCase,
    ListeningConformance,
    SpeakingCase,
    SpeakingConformance,
    kept,
)
from tests.engines.imitations.http_voice import voiced


@dataclass
class Speaker:
    """Speaks as `voiced`, a word per chunk, with the flaw it is told to have."""

    flaw: str = ""
    name: str = "beeper"
    shared: deque[bytes] = field(default_factory=deque)

    @property
    def capabilities(self) -> SpeakingCapabilities:
        rates = (16000,) if self.flaw == "answers at a rate it does not name" else ()
        return SpeakingCapabilities(rates=rates, voices=("plain",), streaming=True, word_times=True)

    async def start(self) -> None:
        pass

    async def aclose(self) -> None:
        if self.flaw == "cannot be closed twice":
            self.flaw = "was closed"
        elif self.flaw == "was closed":
            raise RuntimeError

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        if self.flaw != "takes any voice" and utterance.voice not in (None, "plain"):
            examples = () if self.flaw == "gives no examples" else ("plain",)
            raise UnknownVoice(utterance.voice, engine=self.name, examples=examples)
        if self.flaw == "chokes on odd text":
            utterance.text.encode()
        text = utterance.text.split(". ")[0] if self.flaw == "speaks the first sentence only" else utterance.text
        words = text.split(" ")
        if self.flaw == "waits for the end":
            yield self._chunk([text], text, utterance.rate)
            return
        try:
            for index, word in enumerate(words):
                await asyncio.sleep(0)
                yield self._chunk(words[:index], word, utterance.rate)
        finally:
            if self.flaw == "is slow to stop":
                await asyncio.sleep(0.7)

    def _chunk(self, before: list[str], word: str, rate: int) -> Chunk:
        if self.flaw == "changes its rate" and before:
            rate *= 2
        pcm = voiced(word, rate)
        if self.flaw == "cuts a sample" and not before:
            pcm += b"\1"
        if self.flaw == "is silent":
            pcm = bytes(len(pcm))
        if self.flaw == "mixes utterances":
            self.shared.append(pcm)
            pcm = self.shared.popleft() if len(self.shared) > 1 else pcm
        start = sum(map(len, before)) * 0.05
        lag = 99.0 if self.flaw == "times words outside the audio" else 0.0
        times = (Word(word, start + lag, start + lag + 0.05 * len(word)),) if word.strip() else ()
        return Chunk(pcm, rate, times)


class SpeakerSuite(SpeakingConformance):
    def __init__(self, flaw: str = "") -> None:
        self.case = SpeakingCase(opened=lambda: kept(Speaker(flaw)))


SPEAKING_FLAWS = {
    "answers at a rate it does not name": "test_audio_is_whole_samples_at_one_rate_of_its_capabilities",
    "changes its rate": "test_audio_is_whole_samples_at_one_rate_of_its_capabilities",
    "cuts a sample": "test_audio_is_whole_samples_at_one_rate_of_its_capabilities",
    "is silent": "test_speech_is_audible_and_as_long_as_speech_is",
    "speaks the first sentence only": "test_a_long_text_is_spoken_to_its_end",
    "waits for the end": "test_an_engine_that_streams_does_not_wait_for_the_end",
    "times words outside the audio": "test_word_times_are_in_order_and_inside_the_audio",
    "mixes utterances": "test_utterances_at_the_same_time_do_not_mix",
    "is slow to stop": "test_closing_after_the_first_chunk_is_prompt_and_leaves_nothing_running",
    "takes any voice": "test_an_unknown_voice_is_named_before_any_audio",
    "gives no examples": "test_an_unknown_voice_is_named_before_any_audio",
    "chokes on odd text": "test_only_engine_errors_leave_it_whatever_the_text",
    "cannot be closed twice": "test_starting_and_closing_twice_is_allowed",
}


class Recognition:
    """Hears "w0", "w1" … a second each: a partial per half second, a final per second."""

    def __init__(self, engine: Listener, rate: int, channels: int) -> None:
        self._engine = engine
        self._second = 2 * rate * channels
        self._channels = channels
        self._bytes = 0
        self._halves = 0
        self._ready: asyncio.Queue[Transcript | None] = asyncio.Queue()
        self._finished = False

    async def push(self, pcm: bytes, /) -> None:
        flaw = self._engine.flaw
        if (self._finished and flaw != "takes audio after its end") or self._engine.lost:
            raise EngineError("lost", engine="counter")
        self._bytes += len(pcm)
        if flaw == "hears by the push" and len(pcm) > 700:
            self._bytes += len(pcm)
        while self._bytes >= (self._halves + 1) * self._second / 2:
            self._hear(self._halves)
            self._halves += 1

    def _hear(self, half: int) -> None:
        flaw = self._engine.flaw
        number, final = half // 2, half % 2 == 1
        start = 0.0 if flaw == "hears audio twice" else float(number)
        text = f"w{number}" + (" " if flaw == "leaves blanks" else "")
        sides = [0] if flaw == "loses a channel" else range(self._channels)
        for side in sides:
            words = (Word(text.strip(), number, number + (9.0 if flaw == "times words outside the audio" else 0.5)),)
            self._ready.put_nowait(Transcript(text, final, side, start, number + 0.5 + 0.5 * final, words))

    async def finish(self) -> None:
        if self._halves % 2 and self._engine.flaw != "leaves a partial open":
            self._hear(self._halves)
        if self._engine.flaw == "hears voices in nothing" and not self._bytes:
            self._hear(1)
        if not self._finished and self._engine.flaw != "never ends":
            self._ready.put_nowait(None)
        self._finished = True

    def __aiter__(self) -> Recognition:
        return self

    async def __anext__(self) -> Transcript:
        if self._engine.lost:
            raise EngineError("lost", engine="counter")
        transcript = await self._ready.get()
        if transcript is None:
            raise StopAsyncIteration
        return transcript


@dataclass
class Listener:
    """Counts seconds, for two at once, with the flaw it is told to have."""

    flaw: str = ""
    name: str = "counter"
    lost: bool = False
    taken: int = 0

    @property
    def capabilities(self) -> ListeningCapabilities:
        return ListeningCapabilities(channels=2, partials=True, word_times=True, capacity=2)

    async def start(self) -> None:
        pass

    async def aclose(self) -> None:
        pass

    @contextlib.asynccontextmanager
    async def listen(self, *, rate: int, channels: int = 1) -> AsyncIterator[Recognition]:
        if channels > 2 and self.flaw != "takes any channels":
            raise EngineError("channels", engine=self.name)
        if self.taken >= 2 and self.flaw != "is never full":
            raise EngineBusy("full", engine=self.name)
        self.taken += 1
        try:
            yield Recognition(self, rate, channels)
        finally:
            self.taken -= self.flaw != "keeps its places"
            if self.flaw == "is slow to leave":
                await asyncio.sleep(0.7)


class ListenerSuite(ListeningConformance):
    def __init__(self, flaw: str = "") -> None:
        self.engine = Listener(flaw)
        self.case = ListeningCase(
            opened=lambda: kept(self.engine),
            speech=lambda rate: bytes(2 * int(2.5 * rate)),
            lose=self.lose,
            patience=1.0,
        )

    async def lose(self) -> None:
        self.engine.lost = self.engine.flaw != "hides its loss"


LISTENING_FLAWS = {
    "hears audio twice": "test_transcripts_obey_the_rules_at_every_rate",
    "leaves blanks": "test_transcripts_obey_the_rules_at_every_rate",
    "times words outside the audio": "test_transcripts_obey_the_rules_at_every_rate",
    "leaves a partial open": "test_transcripts_obey_the_rules_at_every_rate",
    "loses a channel": "test_both_channels_of_a_stereo_call_are_heard_apart",
    "hears by the push": "test_finals_do_not_depend_on_how_the_audio_is_cut",
    "hears voices in nothing": "test_a_recognition_without_audio_ends_cleanly_and_heard_nothing",
    "never ends": "test_a_recognition_without_audio_ends_cleanly_and_heard_nothing",
    "is slow to leave": "test_leaving_without_finish_is_prompt_and_leaves_nothing_running",
    "takes audio after its end": "test_finish_may_be_said_twice_and_no_audio_follows_it",
    "takes any channels": "test_more_channels_than_it_can_take_are_refused_on_entering",
    "is never full": "test_a_full_engine_says_so_and_takes_the_next_when_one_leaves",
    "keeps its places": "test_a_full_engine_says_so_and_takes_the_next_when_one_leaves",
    "hides its loss": "test_a_lost_engine_is_an_engine_error_on_push_and_on_iteration",
}


def rules(suite: type[Any]) -> list[str]:
    return [name for name in dir(suite) if name.startswith("test_")]


def kept_by(suite: Any, rule: str) -> None:
    test = getattr(suite, rule)
    test(*([8000] if "rate" in inspect.signature(test).parameters else []))


@pytest.mark.parametrize("rule", rules(SpeakingConformance))
def test_a_sound_speaker_keeps_every_rule(rule: str) -> None:
    kept_by(SpeakerSuite(), rule)


@pytest.mark.parametrize("rule", rules(ListeningConformance))
def test_a_sound_listener_keeps_every_rule(rule: str) -> None:
    kept_by(ListenerSuite(), rule)


@pytest.mark.parametrize(("flaw", "rule"), SPEAKING_FLAWS.items())
def test_a_speaker_with_a_flaw_breaks_its_rule(flaw: str, rule: str) -> None:
    with pytest.raises((AssertionError, ValueError, RuntimeError, pytest.fail.Exception)):
        kept_by(SpeakerSuite(flaw), rule)


@pytest.mark.parametrize(("flaw", "rule"), LISTENING_FLAWS.items())
def test_a_listener_with_a_flaw_breaks_its_rule(flaw: str, rule: str) -> None:
    with pytest.raises((AssertionError, TimeoutError, EngineBusy, pytest.fail.Exception)):
        kept_by(ListenerSuite(flaw), rule)
