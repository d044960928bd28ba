"""The HTTP API: calls, assistants and the control URL, over a `Platform`."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

from providers.emulator.platform import sockets
from providers.emulator.platform.api_errors import ApiError
from providers.emulator.platform.calls import Call, shown
from providers.emulator.platform.client_messages import read_client_message
from providers.emulator.platform.creation import read, read_object
from providers.emulator.platform.platform import Platform
from providers.emulator.platform.schema import NameChange

LARGEST_BODY = 4 * 1024 * 1024
"""Bytes; an assistant with long prompts has tens of thousands."""
_LISTED, _MOST_LISTED = 100, 1000

Handler = Callable[[Request], Awaitable[Response]]


def application(platform: Platform) -> Starlette:
    """The platform as an ASGI application."""
    api = _Api(platform)
    keyed, open_to_all = api.keyed, _answered
    routes = [
        Route("/", open_to_all(api.about)),
        Route("/call", keyed(api.create_call), methods=["POST"]),
        Route("/call", keyed(api.list_calls), methods=["GET"]),
        Route("/call/inbound", keyed(api.inbound_call), methods=["POST"]),
        Route("/call/{id}", keyed(api.get_call), methods=["GET"]),
        Route("/call/{id}", keyed(api.change_call), methods=["PATCH"]),
        Route("/call/{id}", keyed(api.delete_call), methods=["DELETE"]),
        Route("/assistant", keyed(api.create_assistant), methods=["POST"]),
        Route("/assistant", keyed(api.list_assistants), methods=["GET"]),
        Route("/assistant/{id}", keyed(api.get_assistant), methods=["GET"]),
        Route("/assistant/{id}", keyed(api.change_assistant), methods=["PATCH"]),
        Route("/assistant/{id}", keyed(api.delete_assistant), methods=["DELETE"]),
        Route("/{id}/control", open_to_all(api.control), methods=["POST"]),
        WebSocketRoute("/{id}/transport", sockets.transport(platform)),
        WebSocketRoute("/{id}/listen", sockets.listen(platform)),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _not_routed}, lifespan=platform.lifespan)


def _answered(handler: Handler) -> Handler:
    """A handler whose refusals are answers."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except ApiError as refused:
            return refused.response()

    return handle


async def _not_routed(request: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    return ApiError(fault.status_code, f"Cannot {request.method} {request.url.path}").response()


async def body_of(request: Request) -> bytes:
    """The body, up to its limit.

    Raises
    ------
    ApiError
        It is larger.
    """
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > LARGEST_BODY:
                raise ApiError(413, "request entity too large")
            parts.append(part)
    except ClientDisconnect:
        raise ApiError(400, "the body broke off") from None
    return b"".join(parts)


class _Api:
    """One method for each route."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def keyed(self, handler: Handler) -> Handler:
        """A handler for clients with a key."""

        async def handle(request: Request) -> Response:
            self._check_key(request)
            return await handler(request)

        return _answered(handle)

    async def about(self, request: Request) -> Response:
        """What this server is."""
        platform = self._platform
        return JSONResponse({"name": "vapi-providers emulate", "calls": platform.calls.live, "docs": "POST /call"})

    async def create_call(self, request: Request) -> Response:
        """``POST /call``."""
        call = self._platform.create(await body_of(request), _base(request))
        return JSONResponse(call.public, 201)

    async def inbound_call(self, request: Request) -> Response:
        """``POST /call/inbound``: somebody dials the number whose Server URL chooses the assistant."""
        call = await self._platform.inbound(await body_of(request), _base(request))
        return JSONResponse(call.public, 201)

    async def list_calls(self, request: Request) -> Response:
        """``GET /call``, the newest first."""
        query = request.query_params
        found = [call for call in self._platform.calls if _matches(call, dict(query))]
        return JSONResponse([call.public for call in found[: _limit(query.get("limit"))]])

    async def get_call(self, request: Request) -> Response:
        """``GET /call/{id}``."""
        return JSONResponse(self._platform.calls.get(request.path_params["id"]).public)

    async def change_call(self, request: Request) -> Response:
        """``PATCH /call/{id}``: its name."""
        call = self._platform.calls.get(request.path_params["id"])
        change = read(read_object(await body_of(request)), NameChange)
        call.request.about |= {"name": change.name}
        return JSONResponse(call.public)

    async def delete_call(self, request: Request) -> Response:
        """``DELETE /call/{id}``."""
        return JSONResponse(self._platform.calls.remove(request.path_params["id"]).public)

    async def control(self, request: Request) -> Response:
        """``POST /{id}/control``: a message to a call that is going on."""
        call = self._platform.calls.get(request.path_params["id"])
        plan = call.request.assistant.get("monitorPlan") or {}
        if not plan.get("controlEnabled", True):
            raise ApiError(403, "assistant.monitorPlan.controlEnabled is false")
        if plan.get("controlAuthenticationEnabled"):
            self._check_key(request)
        message = read_client_message(await body_of(request))
        run = self._platform.running(call.id)
        if run is None:
            raise ApiError(400, f"Call is not in progress: its status is {call.status}.")
        run.client_message(message)
        return JSONResponse({})

    async def create_assistant(self, request: Request) -> Response:
        """``POST /assistant``."""
        assistant = read_object(await body_of(request))
        identity = self._platform.assistants.add(assistant)
        return JSONResponse({**shown(assistant), "id": identity}, 201)

    async def list_assistants(self, request: Request) -> Response:
        """``GET /assistant``."""
        return JSONResponse([shown(each) for each in self._platform.assistants.all()])

    async def get_assistant(self, request: Request) -> Response:
        """``GET /assistant/{id}``."""
        identity = request.path_params["id"]
        return JSONResponse({**shown(self._platform.assistants.get(identity)), "id": identity})

    async def change_assistant(self, request: Request) -> Response:
        """``PATCH /assistant/{id}``."""
        identity = request.path_params["id"]
        changed = self._platform.assistants.change(identity, read_object(await body_of(request)))
        return JSONResponse({**shown(changed), "id": identity})

    async def delete_assistant(self, request: Request) -> Response:
        """``DELETE /assistant/{id}``."""
        identity = request.path_params["id"]
        return JSONResponse({**shown(self._platform.assistants.remove(identity)), "id": identity})

    def _check_key(self, request: Request) -> None:
        """Refuse a client without a key, or with another than ours where we have one.

        Raises
        ------
        ApiError
            Says what is missing.
        """
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise ApiError(401, "Missing Authorization Header: expected `Authorization: Bearer <key>`.")
        wanted = self._platform.options.api_key
        if wanted is not None and not hmac.compare_digest(key.strip().encode(), wanted.encode()):
            raise ApiError(401, "Invalid Key: it is not the one of --api-key.")


def _base(request: Request) -> str:
    """The address by which the client reached us."""
    return f"{request.url.scheme}://{request.url.netloc}"


def _limit(value: str | None) -> int:
    if value is None:
        return _LISTED
    if not value.isdigit() or int(value) > _MOST_LISTED:
        raise ApiError(400, [f"limit must not be greater than {_MOST_LISTED}"])
    return int(value)


_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "Gt": lambda left, right: left > right,
    "Lt": lambda left, right: left < right,
    "Ge": lambda left, right: left >= right,
    "Le": lambda left, right: left <= right,
}


def _matches(call: Call, query: dict[str, str]) -> bool:
    """True where a call is one of those asked for."""
    for name, value in query.items():
        moment = {"createdAt": call.created, "updatedAt": call.updated}.get(name[:-2])
        if name == "id" and call.id != value:
            return False
        if name == "assistantId" and call.request.about.get("assistantId") != value:
            return False
        if moment is not None and name[-2:] in _COMPARED and not _COMPARED[name[-2:]](moment, _moment(name, value)):
            return False
    return True


def _moment(name: str, value: str) -> datetime:
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise ApiError(400, [f"{name} must be a valid ISO 8601 date string"]) from None
    if found.tzinfo is None:
        raise ApiError(400, [f"{name} must be a valid ISO 8601 date string with a time zone"])
    return found
