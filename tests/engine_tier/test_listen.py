"""The listening side of the engine tier, spoken to by our own Deepgram engine and the vendor's SDK within it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from dsp import join_channels
from providers.engine_tier.listen_wire import AudioFormat, is_close, read_query, results
from providers.engines.base import ListeningCapabilities, Recognition, Transcript, Word
from providers.engines.deepgram.listen import DeepgramListener, DeepgramListening
from providers.errors import BadRequest, EngineBusy, EngineError, EngineUnavailable
from tests.engine_tier.tiers import tier
from tests.fakes import ScriptedListener

ONE = b"\x01\x00" * 1600
"""100 ms at 16 kHz."""
TWO = b"\x02\x00" * 1600


def hear(pcm: bytes) -> list[Transcript]:
    """A partial for audio of ones, a final for audio of twos."""
    if pcm == ONE:
        return [Transcript("i would like", final=False, end=0.1)]
    if pcm == TWO:
        words = (Word("I", 0.0, 0.05), Word("would.", 0.05, 0.2))
        return [Transcript("I would.", final=True, end=0.2, words=words)]
    return []


@dataclass
class Finishing:
    """Engine whose recognition gives its last words when its audio ends."""

    last: Sequence[Transcript]
    name: str = "finishing"
    capabilities: ListeningCapabilities = ListeningCapabilities(punctuates=True)
    pushed: bytearray = field(default_factory=bytearray)

    async def start(self) -> None: ...

    @contextlib.asynccontextmanager
    async def listen(self, *, rate: int, channels: int = 1) -> AsyncIterator[Recognition]:
        yield _Finishing(self)

    async def aclose(self) -> None: ...


class _Finishing:
    def __init__(self, engine: Finishing) -> None:
        self._engine = engine
        self._finished = asyncio.Event()

    async def push(self, pcm: bytes, /) -> None:
        self._engine.pushed += pcm

    async def finish(self) -> None:
        self._finished.set()

    async def __aiter__(self) -> AsyncIterator[Transcript]:
        await self._finished.wait()
        for transcript in self._engine.last:
            yield transcript


async def heard(
    url: str, audio: Sequence[bytes], *, channels: int = 1, key: str = "", count: int | None = None
) -> list[Transcript]:
    """What our Deepgram engine hears: so many transcripts, or all until the end."""
    listener = DeepgramListener(DeepgramListening(url=url, api_key=key))
    async with asyncio.timeout(20), listener.listen(rate=16000, channels=channels) as recognition:
        for pcm in audio:
            await recognition.push(pcm)
        if count is None:
            await recognition.finish()
        found = []
        async for transcript in recognition:
            found.append(transcript)
            if len(found) == count:
                break
        return found


def test_partials_and_finals_come_as_the_engine_told_them() -> None:
    with tier(transcriber=ScriptedListener(hear=hear)) as url:
        partial, final = asyncio.run(heard(url, [ONE, TWO], count=2))
    assert (partial.text, partial.final, partial.end) == ("i would like", False, 0.1)
    assert (final.text, final.final, final.end) == ("I would.", True, 0.2)
    assert [(word.text, word.start) for word in final.words] == [("I", 0.0), ("would.", 0.05)]


def test_the_last_words_come_before_the_close() -> None:
    engine = Finishing([Transcript("Goodbye.", final=True, end=0.1)])
    with tier(transcriber=engine) as url:
        assert [each.text for each in asyncio.run(heard(url, [ONE]))] == ["Goodbye."]
    assert bytes(engine.pushed) == ONE


def test_each_channel_has_a_recognition_of_its_own() -> None:
    engine = ScriptedListener(hear=hear)
    with tier(transcriber=engine) as url:
        found = asyncio.run(heard(url, [join_channels([TWO, ONE])], channels=2, count=2))
    assert {(each.channel, each.text) for each in found} == {(0, "I would."), (1, "i would like")}
    assert sorted(map(bytes, engine.pushed)) == [ONE, TWO]


def test_a_frame_that_ends_inside_a_sample_loses_nothing() -> None:
    engine = Finishing([])
    with tier(transcriber=engine) as url:
        asyncio.run(heard(url, [ONE[:7], ONE[7:]]))
    assert bytes(engine.pushed) == ONE


def test_finals_have_a_mark_where_the_engine_writes_none() -> None:
    capabilities = ListeningCapabilities(punctuates=False, languages=("en-US",))
    engine = Finishing([Transcript("thank you very much", final=True, end=0.1)], capabilities=capabilities)
    with tier(transcriber=engine) as url:
        assert [each.text for each in asyncio.run(heard(url, [ONE]))] == ["Thank you very much."]


def test_a_lost_engine_is_an_error_that_may_be_retried() -> None:
    def lose(pcm: bytes) -> list[Transcript]:
        raise EngineError("lost", retryable=True)

    with tier(transcriber=ScriptedListener(hear=lose)) as url, pytest.raises(EngineError) as lost:
        asyncio.run(heard(url, [ONE], count=1))
    assert lost.value.retryable


def test_a_full_engine_refuses_the_upgrade_and_says_when_to_come_again() -> None:
    engine = ScriptedListener(fails_on_open=EngineBusy("listens to 1 speaker already", engine="x"))
    with tier(transcriber=engine) as url, pytest.raises(EngineBusy):
        asyncio.run(heard(url, [ONE]))


def test_leaving_frees_the_recognition() -> None:
    engine = ScriptedListener(hear=hear)
    with tier(transcriber=engine) as url:
        asyncio.run(heard(url, [ONE], count=1))
        assert engine.closed.wait(10)


def test_the_key_is_asked_for_on_every_way_in() -> None:
    with tier(transcriber=ScriptedListener(hear=hear), key="the-key-of-the-tier") as url:

        async def start(key: str) -> None:
            await DeepgramListener(DeepgramListening(url=url, api_key=key)).start()

        with pytest.raises(EngineUnavailable):
            asyncio.run(start("another"))
        asyncio.run(start("the-key-of-the-tier"))
        with pytest.raises(EngineError):
            asyncio.run(heard(url, [ONE], key="another", count=1))
        assert asyncio.run(heard(url, [ONE], key="the-key-of-the-tier", count=1))


def test_a_refused_upgrade_says_why() -> None:
    with tier(transcriber=ScriptedListener()) as url:
        with pytest.raises(InvalidStatus) as refused:
            connect(url.replace("http", "ws") + "/v1/listen?encoding=opus")
    assert refused.value.response.status_code == 400
    assert "encoding: expected linear16" in json.loads(refused.value.response.body or b"{}")["err_msg"]


def test_a_client_without_interim_results_gets_finals_only() -> None:
    with tier(transcriber=ScriptedListener(hear=hear)) as url:
        query = "/v1/listen?encoding=linear16&sample_rate=16000&channels=1"
        with connect(url.replace("http", "ws") + query) as call:
            call.send(ONE)
            call.send(TWO)
            assert json.loads(call.recv(timeout=10))["is_final"] is True
            call.send('{"type": "KeepAlive"}')
            call.send("neither JSON nor audio")


def test_a_socket_ends_with_its_metadata_and_1000() -> None:
    with tier(transcriber=Finishing([])) as url:
        query = "/v1/listen?encoding=linear16&sample_rate=16000&channels=1"
        with connect(url.replace("http", "ws") + query) as call:
            call.send(ONE)
            call.send('{"type": "CloseStream"}')
            told = json.loads(call.recv(timeout=10))
            assert (told["type"], told["duration"], told["channels"]) == ("Metadata", 0.1, 1)
            with pytest.raises(ConnectionClosed) as closed:
                call.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1000


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "encoding: expected linear16, found none"),
        ({"encoding": "linear16"}, "sample_rate: expected a whole number, found none"),
        ({"encoding": "linear16", "sample_rate": "8e3"}, "sample_rate: expected a whole number, found something else"),
        ({"encoding": "linear16", "sample_rate": "4000"}, "sample_rate: expected 8000 to 48000, found 4000"),
        ({"encoding": "linear16", "sample_rate": "8000", "channels": "3"}, "channels: expected 1 or 2, found 3"),
        ({"encoding": "linear16", "sample_rate": "8000", "channels": "2"}, "multichannel: expected true"),
    ],
)
def test_other_audio_is_refused(query: dict[str, str], expected: str) -> None:
    with pytest.raises(BadRequest, match=expected):
        read_query(query)


def test_the_query_of_our_own_engine_is_understood() -> None:
    query = {"encoding": "linear16", "sample_rate": "8000", "channels": "2", "multichannel": "true"}
    assert read_query({**query, "interim_results": "true"}) == AudioFormat(8000, 2, True)


@pytest.mark.parametrize("text", ["", "null", "[1]", '{"type": "KeepAlive"}', '{"type": 3}'])
def test_anything_but_closestream_goes_on(text: str) -> None:
    assert not is_close(text)


def test_a_result_has_the_vendors_shape() -> None:
    message = json.loads(results(Transcript("Hi.", final=True, start=1.0, end=1.5), channel=1, channels=2))
    assert message["channel_index"] == [1, 2]
    assert (message["start"], message["duration"]) == (1.0, 0.5)
    assert message["is_final"] is message["speech_final"] is True
