"""What a playground call speaks through: this server's endpoints over loopback, with every message on record."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from providers.emulator.conversation.ports import Messages, OnClosed, OnTranscript, PortError, TranscriberSocket
from providers.emulator.credentials import SentCredentials
from providers.emulator.failures import NETWORK_ERRORS, EmulatorError, explained
from providers.emulator.protocol import (
    ENDPOINTING_PATH,
    TRANSCRIBER_PATH,
    VOICE_PATH,
    ConversationTurn,
    encoded,
    endpointing_body,
    read_transcript,
    start_message,
    voice_body,
)
from providers.emulator.websocket_client import CallSocket, open_socket

__all__ = ["OnWire", "OwnEndpointing", "OwnTranscriber", "OwnVoice", "Route"]

OnWire = Callable[[str, Any], None]
"""(kind of the event it belongs to, JSON as it went over the wire)"""

_OPEN_SECONDS = 10.0
_GOODBYE_SECONDS = 2.0
_SOUND_SECONDS = httpx.Timeout(20.0)
_DECISION_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Route:
    """Where a call's endpoints are, and who asks."""

    base: str
    credentials: SentCredentials
    call_id: str
    """Also the key in the URLs; empty for requests that belong to no call."""
    rate: int
    """Hz of all sound."""
    client: httpx.AsyncClient
    on_wire: OnWire

    def address(self, path: str) -> str:
        """An endpoint's URL, with the call's key."""
        return self.credentials.address(f"{self.base}{path}{f'?call={self.call_id}' if self.call_id else ''}")

    def headers(self, body: bytes) -> dict[str, str]:
        """Headers of a POST."""
        return {"Content-Type": "application/json", **self.credentials.headers(body)}


@dataclass(frozen=True, slots=True)
class OwnVoice:
    """The assistant's voice."""

    route: Route
    voice_id: str | None = None

    async def speak(self, text: str, voice: int, /) -> AsyncGenerator[bytes, None]:
        """The sound of a text as it comes."""
        route = self.route
        body = self._body(text)
        route.on_wire("voice-asked", msgspec.json.decode(body))
        url, headers = route.address(VOICE_PATH), route.headers(body)
        try:
            async with route.client.stream(
                "POST", url, content=body, headers=headers, timeout=_SOUND_SECONDS
            ) as response:
                if response.status_code != 200:
                    raise PortError(f"HTTP {response.status_code}")
                async for piece in response.aiter_raw():
                    yield piece
        except httpx.HTTPError as error:
            raise PortError(f"no sound: {type(error).__name__}") from None

    def _body(self, text: str) -> bytes:
        if self.route.call_id:
            return voice_body(text, self.route.rate, voice=self.voice_id, call_id=self.route.call_id)
        message = {"type": "voice-request", "text": text, "sampleRate": self.route.rate, "voiceId": self.voice_id}
        return encoded({"message": message})


@dataclass(frozen=True, slots=True)
class OwnEndpointing:
    """The endpointing endpoint."""

    route: Route

    async def seconds(self, messages: Messages, /) -> float | None:
        """How long to wait; None where no valid answer came."""
        turns = [
            ConversationTurn("user" if message["role"] == "user" else "assistant", str(message.get("content") or ""))
            for message in messages
            if message.get("role") in ("user", "assistant")
        ]
        route = self.route
        body = endpointing_body(turns, call_id=route.call_id)
        headers = route.headers(body)
        try:
            response = await route.client.post(
                route.address(ENDPOINTING_PATH), content=body, headers=headers, timeout=_DECISION_SECONDS
            )
            answer = response.json()
        except (httpx.HTTPError, ValueError):
            return None
        route.on_wire("endpointing", {"request": msgspec.json.decode(body), "response": answer})
        seconds = answer.get("timeoutSeconds") if isinstance(answer, dict) else None
        return float(seconds) if isinstance(seconds, int | float) else None


@dataclass(frozen=True, slots=True)
class OwnTranscriber:
    """The transcriber endpoint."""

    route: Route

    async def open(self, transcriber: int, /, *, on_transcript: OnTranscript, on_closed: OnClosed) -> TranscriberSocket:
        """Open the socket and start it."""
        route = self.route

        def heard(frame: bytes) -> None:
            transcript = read_transcript(frame)
            if transcript is not None:
                route.on_wire("final" if transcript.final else "partial", msgspec.json.decode(frame))
                if transcript.channel == "customer":
                    on_transcript(transcript.text, transcript.final)

        url = route.address(TRANSCRIBER_PATH).replace("http", "ws", 1)
        try:
            socket = await open_socket(url, route.credentials, on_text=heard, on_end=on_closed, timeout=_OPEN_SECONDS)
            await socket.send(start_message(route.rate))
        except (EmulatorError, *NETWORK_ERRORS) as error:
            raise PortError(str(explained(url, error))) from None
        return _OpenSocket(socket)


@dataclass(frozen=True, slots=True)
class _OpenSocket:
    socket: CallSocket

    async def send(self, frame: bytes, /) -> None:
        """Send a frame of stereo sound."""
        await self.socket.send(frame)

    async def close(self) -> None:
        """Say goodbye."""
        await self.socket.hang_up(_GOODBYE_SECONDS)
