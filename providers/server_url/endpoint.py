"""``POST /api/server-url``: the platform's messages in, answers of the user's own code out."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from providers.calls.notes import CallNotes
from providers.calls.registry import Calls
from providers.inbound import Inbound
from providers.operations.metrics import Metrics
from providers.server_url import wire
from providers.server_url.answers import BadAnswer, Json, checked, named
from providers.server_url.forward import Forward, ForwardFailed
from providers.server_url.keyed import keyed
from providers.server_url.messages import (
    TYPES,
    EndOfCallReport,
    ServerMessage,
    StatusUpdate,
    ToolCalls,
    UserInterrupted,
    VoiceInput,
)
from providers.server_url.sources import AnswerSource, FixedAssistant

__all__ = ["Keying", "ServerUrl", "ServerUrlOptions", "SpeechAhead"]

log = structlog.get_logger()

Elsewhere = Callable[[bytes, Request, Send], Awaitable[None]]
"""Serves a message that belongs to another endpoint: its body, its request, and where the response goes."""


class SpeechAhead(Protocol):
    """Speech that begins before its voice request."""

    def begin(self, call_id: str, text: str, notes: CallNotes) -> None:
        """Begin to speak a text that the call's voice will be asked for."""

    def drop(self, call_id: str, *, ended: bool) -> None:
        """Cancel what a call has begun: its caller interrupted, or it has ended."""


_UNNOTED = {"model-output"}
"""Types of which there is one per token."""

_NO_ANSWER, _FAILED, _LATE = 501, 502, 504


@dataclass(frozen=True, slots=True)
class ServerUrlOptions:
    """Deadlines of answers."""

    answer: float = 18.0
    """Seconds; the platform's own limit is the server's timeoutSeconds, 20 by default."""
    assistant: float = 6.0
    """Seconds for an assistant-request: the platform hangs up after 7.5, whatever is configured."""


@dataclass(frozen=True, slots=True)
class Keying:
    """What makes the URLs of an answered assistant-request a call's own."""

    public_url: str
    """How the platform reaches this server."""
    overrides: Callable[[], Json] = dict
    """Blocks of an assistant that name this server, for answers that name a saved assistant only."""


@dataclass(frozen=True, slots=True)
class ServerUrl:
    """The Server URL endpoint as an ASGI application."""

    inbound: Inbound
    calls: Calls
    metrics: Metrics
    sources: Sequence[AnswerSource] = ()
    forward: Forward | None = None
    keying: Keying | None = None
    options: ServerUrlOptions = ServerUrlOptions()
    elsewhere: Mapping[str, Elsewhere] = field(default_factory=dict)
    """Endpoints of messages that come here when they have no server of their own, by type."""
    speech: SpeechAhead | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one message; the app answers malformed ones."""
        request = Request(scope, receive)
        body = await self.inbound.authorised_body(request)
        message = wire.parse(body)
        self.metrics.server_url.received(_label(message.type))
        if (served := self.elsewhere.get(message.type)) is not None:
            handed = [body]
            del body, message  # megabytes late in a call, and an answer may take minutes to be read
            await served(handed.pop(), request, send)
            return
        begun = time.perf_counter()
        self._note(message, scope)
        status, answer = await self._answered(message, request)
        took = round(1000 * (time.perf_counter() - begun), 2)
        level = 30 if status >= 300 else 20 if message.answered else 10
        log.log(level, "server url", type=message.type, call_id=message.call_id, status=status, ms=took)
        await JSONResponse(answer, status)(scope, receive, send)

    async def aclose(self) -> None:
        """Close the connections to the other server."""
        if self.forward is not None:
            await self.forward.aclose()

    def _note(self, message: ServerMessage, scope: Scope) -> None:
        """Note the message in its call."""
        if message.type in _UNNOTED:
            return
        notes = self.calls.server_event(message.call_id, scope["query_string"], message.type, message.told())
        if message.type == "user-interrupted":
            notes.note("interrupted", detail="the platform's word")
        if message.type == "hang":
            self._fault(message, "hang")
        if self.speech is not None:
            _speak_ahead(self.speech, message, notes)
        self._end(message, notes)

    def _end(self, message: ServerMessage, notes: CallNotes) -> None:
        match message:
            case StatusUpdate(status="ended") | EndOfCallReport():
                reason = message.ended_reason
                if isinstance(message, EndOfCallReport) and "error" in reason:
                    self._fault(message, reason)
                self.calls.end(notes, reason)

    def _fault(self, message: ServerMessage, reason: str) -> None:
        self.metrics.server_url.fault(reason)
        log.warning("call fault", call_id=message.call_id, type=message.type, reason=reason[:100])

    async def _answered(self, message: ServerMessage, request: Request) -> tuple[int, Json]:
        """Status and body of the answer, within the time that this type has."""
        seconds = self.options.assistant if message.type == "assistant-request" else self.options.answer
        try:
            async with asyncio.timeout(seconds):
                if not message.answered:
                    return await self._told(message, request, seconds)
                found = await self._asked(message, request, seconds)
        except TimeoutError:
            return await self._failed(message, _LATE, f"expected an answer within {seconds:g} s, found none")
        except (BadAnswer, ForwardFailed) as error:
            return await self._failed(message, _FAILED, str(error))
        except Exception as error:  # the user's own code may raise anything
            log.exception("handler failed", type=message.type, call_id=message.call_id)
            return await self._failed(message, _FAILED, f"the handler of {message.type} failed: {type(error).__name__}")
        if found is None:
            told = f"{message.type}: expected a handler, --answers or --forward-url that answers it, found none"
            return _NO_ANSWER, {"error": told}
        return 200, found

    async def _told(self, message: ServerMessage, request: Request, seconds: float) -> tuple[int, Json]:
        """Hand on what only informs: to every source that takes it, and to the other server."""
        for source in self.sources:
            if source.takes(message):
                await source.answer(message)
        if self.forward is not None:
            await self.forward.send(message, request.headers.raw, within=seconds)
        return 200, {}

    async def _asked(self, message: ServerMessage, request: Request, seconds: float) -> Json | None:
        """The first answer there is, checked; None when nothing answers this type."""
        for source in self.sources:
            if source.takes(message):
                return self._complete(message, await source.answer(message))
        if self.forward is None:
            return None
        answer = await self.forward.send(message, request.headers.raw, within=seconds)
        return self._complete(message, answer)

    def _complete(self, message: ServerMessage, answer: object) -> Json:
        """An answer that the platform understands: checked, with the names of tools, with keyed URLs."""
        found = checked(message.type, answer)
        if isinstance(message, ToolCalls):
            return named(found, {call.id: call.name for call in message.calls})
        return self._keyed(message, found)

    async def _failed(self, message: ServerMessage, status: int, error: str) -> tuple[int, Json]:
        """A failure, counted and logged: `--assistant-id` takes a call whose handler failed, else it is an error."""
        self.metrics.server_url.failed(_label(message.type))
        log.warning("server url", type=message.type, call_id=message.call_id, error=error)
        spare = next((source for source in self.sources if isinstance(source, FixedAssistant)), None)
        if spare is not None and spare.takes(message):
            return 200, self._keyed(message, await spare.answer(message))
        return status, {"error": error}

    def _keyed(self, message: ServerMessage, answer: Json) -> Json:
        """An answer with an assistant whose URLs carry a key that stands for this call."""
        if self.keying is None or message.type != "assistant-request" or not message.call_id:
            return answer
        if ("assistantId" in answer or "squadId" in answer) and not answer.get("assistantOverrides"):
            name = "assistantOverrides" if "assistantId" in answer else "squadOverrides"
            overrides = self.keying.overrides()
            answer = {**answer, name: answer.get(name) or overrides} if overrides else answer
        key = uuid.uuid4().hex
        changed = keyed(answer, key, self.keying.public_url)
        if changed != answer:
            self.calls.expect(message.call_id, key)
        return changed


def _label(kind: str) -> str:
    """A type as a metric's label: of those that are not known there could be any number."""
    return kind if kind in TYPES else "other"


def _speak_ahead(speech: SpeechAhead, message: ServerMessage, notes: CallNotes) -> None:
    """Begin the speech that a message tells of, or cancel what it makes needless."""
    match message:
        case VoiceInput():
            speech.begin(message.call_id, message.input, notes)
        case UserInterrupted():
            speech.drop(message.call_id, ended=False)
        case StatusUpdate(status="ended") | EndOfCallReport():
            speech.drop(message.call_id, ended=True)
