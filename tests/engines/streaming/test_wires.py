"""What each streaming vendor is told, and what its messages become; the vendors' own packages read both sides."""

from __future__ import annotations

import asyncio
import http
import inspect
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from assemblyai.streaming.v3.models import RealTimeParameters, TerminateSession, TurnEvent
from deepgram.listen.v2.client import AsyncV2Client
from deepgram.listen.v2.types.listen_v2turn_info import ListenV2TurnInfo
from soniox.types.realtime import RealtimeEvent, RealtimeSTTConfig

from providers.engines.base import Transcript
from providers.engines.streaming.listener import StreamingListener
from providers.engines.streaming.wire import VendorFault, VendorOptions
from providers.errors import EngineBusy, EngineError, EngineUnavailable, SettingsError
from providers.reconnect.options import ReconnectOptions
from providers.reconnect.reconnecting import Reconnecting
from tests.engines.imitations.streaming_vendors import KEY, SonioxWire, StreamingVendor
from tests.engines.streaming_cases import VENDORS

NAMES = list(VENDORS)
RATE = 16000


@asynccontextmanager
async def serving(name: str, **options: Any) -> AsyncIterator[tuple[StreamingListener, StreamingVendor]]:
    ours, theirs = VENDORS[name]
    async with StreamingVendor(theirs).serving() as vendor:
        yield StreamingListener(ours(VendorOptions(**{"api_key": KEY, "url": vendor.url, **options}))), vendor


async def heard(listener: StreamingListener, seconds: float, rate: int = RATE) -> list[Transcript]:
    """The transcripts of so much silence, pushed in frames of 20 ms."""
    async with listener.listen(rate=rate) as recognition:
        for _ in range(round(seconds * 50)):
            await recognition.push(bytes(2 * rate // 50))
        await recognition.finish()
        return [transcript async for transcript in recognition]


def after(name: str, seconds: float, rate: int = RATE, **options: Any) -> tuple[list[Transcript], StreamingVendor]:
    async def act() -> tuple[list[Transcript], StreamingVendor]:
        async with serving(name, **options) as (listener, vendor):
            return await heard(listener, seconds, rate), vendor

    return asyncio.run(act())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100])
def test_each_utterance_grows_and_ends_once_at_any_rate(name: str, rate: int) -> None:
    transcripts, _ = after(name, 5.2, rate)
    finals = [transcript.text for transcript in transcripts if transcript.final]
    assert finals == ["word0 word1 word2", "word3 word4"]
    partials = [transcript.text for transcript in transcripts if not transcript.final]
    assert list(dict.fromkeys(partials))[:3] == ["word0", "word0 word1", "word0 word1 word2"]


@pytest.mark.parametrize("name", ["assemblyai", "soniox", "elevenlabs"])
def test_word_times_are_seconds_of_the_calls_audio(name: str) -> None:
    transcripts, _ = after(name, 5.2)
    final = [transcript for transcript in transcripts if transcript.final][1]
    assert [(word.text, word.start, word.end) for word in final.words] == [("word3", 3.1, 3.9), ("word4", 4.1, 4.9)]
    assert (final.start, final.end) == (3.1, 4.9)


@pytest.mark.parametrize(
    ("name", "turns"),
    [
        ("flux", ["open", "open", "open", "eager", "done"]),
        ("assemblyai", ["open", "open", "open", "eager", "done"]),
        ("soniox", ["open", "open", "open", "done"]),
    ],
)
def test_a_vendor_that_announces_turns_is_believed(name: str, turns: list[str]) -> None:
    transcripts, _ = after(name, 3.2)
    assert [transcript.turn for transcript in transcripts] == turns
    assert transcripts[-1].final


@pytest.mark.parametrize("name", NAMES)
def test_an_upgrade_that_is_refused_says_what_to_do_and_hides_the_key(name: str) -> None:
    setting = VENDORS[name][0].key_setting

    async def act() -> None:
        async with serving(name, api_key="another-key-altogether") as (listener, _):
            with pytest.raises(EngineUnavailable, match=f"HTTP 401.*{setting}") as refused:
                await heard(listener, 0.1)
            assert "another-key" not in str(refused.value)
        async with serving(name) as (listener, vendor):
            vendor.refuse_with = http.HTTPStatus.TOO_MANY_REQUESTS
            with pytest.raises(EngineBusy):
                await heard(listener, 0.1)
            vendor.refuse_with = http.HTTPStatus.BAD_GATEWAY
            with pytest.raises(EngineError, match="HTTP 502") as failed:
                await heard(listener, 0.1)
            assert failed.value.retryable

    asyncio.run(act())


@pytest.mark.parametrize("name", NAMES)
def test_a_lost_socket_is_replaced_and_every_word_comes_once(name: str) -> None:
    """The first socket is cut in the middle of the second utterance."""

    noise = np.random.default_rng(7).integers(-6000, 6000, 7 * RATE).astype("<i2").tobytes()
    speech = (noise[at : at + 2 * RATE // 10] for at in range(0, len(noise), 2 * RATE // 10))

    async def act() -> list[str]:
        finals: list[str] = []
        async with serving(name) as (listener, vendor):
            options = ReconnectOptions()
            async with Reconnecting(listener, options=options).listen(rate=RATE) as recognition:

                async def read() -> None:
                    async for transcript in recognition:
                        if transcript.final:
                            finals.append(transcript.text)

                reader = asyncio.create_task(read())
                for second in range(7):
                    if second == 4:
                        while not finals:
                            await asyncio.sleep(0.005)
                        await vendor.lose()
                    for _ in range(10):
                        await recognition.push(next(speech))
                        await asyncio.sleep(0)
                await recognition.finish()
                await reader
            assert len(vendor.connections) == 2
        return finals

    said = " ".join(asyncio.run(act())).split()
    assert said[:3] == ["word0", "word1", "word2"]
    assert len(said) in (6, 7), "the imitation counts its words from each socket's beginning"


@pytest.mark.parametrize("name", NAMES)
def test_without_a_key_it_says_which_one(name: str) -> None:
    ours, _ = VENDORS[name]
    with pytest.raises(EngineUnavailable, match=f"set {ours.key_setting}"):
        asyncio.run(StreamingListener(ours(VendorOptions())).start())
    with pytest.raises(SettingsError, match="expected printable ASCII"):
        asyncio.run(StreamingListener(ours(VendorOptions(api_key="key\n"))).start())
    with pytest.raises(SettingsError, match="expected ws:// or wss://"):
        asyncio.run(StreamingListener(ours(VendorOptions(api_key="key", url="https://x.example"))).start())
    assert "hunter2" not in repr(ours(VendorOptions(api_key="hunter2")))


@pytest.mark.parametrize("name", NAMES)
def test_a_calls_own_model_and_language_reach_the_vendor(name: str) -> None:
    ours, _ = VENDORS[name]
    chosen = StreamingListener(ours(VendorOptions(api_key="k"))).with_options(model="another", language="de")
    wire = chosen._wire
    told = json.dumps([wire.url(RATE), *map(str, wire.session(RATE).opening())])
    assert "another" in told
    assert "de" in told


@pytest.mark.parametrize(
    ("name", "message", "retryable"),
    [
        ("flux", {"type": "Error", "code": "INTERNAL_SERVER_ERROR", "description": "secret"}, True),
        ("assemblyai", {"type": "Error", "error_code": 3007, "error": "secret"}, True),
        ("soniox", {"error_code": 400, "error_message": "secret"}, False),
        ("soniox", {"error_code": 503, "error_message": "secret"}, True),
        ("elevenlabs", {"message_type": "quota_exceeded", "error": "secret"}, False),
        ("elevenlabs", {"message_type": "transcriber_error", "error": "secret"}, True),
        ("openai", {"type": "error", "error": {"type": "invalid_request_error", "code": "bad", "message": "s"}}, False),
        ("openai", {"type": "error", "error": {"type": "server_error", "code": None, "message": "s"}}, True),
    ],
)
def test_a_vendors_error_tells_whether_a_retry_may_help(name: str, message: dict[str, Any], retryable: bool) -> None:
    ours, _ = VENDORS[name]
    session = ours(VendorOptions(api_key="k")).session(RATE)
    with pytest.raises(VendorFault) as fault:
        list(session.read(message))
    assert fault.value.retryable is retryable
    assert "secret" not in str(fault.value)


@pytest.mark.parametrize("name", ["assemblyai", "soniox"])
def test_a_silent_line_is_kept_alive(name: str) -> None:
    async def act() -> None:
        async with serving(name, keep_alive=0.02) as (listener, vendor):
            async with listener.listen(rate=RATE) as recognition:
                wire = None
                while wire is None or len(wire.alive) < 2:
                    await asyncio.sleep(0.005)
                    wire = vendor.wires[0] if vendor.wires else None
                await recognition.finish()

    asyncio.run(act())


def test_flux_is_asked_as_its_package_asks_and_answers_what_its_package_reads() -> None:
    ours, _ = VENDORS["flux"]
    query = parse_qs(urlsplit(ours(VendorOptions(language="de", keyterms=("Vapi",))).url(RATE)).query)
    assert set(query) <= set(inspect.signature(AsyncV2Client.connect).parameters)
    assert query["model"] == ["flux-general-multi"]
    _, vendor = after("flux", 3.2)
    for message in vendor.sent:
        if message["type"] == "TurnInfo":
            ListenV2TurnInfo.model_validate(message)


def test_assemblyai_is_asked_as_its_package_asks_and_answers_what_its_package_reads() -> None:
    ours, _ = VENDORS["assemblyai"]
    wire = ours(VendorOptions(keyterms=("Vapi",)))
    query = {name: values[0] for name, values in parse_qs(urlsplit(wire.url(RATE)).query).items()}
    asked = RealTimeParameters.model_validate({**query, "keyterms_prompt": json.loads(query["keyterms_prompt"])})
    assert (asked.sample_rate, asked.format_turns) == (RATE, True)
    assert set(query) <= set(RealTimeParameters.model_fields)
    TerminateSession.model_validate_json(str(wire.session(RATE).ending()[0]))
    _, vendor = after("assemblyai", 3.2)
    turns = [TurnEvent.model_validate(message) for message in vendor.sent if message["type"] == "Turn"]
    assert [turn.end_of_turn for turn in turns][-2:] == [True, True]


def test_soniox_is_asked_as_its_package_asks_and_answers_what_its_package_reads() -> None:
    _, vendor = after("soniox", 3.2, language="de", keyterms=("Vapi",))
    (wire,) = vendor.wires
    assert isinstance(wire, SonioxWire)
    asked = RealtimeSTTConfig.model_validate(wire.config)
    assert (asked.audio_format, asked.sample_rate, asked.language_hints) == ("pcm_s16le", RATE, ["de"])
    events = [RealtimeEvent.validate_event(json.dumps(message)) for message in vendor.sent]
    assert events[-1].finished
