"""The live driver's clients: voice, transcriber and endpointing over sockets, on the emulator's own wire."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from providers.emulator.conversation.assistant import Assistant, Server
from providers.emulator.conversation.ports import Messages, OnClosed, OnTranscript, PortError
from providers.emulator.conversation.text.variables import render
from providers.emulator.credentials import SentCredentials
from providers.emulator.failures import NETWORK_ERRORS, EmulatorError, explained, refusal
from providers.emulator.http_client import HttpClient
from providers.emulator.protocol import (
    ConversationTurn,
    endpointing_body,
    read_timeout,
    read_transcript,
    start_message,
    voice_body,
)
from providers.emulator.websocket_client import CallSocket, open_socket

_GOODBYE = 2.0
"""Seconds to wait for a transcriber's close frame."""
_ENDPOINTING_TIMEOUT = 5.0
"""Seconds; a later answer is worth nothing to a caller."""

OnWire = Callable[[Literal["voice", "transcript", "endpointing"], bytes, bytes], None]
"""(what it belongs to, JSON that was sent, JSON that came), as it went over the wire; empty where there is none."""


def unwatched(kind: Literal["voice", "transcript", "endpointing"], sent: bytes, came: bytes) -> None:
    """Nobody looks at the wire."""


@dataclass(frozen=True, slots=True)
class CallIdentity:
    """What all requests of one call carry."""

    call_id: str
    rate: int
    """Hz."""
    credentials: SentCredentials
    """For servers without a secret of their own."""
    renders_urls: bool = False
    """Variables in the addresses of servers are filled in."""

    def url(self, server: Server) -> str:
        """The server's address; raises PlanError where variables in it cannot be filled in."""
        if not self.renders_urls:
            return server.url
        return render(server.url, {"call": {"id": self.call_id}}, datetime.now(UTC), field="server.url")

    def credentials_for(self, server: Server) -> SentCredentials:
        """The server's own secret, where it has one."""
        return replace(self.credentials, secret=server.secret) if server.secret else self.credentials

    def headers(self, server: Server, body: bytes) -> dict[str, str]:
        """The headers of a request; the server's own win over the credential's."""
        own = {name.lower() for name in server.headers}
        made = {"Content-Type": "application/json", **self.credentials_for(server).headers(body)}
        return {name: value for name, value in made.items() if name.lower() not in own} | server.headers


class HttpVoice:
    """Custom voices: one POST for each text, its sound as it comes."""

    def __init__(
        self,
        voices: Sequence[tuple[Server | None, str | None]],
        identity: CallIdentity,
        *,
        on_wire: OnWire = unwatched,
    ) -> None:
        self._voices = voices
        self._identity = identity
        self._on_wire = on_wire
        self._client = HttpClient(timeout=20.0)

    async def speak(self, text: str, voice: int) -> AsyncGenerator[bytes, None]:
        """The sound of a text; closing the generator closes the connection."""
        server, voice_id = self._voices[voice]
        if server is None:
            raise PortError("the voice has no server that could be asked")
        body = voice_body(text, self._identity.rate, voice=voice_id, call_id=self._identity.call_id)
        self._on_wire("voice", body, b"")
        pieces: asyncio.Queue[bytes | None] = asyncio.Queue()

        def arrived(status: int, piece: bytes) -> None:
            if 200 <= status < 300 and piece:
                pieces.put_nowait(piece)

        asked = asyncio.ensure_future(
            self._client.post(
                self._identity.credentials_for(server).address(self._identity.url(server)),
                body,
                headers=self._identity.headers(server, body),
                timeout=server.timeout_seconds,
                on_body=arrived,
            )
        )
        asked.add_done_callback(lambda _: pieces.put_nowait(None))
        try:
            while (piece := await pieces.get()) is not None:
                yield piece
            response = asked.result()
        except NETWORK_ERRORS as error:
            raise PortError(str(explained(server.url, error))) from error
        except EmulatorError as error:
            raise PortError(str(error)) from error
        finally:
            asked.cancel()
            await asyncio.wait([asked])
            if not asked.cancelled():
                asked.exception()  # told already, or the caller has gone
        if not 200 <= response.status < 300:
            raise PortError(str(refusal(server.url, response.status, response.body)))
        if not response.complete:
            raise PortError("the voice's body broke off")

    def close(self) -> None:
        """Drop the kept connections."""
        self._client.close()


class _Socket:
    """An open transcriber."""

    def __init__(self, socket: CallSocket) -> None:
        self._socket = socket

    async def send(self, frame: bytes) -> None:
        """Send a frame."""
        await self._socket.send(frame)

    async def close(self) -> None:
        """Say goodbye."""
        await self._socket.hang_up(_GOODBYE)


class SocketTranscriber:
    """Custom transcribers: a WebSocket each; only what they hear of the customer counts."""

    def __init__(
        self, servers: Sequence[Server | None], identity: CallIdentity, *, on_wire: OnWire = unwatched
    ) -> None:
        self._servers = servers
        self._identity = identity
        self._on_wire = on_wire

    async def open(self, transcriber: int, *, on_transcript: OnTranscript, on_closed: OnClosed) -> _Socket:
        """Open a socket and send ``start``."""
        server = self._servers[transcriber]
        if server is None:
            raise PortError("the transcriber has no server that could be asked")

        def heard(text: bytes) -> None:
            transcript = read_transcript(text)
            if transcript is None:
                return
            self._on_wire("transcript", b"", text)
            if transcript.channel == "customer":
                on_transcript(transcript.text, transcript.final)

        identity = replace(self._identity, credentials=self._identity.credentials_for(server))
        try:
            socket = await open_socket(
                self._identity.url(server),
                identity.credentials,
                on_text=heard,
                on_end=on_closed,
                timeout=server.timeout_seconds,
                headers=server.headers,
            )
            await socket.send(start_message(identity.rate))
        except NETWORK_ERRORS as error:
            raise PortError(str(explained(server.url, error))) from error
        except EmulatorError as error:
            raise PortError(str(error)) from error
        return _Socket(socket)


class HttpEndpointing:
    """A custom endpointing model."""

    def __init__(
        self,
        server: Server,
        identity: CallIdentity,
        *,
        shape: Literal["both", "messages", "openai"] = "both",
        on_wire: OnWire = unwatched,
    ) -> None:
        self._server = server
        self._identity = identity
        self._on_wire = on_wire
        self._shape: Literal["both", "messages", "openai"] = shape
        self._client = HttpClient(timeout=_ENDPOINTING_TIMEOUT)

    async def seconds(self, messages: Messages) -> float | None:
        """How long to wait; None where no valid answer came."""
        turns = [_turn(message) for message in messages]
        body = endpointing_body(turns, shape=self._shape, call_id=self._identity.call_id)
        server = self._server
        with contextlib.suppress(*NETWORK_ERRORS, EmulatorError):
            response = await self._client.post(
                self._identity.credentials_for(server).address(self._identity.url(server)),
                body,
                headers=self._identity.headers(server, body),
                timeout=min(_ENDPOINTING_TIMEOUT, server.timeout_seconds),
            )
            if 200 <= response.status < 300 and response.complete:
                self._on_wire("endpointing", body, response.body)
                return read_timeout(response.body)
        return None

    def close(self) -> None:
        """Drop the kept connections."""
        self._client.close()


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The clients for one assistant's servers."""

    voice: HttpVoice
    transcriber: SocketTranscriber
    endpointing: HttpEndpointing | None

    def close(self) -> None:
        """Drop the kept connections."""
        self.voice.close()
        if self.endpointing is not None:
            self.endpointing.close()


def endpoints_of(assistant: Assistant, identity: CallIdentity) -> Endpoints:
    """Clients for the servers that an assistant names; its endpointing falls back to its own server."""
    voice, transcriber = assistant.voice, assistant.transcriber
    voices = [(voice.server, voice.voice_id), *((v.server, v.voice_id) for v in voice.fallback_plan.voices)]
    ears = [transcriber.server, *(other.server for other in transcriber.fallback_plan.transcribers)]
    smart = assistant.start_speaking_plan.smart_endpointing_plan
    asked = smart is not None and smart.provider == "custom-endpointing-model"
    server = (smart.server or assistant.server) if smart is not None and asked else None
    return Endpoints(
        HttpVoice(voices, identity),
        SocketTranscriber(ears, identity),
        HttpEndpointing(server, identity) if server is not None else None,
    )


def _turn(message: dict[str, Any]) -> ConversationTurn:
    speaker: Literal["assistant", "user"] = "user" if message.get("role") == "user" else "assistant"
    return ConversationTurn(speaker, str(message.get("content") or ""))
