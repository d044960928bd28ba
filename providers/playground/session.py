"""PlaygroundCall: one playground call, from the page's first message to its last.

The page gets stereo frames as binary messages and, as JSON: ``ready``, ``event`` (the conversation's log), ``wire``
(what went to and came from the endpoints), ``stop`` (drop the sound that is buffered), ``ended`` and ``error``.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from dataclasses import dataclass, replace
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from providers.calls.registry import Calls
from providers.emulator.conversation.assistant import with_endpointing
from providers.emulator.conversation.clients import CallIdentity
from providers.emulator.conversation.commands import ConversationEvent, Send
from providers.emulator.conversation.live import Listeners, LiveCall
from providers.emulator.conversation.ports import ModelPort, Ports
from providers.emulator.credentials import SentCredentials
from providers.errors import BadRequest
from providers.operations.background import log_failure
from providers.playground.caller import TypedSpeech
from providers.playground.ports import own_endpoints, own_voice
from providers.playground.wire import PageHangUp, Played, SayLine, StartCall, parse, told

__all__ = ["CallSurroundings", "PlaygroundCall"]

_MOST_WAITING = 500
"""Messages, ten seconds of sound, that wait for a page that does not keep up."""
_LAST_WORDS = 2.0
"""Seconds for the last messages to reach the page."""
_UNNOTED = {"model-output", "conversation-update", "transcript", "speech-update", "voice-input", "hang"}
"""Messages of the platform's that the call's events tell already, or of which there are very many."""


@dataclass(frozen=True, slots=True)
class CallSurroundings:
    """What a call needs of its server."""

    base: str
    """Address of the endpoints."""
    credentials: SentCredentials
    calls: Calls
    speaker: str | None
    """Voice of lines that are typed; None is the server's default."""


class PlaygroundCall:
    """One call."""

    def __init__(self, socket: WebSocket, start: StartCall, around: CallSurroundings, model: ModelPort) -> None:
        self._socket = socket
        self._around = around
        self._waiting: deque[str | bytes] = deque()
        self._arrived = asyncio.Event()
        self._ended = False
        self.call_id = f"playground-{uuid.uuid4().hex[:12]}"
        identity = CallIdentity(self.call_id, start.rate, around.credentials)
        self._endpoints = own_endpoints(around.base, start.assistant, identity, self._on_wire)
        self._speaker = own_voice(around.base, around.speaker, replace(identity, call_id=""))
        self._caller = TypedSpeech(self._speaker, start.rate)
        self._call = LiveCall(
            with_endpointing(start.assistant, None) if start.endpointing else start.assistant,
            Ports(self._endpoints.voice, self._endpoints.transcriber, model, self._endpoints.endpointing),
            call_id=self.call_id,
            rate=start.rate,
            listeners=Listeners(self._on_event, self._on_message, on_stop=self._on_stop, on_stereo=self._on_stereo),
        )

    async def run(self) -> None:
        """Hold the call until either side ends it."""
        writing = asyncio.create_task(self._write())
        reading = asyncio.create_task(self._read())
        self._tell("ready", call=self.call_id)
        try:
            reason = await self._call.run()
            self._note_end(reason)
            self._tell("ended", reason=reason)
            self._ended = True
            self._arrived.set()
            await asyncio.wait([writing], timeout=_LAST_WORDS)
        finally:
            self._caller.cancel()
            for task in (reading, writing):
                task.cancel()
            outcomes = await asyncio.gather(reading, writing, return_exceptions=True)
            for failure in (one for one in outcomes if isinstance(one, Exception)):
                log_failure("playground call", failure)
            self._endpoints.close()
            self._speaker.close()

    # From the page.

    async def _read(self) -> None:
        """Take the page's messages until it closes, which hangs up."""
        try:
            while True:
                message = await self._socket.receive()
                if message["type"] == "websocket.disconnect":
                    break
                if (sound := message.get("bytes")) is not None:
                    if not self._caller.speaks:
                        self._call.hear(sound)
                else:
                    self._do(message.get("text") or "")
        except BadRequest as error:
            self._tell("error", error=str(error))
        except (WebSocketDisconnect, RuntimeError):
            pass  # the page went away while a message was on its way
        self._call.hang_up()

    def _do(self, text: str) -> None:
        match parse(text):
            case SayLine(line):
                self._caller.say(line)
            case PageHangUp():
                self._call.hang_up()
            case Played():
                pass  # told for those who measure; the conversation's own clock says what was heard
            case StartCall():
                raise BadRequest("message: expected start once, found it twice")

    # From the call.

    def _on_event(self, event: ConversationEvent) -> None:
        self._tell("event", at=round(event.at, 3), kind=event.kind, detail=event.detail)

    def _on_wire(self, kind: str, content: Any) -> None:
        self._tell("wire", kind=kind, content=content)

    def _on_stop(self) -> None:
        self._tell("stop")

    def _on_stereo(self, frame: bytes) -> None:
        if (spoken := self._caller.take(len(frame) // 2)) is not None:
            self._call.hear(spoken)
        self._send(frame)

    def _on_message(self, sent: Send) -> None:
        """Note a Server URL message, as one of the platform's would be."""
        kind = str(sent.message.get("type", ""))
        if not sent.to_server or kind in _UNNOTED:
            return
        notes = self._around.calls.server_event(self.call_id, self._query, kind)
        if kind == "user-interrupted":
            notes.note("interrupted", detail="the caller spoke while the assistant did")

    def _note_end(self, reason: str) -> None:
        calls = self._around.calls
        calls.end(calls.server_event(self.call_id, self._query, "end-of-call-report"), reason)

    @property
    def _query(self) -> bytes:
        return f"call={self.call_id}".encode()

    # To the page.

    def _tell(self, kind: str, /, **fields: Any) -> None:
        self._send(told(kind, **fields))

    def _send(self, message: str | bytes) -> None:
        if len(self._waiting) >= _MOST_WAITING:
            self._waiting.clear()
            self._waiting.append(told("error", error="the page takes no more sound: the call is over"))
            self._call.hang_up()
        self._waiting.append(message)
        self._arrived.set()

    async def _write(self) -> None:
        """Send what waits, until the call has ended and all is sent."""
        try:
            while self._waiting or not self._ended:
                if not self._waiting:
                    self._arrived.clear()
                    await self._arrived.wait()
                    continue
                message = self._waiting.popleft()
                if isinstance(message, str):
                    await self._socket.send_text(message)
                else:
                    await self._socket.send_bytes(message)
        except (WebSocketDisconnect, RuntimeError):
            self._call.hang_up()
