"""What this server's HTTP routes take and answer, ``/openapi.json``, and ``/docs``, which shows it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from providers.auth import Authenticator
from providers.calls.export import CallDetail, CallList
from providers.endpointing.wire import EndpointingMessage, EndpointingReply
from providers.oauth.wire import TOKEN_FORM, TokenFault, TokenResponse
from providers.operations.health import Liveness, Readiness
from providers.pages.dialects import dialect_operations
from providers.pages.openapi import ErrorMessage, Operation, Reply, description, refusals
from providers.paths import CALLS_PATH, SERVER_URL_PATH
from providers.server_url.messages import TYPES
from providers.voice.wire import VoiceMessage

__all__ = ["operations", "page_routes"]

PCM = "application/octet-stream"

_HEADERS = {"Content-Security-Policy": "default-src 'self'", "X-Content-Type-Options": "nosniff"}
_MEDIA_TYPES = {"docs.html": "text/html", "docs.css": "text/css", "docs.js": "text/javascript"}


class Empty(msgspec.Struct):
    """The answer to a message of another type: an object without fields."""


_OTHER_MESSAGE = Reply(200, "A message of another type was ignored.", shape=Empty)


_EITHER_LIST = [
    {"required": [name], "properties": {name: {"type": "array"}}} for name in ("messagesOpenAIFormatted", "messages")
]
"""One of the two lists of messages is enough."""


def operations(
    voice_path: str, endpointing_path: str, *, token: str | None = None, dialects: Sequence[str] = ()
) -> tuple[Operation, ...]:
    """Every HTTP operation of the server; ``token`` is the path of the token endpoint, where there is one."""
    voice = {"name": "voice", "in": "query", "description": "Voice, where the body names none.", "required": False}
    return (
        Operation(
            voice_path,
            "post",
            "Speak a text: raw 16-bit little-endian mono PCM at the rate asked for, streamed as it is made",
            (Reply(200, "PCM; empty where the text has no sound.", PCM), _OTHER_MESSAGE)
            + refusals(400, 401, 413, 422, 500, 502, 503),
            message=VoiceMessage,
            parameters=({**voice, "schema": {"type": "string"}},),
        ),
        Operation(
            endpointing_path,
            "post",
            "Say how long to wait before the caller has finished",
            (Reply(200, "The decision.", shape=EndpointingReply), _OTHER_MESSAGE, *refusals(400, 401, 413, 500)),
            message=Annotated[EndpointingMessage, Meta(extra_json_schema={"anyOf": _EITHER_LIST})],
        ),
        *([_token_operation(token)] if token else []),
        *dialect_operations(dialects),
        _server_url_operation(),
        *_call_operations(),
        *_service_operations(),
    )


def _service_operations() -> tuple[Operation, ...]:
    """What people and machines ask the server about itself."""
    return (
        Operation("/healthz", "get", "The process lives", (Reply(200, "Alive.", shape=Liveness),), secured=False),
        Operation(
            "/readyz",
            "get",
            "New calls may come",
            (Reply(200, "Ready.", shape=Readiness), Reply(503, "Warming up, draining or full.", shape=Readiness)),
            secured=False,
        ),
        Operation(
            "/metrics",
            "get",
            "Metrics in Prometheus' text format",
            (Reply(200, "Samples.", "text/plain"), *refusals(401)),
        ),
        Operation(
            "/drain",
            "post",
            "Take no new calls; the server ends once its own have ended",
            (Reply(202, "Draining.", shape=Readiness), *refusals(401)),
        ),
        Operation("/openapi.json", "get", "This document", (Reply(200, "OpenAPI 3.1."),), secured=False),
        Operation("/docs", "get", "This document as a page", (Reply(200, "HTML.", "text/html"),), secured=False),
    )


def _server_url_operation() -> Operation:
    """Messages of every type, known or not."""
    call = {"type": ["object", "null"], "properties": {"id": {"type": ["string", "null"]}}}
    message = {
        "type": "object",
        "properties": {"type": {"type": "string", "examples": [*TYPES]}, "call": call},
        "required": ["type"],
    }
    failed = Reply(502, "The handler of this type failed, or the other server did.", shape=ErrorMessage)
    return Operation(
        SERVER_URL_PATH,
        "post",
        "Take a Server URL message: answers of handlers, an empty object to what only informs",
        (Reply(200, "The answer."), failed, *refusals(400, 401, 413, 500, 501, 504)),
        body={"type": "object", "properties": {"message": message}, "required": ["message"]},
    )


def _call_operations() -> tuple[Operation, ...]:
    """What is known of calls."""
    named = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    name = {**named, "description": "This server's name of the call, the platform's id, or the key of its URLs."}
    live = {"name": "live", "in": "query", "schema": {"type": "boolean"}, "description": "Only calls that go on."}
    most = {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}
    limit = {"name": "limit", "in": "query", "schema": most, "description": "Calls in the list."}
    return (
        Operation(
            CALLS_PATH,
            "get",
            "Calls of this process, live ones first",
            (Reply(200, "The calls.", shape=CallList), *refusals(400, 401)),
            parameters=(live, limit),
        ),
        Operation(
            f"{CALLS_PATH}/{{id}}",
            "get",
            "One call: events, transcript, and where the time of each turn went",
            (Reply(200, "The call.", shape=CallDetail), *refusals(401, 404)),
            parameters=(name,),
        ),
        Operation(
            f"{CALLS_PATH}/{{id}}/events",
            "get",
            "One call's events as they come, as server-sent events",
            (Reply(200, "Events, until the call has finished.", "text/event-stream"), *refusals(401, 404)),
            parameters=(name,),
        ),
    )


def _token_operation(path: str) -> Operation:
    """The token endpoint of OAuth 2.0 client credentials."""
    refused = "The request was refused; the code is that of RFC 6749, section 5.2."
    return Operation(
        path,
        "post",
        "Exchange a client's id and secret for a bearer token",
        (
            Reply(200, "A token.", shape=TokenResponse),
            Reply(400, refused, shape=TokenFault),
            Reply(401, "No such client.", shape=TokenFault),
        ),
        form=TOKEN_FORM,
        secured=False,
    )


def page_routes(described: tuple[Operation, ...], authenticator: Authenticator) -> list[BaseRoute]:
    """Routes of the description and of the page that shows it; they need no credential and hold no secret."""
    document = description(described, authenticator)

    async def openapi(request: Request) -> Response:
        return JSONResponse(document, headers=_HEADERS)

    routes: list[BaseRoute] = [Route("/openapi.json", openapi)]
    routes += [Route("/docs" if name == "docs.html" else f"/{name}", _asset(name)) for name in _MEDIA_TYPES]
    return routes


def _asset(name: str) -> Any:
    """An endpoint that answers with a file of this package."""
    content = files(__package__).joinpath(name).read_bytes()

    async def asset(request: Request) -> Response:
        return Response(content, media_type=_MEDIA_TYPES[name], headers=_HEADERS)

    return asset
