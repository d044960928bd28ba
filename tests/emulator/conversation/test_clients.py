"""The live driver over real sockets, against a server of tones."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from dsp import encode_pcm16
from providers.emulator.conversation.assistant import Assistant, Server
from providers.emulator.conversation.clients import CallIdentity, HttpVoice, SocketTranscriber, endpoints_of
from providers.emulator.conversation.commands import ConversationEvent
from providers.emulator.conversation.live import Listeners, LiveCall
from providers.emulator.conversation.live_audio import VoiceDetector
from providers.emulator.conversation.ports import PortError, Ports
from providers.emulator.credentials import SentCredentials
from providers.emulator.language_models.canned import ScriptedReplies
from tests.emulator.good_server import SECRET
from tests.emulator.serving import served
from tests.emulator.tones import ToneListener, spoken

RATE = 16000


class LoudDetector(VoiceDetector):
    """Sound is speech: the words are tones here."""

    def __init__(self) -> None:
        self.speaking = False

    def feed(self, frame: bytes) -> bool | None:
        loud = any(frame)
        changed, self.speaking = loud != self.speaking, loud
        return loud if changed else None


def assistant_at(url: str, **fields: Any) -> Assistant:
    voice = {"server": {"url": f"{url}/api/custom-voice", "secret": SECRET}}
    ears = {"server": {"url": f"{url.replace('http', 'ws')}/api/custom-transcriber", "secret": SECRET}}
    smart = {"provider": "custom-endpointing-model", "server": {"url": f"{url}/api/custom-endpointing"}}
    start = {"waitSeconds": 0.1, "smartEndpointingPlan": smart}
    return msgspec.convert({"voice": voice, "transcriber": ears, "startSpeakingPlan": start} | fields, Assistant)


IDENTITY = CallIdentity("call-1", RATE, SentCredentials(secret=SECRET))


def test_a_whole_call_over_sockets(good_url: str) -> None:
    async def scenario() -> tuple[list[ConversationEvent], bytes, LiveCall]:
        events: list[ConversationEvent] = []
        frames: list[bytes] = []
        assistant = assistant_at(good_url, firstMessage="Alpha bravo.")
        endpoints = endpoints_of(assistant, IDENTITY)
        ports = Ports(endpoints.voice, endpoints.transcriber, ScriptedReplies(["Golf hotel."]), endpoints.endpointing)

        def noted(event: ConversationEvent) -> None:
            events.append(event)
            if event.kind == "speech-stopped":
                if event.detail["text"] == "Alpha bravo.":
                    call.hear(encode_pcm16(spoken("charlie delta", RATE)))
                else:
                    call.hang_up()

        listeners = Listeners(on_event=noted, on_audio=frames.append)
        call = LiveCall(assistant, ports, call_id="call-1", rate=RATE, listeners=listeners, detector=LoudDetector())
        async with asyncio.timeout(20):
            reason = await call.run()
        endpoints.close()
        assert reason == "customer-ended-call"
        return events, b"".join(frames), call

    events, heard, call = asyncio.run(scenario())
    told = [event.detail["text"] for event in events if event.kind == "transcript" and event.detail["final"]]
    assert told == ["Charlie delta."]
    assert [message["content"] for message in call.history.openai()] == [
        "Alpha bravo.",
        "Charlie delta.",
        "Golf hotel.",
    ]
    samples = np.frombuffer(heard, "<i2").astype(np.float32) / np.float32(32768)
    words = [text for text, final in ToneListener(RATE).feed(samples) if final]
    assert words[0] == "Alpha bravo."
    assert any(event.kind == "endpointing" and event.detail["reason"] == "custom-endpointing-model" for event in events)


async def spoken_by(url: str, **fields: Any) -> bytes:
    """All sound of one request."""
    with contextlib.closing(voice_at(url, **fields)) as voice:
        return b"".join([piece async for piece in voice.speak("Hello.", 0)])


def voice_app(handler: Callable[[Request], Any]) -> Starlette:
    async def handle(request: Request) -> Response:
        answer: Response = await handler(request)
        return answer

    return Starlette(routes=[Route("/voice", handle, methods=["POST"])])


def voice_at(url: str, **fields: Any) -> HttpVoice:
    return HttpVoice([(Server(url=f"{url}/voice", **fields), None)], IDENTITY)


def test_a_voice_that_answers_with_an_error_is_a_failure() -> None:
    async def refuse(request: Request) -> Response:
        return JSONResponse({"error": "engine down"}, 502)

    with served(voice_app(refuse)) as url, pytest.raises(PortError, match="502"):
        asyncio.run(spoken_by(url))


def test_a_voice_whose_body_breaks_off_is_a_failure_after_its_sound() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield bytes(3200)
        raise ConnectionResetError

    async def answer(request: Request) -> Response:
        return StreamingResponse(broken())

    async def ask(url: str) -> int:
        count = 0
        with contextlib.closing(voice_at(url)) as voice, pytest.raises(PortError, match="broke off"):
            async for piece in voice.speak("Hello.", 0):
                count += len(piece)
        return count

    with served(voice_app(answer)) as url:
        assert asyncio.run(ask(url)) == 3200


def test_closing_a_voice_request_closes_its_connection() -> None:
    gone = threading.Event()

    async def endless(request: Request) -> AsyncIterator[bytes]:
        try:
            while True:
                yield bytes(640)
                await asyncio.sleep(0.01)
        finally:
            gone.set()

    async def answer(request: Request) -> Response:
        return StreamingResponse(endless(request))

    async def ask(url: str) -> None:
        with contextlib.closing(voice_at(url)) as voice:
            async with contextlib.aclosing(voice.speak("Hello.", 0)) as body:
                async for _ in body:
                    break

    with served(voice_app(answer)) as url:
        asyncio.run(ask(url))
        assert gone.wait(10.0)


def test_the_servers_own_headers_win_over_the_credential() -> None:
    seen: list[tuple[str | None, str | None]] = []

    async def answer(request: Request) -> Response:
        seen.append((request.headers.get("x-vapi-secret"), request.headers.get("x-tenant")))
        return Response(bytes(640))

    with served(voice_app(answer)) as url:
        asyncio.run(spoken_by(url, headers={"X-Vapi-Secret": "own", "X-Tenant": "acme"}))
    assert seen == [("own", "acme")]


def test_a_transcriber_that_refuses_is_a_failure(good_url: str) -> None:
    async def ask() -> None:
        server = Server(url=f"{good_url.replace('http', 'ws')}/api/custom-transcriber")
        identity = CallIdentity("call-1", RATE, SentCredentials(secret="wrong"))
        await SocketTranscriber([server], identity).open(0, on_transcript=lambda *_: None, on_closed=lambda _: None)

    with pytest.raises(PortError, match="403"):
        asyncio.run(ask())


@pytest.mark.parametrize(("renders", "expected"), [(True, "call-1"), (False, "{{call.id}}")])
def test_variables_in_addresses_are_filled_in_where_told_so(renders: bool, expected: str) -> None:
    seen: list[str | None] = []

    async def answer(request: Request) -> Response:
        seen.append(request.query_params.get("call"))
        return Response(bytes(640))

    async def ask(url: str) -> None:
        server = Server(url=f"{url}/voice?call={{{{call.id}}}}")
        with contextlib.closing(HttpVoice([(server, None)], replace(IDENTITY, renders_urls=renders))) as voice:
            async for _ in voice.speak("Hello.", 0):
                pass

    with served(voice_app(answer)) as url:
        asyncio.run(ask(url))
    assert seen == [expected]
