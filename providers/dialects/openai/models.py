"""``GET /v1/models``: the engines as models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from providers.dialects.services import Dialect, Services
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
class ModelsEndpoint:
    """The list, and one of it by name, as an ASGI application."""

    services: Services
    dialect: Dialect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            check_connection(self.services.inbound.authenticator, HTTPConnection(scope))
            body: ModelList | Model = ModelList(list(self._models()))
            if name := Request(scope).path_params.get("model"):
                body = next((model for model in self._models() if model.id == name), None) or self._unknown()
        except RequestError as error:
            await self.dialect.refusal(self.services, scope["path"], error)(scope, receive, send)
            return
        await Response(msgspec.json.encode(body), media_type="application/json")(scope, receive, send)

    def _models(self) -> Iterator[Model]:
        names = [*self.services.voice.name.split(","), *self.services.transcriber.name.split(",")]
        return (Model(name) for name in dict.fromkeys(names))

    def _unknown(self) -> Model:
        known = ", ".join(model.id for model in self._models())
        raise _NotFound(f"model: expected one of {known}, found another one")
