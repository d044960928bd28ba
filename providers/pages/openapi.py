"""The OpenAPI 3.1 description of every HTTP route, made from the types that parse the requests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Annotated, Any

import msgspec

from providers.auth import Authenticator
from providers.paths import TOKEN_PATH

__all__ = ["Json", "Operation", "Reply", "description"]

Json = dict[str, Any]

_ID = str.maketrans({"/": "-", ".": "-", "{": None, "}": None})
"""From a path to the id of its operation."""

_REFERENCE = "#/components/schemas/{name}"


class ErrorMessage(msgspec.Struct):
    """An error in one sentence: the field, what was expected, what was found."""

    error: str
    reason: Annotated[str | msgspec.UnsetType, msgspec.Meta(description="Of a 503, for machines: full, draining …")] = (
        msgspec.UNSET
    )


class IgnoredMessage(msgspec.Struct):
    """A message of any other type: it is answered with an empty object."""

    type: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One status that an operation answers with."""

    status: int
    description: str
    media_type: str = "application/json"
    shape: Any = None
    """Type of a JSON body; None where the body is not JSON or has no fixed fields."""
    retry_after: bool = False
    """Whether Retry-After may come with it."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one route."""

    path: str
    method: str
    summary: str
    replies: tuple[Reply, ...]
    message: Any = None
    """Type of the message in the request's body; None without a body."""
    form: Json | None = None
    """Schema of a form-encoded body."""
    body: Json | None = None
    """Schema of a JSON body that is not one message type."""
    content: Json | None = None
    """A body of other media types."""
    secured: bool = True
    parameters: tuple[Json, ...] = field(default=())


def refusals(*statuses: int) -> tuple[Reply, ...]:
    """Errors that an endpoint may answer with."""
    return tuple(Reply(status, _MEANINGS[status], shape=ErrorMessage, retry_after=status == 503) for status in statuses)


_MEANINGS = {
    400: "A field is missing or wrong; the message names it.",
    401: "No valid credential came along.",
    404: "No such call is remembered.",
    413: "The body or the text is too long.",
    422: "The engine cannot speak this text.",
    500: "A fault of the server.",
    501: "Nothing here answers messages of this type.",
    504: "The answer did not come in time.",
    502: "The engine failed before the first audible sample; a fallback voice can start.",
    503: "Every place is taken; try again later, or elsewhere.",
}


def description(operations: tuple[Operation, ...], authenticator: Authenticator) -> Json:
    """The whole document, as JSON values."""
    shapes = [shape for operation in operations for shape in _shapes(operation)]
    _, components = msgspec.json.schema_components(shapes, ref_template=_REFERENCE)
    schemes = dict(_schemes(authenticator))
    paths: dict[str, Json] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, schemes)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "vapi-providers",
            "version": version("vapi-providers"),
            "summary": "Custom voice, custom transcriber and custom endpointing for Vapi",
            "description": (
                "The custom transcriber is a WebSocket and has no place in this format: connect to "
                "/api/custom-transcriber, send a start message, then interleaved 16-bit PCM."
            ),
        },
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": schemes},
    }


def _shapes(operation: Operation) -> Iterator[Any]:
    if operation.message is not None:
        yield from (operation.message, IgnoredMessage)
    yield from (reply.shape for reply in operation.replies if reply.shape is not None)


def _operation(operation: Operation, schemes: Json) -> Json:
    described: Json = {
        "summary": operation.summary,
        "operationId": operation.path.strip("/").translate(_ID) or "root",
        "responses": _replies(operation.replies),
    }
    if operation.parameters:
        described["parameters"] = list(operation.parameters)
    if operation.message is not None:
        described["requestBody"] = _body(operation.message)
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": operation.body}}}
    if operation.content is not None:
        described["requestBody"] = {"required": True, "content": operation.content}
    if operation.form is not None:
        content = {"application/x-www-form-urlencoded": {"schema": operation.form}}
        described["requestBody"] = {"required": True, "content": content}
    if operation.secured and schemes:
        described["security"] = [{name: []} for name in schemes]
    return described


def _body(message: Any) -> Json:
    """The platform wraps its message; one that is not wrapped is accepted too, and one of another type is ignored."""
    kinds = [_reference(message), _reference(IgnoredMessage)]
    kinds[1] = {**kinds[1], "not": {"properties": {"type": _type_of(message)}}}
    wrapped = {"type": "object", "properties": {"message": {"anyOf": kinds}}, "required": ["message"]}
    bare = {"anyOf": kinds, "not": {"anyOf": [{"required": [name]} for name in ("message", "messsage")]}}
    return {"required": True, "content": {"application/json": {"schema": {"anyOf": [wrapped, bare]}}}}


def _type_of(message: Any) -> Json:
    """Schema of the field ``type`` of a message."""
    _, components = msgspec.json.schema_components([message], ref_template=_REFERENCE)
    name = _reference(message)["$ref"].rpartition("/")[2]
    return dict(components[name]["properties"]["type"])


def _replies(replies: tuple[Reply, ...]) -> Json:
    """Replies by status; one status may have several media types, and several types of one."""
    described: Json = {}
    for reply in replies:
        status = described.setdefault(str(reply.status), {"description": reply.description, "content": {}})
        content = status["content"].setdefault(reply.media_type, {})
        if reply.shape is not None:
            content.setdefault("schema", {"anyOf": []})["anyOf"].append(_reference(reply.shape))
        if reply.retry_after:
            status["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
    return described


def _reference(shape: Any) -> Json:
    (schema,), _ = msgspec.json.schema_components([shape], ref_template=_REFERENCE)
    return dict(schema)


def _schemes(authenticator: Authenticator) -> Iterator[tuple[str, Json]]:
    """The credentials that this server accepts."""
    if authenticator.secret is not None:
        yield "secret", {"type": "apiKey", "in": "header", "name": "X-Vapi-Secret"}
    if authenticator.bearer is not None:
        if authenticator.bearer_header == "authorization":
            yield "bearer", {"type": "http", "scheme": "bearer"}
        else:
            yield "bearer", {"type": "apiKey", "in": "header", "name": authenticator.bearer_header}
    if authenticator.access_tokens is not None:
        flow = {"tokenUrl": TOKEN_PATH, "scopes": {}}
        yield "oauth", {"type": "oauth2", "flows": {"clientCredentials": flow}}
    if authenticator.signed is not None:
        yield "signature", {"type": "apiKey", "in": "header", "name": authenticator.signed.signature_header}
