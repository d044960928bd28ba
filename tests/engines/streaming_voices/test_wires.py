"""What each streaming voice is told and what its messages become: errors, limits, losses, sockets kept warm."""

from __future__ import annotations

import asyncio
import http
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

import pytest

from providers.engines.base import Chunk, Utterance
from providers.engines.streaming_voices.cartesia import Cartesia
from providers.engines.streaming_voices.elevenlabs import ElevenLabs
from providers.engines.streaming_voices.speaker import StreamingSpeaker
from providers.engines.streaming_voices.wire import Spoken, VoiceFault, VoiceOptions, VoiceWire
from providers.errors import EngineBusy, EngineError, EngineUnavailable, SettingsError, UnknownVoice
from tests.engines.conformance import joined
from tests.engines.imitations.hostile_socket import BEHAVIOURS, Behaviour, hostile_server
from tests.engines.imitations.http_voice import voiced
from tests.engines.imitations.streaming_voices import (
    KEY,
    CartesiaVoice,
    ElevenLabsVoice,
    VoiceImitation,
    VoiceVendor,
    word_times,
)

VOICES: dict[str, tuple[type[VoiceWire], type[VoiceImitation]]] = {
    "cartesia": (Cartesia, CartesiaVoice),
    "elevenlabs": (ElevenLabs, ElevenLabsVoice),
}
TEXT = "Your order has been shipped, and it comes on Friday."
every = pytest.mark.parametrize("name", list(VOICES))

Act = Callable[[StreamingSpeaker, VoiceVendor], Awaitable[None]]


@asynccontextmanager
async def opened(name: str, **options: Any) -> AsyncIterator[tuple[StreamingSpeaker, VoiceVendor]]:
    ours, theirs = VOICES[name]
    async with VoiceVendor(theirs).serving() as vendor:
        speaker = StreamingSpeaker(ours(VoiceOptions(**{"api_key": KEY, "url": vendor.url, **options})))
        try:
            yield speaker, vendor
        finally:
            await speaker.aclose()


def with_vendor(name: str, act: Act, **options: Any) -> None:
    async def scenario() -> None:
        async with opened(name, **options) as (speaker, vendor):
            await act(speaker, vendor)

    asyncio.run(scenario())


async def said(speaker: StreamingSpeaker, text: str = TEXT, rate: int = 8000, voice: str | None = None) -> list[Chunk]:
    async with aclosing(speaker.synthesize(Utterance(text, rate, voice))) as stream:
        return [chunk async for chunk in stream]


@every
def test_every_byte_arrives_once_and_each_word_has_its_time(name: str) -> None:
    async def act(speaker: StreamingSpeaker, vendor: VoiceVendor) -> None:
        chunks = await said(speaker)
        assert joined(chunks) == voiced(TEXT, 8000)
        found = [(word.text, word.start, word.end) for chunk in chunks for word in chunk.words]
        expected = list(word_times(TEXT))
        assert [text for text, _, _ in found] == [text for text, _, _ in expected]
        for (_, *ours), (_, *theirs) in zip(found, expected, strict=True):
            assert ours == pytest.approx(theirs, abs=1e-6)

    with_vendor(name, act)


@every
def test_sentences_one_after_the_other_take_one_socket(name: str) -> None:
    async def act(speaker: StreamingSpeaker, vendor: VoiceVendor) -> None:
        await speaker.start()
        for number in range(4):
            assert joined(await said(speaker, f"Sentence {number}.")) == voiced(f"Sentence {number}.", 8000)
        # The one that was opened at the start speaks; another is made ready while it does.
        assert len(vendor.connections) <= 2

    with_vendor(name, act)


@every
def test_a_caller_who_leaves_ends_the_vendors_work_and_the_next_hears_its_own_words(name: str) -> None:
    async def act(speaker: StreamingSpeaker, vendor: VoiceVendor) -> None:
        stream = speaker.synthesize(Utterance(TEXT, 8000))
        await anext(stream)
        (cut,) = vendor.connections
        vendor.held.clear()
        await stream.aclose()
        await cut.wait_closed()
        vendor.held.set()
        assert joined(await said(speaker, "Next.")) == voiced("Next.", 8000)

    with_vendor(name, act)


@every
def test_an_idle_socket_that_the_vendor_closed_is_replaced_unheard(name: str) -> None:
    async def act(speaker: StreamingSpeaker, vendor: VoiceVendor) -> None:
        await said(speaker)
        await vendor.lose()
        assert joined(await said(speaker)) == voiced(TEXT, 8000)
        # Closed at the very moment: this side has not seen it yet.
        for connection in vendor.connections:
            connection.transport.close()
        assert joined(await said(speaker)) == voiced(TEXT, 8000)

    with_vendor(name, act)


@every
def test_a_ready_socket_is_replaced_when_the_vendor_ends_it(name: str) -> None:
    async def act(speaker: StreamingSpeaker, vendor: VoiceVendor) -> None:
        await speaker.start()
        await said(speaker)
        while len(vendor.connections) < 2:
            await asyncio.sleep(0.005)

    with_vendor(name, act)


@every
def test_a_socket_lost_in_the_middle_is_an_error_and_nothing_is_said_twice(name: str) -> None:
    async def act(speaker: StreamingSpeaker, vendor: VoiceVendor) -> None:
        stream = speaker.synthesize(Utterance(TEXT, 8000))
        await anext(stream)
        vendor.held.clear()
        await vendor.lose()
        with pytest.raises(EngineError, match="closed the socket with 1006") as lost:
            async for _ in stream:
                pass
        assert lost.value.retryable
        assert len(vendor.asked) == 1

    with_vendor(name, act)


@every
def test_a_vendor_that_falls_silent_is_given_up(name: str) -> None:
    async def act(speaker: StreamingSpeaker, vendor: VoiceVendor) -> None:
        vendor.held.clear()
        with pytest.raises(EngineError, match=r"fell silent for 0\.05 s"):
            await said(speaker)

    with_vendor(name, act, idle_timeout=0.05)


@every
def test_an_upgrade_that_is_refused_says_what_to_do_and_hides_the_key(name: str) -> None:
    setting = VOICES[name][0].key_setting

    async def act(speaker: StreamingSpeaker, vendor: VoiceVendor) -> None:
        with pytest.raises(EngineUnavailable, match=f"HTTP 401.*{setting}") as refused:
            await speaker.start()
        assert "another-key" not in str(refused.value)
        vendor.refuse_with = http.HTTPStatus.TOO_MANY_REQUESTS
        with pytest.raises(EngineBusy):
            await said(speaker)
        vendor.refuse_with = http.HTTPStatus.BAD_GATEWAY
        await speaker.start()  # one that is away now may be there at the first call
        with pytest.raises(EngineError, match="HTTP 502") as failed:
            await said(speaker)
        assert failed.value.retryable

    with_vendor(name, act, api_key="another-key-altogether")


@every
@pytest.mark.parametrize(
    ("code", "status", "kind", "retryable"),
    [
        ("concurrency_limited", 429, EngineBusy, True),
        ("invalid_api_key", 401, EngineUnavailable, False),
        ("internal_server_error", 500, EngineError, True),
        ("quota_exceeded", 402, EngineError, False),
    ],
)
def test_a_vendors_error_tells_whether_a_retry_may_help_and_repeats_no_text(
    name: str, code: str, status: int, kind: type[EngineError], retryable: bool
) -> None:
    if (name, status) == ("elevenlabs", 429):
        code = "concurrent_limit_exceeded"

    async def act(speaker: StreamingSpeaker, vendor: VoiceVendor) -> None:
        for after in (0, 3):
            vendor.fail_with, vendor.fail_after = (code, status), after
            with pytest.raises(EngineError) as caught:
                await said(speaker, "my card number is")
            assert type(caught.value) is kind
            assert caught.value.retryable is retryable
            assert code in str(caught.value)
            assert "card" not in str(caught.value)

    with_vendor(name, act)


@every
def test_a_voice_that_is_unknown_is_named_with_one_that_is_known(name: str) -> None:
    async def act(speaker: StreamingSpeaker, vendor: VoiceVendor) -> None:
        with pytest.raises(UnknownVoice, match="'no such/voice'"):
            await said(speaker, voice="no such/voice")

    with_vendor(name, act)


@every
def test_text_over_the_limit_is_refused_here(name: str) -> None:
    async def act(speaker: StreamingSpeaker, vendor: VoiceVendor) -> None:
        with pytest.raises(EngineError, match="expected at most 5000 characters, found 5001"):
            await said(speaker, "x" * 5001)
        assert not vendor.connections

    with_vendor(name, act)


@every
def test_without_a_key_it_says_which_one(name: str) -> None:
    ours, _ = VOICES[name]
    with pytest.raises(EngineUnavailable, match=f"set {ours.key_setting}"):
        asyncio.run(StreamingSpeaker(ours(VoiceOptions())).start())
    with pytest.raises(SettingsError, match="expected printable ASCII"):
        asyncio.run(StreamingSpeaker(ours(VoiceOptions(api_key="key\n"))).start())
    with pytest.raises(SettingsError, match="expected ws:// or wss://"):
        asyncio.run(StreamingSpeaker(ours(VoiceOptions(api_key="key", url="https://x.example"))).start())
    assert "hunter2" not in repr(ours(VoiceOptions(api_key="hunter2")))


@every
@pytest.mark.parametrize("behaviour", BEHAVIOURS.values(), ids=list(BEHAVIOURS))
def test_only_engine_errors_leave_it_whatever_is_behind_it(name: str, behaviour: Behaviour) -> None:
    async def act() -> None:
        ours, _ = VOICES[name]
        async with hostile_server(behaviour) as place:
            options = VoiceOptions(api_key=KEY, url=f"ws://{place}", open_timeout=2.0, idle_timeout=0.5)
            speaker = StreamingSpeaker(ours(options))
            with suppress(EngineError):
                await speaker.start()
            with pytest.raises(EngineError):
                await said(speaker)
            await speaker.aclose()

    asyncio.run(act())


@every
def test_messages_of_another_utterance_and_of_no_shape_are_ignored(name: str) -> None:
    session = VOICES[name][0](VoiceOptions(api_key="k")).session(TEXT, "v", 8000)
    other = {"contextId": "c", "context_id": "c", "type": "chunk", "audio": "AAA=", "data": "AAA=", "done": True}
    spoken = session.read(other)
    assert spoken == Spoken()
    with pytest.raises((LookupError, TypeError, ValueError)):
        session.read({"type": "chunk", "audio": "A", "data": "A"})
    with pytest.raises(VoiceFault) as fault:
        session.read({"type": "error", "error": "server_error", "error_code": "server_error", "status_code": 503})
    assert fault.value.kind == "vendor"


def test_a_language_a_model_and_a_rate_reach_the_vendor() -> None:
    options = VoiceOptions(api_key="k", model="another", language="de-AT")
    url = ElevenLabs(options).url("v", 16000)
    assert "/v1/text-to-speech/v/multi-stream-input?" in url
    assert {"model_id=another", "language_code=de", "output_format=pcm_16000"} <= set(url.partition("?")[2].split("&"))
    (asked,) = Cartesia(options).session("Hallo", "v", 44100).request()
    for told in ('"model_id": "another"', '"language": "de"', '"sample_rate": 44100'):
        assert told in asked
