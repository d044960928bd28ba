"""An endpoint of a dialect: one request, answered or refused as the vendor would refuse it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from providers.dialects.services import Dialect, Services
from providers.errors import EngineError, RequestError

__all__ = ["DialectEndpoint"]


@dataclass(frozen=True, slots=True)
class DialectEndpoint(ABC):
    """The endpoint as an ASGI application."""

    services: Services
    dialect: Dialect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            await self.answer(Request(scope, receive), send)
        except (RequestError, EngineError) as error:
            await self.dialect.refusal(self.services, scope["path"], error)(scope, receive, send)

    @abstractmethod
    async def answer(self, request: Request, send: Send) -> None:
        """Send the response.

        Raises
        ------
        RequestError, EngineError
            Nothing has been sent yet.
        """
