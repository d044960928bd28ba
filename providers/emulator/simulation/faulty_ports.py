"""A network that delays, refuses and cuts, between a live call and its servers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

from providers.emulator.conversation.ports import (
    EndpointingPort,
    Messages,
    OnClosed,
    OnTranscript,
    PortError,
    Ports,
    TranscriberPort,
    TranscriberSocket,
    VoicePort,
)
from providers.emulator.simulation.scenario import EndpointingFault, Faults, TranscriberFault, VoiceFault

_LOST = 1006
"""The close code of a socket that was lost."""


def behind_network(ports: Ports, faults: Faults, rate: int, now: Callable[[], float]) -> Ports:
    """The ports of a call, with a scenario's faults before them; ``now`` is the second of the call."""
    voice, transcriber, endpointing = ports.voice, ports.transcriber, ports.endpointing
    if faults.voice is not None:
        voice = _Voice(voice, faults.voice, rate)
    if faults.transcriber is not None:
        transcriber = _Transcriber(transcriber, faults.transcriber, now)
    if endpointing is not None and faults.endpointing is not None:
        endpointing = _Endpointing(endpointing, faults.endpointing)
    return replace(ports, voice=voice, transcriber=transcriber, endpointing=endpointing)


class _Voice:
    def __init__(self, voice: VoicePort, fault: VoiceFault, rate: int) -> None:
        self._voice, self._fault, self._rate = voice, fault, rate
        self._requests = 0

    async def speak(self, text: str, voice: int, /) -> AsyncGenerator[bytes, None]:
        self._requests += 1
        fault = self._fault
        sound = self._voice.speak(text, voice)
        if not fault.hits(self._requests, voice):
            async with contextlib.aclosing(sound):
                async for piece in sound:
                    yield piece
            return
        await asyncio.sleep(fault.delay)
        if fault.status is not None:
            raise PortError(f"HTTP {fault.status}")
        left = None if fault.cut_after is None else round(fault.cut_after * self._rate) * 2
        async with contextlib.aclosing(sound):
            async for piece in sound:
                if left is not None and len(piece) > left:
                    yield piece[:left]
                    raise PortError("the voice's body broke off")
                left = None if left is None else left - len(piece)
                yield piece


class _Endpointing:
    def __init__(self, endpointing: EndpointingPort, fault: EndpointingFault) -> None:
        self._endpointing, self._fault = endpointing, fault

    async def seconds(self, messages: Messages, /) -> float | None:
        await asyncio.sleep(self._fault.delay)
        return None if self._fault.status is not None else await self._endpointing.seconds(messages)


class _Transcriber:
    def __init__(self, transcriber: TranscriberPort, fault: TranscriberFault, now: Callable[[], float]) -> None:
        self._transcriber, self._fault, self._now = transcriber, fault, now

    async def open(self, transcriber: int, /, *, on_transcript: OnTranscript, on_closed: OnClosed) -> TranscriberSocket:
        loop, delay = asyncio.get_running_loop(), self._fault.delay

        def heard(text: str, final: bool) -> None:  # noqa: FBT001 - as the port calls it
            loop.call_later(delay, on_transcript, text, final)

        told = heard if delay else on_transcript
        socket = await self._transcriber.open(transcriber, on_transcript=told, on_closed=on_closed)
        if transcriber > 0 or self._fault.cut_at is None:
            return socket
        return _CutSocket(socket, self._fault.cut_at, self._now, on_closed)


class _CutSocket:
    """A socket that is lost at a moment of the call."""

    def __init__(self, socket: TranscriberSocket, cut_at: float, now: Callable[[], float], on_closed: OnClosed) -> None:
        self._socket, self._cut_at, self._now, self._on_closed = socket, cut_at, now, on_closed
        self._cut = False

    async def send(self, frame: bytes, /) -> None:
        if not self._cut and self._now() >= self._cut_at:
            self._cut = True
            self._on_closed(_LOST)
            await self._socket.close()
        if self._cut:
            raise PortError("the connection was lost")
        await self._socket.send(frame)

    async def close(self) -> None:
        await self._socket.close()
