"""Rules of both HTTP voices, against imitations of the vendors over the real wire."""

from __future__ import annotations

import asyncio
import logging
import sys
import traceback
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import pytest

from providers.engines.base import Chunk, TextToSpeech, Utterance
from providers.engines.deepgram.speak import DeepgramSpeaker, DeepgramSpeaking
from providers.engines.http.openai_speech import OpenAISpeaker, OpenAISpeaking
from providers.errors import EngineBusy, EngineError, EngineUnavailable, SettingsError, UnknownVoice
from tests.engines.imitations.http_voice import (
    Exchange,
    HttpVoice,
    Script,
    deepgram_speak,
    nobody,
    openai_speech,
    voiced,
    wav_header,
)

KEY = "0123456789abcdef0123456789abcdef01234567"
SECRET_TEXT = "my card number is"

Opened = Callable[..., TextToSpeech]


def deepgram(url: str, **options: object) -> TextToSpeech:
    return DeepgramSpeaker(DeepgramSpeaking(**{"api_key": KEY, "url": url, **options}))  # type: ignore[arg-type]


def openai(url: str, **options: object) -> TextToSpeech:
    return OpenAISpeaker(OpenAISpeaking(**{"api_key": KEY, "url": url, **options}))  # type: ignore[arg-type]


both = pytest.mark.parametrize("opened", [deepgram, openai])


def with_vendor(
    opened: Opened, script: Script, act: Callable[[TextToSpeech, HttpVoice], Awaitable[None]], **options: object
) -> HttpVoice:
    async def scenario() -> HttpVoice:
        async with HttpVoice(script) as vendor:
            speaker = opened(vendor.url, **options)
            try:
                await act(speaker, vendor)
            finally:
                await speaker.aclose()
            return vendor

    return asyncio.run(scenario())


async def spoken(speaker: TextToSpeech, text: str = SECRET_TEXT, rate: int = 24000, voice: str | None = None) -> bytes:
    chunks: list[Chunk] = []
    async with aclosing(speaker.synthesize(Utterance(text, rate, voice))) as stream:
        async for chunk in stream:
            chunks.append(chunk)
    assert len({chunk.rate for chunk in chunks}) <= 1
    return b"".join(chunk.pcm for chunk in chunks)


def failed(opened: Opened, script: Script, **options: object) -> EngineError:
    """The error of one utterance, which may hold neither the key nor the text."""

    async def act(speaker: TextToSpeech, vendor: HttpVoice) -> None:
        with pytest.raises(EngineError) as caught:
            await spoken(speaker)
        errors.append(caught.value)

    errors: list[EngineError] = []
    with_vendor(opened, script, act, **options)
    (error,) = errors
    shown = "".join(traceback.format_exception(error))
    assert KEY not in shown
    assert SECRET_TEXT not in shown
    return error


@both
@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (400, EngineError, False),
        (401, EngineUnavailable, False),
        (402, EngineError, False),
        (403, EngineUnavailable, False),
        (404, EngineError, False),
        (408, EngineError, True),
        (413, EngineError, False),
        (429, EngineBusy, True),
        (500, EngineError, True),
        (503, EngineError, True),
    ],
)
def test_an_error_status_decides_whether_a_retry_is_useful(
    opened: Opened, status: int, kind: type[EngineError], retryable: bool
) -> None:
    async def script(exchange: Exchange) -> None:
        echo = f"{SECRET_TEXT} {KEY}"
        body = {"err_code": echo, "err_msg": echo, "error": {"message": echo, "code": echo, "type": echo}}
        await exchange.answer(status, body, Retry_After="3")

    error = failed(opened, script)
    assert type(error) is kind
    assert error.retryable is retryable
    assert f"HTTP {status}" in str(error)
    if isinstance(error, EngineBusy):
        assert error.retry_after == 3.0


@both
@pytest.mark.parametrize("body", [b"", b"<html>gateway</html>", b"\xff\xfe\x80", b"[[[[", b'"text"', b"null", b"[]"])
def test_an_error_with_an_unreadable_body_is_an_engine_error(opened: Opened, body: bytes) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.answer(502, body)

    assert failed(opened, script).retryable


@both
def test_a_vendors_own_code_is_passed_on(opened: Opened) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.answer(400, {"err_code": "BAD_INPUT", "error": {"code": "BAD_INPUT"}})

    assert "BAD_INPUT" in str(failed(opened, script))


@both
def test_an_error_names_the_vendors_request_id(opened: Opened) -> None:
    number = "5f0c3e9a-0000-4000-8000-0123456789ab"

    async def script(exchange: Exchange) -> None:
        await exchange.answer(500, dg_request_id=number)

    assert f"request {number}" in str(failed(opened, script))


@both
def test_a_response_that_breaks_off_is_an_error_after_its_audio(opened: Opened) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.audio(b"\1\2\3")
        exchange.cut()

    async def act(speaker: TextToSpeech, vendor: HttpVoice) -> None:
        async with aclosing(speaker.synthesize(Utterance("hello", 24000))) as stream:
            assert (await anext(stream)).pcm == b"\1\2"
            with pytest.raises(EngineError, match="broke off") as caught:
                await anext(stream)
        assert caught.value.retryable

    vendor = with_vendor(opened, script, act)
    assert len(vendor.exchanges) == 1, "audio that has begun is never asked for again"


@both
def test_a_vendor_that_falls_silent_is_an_error_within_the_idle_timeout(opened: Opened) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.audio(b"\1\2")
        await exchange.gone.wait()

    error = failed(opened, script, idle_timeout=0.1)
    assert "fell silent" in str(error)
    assert error.retryable


@both
def test_a_vendor_that_answers_nothing_is_an_error_within_the_idle_timeout(opened: Opened) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.gone.wait()

    assert "fell silent" in str(failed(opened, script, idle_timeout=0.1))


@both
def test_an_answer_without_audio_is_an_error(opened: Opened) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.answer(200)

    assert "without audio" in str(failed(opened, script))


@both
def test_wav_where_pcm_was_promised_is_played_at_its_true_rate(opened: Opened) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.speak(wav_header(22050, size=0xFFFFFFFF) + voiced("hey", 22050))

    async def act(speaker: TextToSpeech, vendor: HttpVoice) -> None:
        async with aclosing(speaker.synthesize(Utterance("hey", 8000))) as stream:
            chunks = [chunk async for chunk in stream]
        assert {chunk.rate for chunk in chunks} == {22050}
        assert b"".join(chunk.pcm for chunk in chunks) == voiced("hey", 22050)

    with_vendor(opened, script, act)


@both
def test_a_connection_that_was_closed_in_the_pool_is_replaced_silently(opened: Opened) -> None:
    served = 0

    async def script(exchange: Exchange) -> None:
        nonlocal served
        served += 1
        if served == 2:
            return exchange.cut()
        await exchange.speak(voiced("ok", 24000))

    async def act(speaker: TextToSpeech, vendor: HttpVoice) -> None:
        assert await spoken(speaker) == voiced("ok", 24000)
        assert await spoken(speaker) == voiced("ok", 24000)

    assert with_vendor(opened, script, act).connections == 2


@both
@pytest.mark.parametrize("served_before", [0, 1], ids=["on a fresh connection", "after a while of work"])
def test_a_request_that_the_vendor_worked_on_is_never_repeated(opened: Opened, served_before: int) -> None:
    """Each request that reached a vendor is billed."""
    asked = 0

    async def script(exchange: Exchange) -> None:
        nonlocal asked
        asked += 1
        if asked <= served_before:
            return await exchange.speak(voiced("ok", 24000))
        if served_before:
            await asyncio.sleep(1.2)  # the vendor works; a dead connection would have shown at once
        exchange.cut()

    async def act(speaker: TextToSpeech, vendor: HttpVoice) -> None:
        for _ in range(served_before):
            await spoken(speaker)
        with pytest.raises(EngineError, match="broke off"):
            await spoken(speaker)

    with_vendor(opened, script, act)
    assert asked == served_before + 1


@both
def test_one_connection_serves_one_utterance_after_the_other(opened: Opened) -> None:
    script = deepgram_speak if opened is deepgram else openai_speech

    async def act(speaker: TextToSpeech, vendor: HttpVoice) -> None:
        await speaker.start()
        for text in ("one", "two", "three"):
            assert await spoken(speaker, text) == voiced(text, 24000)

    assert with_vendor(opened, script, act).connections == 1


@both
def test_an_idle_engine_keeps_its_connection_warm_until_it_is_closed(opened: Opened) -> None:
    warmed = asyncio.Event()
    asked: list[str] = []

    async def script(exchange: Exchange) -> None:
        asked.append(exchange.method)
        if asked[-3:] == ["GET"] * 3:
            warmed.set()
        if asked.count("GET") == 2:
            return exchange.cut()  # and goes on when the vendor does not like it
        await exchange.answer(200, {})

    async def act(speaker: TextToSpeech, vendor: HttpVoice) -> None:
        await speaker.start()
        await speaker.start()
        async with asyncio.timeout(2):
            await warmed.wait()
        await speaker.aclose()
        assert not [task for task in asyncio.all_tasks() if "keep_warm" in repr(task.get_coro())]

    with_vendor(opened, script, act, keep_warm=0.01)


@both
def test_hanging_up_closes_the_vendors_connection_at_once(opened: Opened) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.audio(b"\1\2")
        await exchange.gone.wait()

    async def act(speaker: TextToSpeech, vendor: HttpVoice) -> None:
        stream = speaker.synthesize(Utterance("hello", 24000))
        await anext(stream)
        await stream.aclose()
        async with asyncio.timeout(1):
            await vendor.exchanges[0].gone.wait()

    with_vendor(opened, script, act)


@both
def test_too_many_at_once_is_busy(opened: Opened) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.audio(b"\1\2")
        await exchange.gone.wait()

    async def act(speaker: TextToSpeech, vendor: HttpVoice) -> None:
        async with aclosing(speaker.synthesize(Utterance("hello", 24000))) as stream:
            await anext(stream)
            with pytest.raises(EngineBusy, match="no free connection"):
                await spoken(speaker)

    with_vendor(opened, script, act, connections=1, open_timeout=0.1)


@both
def test_an_address_without_a_server_is_an_engine_error(opened: Opened) -> None:
    async def scenario() -> None:
        async with nobody() as url:
            speaker = opened(url)
            await speaker.start()
            with pytest.raises(EngineError, match="cannot be reached"):
                await spoken(speaker)
            await speaker.aclose()

    asyncio.run(scenario())


@both
def test_start_refuses_a_wrong_key(opened: Opened) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.answer(401, {})

    async def act(speaker: TextToSpeech, vendor: HttpVoice) -> None:
        with pytest.raises(EngineUnavailable, match="_API_KEY"):
            await speaker.start()

    with_vendor(opened, script, act)


@pytest.mark.parametrize("speaker", [DeepgramSpeaker(DeepgramSpeaking()), OpenAISpeaker(OpenAISpeaking())])
def test_a_missing_key_is_an_error_that_says_what_to_set(speaker: TextToSpeech) -> None:
    with pytest.raises(EngineUnavailable, match=r"set (DEEPGRAM|OPENAI)_API_KEY"):
        asyncio.run(speaker.start())


def test_a_missing_sdk_is_an_error_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "deepgram", None)
    with pytest.raises(EngineUnavailable, match="pip install 'deepgram-sdk"):
        asyncio.run(DeepgramSpeaker(DeepgramSpeaking(api_key=KEY)).start())


@both
def test_text_in_any_script_reaches_the_vendor_as_it_is(opened: Opened) -> None:
    texts = ["नमस्ते", "สวัสดี", "שלום", "مرحبا", "👋🏽 héllo", 'quote " and \\', "\u202eabc"]
    script = deepgram_speak if opened is deepgram else openai_speech

    async def act(speaker: TextToSpeech, vendor: HttpVoice) -> None:
        for text in [*texts, "lone \ud800 surrogate"]:
            await spoken(speaker, text)

    bodies = [exchange.body for exchange in with_vendor(opened, script, act).exchanges]
    heard = [body["text"] if opened is deepgram else body["input"] for body in bodies]
    assert heard == [*texts, "lone ? surrogate"]


@both
def test_key_and_text_are_in_no_log_and_the_key_in_no_repr(opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    script = deepgram_speak if opened is deepgram else openai_speech

    async def act(speaker: TextToSpeech, vendor: HttpVoice) -> None:
        await speaker.start()
        await spoken(speaker)
        with pytest.raises(UnknownVoice):
            await spoken(speaker, voice="nobody")

    with_vendor(opened, script, act)
    assert KEY not in caplog.text
    assert SECRET_TEXT not in caplog.text
    assert KEY not in repr(DeepgramSpeaking(api_key=KEY)) + repr(OpenAISpeaking(api_key=KEY))


@pytest.mark.parametrize("options", [DeepgramSpeaking, OpenAISpeaking])
@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"open_timeout": 0}, "open_timeout"),
        ({"idle_timeout": -1}, "idle_timeout"),
        ({"connections": 0}, "connections"),
        ({"keep_warm": -1}, "keep_warm"),
        ({"api_key": f"{KEY}\n"}, "_API_KEY"),
        ({"url": "ftp://user:password@host"}, "found ftp://host"),
        ({"url": "just-a-name"}, "url"),
    ],
)
def test_options_that_cannot_work_are_refused_by_name(
    options: Callable[..., object], wrong: dict[str, object], named: str
) -> None:
    with pytest.raises(SettingsError, match=named) as caught:
        options(**wrong)
    assert KEY not in str(caught.value)
    assert "password" not in str(caught.value)
