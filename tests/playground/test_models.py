"""The assistant's words in the playground."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from providers.emulator.conversation.ports import PortError
from providers.playground.models import model_of
from providers.playground.wire import ModelChoice

HEARD = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "a table for two"}]


async def answered(chosen: ModelChoice, respond: httpx.MockTransport | None, times: int) -> list[list[str]]:
    async with httpx.AsyncClient(transport=respond) as client:
        model = model_of(chosen, client)
        return [[str(piece) async for piece in model.answer(HEARD)] for _ in range(times)]


def answer(chosen: ModelChoice, respond: httpx.MockTransport | None = None) -> list[str]:
    return asyncio.run(answered(chosen, respond, 1))[0]


def test_echo_repeats_the_caller() -> None:
    assert answer(ModelChoice()) == ["You said: a table for two"]


def test_a_script_goes_on_with_its_last_line() -> None:
    said = asyncio.run(answered(ModelChoice("scripted", ("One.", "Two.")), None, 3))
    assert said == [["One."], ["Two."], ["Two."]]


def test_a_model_streams_its_pieces() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        assert request.url == "http://models/v1/chat/completions"
        assert asked == {"model": "small", "messages": HEARD, "stream": True}
        pieces = [{"role": "assistant"}, {"content": "For "}, {"content": "two."}, {}]
        lines = [f"data: {json.dumps({'choices': [{'delta': piece}]})}" for piece in pieces]
        return httpx.Response(200, text="\n\n".join([*lines, ": a comment", "data: {}", "data: [DONE]", ""]))

    chosen = ModelChoice("url", url="http://models/v1/", name="small")
    assert answer(chosen, httpx.MockTransport(respond)) == ["For ", "two."]


@pytest.mark.parametrize("status", [401, 500])
def test_a_model_that_refuses_is_told_by_its_status(status: int) -> None:
    respond = httpx.MockTransport(lambda request: httpx.Response(status, text="a secret"))
    with pytest.raises(PortError, match=f"^model: HTTP {status}$"):
        answer(ModelChoice("url", url="http://models"), respond)
