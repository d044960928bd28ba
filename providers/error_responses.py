"""Errors as responses: a status that says what happened, and JSON with one sentence."""

from __future__ import annotations

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from providers.error_status import status_of
from providers.errors import EngineError, RequestError
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
    described = status_of(error)
    reason = refusal_of(error)
    if reason is not None:
        request.app.state.refused(endpoint_of(request.url.path), reason)
    log.info("refused", path=loggable_path(request.url.path), status=described.status, error=described.message)
    body = {"error": described.message}
    if described.status == 503:
        body["reason"] = reason or ""
    return JSONResponse(body, described.status, described.headers)
