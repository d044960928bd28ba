"""One socket of the listening side: each channel has a recognition of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

import structlog
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from dsp import split_channels
from providers.engine_tier import listen_wire
from providers.engine_tier.listen_wire import AudioFormat
from providers.engines.base import Recognition, SpeechToText, Transcript
from providers.errors import EngineBusy, EngineError, RequestError
from providers.text.finals import punctuated

_CLOSED, _ERROR = 1000, 1011

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ListenSocket:
    """The endpoint of ``/v1/listen`` over one engine."""

    engine: SpeechToText

    async def serve(self, socket: WebSocket) -> None:
        """Recognise one socket's audio. A refusal is an HTTP status, before the upgrade."""
        async with AsyncExitStack() as stack:
            try:
                audio = listen_wire.read_query(socket.query_params)
                opened = [self.engine.listen(rate=audio.rate) for _ in range(audio.channels)]
                recognitions = [await stack.enter_async_context(each) for each in opened]
            except RequestError as error:
                await _refuse(socket, error.status, str(error))
                return
            except EngineError as error:
                log.warning("listen refused", reason=str(error))
                await _refuse(socket, 429 if isinstance(error, EngineBusy) else 503, str(error))
                return
            await socket.accept()
            await _converse(socket, audio, [_Punctuated(each, self.engine) for each in recognitions])


class _Punctuated:
    """Recognition whose finals have closing marks, as the vendor's have, whatever the engine writes."""

    def __init__(self, recognition: Recognition, engine: SpeechToText) -> None:
        self._recognition = recognition
        self._languages = engine.capabilities.languages
        self._punctuates = engine.capabilities.punctuates
        self.push = recognition.push
        self.finish = recognition.finish

    async def __aiter__(self) -> AsyncIterator[Transcript]:
        async for transcript in self._recognition:
            if transcript.final and not self._punctuates:
                transcript = replace(transcript, text=punctuated(transcript.text, self._languages))
            yield transcript


async def _converse(socket: WebSocket, audio: AudioFormat, recognitions: list[Recognition]) -> None:
    """Hear until the client closes, or an engine is lost."""
    try:
        async with asyncio.TaskGroup() as tasks:
            for channel, recognition in enumerate(recognitions):
                tasks.create_task(_tell(socket, recognition, audio, channel))
            seconds = await _hear(socket, audio, recognitions)
        await socket.send_text(listen_wire.metadata(seconds, audio.channels))
        await socket.close(_CLOSED)
    except* WebSocketDisconnect:
        pass  # the client is gone; leaving the recognitions frees them
    except* EngineError as lost:
        description = str(lost.exceptions[0])
        log.warning("engine lost", reason=description)
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await socket.send_text(listen_wire.failure(description))
            await socket.close(_ERROR, "NET-0000")


async def _hear(socket: WebSocket, audio: AudioFormat, recognitions: list[Recognition]) -> float:
    """Push audio until the client ends it; returns its seconds."""
    size, taken, rest = 2 * audio.channels, 0, b""
    async for frame in _frames(socket):
        whole = rest + frame
        cut = len(whole) - len(whole) % size
        pcm, rest = whole[:cut], whole[cut:]
        taken += len(pcm)
        if pcm:
            parts = split_channels(pcm, audio.channels) if audio.channels > 1 else (pcm,)
            for recognition, part in zip(recognitions, parts, strict=True):
                await recognition.push(part)
    for recognition in recognitions:
        await recognition.finish()
    return taken / (size * audio.rate)


async def _frames(socket: WebSocket) -> AsyncIterator[bytes]:
    """Audio frames up to CloseStream."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1006))
        if message.get("bytes"):
            yield message["bytes"]
        elif listen_wire.is_close(message.get("text") or ""):
            return


async def _tell(socket: WebSocket, recognition: Recognition, audio: AudioFormat, channel: int) -> None:
    async for transcript in recognition:
        if transcript.final or audio.interim:
            await socket.send_text(listen_wire.results(transcript, channel=channel, channels=audio.channels))


async def _refuse(socket: WebSocket, status: int, reason: str) -> None:
    """Answer an upgrade with an HTTP status; a server that cannot closes the socket, which is 403."""
    if "websocket.http.response" in socket.scope.get("extensions", {}):
        body = {"err_code": "REFUSED", "err_msg": reason}
        await socket.send_denial_response(JSONResponse(body, status, {"Retry-After": "1"}))
    else:
        await socket.close()
