"""pocketsphinx in worker processes: real speech, separate calls, no process left after a call."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import select
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dsp import PcmDecoder, Resampler, encode_pcm16
from providers.engines.base import Recognition, SpeechToText, Transcript
from providers.engines.pocketsphinx.engine import Sphinx, SphinxOptions
from providers.engines.pocketsphinx.recogniser import RecogniserOptions, SphinxRecogniser
from providers.engines.pocketsphinx.worker import WorkerOptions, load_decoder
from providers.errors import EngineError, EngineUnavailable
from tests.engines.conformance import ListeningCase, ListeningConformance
from tests.espeak_speech import espeak

pytest.importorskip("pocketsphinx", reason="needs the extra 'local': pip install 'vapi-providers[local]'")
pytest.importorskip("espeakng_loader", reason="needs the extra 'local': pip install 'vapi-providers[local]'")

YES = "Yes, that is right."
HELP = "Can you help me with my order?"


@cache
def speech(text: str, rate: int = 16000, *, silence_after: float = 0.7) -> bytes:
    """Half a second of silence, the text in the voice that this engine understands best, silence."""
    rendered = espeak().render(text, "en-us+f5", words_per_minute=150)
    resampler = Resampler(rendered.rate, rate)
    spoken = [resampler.feed(PcmDecoder().feed(rendered.pcm)), resampler.flush()]
    return bytes(2 * (rate // 2)) + encode_pcm16(np.concatenate(spoken)) + bytes(2 * round(silence_after * rate))


class _Shared:
    """One engine for the whole file: its fork server starts in a second, and again after a test has ended it."""

    def __init__(self) -> None:
        self.engine = Sphinx(SphinxOptions(capacity=2))

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[SpeechToText]:
        yield self.engine

    async def lose(self) -> None:
        await self.engine.aclose()


_shared = _Shared()


@pytest.fixture(autouse=True, scope="module")
def _closed_in_the_end() -> Iterator[None]:
    yield
    asyncio.run(_shared.engine.aclose())


def run(scenario: Callable[[Sphinx], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(scenario(_shared.engine))


async def hear(recognition: Recognition, pcm: bytes, block: int = 640) -> list[Transcript]:
    async def feed() -> None:
        for begin in range(0, len(pcm), block):
            await recognition.push(pcm[begin : begin + block])
        await recognition.finish()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(feed())
        return [transcript async for transcript in recognition]


class TestSphinx(ListeningConformance):
    case = ListeningCase(opened=_shared.opened, lose=_shared.lose, speech=partial(speech, YES), rates=(16000,))


def gone(pid: int, *, within: float) -> bool:
    """True when a process ends in time; a process that is gone already counts."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], within)[0])
    finally:
        os.close(handle)


watches_processes = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="pidfd is Linux's")


def test_speech_is_heard_with_growing_partials_and_one_final_per_utterance() -> None:
    async def scenario(engine: Sphinx) -> None:
        pcm = speech(YES) + speech(HELP)
        async with engine.listen(rate=16000) as recognition:
            heard = await hear(recognition, pcm)
        finals = [transcript for transcript in heard if transcript.final]
        assert len(finals) == 2
        # Keywords only: espeak never says a sentence the same way twice, and this engine mishears many.
        assert {"yes", "that", "right"} & set(finals[0].text.split())
        assert {"you", "help", "me"} & set(finals[1].text.split())
        partials = [transcript for transcript in heard if not transcript.final]
        assert len(partials) >= 4
        assert all(one.text != next_.text or next_.final for one, next_ in pairwise(heard))
        assert heard[-1].final

    run(scenario)


def test_words_carry_times_of_the_whole_stream() -> None:
    async def scenario(engine: Sphinx) -> None:
        first, second = speech(YES), speech(YES)
        async with engine.listen(rate=16000) as recognition:
            one, two = [t for t in await hear(recognition, first + second) if t.final]
        length = len(first) / 32000
        assert 0.3 < one.start < 0.8
        assert 0.3 < two.start - length < 0.8
        for final in (one, two):
            assert final.start < final.end
            assert " ".join(word.text for word in final.words) == final.text
            assert all(a.start < a.end <= b.end for a, b in pairwise(final.words))
            assert final.start <= final.words[0].start <= final.words[-1].end <= final.end

    run(scenario)


def test_silence_gives_no_transcripts() -> None:
    async def scenario(engine: Sphinx) -> None:
        async with engine.listen(rate=8000) as recognition:
            assert await hear(recognition, bytes(3 * 16000)) == []
        async with engine.listen(rate=8000) as recognition:
            assert await hear(recognition, b"") == []

    run(scenario)


@pytest.mark.parametrize("rate", [8000, 48000, 16001])
def test_any_rate_is_heard(rate: int) -> None:
    async def scenario(engine: Sphinx) -> None:
        async with engine.listen(rate=rate) as recognition:
            heard = await hear(recognition, speech(YES, rate), block=rate // 25)
        assert [t.final for t in heard].count(True) == 1
        assert heard[-1].text

    run(scenario)


@pytest.mark.parametrize("rate", [8000, 16000])
def test_noise_as_loud_and_as_restless_as_speech_gives_no_words(rate: int) -> None:
    """Samples cut at the wrong byte: the level of a speaker, and the detector before it is sure of speech."""

    async def scenario(engine: Sphinx) -> None:
        async with engine.listen(rate=rate) as recognition:
            assert await hear(recognition, bytes(1) + speech(HELP, rate) + bytes(1), block=rate // 25) == []

    run(scenario)


def test_finish_flushes_an_open_utterance() -> None:
    async def scenario(engine: Sphinx) -> None:
        async with engine.listen(rate=16000) as recognition:
            heard = await hear(recognition, speech(YES, silence_after=0.0))
        assert [t.final for t in heard].count(True) == 1
        assert {"yes", "that", "right"} & set(heard[-1].text.split())

    run(scenario)


def test_calls_never_share_a_word() -> None:
    async def scenario(engine: Sphinx) -> None:
        async with engine.listen(rate=16000) as one, engine.listen(rate=16000) as two:
            heard_one, heard_two = await asyncio.gather(hear(one, speech(YES)), hear(two, speech(HELP)))
        assert "help" not in " ".join(t.text for t in heard_one)
        assert "yes" not in " ".join(t.text for t in heard_two)
        async with engine.listen(rate=16000) as again:
            assert await hear(again, speech(YES)) == heard_one

    run(scenario)


@pytest.mark.parametrize(("rate", "channels"), [(7999, 1), (48001, 1), (16000, 2)])
def test_unsupported_rates_and_channels_are_refused_by_name(rate: int, channels: int) -> None:
    async def scenario(engine: Sphinx) -> None:
        with pytest.raises(EngineError, match="rate|channels") as refused:
            async with engine.listen(rate=rate, channels=channels):
                pass
        assert not refused.value.retryable

    run(scenario)


@watches_processes
def test_leaving_ends_the_process_in_the_middle_of_its_work() -> None:
    async def scenario(engine: Sphinx) -> None:
        async with engine.listen(rate=16000) as recognition:
            pid = recognition._worker.pid  # type: ignore[attr-defined]
            await recognition.push(speech(HELP))
        assert gone(pid, within=10.0)

    run(scenario)


@watches_processes
def test_closing_the_engine_ends_every_process() -> None:
    async def scenario(engine: Sphinx) -> None:
        await engine.start()
        server = engine._fork_server._process
        assert server is not None
        async with engine.listen(rate=16000) as recognition:
            pid = recognition._worker.pid  # type: ignore[attr-defined]
            await engine.aclose()
            assert gone(pid, within=10.0)
            assert server.returncode is not None
            with pytest.raises(EngineError, match="its process has ended"):
                await anext(aiter(recognition))

    run(scenario)


def test_a_dead_fork_server_is_replaced_for_the_next_call() -> None:
    async def scenario(engine: Sphinx) -> None:
        await engine.start()
        server = engine._fork_server._process
        assert server is not None
        server.kill()
        server.wait()
        async with engine.listen(rate=16000) as recognition:
            assert (await hear(recognition, speech(YES)))[-1].final

    run(scenario)


def test_ctrl_c_in_the_terminal_does_not_reach_the_processes() -> None:
    async def scenario(engine: Sphinx) -> None:
        async with engine.listen(rate=16000) as recognition:
            assert os.getpgid(recognition._worker.pid) != os.getpgid(0)  # type: ignore[attr-defined]

    run(scenario)


PARENT = """
import asyncio, sys
from providers.engines.pocketsphinx.engine import Sphinx
async def main():
    engine = Sphinx()
    async with engine.listen(rate=16000) as recognition:
        print(engine._fork_server._process.pid, recognition._worker.pid, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


@watches_processes
def test_the_death_of_the_server_ends_every_process() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(number) for number in parent.stdout.readline().split()]
        assert len(pids) == 2
        parent.kill()
    assert all(gone(pid, within=10.0) for pid in pids)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    with pytest.raises(EngineUnavailable, match=r"is not installed: pip install .*\[local\]"):
        asyncio.run(Sphinx().start())


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="lm: expected an existing path"):
        asyncio.run(Sphinx(SphinxOptions(lm=tmp_path / "none.lm")).start())


def test_a_model_that_cannot_be_loaded_is_an_error_at_start(tmp_path: Path) -> None:
    (tmp_path / "broken.lm").write_text("no model")

    with pytest.raises(EngineUnavailable, match="cannot start"):
        asyncio.run(Sphinx(SphinxOptions(lm=tmp_path / "broken.lm")).start())


def test_any_cut_of_the_audio_gives_the_same_transcripts() -> None:
    pcm = speech(YES)
    chance = random.Random(5)
    cuts = sorted(chance.randrange(len(pcm)) for _ in range(80))
    assert heard([pcm[a:b] for a, b in pairwise([0, *cuts, len(pcm)])]) == heard([pcm]) != []


def heard(blocks: list[bytes]) -> list[Transcript]:
    options = RecogniserOptions()
    recogniser = SphinxRecogniser(load_decoder(WorkerOptions(recogniser=options)), rate=16000, options=options)
    return [transcript for block in blocks for transcript in recogniser.feed(block)] + list(recogniser.finish())


@dataclass
class Segment:
    word: str
    start_frame: int = 0
    end_frame: int = 9


class ScriptedDecoder:
    """Hears the same segments in any audio."""

    def __init__(self, *words: str) -> None:
        self._segments = [Segment(word) for word in words]

    def start_utt(self) -> None: ...
    def end_utt(self) -> None: ...
    def process_raw(self, *arguments: Any) -> None: ...
    def seg(self) -> list[Segment]:
        return self._segments


@pytest.mark.parametrize(
    ("profanity", "text"), [(False, "the assistant passed"), (True, "the fucking assistant shit passed")]
)
def test_profanity_is_dropped_unless_it_is_let_through(*, profanity: bool, text: str) -> None:
    decoder = ScriptedDecoder("<s>", "the(2)", "fucking", "[NOISE]", "assistant", "shit", "passed", "<sil>", "</s>")
    recogniser = SphinxRecogniser(decoder, rate=16000, options=RecogniserOptions(profanity=profanity))
    transcripts = [*recogniser.feed(speech(YES)), *recogniser.finish()]
    assert {transcript.text for transcript in transcripts} == {text}


def test_an_utterance_without_a_pause_is_ended_at_the_limit() -> None:
    recogniser = SphinxRecogniser(ScriptedDecoder("hum"), rate=16000, options=RecogniserOptions())
    loud = speech(HELP, silence_after=0.0)[16000:]
    finals = [t for _ in range(40) for t in recogniser.feed(loud) if t.final]
    assert finals
    assert all(final.end - final.start <= 31 for final in finals)
