"""The Deepgram listener against an imitation of the vendor over the real wire."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Awaitable, Callable

import pytest
from deepgram import AsyncDeepgramClient
from deepgram.environment import DeepgramClientEnvironment

from providers.engines.base import Recognition, Transcript
from providers.engines.deepgram.listen import DeepgramListener, DeepgramListening
from providers.errors import EngineBusy, EngineError, EngineUnavailable, SettingsError
from providers.reconnect.reconnecting import Reconnecting
from tests.engines.imitations.deepgram_live import (
    DeepgramLive,
    Refusal,
    Script,
    Session,
    one_word_per_second,
    silent_listener,
)

KEY = "0123456789abcdef0123456789abcdef01234567"
FRAME = bytes(320)
"""20 ms at 8 kHz mono."""


async def gathered(recognition: Recognition) -> list[Transcript]:
    return [transcript async for transcript in recognition]


def with_vendor(
    script: Script, act: Callable[[DeepgramListener, DeepgramLive], Awaitable[None]], **options: object
) -> DeepgramLive:
    """Run ``act`` against a vendor that plays ``script``; afterwards no client may be left."""

    async def scenario() -> DeepgramLive:
        async with DeepgramLive(script, key=KEY) as vendor:
            listener = DeepgramListener(DeepgramListening(**{"api_key": KEY, "url": vendor.url, **options}))  # type: ignore[arg-type]
            await act(listener, vendor)
            async with asyncio.timeout(1):
                await vendor.all_gone()
            return vendor

    return asyncio.run(scenario())


async def stay(session: Session) -> None:
    await session.forever()


def test_the_upgrade_has_the_audio_format_and_the_options() -> None:
    async def act(listener: DeepgramListener, vendor: DeepgramLive) -> None:
        async with listener.listen(rate=16000, channels=2):
            pass

    options = {"language": "de", "keyterms": ("Vapi", "zwölf"), "extra": {"numerals": "true"}, "model": "nova-2"}
    (session,) = with_vendor(stay, act, **options).sessions
    assert session.path == "/v1/listen"
    assert session.query == {
        "model": ["nova-2"],
        "encoding": ["linear16"],
        "sample_rate": ["16000"],
        "channels": ["2"],
        "multichannel": ["true"],
        "interim_results": ["true"],
        "punctuate": ["true"],
        "smart_format": ["true"],
        "endpointing": ["300"],
        "utterance_end_ms": ["1000"],
        "language": ["de"],
        "keyterm": ["Vapi", "zwölf"],
        "numerals": ["true"],
    }
    assert session.headers["Authorization"] == f"Token {KEY}"
    assert "Sec-WebSocket-Extensions" not in session.headers


def test_a_mono_upgrade_has_no_channels_and_no_disabled_options() -> None:
    async def act(listener: DeepgramListener, vendor: DeepgramLive) -> None:
        async with listener.listen(rate=8000):
            pass

    (session,) = with_vendor(stay, act, endpointing_ms=0, utterance_end_ms=0, smart_format=False).sessions
    assert session.channels == 1
    assert "multichannel" not in session.query
    assert "utterance_end_ms" not in session.query
    assert session.query["endpointing"] == ["false"]
    assert session.query["smart_format"] == ["false"]
    assert session.query["punctuate"] == ["true"]


def test_audio_arrives_unchanged_and_in_order() -> None:
    sent = [bytes([index % 251]) * (2 + 2 * (index % 7)) for index in range(200)]

    async def act(listener: DeepgramListener, vendor: DeepgramLive) -> None:
        async with listener.listen(rate=8000) as recognition:
            for pcm in sent:
                await recognition.push(pcm)
            await recognition.push(b"")
            await recognition.finish()
            await gathered(recognition)

    (session,) = with_vendor(one_word_per_second, act).sessions
    assert bytes(session.audio) == b"".join(sent)
    assert [control["type"] for control in session.controls] == ["Finalize", "CloseStream"]


def test_a_stereo_call_comes_back_as_cumulative_partials_and_finals_per_channel() -> None:
    async def act(listener: DeepgramListener, vendor: DeepgramLive) -> None:
        async with listener.listen(rate=8000, channels=2) as recognition:
            await recognition.push(bytes(4 * 8000 * 4))
            await recognition.finish()
            transcripts = await gathered(recognition)
        for channel in (0, 1):
            texts = [(t.text, t.final) for t in transcripts if t.channel == channel]
            assert texts == [
                ("w0", False),
                ("w0", False),
                ("w0 w1", False),
                ("w0 w1", False),
                ("w0 w1 w2", False),
                ("w0 w1 w2", True),
                ("w3", False),
                ("w3", False),
                ("w3", True),
            ]

    with_vendor(one_word_per_second, act)


def test_an_utterance_that_ends_in_noise_is_finalized_on_its_channel_only() -> None:
    async def script(session: Session) -> None:
        await session.results("over", start=0, duration=1, channel=1)
        await session.utterance_end(1.0, channel=1)
        asked = await session.control("Finalize")
        assert asked == {"type": "Finalize", "channel": 1}
        await session.results("Over.", start=0, duration=1, is_final=True, from_finalize=True, channel=1)
        await session.forever()

    async def act(listener: DeepgramListener, vendor: DeepgramLive) -> None:
        async with listener.listen(rate=8000, channels=2) as recognition:
            first, second = await anext(aiter(recognition)), await anext(aiter(recognition))
        assert (first.text, first.final) == ("over", False)
        assert (second.text, second.final, second.channel) == ("Over.", True, 1)

    with_vendor(script, act)


def test_silence_is_kept_alive_by_message_and_audio_is_not() -> None:
    async def script(session: Session) -> None:
        await session.heard(0.02)
        assert session.controls == []
        await session.control("KeepAlive", count=3)
        await session.results("still here", start=0, duration=1, is_final=True, speech_final=True)
        await session.forever()

    async def act(listener: DeepgramListener, vendor: DeepgramLive) -> None:
        async with listener.listen(rate=8000) as recognition:
            await recognition.push(FRAME)
            assert (await anext(aiter(recognition))).text == "still here"

    with_vendor(script, act, keep_alive=0.02)


def test_text_in_other_scripts_passes_through() -> None:
    said = ["नमस्ते, आप कैसे हैं?", "สวัสดีครับ", "שלום", "👋🏽 héllo", "\u202eمرحبا"]

    async def script(session: Session) -> None:
        for index, text in enumerate(said):
            await session.results(text, start=index, duration=1, is_final=True, speech_final=True)
        await session.control("CloseStream")
        await session.metadata()

    async def act(listener: DeepgramListener, vendor: DeepgramLive) -> None:
        async with listener.listen(rate=8000) as recognition:
            await recognition.finish()
            assert [transcript.text for transcript in await gathered(recognition)] == said

    with_vendor(script, act)


def test_unknown_messages_are_ignored() -> None:
    async def script(session: Session) -> None:
        for message in ('{"type":"SomethingNew"}', "{", "[]", "null", '"text"', b"\x00\x01", "[" * 100_000):
            await session.send(message)
        await session.send({"type": "Results", "is_final": False})
        await session.send({"type": "Metadata", "request_id": "early"})
        await session.results("fine", start=0, duration=1, is_final=True, speech_final=True)
        await session.forever()

    async def act(listener: DeepgramListener, vendor: DeepgramLive) -> None:
        async with listener.listen(rate=8000) as recognition:
            assert (await anext(aiter(recognition))).text == "fine"

    with_vendor(script, act)


@pytest.mark.parametrize(
    ("ending", "said", "retryable"),
    [
        (lambda session: session.close(1011, "NET-0001"), "closed the socket with 1011 (NET-0001)", True),
        (lambda session: session.close(1008, "DATA-0000"), "closed the socket with 1008 (DATA-0000)", False),
        (
            lambda session: session.close(1011, "no audio within the window. See https://dpgr.am/net0001"),
            "closed the socket with 1011 (NET-0001)",
            True,
        ),
        (lambda session: session.close(1000), "closed the socket with 1000", True),
        (lambda session: session.close(1011, f"no credit for {KEY}"), "closed the socket with 1011", True),
        (
            lambda session: session.send({"type": "Error", "variant": "SchemaError", "description": "secret words"}),
            "reported an error (SchemaError)",
            True,
        ),
        (
            lambda session: session.send({"type": "Results", "is_final": True, "channel": {}}),
            "closed a segment that cannot be read",
            True,
        ),
    ],
)
def test_every_loss_of_the_vendor_is_an_engine_error_after_the_transcripts(
    ending: Callable[[Session], Awaitable[None]], said: str, retryable: bool
) -> None:
    async def script(session: Session) -> None:
        await session.results("heard before", start=0, duration=1)
        await ending(session)
        await session.forever()

    async def act(listener: DeepgramListener, vendor: DeepgramLive) -> None:
        async with listener.listen(rate=8000) as recognition:
            assert (await anext(aiter(recognition))).text == "heard before"
            with pytest.raises(EngineError) as caught:
                await anext(aiter(recognition))
            assert str(caught.value) == f"deepgram {said}"
            assert (caught.value.engine, caught.value.retryable) == ("deepgram", retryable)
            with pytest.raises(EngineError):
                await recognition.push(FRAME)
            with pytest.raises(EngineError):
                await anext(aiter(recognition))

    with_vendor(script, act)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("5f0c3e9a-0000-4000-8000-0123456789ab", "closed the socket with 1011 (NET-0000, request 5f0c3e9a-"),
        (KEY, "closed the socket with 1011 (NET-0000)"),
    ],
)
def test_a_loss_names_the_vendors_request_id(number: str, said: str) -> None:
    async def script(session: Session) -> None:
        await session.close(1011, "NET-0000")

    async def scenario() -> None:
        async with DeepgramLive(script, request_id=number) as vendor:
            listener = DeepgramListener(DeepgramListening(api_key=KEY, url=vendor.url))
            async with listener.listen(rate=8000) as recognition:
                with pytest.raises(EngineError) as caught:
                    await anext(aiter(recognition))
                assert said in str(caught.value)
                assert KEY not in str(caught.value)

    asyncio.run(scenario())


def test_push_reports_a_cut_socket_and_received_transcripts_are_still_read() -> None:
    async def script(session: Session) -> None:
        await session.heard(0.02)
        await session.results("last words", start=0, duration=1)
        session.connection.transport.close()
        await session.forever()

    async def act(listener: DeepgramListener, vendor: DeepgramLive) -> None:
        async with listener.listen(rate=8000) as recognition:

            async def talk() -> None:
                while True:
                    await recognition.push(FRAME)
                    await asyncio.sleep(0)

            with pytest.raises(EngineError, match="closed the socket with 1006"):
                async with asyncio.timeout(1):
                    await talk()
            assert (await anext(aiter(recognition))).text == "last words"
            with pytest.raises(EngineError, match="1006"):
                await anext(aiter(recognition))

    with_vendor(script, act)


def test_a_vendor_that_reads_nothing_is_lost_within_the_send_timeout() -> None:
    async def script(session: Session) -> None:
        session.go_deaf()
        await session.forever()

    async def scenario() -> None:
        async with DeepgramLive(script) as vendor:
            listener = DeepgramListener(DeepgramListening(api_key=KEY, url=vendor.url, send_timeout=0.1))
            async with listener.listen(rate=48000, channels=2) as recognition:

                async def talk() -> None:
                    for _ in range(1000):
                        await recognition.push(bytes(1 << 16))

                with pytest.raises(EngineError, match="took no audio for 0.1 s"):
                    await talk()
                with pytest.raises(EngineError, match=r"took no audio|closed the socket"):
                    await anext(aiter(recognition))

    asyncio.run(scenario())


def test_leaving_a_half_open_socket_takes_no_time() -> None:
    async def script(session: Session) -> None:
        session.go_deaf()
        await session.forever()

    async def scenario() -> float:
        async with DeepgramLive(script) as vendor:
            listener = DeepgramListener(DeepgramListening(api_key=KEY, url=vendor.url))
            async with listener.listen(rate=8000) as recognition:
                await recognition.push(FRAME)
                began = time.monotonic()
            return time.monotonic() - began

    # 50 ms are granted to the vendor; the rest is for a busy machine. The SDK's own connect takes 30 s.
    assert asyncio.run(scenario()) < 1.0


def test_a_vendor_that_never_finishes_is_an_error_because_words_may_be_missing() -> None:
    async def script(session: Session) -> None:
        await session.results("half a sen", start=0, duration=1)
        await session.forever()

    async def act(listener: DeepgramListener, vendor: DeepgramLive) -> None:
        async with listener.listen(rate=8000) as recognition:
            await recognition.push(FRAME)
            await recognition.finish()
            await recognition.finish()
            assert (await anext(aiter(recognition))).text == "half a sen"
            with pytest.raises(EngineError, match="did not finish within 0.1 s"):
                await anext(aiter(recognition))

    with_vendor(script, act, finish_timeout=0.1)


def test_a_vendor_that_answered_finalize_but_does_not_close_is_no_error() -> None:
    async def script(session: Session) -> None:
        await session.control("CloseStream")
        await session.results("All there.", start=0, duration=1, is_final=True, from_finalize=True)
        await session.forever()

    async def act(listener: DeepgramListener, vendor: DeepgramLive) -> None:
        async with listener.listen(rate=8000) as recognition:
            await recognition.push(FRAME)
            await recognition.finish()
            assert [(t.text, t.final) for t in await gathered(recognition)] == [("All there.", True)]

    with_vendor(script, act, finish_timeout=0.1)


def test_closing_instead_of_finishing_is_an_error() -> None:
    async def script(session: Session) -> None:
        await session.control("CloseStream")
        session.abort()

    async def act(listener: DeepgramListener, vendor: DeepgramLive) -> None:
        async with listener.listen(rate=8000) as recognition:
            await recognition.finish()
            with pytest.raises(EngineError, match="closed the socket with 1006"):
                await gathered(recognition)

    with_vendor(script, act)


@pytest.mark.parametrize(
    ("refusal", "kind", "retryable"),
    [
        (Refusal(401, {"dg-error": "INVALID_AUTH"}), EngineUnavailable, False),
        (Refusal(403, {"dg-error": f"no rights for {KEY}"}), EngineUnavailable, False),
        (Refusal(400, {"dg-error": "Bad Request: no such model"}), EngineError, False),
        (Refusal(402), EngineError, False),
        (Refusal(408), EngineError, True),
        (Refusal(429, {"Retry-After": "7"}), EngineBusy, True),
        (Refusal(500), EngineError, True),
        (Refusal(503), EngineError, True),
    ],
)
def test_a_refused_upgrade_is_retryable_by_its_status(
    refusal: Refusal, kind: type[EngineError], retryable: bool
) -> None:
    async def scenario() -> EngineError:
        async with DeepgramLive(stay, refusals=[refusal]) as vendor:
            listener = DeepgramListener(DeepgramListening(api_key=KEY, url=vendor.url))
            with pytest.raises(kind) as caught:
                async with listener.listen(rate=8000):
                    pass
            async with listener.listen(rate=8000):
                return caught.value

    error = asyncio.run(scenario())
    assert error.retryable is retryable
    assert f"HTTP {refusal.status}" in str(error)
    assert KEY not in str(error)
    if isinstance(error, EngineBusy):
        assert error.retry_after == 7.0


def test_an_upgrade_without_an_answer_fails_within_the_open_timeout() -> None:
    async def scenario() -> float:
        async with silent_listener() as url:
            listener = DeepgramListener(DeepgramListening(api_key=KEY, url=url, open_timeout=0.1))
            began = time.monotonic()
            with pytest.raises(EngineError, match="did not open within 0.1 s"):
                async with listener.listen(rate=8000):
                    pass
            return time.monotonic() - began

    assert asyncio.run(scenario()) < 2.0


def test_an_address_without_a_server_is_an_engine_error() -> None:
    async def scenario() -> None:
        async with silent_listener() as url:
            pass
        listener = DeepgramListener(DeepgramListening(api_key=KEY, url=url))
        with pytest.raises(EngineError, match="cannot be reached") as caught:
            async with listener.listen(rate=8000):
                pass
        assert caught.value.retryable

    asyncio.run(scenario())


def test_start_accepts_a_good_key_and_refuses_a_wrong_or_missing_one() -> None:
    async def scenario() -> None:
        async with DeepgramLive(stay, key=KEY) as vendor:
            await DeepgramListener(DeepgramListening(api_key=KEY, url=vendor.url)).start()
            with pytest.raises(EngineUnavailable, match="DEEPGRAM_API_KEY"):
                await DeepgramListener(DeepgramListening(api_key="wrong", url=vendor.url)).start()
        with pytest.raises(EngineUnavailable, match="set DEEPGRAM_API_KEY"):
            await DeepgramListener(DeepgramListening()).start()
        # Gone, and that is no reason not to start: it may be back when the first call comes.
        await DeepgramListener(DeepgramListening(api_key=KEY, url=vendor_gone)).start()

    vendor_gone = "ws://127.0.0.1:9"
    asyncio.run(scenario())


def test_a_self_hosted_vendor_needs_no_key() -> None:
    async def scenario() -> DeepgramLive:
        async with DeepgramLive(stay) as vendor:
            listener = DeepgramListener(DeepgramListening(url=vendor.url))
            await listener.start()
            async with listener.listen(rate=8000):
                pass
            return vendor

    (session,) = asyncio.run(scenario()).sessions
    assert "Authorization" not in session.headers


def test_a_missing_sdk_is_an_error_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "deepgram.listen.v1.socket_client", None)
    with pytest.raises(EngineUnavailable, match="pip install 'deepgram-sdk"):
        asyncio.run(DeepgramListener(DeepgramListening(api_key=KEY)).start())


def test_options_that_cannot_work_are_all_named_together() -> None:
    with pytest.raises(SettingsError) as caught:
        DeepgramListening(
            model="", endpointing_ms=-1, utterance_end_ms=200, send_timeout=0, extra={"sample_rate": "8000"}
        )
    text = "\n".join(caught.value.faults)
    for name in ("model", "endpointing_ms", "utterance_end_ms", "send_timeout", "sample_rate"):
        assert name in text
    with pytest.raises(SettingsError, match="found ftp://host"):
        DeepgramListening(url="ftp://user:password@host")


def test_the_key_is_in_no_repr_and_neither_key_nor_words_are_in_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def act(listener: DeepgramListener, vendor: DeepgramLive) -> None:
        await listener.start()
        async with listener.listen(rate=8000) as recognition:
            await recognition.push(bytes(2 * 8000 * 3))
            await recognition.finish()
            assert await gathered(recognition)

    with_vendor(one_word_per_second, act)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("websockets.server")]
    assert not [message for message in ours if KEY in message or "w0" in message]
    assert KEY not in repr(DeepgramListening(api_key=KEY))


def test_a_call_can_have_its_own_model_and_language() -> None:
    async def act(listener: DeepgramListener, vendor: DeepgramLive) -> None:
        async with listener.with_options(model="nova-2", language="fr").listen(rate=8000):
            pass
        assert listener.with_options(language="fr").capabilities.languages == ("fr",)

    (session,) = with_vendor(stay, act).sessions
    assert (session.query["model"], session.query["language"]) == (["nova-2"], ["fr"])


def test_the_upgrade_is_the_one_the_vendors_sdk_makes() -> None:
    async def scenario() -> DeepgramLive:
        async with DeepgramLive(stay, key=KEY) as vendor:
            options = DeepgramListening(api_key=KEY, url=vendor.url, language="en", keyterms=("a b", "c&d=e"))
            async with DeepgramListener(options).listen(rate=8000, channels=2):
                pass
            environment = DeepgramClientEnvironment(
                base=vendor.url, production=vendor.url, agent=vendor.url, agent_rest=vendor.url
            )
            connecting = AsyncDeepgramClient(api_key=KEY, environment=environment).listen.v1.connect(
                model="nova-3",
                encoding="linear16",
                sample_rate=8000,
                channels=2,
                multichannel=True,
                interim_results=True,
                punctuate=True,
                smart_format=True,
                endpointing=300,
                utterance_end_ms=1000,
                language="en",
                keyterm=["a b", "c&d=e"],
            )
            async with connecting:
                pass
            return vendor

    ours, theirs = asyncio.run(scenario()).sessions
    assert ours.path == theirs.path
    assert ours.query == theirs.query
    assert ours.headers["Authorization"] == theirs.headers["Authorization"]


def test_a_reconnecting_recognition_takes_three_tasks_and_none_for_keep_alive_or_pings() -> None:
    """All tasks but the test's own and the vendor's."""

    def ours() -> int:
        files = [task.get_coro().cr_code.co_filename for task in asyncio.all_tasks()]  # type: ignore[union-attr]
        return sum("/providers/" in file or file.endswith("/websockets/asyncio/client.py") for file in files)

    async def act(listener: DeepgramListener, vendor: DeepgramLive) -> None:
        async with Reconnecting(listener).listen(rate=8000) as recognition:
            reader = asyncio.create_task(gathered(recognition))
            tasks = asyncio.all_tasks()
            await recognition.push(FRAME)
            while not (vendor.sessions and len(vendor.sessions[0].controls) > 1):  # keep-alives
                await asyncio.sleep(0.01)
            keepers = [task for task in asyncio.all_tasks() - tasks if "keepalive" in task.get_coro().__qualname__]  # type: ignore[union-attr]
            assert keepers == []
            assert ours() == 3
            reader.cancel()

    (session,) = with_vendor(stay, act, keep_alive=0.02).sessions
    assert len(session.controls) > 1
