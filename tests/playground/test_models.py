"""The assistant's words in the playground."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from providers.emulator.conversation.ports import PortError
from providers.playground.models import model_of
from providers.playground.wire import ModelChoice
from tests.emulator.serving import served

HEARD = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "a table for two"}]


async def answered(chosen: ModelChoice, times: int) -> list[list[str]]:
    async with model_of(chosen) as model:
        return [[str(piece) async for piece in model.answer(HEARD)] for _ in range(times)]


def answer(chosen: ModelChoice, times: int = 1) -> list[list[str]]:
    return asyncio.run(answered(chosen, times))


def server(status: int, text: str, asked: list[Any]) -> Starlette:
    async def complete(request: Request) -> Response:
        asked.append(await request.json())
        return Response(text, status)

    return Starlette(routes=[Route("/v1/chat/completions", complete, methods=["POST"])])


@pytest.mark.parametrize("chosen", [ModelChoice(), ModelChoice("scripted")])
def test_echo_repeats_the_caller(chosen: ModelChoice) -> None:
    assert answer(chosen) == [["You said: a table for two"]]


def test_a_script_begins_again_after_its_last_line() -> None:
    assert answer(ModelChoice("scripted", ("One.", "Two.")), 3) == [["One."], ["Two."], ["One."]]


def test_a_model_streams_its_pieces() -> None:
    pieces = [{"role": "assistant"}, {"content": "For "}, {"content": "two."}, {}]
    lines = [f"data: {json.dumps({'choices': [{'delta': piece}]})}" for piece in pieces]
    asked: list[Any] = []
    with served(server(200, "\n\n".join([*lines, ": a comment", "data: {}", "data: [DONE]", ""]), asked)) as base:
        assert answer(ModelChoice("url", url=f"{base}/v1/", name="small")) == [["For ", "two."]]
    assert asked == [{"model": "small", "messages": HEARD, "stream": True}]


@pytest.mark.parametrize(("status", "told"), [(401, "wants a key .the playground sends none"), (500, "did not answer")])
def test_a_model_that_refuses_is_told_by_its_status(status: int, told: str) -> None:
    with served(server(status, "", [])) as base, pytest.raises(PortError, match=f"HTTP {status}: .*{told}"):
        answer(ModelChoice("url", url=f"{base}/v1"))
