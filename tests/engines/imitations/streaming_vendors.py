"""Streaming vendors on loopback: each hears one word per second of audio and ends an utterance after three words.

The recogniser is the same for all; a `Wire` is a vendor's way of taking audio and telling words.
"""

from __future__ import annotations

import asyncio
import base64
import http
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

KEY = "a-key-of-the-vendor"
UTTERANCE = 3
"""Words."""


class Wire(ABC):
    """One vendor's messages."""

    path: ClassVar[str]
    closes: ClassVar[bool] = True
    """Whether the vendor closes the socket after the last transcript."""

    def __init__(self, query: dict[str, list[str]]) -> None:
        self.query = query
        self.rate = int(query.get("sample_rate", ["0"])[0])
        self.number = 0
        """Of the message."""
        self.alive: list[str] = []
        """Signs of life without audio."""

    @staticmethod
    @abstractmethod
    def credential(headers: Any) -> str | None:
        """The key of the upgrade."""

    def greeting(self) -> Sequence[dict[str, Any]]:
        """What the vendor says first."""
        return ()

    @abstractmethod
    def take(self, message: str | bytes) -> bytes | None:
        """The PCM of a message; None for one that asks for the end."""

    @abstractmethod
    def told(self, words: Sequence[tuple[str, float, float]], *, final: bool, turn: int) -> Sequence[dict[str, Any]]:
        """The utterance so far, or its end."""

    def farewell(self) -> Sequence[dict[str, Any]]:
        """What the vendor says last."""
        return ()


class FluxWire(Wire):
    path = "/v2/listen"

    @staticmethod
    def credential(headers: Any) -> str | None:
        return str(headers.get("Authorization", "")).removeprefix("Token ")

    def greeting(self) -> Sequence[dict[str, Any]]:
        return ({"type": "Connected", "request_id": "r", "sequence_id": 0},)

    def take(self, message: str | bytes) -> bytes | None:
        if isinstance(message, bytes):
            return message
        assert json.loads(message) == {"type": "CloseStream"}
        return None

    def told(self, words: Sequence[tuple[str, float, float]], *, final: bool, turn: int) -> Sequence[dict[str, Any]]:
        events = ["EagerEndOfTurn", "EndOfTurn"] if final else ["StartOfTurn" if len(words) == 1 else "Update"]
        return [self._info(event, words, turn) for event in events]

    def _info(self, event: str, words: Sequence[tuple[str, float, float]], turn: int) -> dict[str, Any]:
        self.number += 1
        return {
            "type": "TurnInfo",
            "request_id": "r",
            "sequence_id": self.number,
            "event": event,
            "turn_index": turn,
            "audio_window_start": words[0][1],
            "audio_window_end": words[-1][2],
            "transcript": " ".join(word for word, _, _ in words),
            "words": [{"word": word, "confidence": 0.9} for word, _, _ in words],
            "end_of_turn_confidence": 0.9 if "EndOfTurn" in event else 0.1,
        }


class AssemblyWire(Wire):
    path = "/v3/ws"

    @staticmethod
    def credential(headers: Any) -> str | None:
        return str(headers.get("Authorization", ""))

    def greeting(self) -> Sequence[dict[str, Any]]:
        return ({"type": "Begin", "id": "s", "expires_at": 1_900_000_000},)

    def take(self, message: str | bytes) -> bytes | None:
        if isinstance(message, bytes):
            return message
        kind = json.loads(message)["type"]
        assert kind in ("Terminate", "KeepAlive")
        if kind == "Terminate":
            return None
        self.alive.append(kind)
        return b""

    def told(self, words: Sequence[tuple[str, float, float]], *, final: bool, turn: int) -> Sequence[dict[str, Any]]:
        return [
            self._turn(words, turn, end=final, formatted=formatted)
            for formatted in ((False, True) if final else (False,))
        ]

    def _turn(
        self, words: Sequence[tuple[str, float, float]], turn: int, *, end: bool, formatted: bool
    ) -> dict[str, Any]:
        return {
            "type": "Turn",
            "turn_order": turn,
            "turn_is_formatted": formatted,
            "end_of_turn": end,
            # The word in flight is not part of the transcript.
            "transcript": " ".join(word for word, _, _ in (words if end else words[:-1])),
            "end_of_turn_confidence": 0.9 if end else 0.2,
            "words": [
                {
                    "text": word,
                    "start": round(1000 * start),
                    "end": round(1000 * stop),
                    "confidence": 0.9,
                    "word_is_final": end or index < len(words) - 1,
                }
                for index, (word, start, stop) in enumerate(words)
            ],
        }

    def farewell(self) -> Sequence[dict[str, Any]]:
        return ({"type": "Termination", "audio_duration_seconds": 1, "session_duration_seconds": 1},)


class SonioxWire(Wire):
    path = "/transcribe-websocket"

    def __init__(self, query: dict[str, list[str]]) -> None:
        super().__init__(query)
        self.config: dict[str, Any] = {}

    @staticmethod
    def credential(headers: Any) -> str | None:
        return str(headers.get("Authorization", "")).removeprefix("Bearer ")

    def take(self, message: str | bytes) -> bytes | None:
        if not self.config:
            self.config = json.loads(message)
            assert "api_key" not in self.config
            self.rate = self.config["sample_rate"]
            return b""
        if isinstance(message, bytes):
            return message
        if message == "":
            return None
        self.alive.append(json.loads(message)["type"])
        return b""

    def told(self, words: Sequence[tuple[str, float, float]], *, final: bool, turn: int) -> Sequence[dict[str, Any]]:
        """Each word is two tokens, the last word's are still open; final ones come once."""
        settled = words if final else words[-2:-1]
        flying = () if final else words[-1:]
        if final:
            settled = words[-1:]
        tokens = [token for word in settled for token in self._tokens(word, final=True)]
        tokens += [token for word in flying for token in self._tokens(word, final=False)]
        if final:
            tokens.append({"text": "<end>", "is_final": True})
        return [{"tokens": tokens, "final_audio_proc_ms": 0, "total_audio_proc_ms": 0}]

    def _tokens(self, word: tuple[str, float, float], *, final: bool) -> list[dict[str, Any]]:
        text, start, stop = word
        middle = (start + stop) / 2
        return [
            {
                "text": f" {text[:2]}",
                "is_final": final,
                "start_ms": 1000 * start,
                "end_ms": 1000 * middle,
                "confidence": 0.9,
            },
            {"text": text[2:], "is_final": final, "start_ms": 1000 * middle, "end_ms": 1000 * stop, "confidence": 0.9},
        ]

    def farewell(self) -> Sequence[dict[str, Any]]:
        return ({"tokens": [], "finished": True},)


class ScribeWire(Wire):
    path = "/v1/speech-to-text/realtime"
    closes = False

    def __init__(self, query: dict[str, list[str]]) -> None:
        super().__init__(query)
        self.rate = int(query["audio_format"][0].removeprefix("pcm_"))

    @staticmethod
    def credential(headers: Any) -> str | None:
        return str(headers.get("xi-api-key", ""))

    def greeting(self) -> Sequence[dict[str, Any]]:
        return ({"message_type": "session_started", "session_id": "s", "config": {}},)

    def take(self, message: str | bytes) -> bytes | None:
        chunk = json.loads(message)
        assert chunk["message_type"] == "input_audio_chunk"
        assert chunk["sample_rate"] == self.rate
        return None if chunk["commit"] else base64.b64decode(chunk["audio_base_64"])

    def told(self, words: Sequence[tuple[str, float, float]], *, final: bool, turn: int) -> Sequence[dict[str, Any]]:
        text = " ".join(word for word, _, _ in words)
        if not final:
            return ({"message_type": "partial_transcript", "text": text},)
        spoken = [
            entry
            for word, start, stop in words
            for entry in (
                {"text": word, "start": start, "end": stop, "type": "word"},
                {"text": " ", "start": stop, "end": stop, "type": "spacing"},
            )
        ]
        return (
            {"message_type": "committed_transcript", "text": text},
            {"message_type": "committed_transcript_with_timestamps", "text": text, "words": spoken},
        )

    def farewell(self) -> Sequence[dict[str, Any]]:
        return ({"message_type": "insufficient_audio_activity", "error": "nothing to commit"},)


class OpenAIWire(Wire):
    path = "/v1/realtime"

    closes = False

    def __init__(self, query: dict[str, list[str]]) -> None:
        super().__init__(query)
        self.rate = 24000

    @staticmethod
    def credential(headers: Any) -> str | None:
        return str(headers.get("Authorization", "")).removeprefix("Bearer ")

    def greeting(self) -> Sequence[dict[str, Any]]:
        return ({"type": "session.created", "session": {"type": "transcription"}},)

    def take(self, message: str | bytes) -> bytes | None:
        event = json.loads(message)
        if event["type"] == "session.update":
            assert event["session"]["audio"]["input"]["format"] == {"type": "audio/pcm", "rate": self.rate}
            return b""
        return None if event["type"] == "input_audio_buffer.commit" else base64.b64decode(event["audio"])

    def told(self, words: Sequence[tuple[str, float, float]], *, final: bool, turn: int) -> Sequence[dict[str, Any]]:
        item = {"item_id": f"item_{turn}", "content_index": 0}
        events: list[dict[str, Any]] = []
        if len(words) == 1 and not final:
            events.append({"type": "input_audio_buffer.speech_started", "audio_start_ms": 1000 * words[0][1], **item})
        if final:
            text = " ".join(word for word, _, _ in words)
            events.append({"type": "input_audio_buffer.speech_stopped", "audio_end_ms": 1000 * words[-1][2], **item})
            events.append({"type": "input_audio_buffer.committed", **item})
            kind = "conversation.item.input_audio_transcription.completed"
            return [*events, {"type": kind, "transcript": text, **item}]
        delta = ("" if len(words) == 1 else " ") + words[-1][0]
        return [*events, {"type": "conversation.item.input_audio_transcription.delta", "delta": delta, **item}]

    def farewell(self) -> Sequence[dict[str, Any]]:
        return (
            {"type": "error", "error": {"type": "invalid_request_error", "code": "input_audio_buffer_commit_empty"}},
        )


class StreamingVendor:
    """One vendor on a free port of the loopback."""

    def __init__(self, wire: type[Wire]) -> None:
        self._wire = wire
        self.url = ""
        self.wires: list[Wire] = []
        self.connections: list[ServerConnection] = []
        self.refuse_with: http.HTTPStatus | None = None
        self.sent: list[dict[str, Any]] = []

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[StreamingVendor]:
        async with serve(
            self._serve,
            "127.0.0.1",
            0,
            process_request=self._greet,
            compression=None,
            close_timeout=0.1,
            open_timeout=0.5,
        ) as server:
            self.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield self

    async def all_gone(self) -> None:
        """Wait until every socket is closed."""
        for connection in self.connections:
            await connection.wait_closed()

    async def lose(self) -> None:
        """Cut every open socket."""
        for connection in self.connections:
            connection.transport.abort()

    async def _greet(self, connection: ServerConnection, request: Request) -> Response | None:
        if self.refuse_with is not None:
            return connection.respond(self.refuse_with, "")
        if urlsplit(request.path).path != self._wire.path:
            return connection.respond(http.HTTPStatus.NOT_FOUND, "")
        if self._wire.credential(request.headers) != KEY:
            return connection.respond(http.HTTPStatus.UNAUTHORIZED, "")
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        wire = self._wire(parse_qs(urlsplit(connection.request.path).query))
        self.wires.append(wire)
        self.connections.append(connection)
        with suppress(ConnectionClosed):
            await self._hear(connection, wire)

    async def _hear(self, connection: ServerConnection, wire: Wire) -> None:
        await self._tell(connection, wire.greeting())
        heard = told = turn = 0
        words: list[tuple[str, float, float]] = []
        async for message in connection:
            pcm = wire.take(message)
            if pcm is None:
                break
            heard += len(pcm)
            while heard >= 2 * wire.rate * (told + 1):
                words.append((f"word{told}", told + 0.1, told + 0.9))
                told += 1
                await self._tell(connection, wire.told(words, final=False, turn=turn))
                if len(words) == UTTERANCE:
                    await self._tell(connection, wire.told(words, final=True, turn=turn))
                    words, turn = [], turn + 1
        if words:
            await self._tell(connection, wire.told(words, final=True, turn=turn))
        await self._tell(connection, wire.farewell())
        if not wire.closes:
            async for _ in connection:
                pass

    async def _tell(self, connection: ServerConnection, messages: Sequence[dict[str, Any]]) -> None:
        for message in messages:
            self.sent.append(message)
            await connection.send(json.dumps(message))
            await asyncio.sleep(0)
