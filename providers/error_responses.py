"""Errors as responses: a status that says what happened, and JSON with one sentence."""

from __future__ import annotations

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from providers.errors import AtCapacity, EngineBusy, EngineError, RequestError, UnknownVoice, UnspeakableText
from providers.inbound import loggable_path
from providers.operations.labels import endpoint_of, refusal_of

__all__ = ["HANDLED", "respond"]

log = structlog.get_logger()

HANDLED: tuple[type[Exception], ...] = (RequestError, EngineError, HTTPException, ClientDisconnect, Exception)
"""Errors that the application hands to `respond`."""


async def respond(request: Request, error: Exception) -> Response | None:
    """The response to an error; None for a caller who hung up while the request's body was read."""
    if isinstance(error, ClientDisconnect):
        log.info("hung up", path=loggable_path(request.url.path), during="request body")
        return None
    status, message, headers = _described(error)
    reason = refusal_of(error)
    if reason is not None:
        request.app.state.refused(endpoint_of(request.url.path), reason)
    log.info("refused", path=loggable_path(request.url.path), status=status, error=message)
    body = {"error": message, "reason": reason} if status == 503 else {"error": message}
    return JSONResponse(body, status, headers)


def _described(error: Exception) -> tuple[int, str, dict[str, str]]:
    match error:
        case AtCapacity() | EngineBusy():
            return 503, str(error), {"Retry-After": f"{max(1, round(error.retry_after))}"}
        case RequestError():
            return error.status, str(error), {}
        case UnknownVoice():
            return 400, str(error), {}
        case UnspeakableText():
            return 422, str(error), {}
        case EngineError():
            return 502, str(error), {}
        case HTTPException():
            return error.status_code, error.detail, dict(error.headers or {})
    return 500, "internal error", {}
