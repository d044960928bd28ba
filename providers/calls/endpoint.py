"""``GET /api/calls``, ``/api/calls/{id}`` and ``/api/calls/{id}/events``: calls as JSON, and one call live."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import suppress

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from providers.auth import Authenticator
from providers.calls.events import CallEvent
from providers.calls.export import CallList, detail_of, event_view, summary_of
from providers.calls.follow import Follower
from providers.calls.record import CallRecord
from providers.calls.registry import Calls
from providers.errors import BadRequest
from providers.inbound import check_connection
from providers.operations.drain import Drain

__all__ = ["CallPages"]

_HEARTBEAT = 15.0
"""Seconds without an event after which a comment keeps the connection open."""

_WHILE_DRAINING = 0.25
"""The same while the server ends, which it does once the last call is over."""

_MOST_LISTED = 1000
_NO_STORE = {"cache-control": "no-store"}


class CallPages:
    """What is known of calls, for those with the credential."""

    def __init__(self, calls: Calls, authenticator: Authenticator, drain: Drain) -> None:
        self._calls = calls
        self._authenticator = authenticator
        self._drain = drain
        self._followers: set[Follower] = set()
        drain.on_begin.append(self._wake)

    async def list(self, request: Request) -> Response:
        """Answer with the calls: live ones first, then finished ones, newest first."""
        check_connection(self._authenticator, request)
        limit = _limit(request.query_params.get("limit", "100"))
        chosen = [(record, True) for record in self._calls.live()]
        if not _only_live(request.query_params.get("live", "false")):
            chosen += [(record, False) for record in self._calls.table.finished()]
        epoch = self._calls.epoch
        return _json(CallList([summary_of(record, live=live, epoch=epoch) for record, live in chosen[:limit]]))

    async def one(self, request: Request) -> Response:
        """Answer with one call, by this server's name of it, by the platform's id or by its key."""
        check_connection(self._authenticator, request)
        record = self._found(request)
        self._calls.catch_up(record)
        live = self._calls.table.is_live(record)
        usual = self._calls.usual_first_audio()
        return _json(detail_of(record, live=live, epoch=self._calls.epoch, usual_first_audio=usual))

    async def events(self, request: Request) -> Response:
        """Answer with one call's events as they come, until it has finished."""
        check_connection(self._authenticator, request)
        stream = self._stream(self._found(request))
        return StreamingResponse(
            stream, media_type="text/event-stream", headers={**_NO_STORE, "x-accel-buffering": "no"}
        )

    async def _stream(self, record: CallRecord) -> AsyncGenerator[bytes, None]:
        """The events there are, then each as it comes. The server's end does not wait for those who look on."""
        follower = Follower()
        record.current.listeners.append(follower.put)
        self._followers.add(follower)
        try:
            events = sorted(record.current.events, key=lambda event: event.at)
            while True:
                begun = record.current.begun
                if follower.missed:
                    yield f"event: missed\ndata: {follower.missed}\n\n".encode()
                    follower.missed = 0
                for event in events:
                    yield _sse(event, begun)
                if not self._calls.table.is_live(record):
                    yield b"event: finished\ndata: {}\n\n"
                    return
                if self._drain.draining and not self._drain.calls:
                    return
                events = await follower.take(within=_WHILE_DRAINING if self._drain.draining else _HEARTBEAT)
                if not events:
                    yield b": nothing new\n\n"
        finally:
            self._followers.discard(follower)
            with suppress(ValueError):
                record.current.listeners.remove(follower.put)

    def _wake(self) -> None:
        for follower in self._followers:
            follower.wake()

    def _found(self, request: Request) -> CallRecord:
        record = self._calls.table.get(request.path_params["id"])
        if record is None:
            raise HTTPException(404, "call: expected the id of a call that is remembered, found another")
        return record


def _sse(event: CallEvent, begun: float) -> bytes:
    return b"event: " + event.kind.encode() + b"\ndata: " + msgspec.json.encode(event_view(event, begun)) + b"\n\n"


def _only_live(text: str) -> bool:
    if text not in ("true", "1", "false", "0", ""):
        raise BadRequest("live: expected true or false, found something else")
    return text in ("true", "1")


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= len(text) <= 6 and 1 <= int(text) <= _MOST_LISTED):
        raise BadRequest(f"limit: expected a number from 1 to {_MOST_LISTED}, found something else")
    return int(text)


def _json(body: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json", headers=_NO_STORE)
