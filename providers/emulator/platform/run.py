"""A call that is going on: the conversation in the middle, the caller, listeners and the Server URL around it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator

from providers.emulator.conversation.behaviour import Behaviour
from providers.emulator.conversation.commands import ConversationEvent, Send
from providers.emulator.conversation.live import Listeners, LiveCall
from providers.emulator.conversation.ports import Ports
from providers.emulator.platform.api_errors import ApiError
from providers.emulator.platform.calls import Call, stamp
from providers.emulator.platform.line import CallerAudio, LineDecoder, LineEncoder
from providers.emulator.platform.messages import Json, for_client
from providers.emulator.platform.outbox import Outbox
from providers.emulator.platform.server_url import ServerUrl

_log = logging.getLogger(__name__)

RATE = 16000
"""Hz of the conversation, as on the platform."""
_LISTENERS = 8
"""Sockets that listen to one call at once."""
DIED = "call.in-progress.error-vapifault-worker-died"
_EARLY = 60.0
"""Seconds of a caller's audio that may come before their time."""
_DELIVERY = 10.0
"""Seconds after a call's end in which its last messages may still reach the Server URL."""
_ASKED = frozenset({"tool-calls", "transfer-destination-request"})
"""Messages that go to the Server URL as questions, by the port of the tools."""
_FAILURES = {
    "transcriber-lost": "the transcriber failed",
    "voice-failed": "the voice failed",
    "model-done": "the model failed",
}
"""Entries of the log that the user who runs the platform wants to see."""


class CallRun:
    """One call between its sockets."""

    def __init__(self, call: Call, ports: Ports, server: ServerUrl, behaviour: Behaviour) -> None:
        self.call = call
        self.rate = RATE
        self.outbox = Outbox()
        audio = call.request.audio
        self._decoder = LineDecoder(audio, RATE)
        self._encoder = LineEncoder(audio, RATE)
        self._server = server
        self._listeners: set[Outbox] = set()
        self._live = LiveCall(
            call.request.plan,
            ports,
            call_id=call.id,
            rate=RATE,
            listeners=Listeners(self._event, self._message, self._audio, self.outbox.silence, self._stereo),
            behaviour=behaviour,
        )
        self.caller = CallerAudio(RATE, longest=_EARLY, hear=self._live.hear)

    # Called by the sockets and the API.

    def heard(self, data: bytes) -> None:
        """Take in the caller's audio, in the format of the call."""
        self.caller.put(self._decoder.feed(data))

    def client_message(self, message: Json) -> None:
        """Take in a message of the client's."""
        if not self.call.over:
            self._live.client_message(message)

    def hang_up(self, reason: str = "customer-ended-call") -> None:
        """End the call, unless it has ended."""
        if not self.call.over:
            self._live.hang_up(reason)

    @contextlib.contextmanager
    def listening(self) -> Iterator[Outbox]:
        """What a listener hears from now on.

        Raises
        ------
        ApiError
            There are as many as may be.
        """
        if len(self._listeners) >= _LISTENERS:
            raise ApiError(400, f"{_LISTENERS} listen to this call already")
        outbox = Outbox()
        self._listeners.add(outbox)
        try:
            yield outbox
        finally:
            self._listeners.discard(outbox)

    async def hold(self) -> None:
        """Hold the call until it has ended and its messages are delivered."""
        call = self.call
        delivering = asyncio.create_task(self._server.run())
        try:
            await self._live.run()
        except Exception:
            _log.exception("call %s: the conversation broke down", call.id)
            if not call.over:
                call.turned("ended", DIED)
        finally:
            for outbox in (self.outbox, *self._listeners):
                outbox.close()
            self._server.close()
            await asyncio.wait([delivering], timeout=_DELIVERY)
            delivering.cancel()
        self._say_how_it_ended()

    def _say_how_it_ended(self) -> None:
        call, server = self.call, self._server
        length = (call.ended - call.started).total_seconds() if call.ended and call.started else 0.0
        lost = server.failed + server.left_out
        note = f"; {lost} messages did not reach the Server URL" if lost else ""
        _log.info("call %s: ended after %.1f s: %s%s", call.id, length, call.ended_reason, note)

    # Called by the conversation.

    def _event(self, event: ConversationEvent) -> None:
        if event.kind in _FAILURES and event.detail["error"]:
            _log.warning("call %s: %s: %s", self.call.id, _FAILURES[event.kind], event.detail["error"])
        if event.kind != "status":
            return
        self.call.turned(event.detail["status"], event.detail.get("reason"))
        if event.detail["status"] == "in-progress":
            audio = self.call.request.audio
            _log.info("call %s: in progress, %s at %d Hz", self.call.id, audio.format, audio.rate)

    def _message(self, send: Send) -> None:
        message, history = send.message, self._live.history
        self.call.artifact = {
            "messages": history.platform(),
            "messagesOpenAIFormatted": history.openai(),
            "transcript": history.transcript(),
        }
        if message["type"] == "end-of-call-report":
            message = reported(self.call, message)
        elif message["type"] == "conversation-update":
            message = {**message, "conversation": message["messagesOpenAIFormatted"]}  # what the websocket-tester reads
        if send.to_server and message["type"] not in _ASKED:
            self._server.tell(message)
        if send.to_client:
            self.outbox.text(for_client(message))

    def _audio(self, frame: bytes) -> None:
        self.outbox.audio(self._encoder.feed(frame))
        self.caller.tick()

    def _stereo(self, frame: bytes) -> None:
        for outbox in self._listeners:
            outbox.audio(frame)


def reported(call: Call, message: Json) -> Json:
    """The report of a call with what the conversation does not know."""
    moments = {"startedAt": call.started, "endedAt": call.ended}
    told = {name: stamp(moment) for name, moment in moments.items() if moment is not None}
    return {**message, **told, "cost": 0, "analysis": {}}
