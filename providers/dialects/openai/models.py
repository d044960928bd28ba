"""``GET /v1/models``: the engines as models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Send

from providers.dialects.endpoint import DialectEndpoint
from providers.errors import RequestError
from providers.inbound import check_connection

__all__ = ["Model", "ModelList", "ModelsEndpoint"]


class Model(msgspec.Struct):
    """An engine."""

    id: str
    object: str = "model"
    created: int = 0
    owned_by: str = "vapi-providers"


class ModelList(msgspec.Struct):
    """The engines."""

    data: list[Model]
    object: str = "list"


class _NotFound(RequestError):
    status = 404


@dataclass(frozen=True, slots=True)
class ModelsEndpoint(DialectEndpoint):
    """The list, and one of it by name, as an ASGI application."""

    async def answer(self, request: Request, send: Send) -> None:
        """Send the response."""
        check_connection(self.services.inbound.authenticator, request)
        body: ModelList | Model = ModelList(list(self._models()))
        if name := request.path_params.get("model"):
            body = next((model for model in self._models() if model.id == name), None) or self._unknown()
        await Response(msgspec.json.encode(body), media_type="application/json")(request.scope, request.receive, send)

    def _models(self) -> Iterator[Model]:
        names = [*self.services.voice.name.split(","), *self.services.transcriber.name.split(",")]
        return (Model(name) for name in dict.fromkeys(names))

    def _unknown(self) -> Model:
        known = ", ".join(model.id for model in self._models())
        raise _NotFound(f"model: expected one of {known}, found another one")
