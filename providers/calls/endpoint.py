"""``GET /api/calls``, ``/api/calls/{id}`` and ``/api/calls/{id}/events``: calls as JSON, and one call live."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from providers.auth import Authenticator
from providers.calls.events import CallEvent
from providers.calls.export import CallList, detail_of, event_view
from providers.calls.follow import Follower
from providers.calls.parts import PeerPart, together, whole_call
from providers.calls.peers import CallPeers, own_calls
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
    """What is known of calls, for those with the credential.

    Parameters
    ----------
    workers
        Folder that the workers of the server share; None where this process serves alone.
    """

    def __init__(
        self, calls: Calls, authenticator: Authenticator, drain: Drain, *, workers: Path | None = None
    ) -> None:
        self._calls = calls
        self._authenticator = authenticator
        self._drain = drain
        self._followers: set[Follower] = set()
        self._peers = None if workers is None else CallPeers(workers, calls, self._stream)
        drain.on_begin.append(self._wake)

    async def open(self) -> None:
        """Answer the other workers of the server, if there are any."""
        if self._peers is not None:
            await self._peers.open()

    async def aclose(self) -> None:
        """End what the other workers are told."""
        if self._peers is not None:
            await self._peers.aclose()

    async def list(self, request: Request) -> Response:
        """Answer with the calls of all workers: live ones first, then finished ones, newest first."""
        check_connection(self._authenticator, request)
        limit = _limit(request.query_params.get("limit", "100"))
        live = _only_live(request.query_params.get("live", "false"))
        calls, workers, silent = own_calls(self._calls, live=live, limit=limit), 0, 0
        if self._peers is not None:
            others, workers, silent = await self._peers.lists(live=live, limit=limit)
            calls = together([*calls, *others])
        return _json(CallList(calls[:limit], 1 + workers, silent))

    async def one(self, request: Request) -> Response:
        """Answer with one call, by this server's name of it, by the platform's id or by its key."""
        check_connection(self._authenticator, request)
        name = request.path_params["id"]
        record = self._calls.table.get(name)
        parts: Sequence[PeerPart] = () if self._peers is None else await self._parts(record, name)
        if record is not None:
            self._calls.catch_up(record)
        elif not parts:
            raise _unknown()
        live = (record is not None and self._calls.table.is_live(record)) or any(part.live for part in parts)
        whole = whole_call(record, parts)
        usual = self._calls.usual_first_audio()
        return _json(detail_of(whole, live=live, epoch=self._calls.epoch, usual_first_audio=usual))

    async def events(self, request: Request) -> Response:
        """Answer with one call's events as they come, until it has finished."""
        check_connection(self._authenticator, request)
        name = request.path_params["id"]
        record = self._calls.table.get(name)
        if self._peers is None and record is None:
            raise _unknown()
        stream = await self._events(record, name)
        if stream is None:
            raise _unknown()
        return StreamingResponse(
            stream, media_type="text/event-stream", headers={**_NO_STORE, "x-accel-buffering": "no"}
        )

    async def _parts(self, record: CallRecord | None, name: str) -> Sequence[PeerPart]:
        """What the other workers know of a call, by any of the names that are known here."""
        assert self._peers is not None
        names = [name] if record is None else [name, record.call_id, record.key]
        return await self._peers.parts(list(dict.fromkeys(names)))

    async def _events(self, record: CallRecord | None, name: str) -> AsyncGenerator[bytes, None] | None:
        """The events of the worker that has the call's socket, or of one that knows the call; None when none does."""
        if record is not None and (self._peers is None or record.has_socket):
            return self._stream(record)
        assert self._peers is not None
        parts = await self._parts(record, name)
        with_socket = [part for part in parts if part.has_socket]
        chosen = with_socket if record is not None else with_socket or parts
        if chosen:
            return self._peers.events(chosen[0].name)
        return None if record is None else self._stream(record)

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


def _unknown() -> HTTPException:
    return HTTPException(404, "call: expected the id of a call that is remembered, found another")


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
