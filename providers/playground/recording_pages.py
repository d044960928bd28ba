"""``/api/recordings``: recorded calls for the page, and ``POST /api/replay``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from providers.errors import BadRequest, ProvidersError
from providers.inbound import Inbound, check_connection
from providers.pages.page import PageAccess
from providers.playground.credentials import own_credentials
from providers.playground.recordings import RecordingFolder
from providers.playground.replay import ReplayRequest, read_sound, replayed
from providers.playground.stacks import Stacks
from providers.settings import Settings

__all__ = ["RecordingPages"]

_NO_STORE = {"cache-control": "no-store"}
_MOST_REPLAYS = 2
_LARGEST_REQUEST = 4096


@dataclass(slots=True)
class RecordingPages:
    """What was recorded, for those with the credential."""

    settings: Settings
    access: PageAccess
    folder: RecordingFolder
    stacks: Stacks
    """Whose calls are in no list and on no record."""
    _running: int = 0

    def routes(self) -> list[BaseRoute]:
        """Every path."""
        return [
            Route("/api/recordings", self.list),
            Route("/api/recordings/{name}", self.one),
            Route("/api/recordings/{name}/sound", self.sound),
            Route("/api/replay", self.replay, methods=["POST"]),
        ]

    async def list(self, request: Request) -> Response:
        """Answer with the recorded calls, the newest first."""
        check_connection(self.access.authenticator, request)
        return _json(msgspec.json.encode(await asyncio.to_thread(self.folder.list)))

    async def one(self, request: Request) -> Response:
        """Answer with one call as it was described when it ended."""
        check_connection(self.access.authenticator, request)
        found = await asyncio.to_thread(self.folder.detail, request.path_params["name"])
        if found is None:
            raise _unknown()
        return _json(found)

    async def sound(self, request: Request) -> Response:
        """Answer with a call's sound as FLAC."""
        check_connection(self.access.authenticator, request)
        file = self.folder.sound(request.path_params["name"])
        if file is None:
            raise _unknown()
        return FileResponse(file, media_type="audio/flac", headers=_NO_STORE)

    async def replay(self, request: Request) -> Response:
        """Answer with what another ear hears of a recorded call, as server-sent events."""
        body = await Inbound(self.access.authenticator, _LARGEST_REQUEST).authorised_body(request)
        try:
            wanted = msgspec.json.decode(body, type=ReplayRequest)
        except msgspec.MsgspecError as error:
            raise BadRequest(f"body: {error}") from None
        if self.folder.sound(wanted.recording) is None:
            raise _unknown()
        if self._running >= _MOST_REPLAYS:
            raise HTTPException(503, f"replay: expected at most {_MOST_REPLAYS} at once, found more")
        headers = {**_NO_STORE, "x-accel-buffering": "no"}
        return StreamingResponse(self._stream(wanted), media_type="text/event-stream", headers=headers)

    async def _stream(self, wanted: ReplayRequest) -> AsyncGenerator[bytes, None]:
        self._running += 1
        try:
            file = self.folder.sound(wanted.recording)
            if file is None:
                raise BadRequest("recording: expected one that is still there, found none")
            sound = await asyncio.to_thread(read_sound, file)
            async with self.stacks.using(wanted.changes()) as base:
                async for found in replayed(sound, base, own_credentials(self.settings), speed=wanted.speed):
                    yield _event(found)
            yield _event({"type": "done"})
        except (ProvidersError, RuntimeError) as error:
            yield _event({"type": "error", "error": str(error)})
        finally:
            self._running -= 1

    async def aclose(self) -> None:
        """End the servers behind it."""
        await self.stacks.aclose()


def _unknown() -> HTTPException:
    return HTTPException(404, "recording: expected the name of one in the folder, found another")


def _event(found: dict[str, Any]) -> bytes:
    return b"event: " + str(found["type"]).encode() + b"\ndata: " + msgspec.json.encode(found) + b"\n\n"


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json", headers=_NO_STORE)
