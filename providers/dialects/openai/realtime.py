"""``WS /v1/realtime?intent=transcription``: live audio as the items of a conversation.

::

    client                                  server
    session.update                     ──▶
                                       ◀──  session.created, session.updated
    input_audio_buffer.append {audio}  ──▶
                                       ◀──  input_audio_buffer.speech_started {item_id}
                                       ◀──  … input_audio_transcription.delta, where words cannot change any more
                                       ◀──  speech_stopped, committed, conversation.item.added and done
                                       ◀──  … input_audio_transcription.completed {transcript}

Without turn detection an item is what lies between two ``input_audio_buffer.commit``. With it a commit ends the item.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from os.path import commonprefix

from starlette.websockets import WebSocket

from providers.dialects.audio.decoding import expanded
from providers.dialects.hearing import Hearing
from providers.dialects.openai import realtime_wire as wire
from providers.dialects.services import Services
from providers.dialects.sockets import Session, frames, listening_place, raise_first
from providers.engines.base import Transcript
from providers.errors import BadRequest
from providers.tasks import until_first

__all__ = ["open_transcription"]

_LEAST = 0.1
"""Seconds of audio in a commit."""
_EMPTY = "input_audio_buffer_commit_empty"
_BETA = ("openai-beta.realtime-v1",)


@asynccontextmanager
async def open_transcription(services: Services, socket: WebSocket) -> AsyncGenerator[Session, None]:
    """The session of a socket.

    Raises
    ------
    BadRequest, AtCapacity
    """
    if socket.query_params.get("intent") != "transcription":
        raise BadRequest("intent: expected transcription, the only kind of session here, found another one or none")
    beta = "realtime=v1" in socket.headers.get("openai-beta", "")
    beta = beta or any(name in _BETA for name in socket.scope.get("subprotocols", ()))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(listening_place(services))
        session = _Transcription(services, socket, beta=beta)
        await stack.enter_async_context(session.hearing)
        yield session


@dataclass(slots=True)
class _Item:
    """An item whose words are not complete."""

    id: str = field(default_factory=lambda: f"item_{uuid.uuid4().hex[:20]}")
    finals: list[str] = field(default_factory=list)
    latest: str = ""
    told: str = ""
    """What has gone out as deltas."""
    start: float = 0.0
    """Seconds of the socket's audio."""

    def text(self, more: str = "") -> str:
        """All words so far."""
        return " ".join(filter(None, (*self.finals, more)))

    def stable(self, text: str) -> str:
        """Words that did not change since the last partial and have not gone out, as a delta; empty if none."""
        agreed = commonprefix([self.latest, text])
        agreed = agreed[: agreed.rfind(" ") + 1].rstrip() if agreed != text else agreed
        self.latest = text
        return self.rest(agreed)

    def rest(self, text: str) -> str:
        """What follows on what has gone out; empty where that is not how the text begins."""
        if len(text) <= len(self.told) or not text.startswith(self.told):
            return ""
        delta, self.told = text[len(self.told) :], text
        return delta


class _Transcription:
    """One socket."""

    def __init__(self, services: Services, socket: WebSocket, *, beta: bool) -> None:
        self._services = services
        self._socket = socket
        self._events = wire.Events(beta)
        self._session = wire.Session()
        self._item: _Item | None = None
        self._previous: str | None = None
        self._committed = 0.0
        """Seconds of audio up to the last commit."""
        self._rest = b""
        self.hearing = Hearing(services.listener(None), self._session.rate, self._heard)

    @property
    def audio(self) -> float:
        """Seconds received."""
        return self.hearing.seconds

    @property
    def behind(self) -> float:
        """Seconds that the recogniser has still to be given."""
        return self.hearing.behind

    async def run(self) -> None:
        """Hear until the client is gone."""
        await self._send(self._events.session("created", self._session))
        await until_first(self._read(), raise_first(self.hearing.failed))

    async def last_words(self) -> None:
        """Send the words of what is being said."""
        await self._commit()

    async def fail(self, message: str) -> None:
        """Tell why the socket is about to close."""
        await self._send(self._events.error(message, ours=True))

    async def _read(self) -> None:
        async for frame in frames(self._socket):
            event: wire.ClientEvent | None = None
            try:
                event = wire.read_event(frame)
                await self._take(event)
            except BadRequest as error:
                cause = event.event_id if event is not None else None
                await self._send(self._events.error(str(error), cause=cause))

    async def _take(self, event: wire.ClientEvent) -> None:
        match event.type:
            case "input_audio_buffer.append":
                await self._append(event.audio)
            case "input_audio_buffer.commit":
                await self._commit(cause=event.event_id)
            case "input_audio_buffer.clear":
                await self.hearing.abandon()
                self._item, self._committed = None, self.hearing.seconds
                await self._send(self._events.event("input_audio_buffer.cleared"))
            case "session.update" | "transcription_session.update":
                self._events.beta = event.type.startswith("transcription")
                self._update(wire.updated(self._session, event.session))
                await self._send(self._events.session("updated", self._session))
            case _:
                raise BadRequest("type: expected an event of a transcription session, found another one")

    def _update(self, session: wire.Session) -> None:
        before = self._session
        if self.hearing.seconds and (session.rate, session.encoding) != (before.rate, before.encoding):
            raise BadRequest("session.audio.input.format: expected the one of the audio so far, found another one")
        self.hearing.engine = self._services.listener(session.language)
        self.hearing.rate, self._session = session.rate, session

    async def _append(self, audio: bytes) -> None:
        data = self._rest + audio
        cut = len(data) - len(data) % self._session.width
        self._rest = data[cut:]
        if cut:
            await self.hearing.push(expanded(data[:cut], self._session.encoding))

    async def _commit(self, cause: str | None = None) -> None:
        """End the item that is open."""
        heard = self.hearing.seconds - self._committed
        manual = self._session.vad is None
        if manual and heard >= _LEAST:
            item = self._item = self._item or _Item(start=self._committed)
            await self._tell_committed(item)
            await self.hearing.finalize()
            await self._complete(item)
        else:
            before = self._previous
            await self.hearing.finalize()
            if self._previous == before:
                message = f"input_audio_buffer: expected at least {_LEAST:g} s of audio with words, found less"
                await self._send(self._events.error(message, code=_EMPTY, cause=cause))
        self._committed = self.hearing.seconds

    async def _heard(self, transcript: Transcript) -> None:
        manual = self._session.vad is None
        if (item := self._item) is None:
            item = self._item = _Item(start=self._committed if manual else transcript.start)
            if not manual:
                at = round(1000 * transcript.start)
                await self._send(
                    self._events.event("input_audio_buffer.speech_started", audio_start_ms=at, item_id=item.id)
                )
        if not transcript.final:
            # Without case and marks partials do not begin as their final does.
            steady = self.hearing.engine.capabilities.punctuates
            if steady and (delta := item.stable(item.text(transcript.text))):
                await self._send(self._events.delta(item.id, delta))
            return
        item.finals.append(transcript.text)
        if delta := item.rest(item.text()):
            await self._send(self._events.delta(item.id, delta))
        if not manual:
            at = round(1000 * transcript.end)
            await self._send(self._events.event("input_audio_buffer.speech_stopped", audio_end_ms=at, item_id=item.id))
            await self._tell_committed(item)
            self._committed = transcript.end
            await self._complete(item, end=transcript.end)

    async def _tell_committed(self, item: _Item) -> None:
        place = {"item_id": item.id, "previous_item_id": self._previous}
        await self._send(self._events.event("input_audio_buffer.committed", **place))
        for event in self._events.items(item.id, self._previous):
            await self._send(event)
        self._previous = item.id

    async def _complete(self, item: _Item, end: float | None = None) -> None:
        self._item = None
        seconds = max(0.0, (self.hearing.seconds if end is None else end) - item.start)
        await self._send(self._events.completed(item.id, item.text(), seconds))

    async def _send(self, event: str) -> None:
        await self._socket.send_text(event)
