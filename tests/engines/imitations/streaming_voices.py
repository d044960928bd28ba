"""Streaming voices on loopback: each speaks a text as `voiced`, with the times of its words, in pieces of its own.

The voice is the same for all; a `VoiceImitation` is a vendor's way of being asked and of telling audio.
"""

from __future__ import annotations

import asyncio
import base64
import http
import itertools
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.engines.imitations.http_voice import voiced

KEY = "a-key-of-the-vendor"
PER_CHARACTER = 0.05
"""Seconds of `voiced`."""
PIECE = 1001
"""Bytes of audio in a message: never whole samples alone."""


@dataclass
class Asked:
    """One utterance that the vendor was asked for."""

    context: str
    text: str
    rate: int
    voice: str


class VoiceImitation(ABC):
    """One vendor's messages."""

    prefix: ClassVar[str]
    """Of the path."""
    voices: ClassVar[frozenset[str]]

    def __init__(self, path: str) -> None:
        self.path = unquote(urlsplit(path).path)
        self.query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}

    @staticmethod
    @abstractmethod
    def credential(headers: Any) -> str | None:
        """The key of the upgrade."""

    @abstractmethod
    def take(self, message: dict[str, Any]) -> Asked | None:
        """The utterance that a message completes."""

    @abstractmethod
    def told(self, asked: Asked) -> Iterator[dict[str, Any]]:
        """The messages of an utterance, the last one included."""

    @abstractmethod
    def error(self, asked: Asked, code: str, status: int) -> dict[str, Any]:
        """An error."""


class CartesiaVoice(VoiceImitation):
    """Audio and times in messages of their own; the times of the last words come after their audio."""

    prefix = "/tts/websocket"
    voices = frozenset({"a0e99841-438c-4a64-b679-ae501e7d6091"})

    @staticmethod
    def credential(headers: Any) -> str | None:
        assert headers["Cartesia-Version"] >= "2026-03-01"
        return str(headers.get("Authorization", "")).removeprefix("Bearer ")

    def take(self, message: dict[str, Any]) -> Asked | None:
        form = message["output_format"]
        assert (form["container"], form["encoding"]) == ("raw", "pcm_s16le")
        return Asked(message["context_id"], message["transcript"], form["sample_rate"], message["voice"]["id"])

    def told(self, asked: Asked) -> Iterator[dict[str, Any]]:
        common = {"context_id": asked.context, "status_code": 206, "done": False}
        words = list(word_times(asked.text))
        early, late = words[: len(words) // 2], words[len(words) // 2 :]
        yield {"type": "timestamps", **common, "word_timestamps": columns(early)}
        for piece in pieces(asked):
            yield {"type": "chunk", **common, "step_time": 1.0, "data": base64.b64encode(piece).decode()}
        yield {"type": "timestamps", **common, "word_timestamps": columns(late)}
        yield {"type": "done", **common, "done": True}

    def error(self, asked: Asked, code: str, status: int) -> dict[str, Any]:
        return {
            "type": "error",
            "done": True,
            "status_code": status,
            "error_code": code,
            "title": "a title",
            "message": f"cannot say {asked.text}",
            "request_id": "r",
            "context_id": asked.context,
        }


class ElevenLabsVoice(VoiceImitation):
    """Audio beside the times of its characters, which count from the message's own audio."""

    prefix = "/v1/text-to-speech/"
    voices = frozenset({"JBFqnCBsd6RMkjVDRZzb"})

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.texts: dict[str, str] = {}

    @staticmethod
    def credential(headers: Any) -> str | None:
        return str(headers.get("xi-api-key", ""))

    def take(self, message: dict[str, Any]) -> Asked | None:
        context = message["context_id"]
        if not message.get("close_context"):
            self.texts[context] = self.texts.get(context, "") + message["text"]
            return None
        voice = self.path.removeprefix(self.prefix).removesuffix("/multi-stream-input")
        rate = int(self.query["output_format"].removeprefix("pcm_"))
        return Asked(context, self.texts.pop(context)[1:-1], rate, voice)

    def told(self, asked: Asked) -> Iterator[dict[str, Any]]:
        """One message for seven characters: words are cut between them."""
        pcm, step = voiced(asked.text, asked.rate), 7
        length = 2 * (asked.rate // 20)
        for begin in range(0, len(asked.text), step):
            chars = list(asked.text[begin : begin + step])
            yield {
                "contextId": asked.context,
                "audio": base64.b64encode(pcm[begin * length : (begin + step) * length]).decode(),
                "isFinal": None,
                "normalizedAlignment": None,
                "alignment": {
                    "chars": chars,
                    "charStartTimesMs": [round(1000 * PER_CHARACTER * at) for at in range(len(chars))],
                    "charDurationsMs": [round(1000 * PER_CHARACTER)] * len(chars),
                },
            }
        yield {"contextId": asked.context, "audio": None, "isFinal": True}

    def error(self, asked: Asked, code: str, status: int) -> dict[str, Any]:
        return {"error": code, "message": f"cannot say {asked.text}", "code": 1008 if status < 500 else 1011}


def word_times(text: str) -> Iterator[tuple[str, float, float]]:
    """Words of a text with the seconds at which `voiced` speaks them."""
    at = 0
    for word in text.split():
        begin = text.index(word, at)
        at = begin + len(word)
        yield word, begin * PER_CHARACTER, at * PER_CHARACTER


def columns(words: Sequence[tuple[str, float, float]]) -> dict[str, list[Any]]:
    return {
        "words": [word for word, _, _ in words],
        "start": [start for _, start, _ in words],
        "end": [end for _, _, end in words],
    }


def pieces(asked: Asked) -> Iterator[bytes]:
    pcm = voiced(asked.text, asked.rate)
    return (pcm[at : at + PIECE] for at in range(0, len(pcm), PIECE))


class VoiceVendor:
    """One vendor on a free port of the loopback."""

    def __init__(self, imitation: type[VoiceImitation]) -> None:
        self._imitation = imitation
        self.url = ""
        self.connections: list[ServerConnection] = []
        self.asked: list[Asked] = []
        self.sent: list[dict[str, Any]] = []
        self.received: list[dict[str, Any]] = []
        self.refuse_with: http.HTTPStatus | None = None
        self.fail_with: tuple[str, int] | None = None
        """Code and status of an error that every utterance gets."""
        self.fail_after: int | None = None
        """Messages of an utterance after which that error comes; None: at once."""
        self.held = asyncio.Event()
        """Cleared: nothing more is told until it is set."""
        self.held.set()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[VoiceVendor]:
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
            try:
                yield self
            finally:
                self.held.set()

    async def lose(self) -> None:
        """Cut every open socket, and wait until it is gone."""
        for connection in self.connections:
            connection.transport.abort()
            await connection.wait_closed()

    async def _greet(self, connection: ServerConnection, request: Request) -> Response | None:
        if self.refuse_with is not None:
            return connection.respond(self.refuse_with, "")
        if not urlsplit(request.path).path.startswith(self._imitation.prefix):
            return connection.respond(http.HTTPStatus.NOT_FOUND, "")
        if self._imitation.credential(request.headers) != KEY:
            return connection.respond(http.HTTPStatus.UNAUTHORIZED, "")
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        imitation = self._imitation(connection.request.path)
        self.connections.append(connection)
        with suppress(ConnectionClosed):
            async for raw in connection:
                message = json.loads(raw)
                self.received.append(message)
                asked = imitation.take(message)
                if asked is not None:
                    self.asked.append(asked)
                    await self._speak(connection, imitation, asked)

    async def _speak(self, connection: ServerConnection, imitation: VoiceImitation, asked: Asked) -> None:
        failure = self.fail_with
        if asked.voice not in imitation.voices:
            failure = ("voice_not_found", 404)
        elif not asked.text.strip():
            failure = failure or ("empty_transcript", 400)
        whole = None if failure is None else (self.fail_after or 0) if failure is self.fail_with else 0
        for message in itertools.islice(imitation.told(asked), whole):
            await self._tell(connection, message)
            await self.held.wait()
        if failure is not None:
            await self._tell(connection, imitation.error(asked, *failure))
            await connection.close(1008 if failure[1] < 500 else 1011)

    async def _tell(self, connection: ServerConnection, message: dict[str, Any]) -> None:
        self.sent.append(message)
        await connection.send(json.dumps(message))
        await asyncio.sleep(0)
