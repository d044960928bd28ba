"""A customer's server: it keeps every message in the order in which it came, and answers those that ask."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.emulator.serving import served

Json = dict[str, Any]


class Webhook:
    """Served while it is entered; ``answers`` maps a message's type to the answer, or to a status."""

    def __init__(
        self, answers: dict[str, Json | int] | None = None, *, before: Callable[[Json], None] | None = None
    ) -> None:
        self.answers = answers or {}
        self.url = ""
        self.messages: list[Json] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.forms: list[dict[str, str]] = []
        self._before = before
        self._news = threading.Condition()
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        routes = [Route("/hook", self._hook, methods=["POST"]), Route("/token", self._token, methods=["POST"])]
        self.url = self._stack.enter_context(served(Starlette(routes=routes)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def hook(self) -> str:
        """The Server URL."""
        return f"{self.url}/hook"

    def types(self) -> list[str]:
        """The types of all messages, in order."""
        return [message["type"] for message in self.messages]

    def wait(self, kind: str, *, count: int = 1, timeout: float = 20.0) -> Json:
        """The ``count``-th message of a type, once it is there."""

        def found() -> list[Json]:
            return [message for message in self.messages if message["type"] == kind]

        with self._news:
            assert self._news.wait_for(lambda: len(found()) >= count, timeout), f"no {kind} among {self.types()}"
            return found()[count - 1]

    def wait_for(self, fits: Callable[[Json], bool], timeout: float = 20.0) -> None:
        """Wait for a message."""
        with self._news:
            assert self._news.wait_for(lambda: any(map(fits, self.messages)), timeout), self.types()

    async def _hook(self, request: Request) -> Response:
        body = await request.body()
        message = msgspec.json.decode(body)["message"]
        if self._before is not None:
            self._before(message)
        with self._news:
            self.messages.append(message)
            self.headers.append(dict(request.headers))
            self.bodies.append(body)
            self._news.notify_all()
        answer = self.answers.get(message["type"], {})
        return Response(status_code=answer) if isinstance(answer, int) else JSONResponse(answer)

    async def _token(self, request: Request) -> Response:
        self.forms.append(dict(parse_qsl((await request.body()).decode())))
        return JSONResponse({"access_token": f"token-{len(self.forms)}", "token_type": "Bearer", "expires_in": 600})
