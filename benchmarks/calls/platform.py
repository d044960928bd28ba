"""The platform towards a server, for one call: streams audio, asks when the turn is over, lets the assistant answer.

It is a player of one turn with a greeting before it, with delays that a test asks for. It keeps the platform's order:
every transcript asks the endpointing endpoint anew, and the reply comes when the last answer's time has passed.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.calls.scripted import speechlike

__all__ = ["CallPlan", "play"]

RATE = 16000
_FRAME_SECONDS = 0.06
"""Longer than the platform's, so that twenty calls at once cost a busy machine little."""
_FRAME = round(RATE * _FRAME_SECONDS)
_GREETING = "How can I help you today with your order?"


@dataclass(frozen=True)
class CallPlan:
    """One call: what the platform's side does, and how long it takes for it."""

    name: str
    reply: str = "Certainly, one moment."
    speech: float = 0.8
    """Seconds that the caller speaks."""
    ask_late: float = 0.0
    """Seconds from a transcript to its endpointing request."""
    asks: bool = True
    """Whether the assistant has a custom endpointing model; otherwise the platform's own rules decide."""
    rules: tuple[dict[str, Any], ...] = ()
    """The assistant's ``customEndpointingRules``."""
    model: float = 0.3
    """Seconds that the model takes."""
    play_late: float = 0.2
    """Seconds from the first audio to its playback."""
    hold_in: str = ""
    """Phase in which the server's loop is held: ``recognising`` or ``speaking``."""
    hold: float = 1.2
    """Seconds that it is held."""

    @property
    def call_id(self) -> str:
        """The platform's id."""
        return f"id-{self.key}"

    @property
    def key(self) -> str:
        """The key in the call's URLs."""
        return "".join(letter if letter.isalnum() else "-" for letter in self.name)


@dataclass
class _Line:
    """Audio of both directions that is still to be sent, and what has come back."""

    customer: list[np.ndarray] = field(default_factory=list)
    assistant: list[np.ndarray] = field(default_factory=list)
    transcripts: asyncio.Queue[dict[str, str]] = field(default_factory=asyncio.Queue)

    @staticmethod
    def next(waiting: list[np.ndarray]) -> np.ndarray:
        if not waiting:
            return np.zeros(_FRAME, "<i2")
        frame, rest = waiting[0][:_FRAME], waiting[0][_FRAME:]
        waiting[0:1] = [rest] if len(rest) else []
        return np.pad(frame, (0, _FRAME - len(frame)))


async def play(plan: CallPlan, base: str, hold: Callable[[float], None]) -> dict[str, Any]:
    """Play a call; returns what the server knows of it afterwards."""
    query = f"?call={plan.key}&language={plan.key}"
    socket_url = base.replace("http", "ws", 1) + "/api/custom-transcriber" + query
    async with (
        httpx.AsyncClient(base_url=base, timeout=30, trust_env=False) as http,
        connect(socket_url, compression=None) as socket,
    ):
        line = _Line()
        start = {"type": "start", "encoding": "linear16", "container": "raw", "sampleRate": RATE, "channels": 2}
        await socket.send(json.dumps(start))
        streaming = asyncio.create_task(_stream(socket, line))
        reading = asyncio.create_task(_read(socket, line))
        try:
            await _speak(http, plan, _GREETING, line, late=0.1)
            await _sent(line.assistant)
            await asyncio.sleep(0.4)
            line.customer.append(speechlike(plan.speech, RATE, seed=7))
            await _sent(line.customer)
            if plan.hold_in == "recognising":
                hold(plan.hold)
            await _turn_over(plan, http, line)
            await asyncio.sleep(plan.model)
            if plan.hold_in == "speaking":
                hold(plan.hold)
            await _speak(http, plan, plan.reply, line, late=plan.play_late)
            await asyncio.sleep(1.5)
        finally:
            streaming.cancel()
            reading.cancel()
            await asyncio.gather(streaming, reading, return_exceptions=True)
        found: dict[str, Any] = (await http.get(f"/api/calls/{plan.call_id}")).json()
        return found


async def _stream(socket: ClientConnection, line: _Line) -> None:
    """Send frames in time, silence where there is nothing."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        frame = np.stack((line.next(line.customer), line.next(line.assistant)), axis=1)
        await socket.send(frame.astype("<i2").tobytes())
        due += _FRAME_SECONDS
        await asyncio.sleep(max(0.0, due - loop.time()))


async def _read(socket: ClientConnection, line: _Line) -> None:
    async for message in socket:
        line.transcripts.put_nowait(json.loads(message))


async def _turn_over(plan: CallPlan, http: httpx.AsyncClient, line: _Line) -> None:
    """Wait until the last transcript's time has passed."""
    heard, wait = "", None
    while True:
        try:
            async with asyncio.timeout(wait):
                said = await line.transcripts.get()
        except TimeoutError:
            return
        heard, final = said["transcription"], said["transcriptType"] == "final"
        if plan.asks:
            await asyncio.sleep(plan.ask_late if final else 0)
            wait = await _ask(plan, http, heard)
        elif final:
            wait = 0.1 if heard[-1] in ".?!" else 1.5
        if not final:
            wait = None  # a partial's time never passes here: the final comes


async def _ask(plan: CallPlan, http: httpx.AsyncClient, heard: str) -> float:
    message = {
        "type": "call.endpointing.request",
        "call": {"id": plan.call_id},
        "messagesOpenAIFormatted": [
            {"role": "assistant", "content": _GREETING},
            {"role": "user", "content": heard},
        ],
        "assistant": {"startSpeakingPlan": {"customEndpointingRules": list(plan.rules)}},
    }
    answer = await http.post("/api/custom-endpointing", params={"call": plan.key}, json={"message": message})
    return float(answer.json()["timeoutSeconds"])


async def _speak(http: httpx.AsyncClient, plan: CallPlan, text: str, line: _Line, *, late: float) -> None:
    """Ask for speech, again a little later when the server is full, and play it."""
    message = {"type": "voice-request", "text": text, "sampleRate": RATE, "call": {"id": plan.call_id}}
    for _ in range(10):
        body = {"message": message}
        async with http.stream("POST", "/api/custom-voice", params={"call": plan.key}, json=body) as answer:
            if answer.status_code == 503:
                await asyncio.sleep(0.3)
                continue
            pcm = b"".join([block async for block in answer.aiter_bytes()])
        await asyncio.sleep(late)
        line.assistant.append(np.frombuffer(pcm, "<i2"))
        return


async def _sent(waiting: list[np.ndarray]) -> None:
    """Wait until the frames have taken all of this audio."""
    while waiting:  # noqa: ASYNC110  # it empties by the clock
        await asyncio.sleep(0.02)
