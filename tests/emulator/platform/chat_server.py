"""An OpenAI-compatible server of a few lines: it wants a tool once, then says what the tool found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.emulator.serving import served

Json = dict[str, Any]


class ChatServer:
    """Keeps the requests it was asked with."""

    def __init__(self) -> None:
        self.asked: list[Json] = []
        self.keys: list[str] = []

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve until the block ends; yields the base URL."""
        with served(Starlette(routes=[Route("/v1/chat/completions", self._answer, methods=["POST"])])) as url:
            yield f"{url}/v1"

    async def _answer(self, request: Request) -> Response:
        asked = await request.json()
        self.asked.append(asked)
        self.keys.append(request.headers.get("authorization", ""))
        last = asked["messages"][-1]
        if last["role"] == "tool":
            deltas: list[Json] = [{"content": last["content"]}]
        else:
            function = {"name": "weather", "arguments": '{"city": "delta"}'}
            deltas = [{"tool_calls": [{"index": 0, "id": "call-7", "type": "function", "function": function}]}]
        lines = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
        body = "".join(f"data: {json.dumps(line)}\n\n" for line in lines) + "data: [DONE]\n\n"
        return Response(body, media_type="text/event-stream")
