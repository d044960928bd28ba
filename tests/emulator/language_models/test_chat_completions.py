"""A model behind a real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from providers.emulator.conversation.ports import PortError, ToolWish
from providers.emulator.language_models.chat_completions import ChatCompletions, ChatOptions, completions_url
from tests.emulator.serving import served

KEY = "key-of-the-test"


class ChatServer:
    """Chat completions as OpenAI streams them, chosen by the name of the model."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.let_go = asyncio.Event()

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/v1/chat/completions", self.answer, methods=["POST"])])

    async def answer(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {KEY}":
            fault = {"error": {"message": "Incorrect API key provided", "type": "invalid_request_error"}}
            return JSONResponse(fault, status_code=401)
        body = await request.json()
        self.asked.append(body)
        return StreamingResponse(self.events(body["model"]), media_type="text/event-stream")

    async def events(self, model: str) -> AsyncIterator[str]:
        if model == "tools":
            function = {"name": "book", "arguments": '{"seats": 7}'}
            yield self.event(tool_calls=[{"index": 0, "id": "call_a", "function": function}])
        else:
            for word in ("Good ", "day."):
                yield self.event(content=word)
        if model != "broken":
            yield "data: [DONE]\n\n"

    def event(self, **delta: Any) -> str:
        return "data: " + json.dumps({"choices": [{"delta": delta}]}) + "\n\n"


@pytest.fixture
def chat() -> Iterator[tuple[ChatServer, str]]:
    server = ChatServer()
    with served(server.app()) as base:
        yield server, f"{base}/v1"


def answered(options: ChatOptions, *messages: dict[str, Any]) -> list[object]:
    async def collect() -> list[object]:
        async with ChatCompletions(options) as model:
            return [piece async for piece in model.answer(messages)]

    return asyncio.run(collect())


def test_words_come_as_they_are_streamed(chat: tuple[ChatServer, str]) -> None:
    server, url = chat
    said = {"role": "user", "content": "Hello"}
    assert answered(ChatOptions(url, "words", KEY, temperature=0.2, max_tokens=40), said) == ["Good ", "day."]
    expected = {"model": "words", "messages": [said], "stream": True, "temperature": 0.2, "max_tokens": 40}
    assert server.asked == [expected]


def test_a_tool_is_offered_in_the_openai_spelling_and_wished_for(chat: tuple[ChatServer, str]) -> None:
    server, url = chat
    function = {"name": "book", "parameters": {"type": "object"}}
    tools = ({"type": "function", "function": function, "server": {"url": "https://x"}}, {"type": "endCall"})
    assert answered(ChatOptions(url, "tools", KEY, tools=tools)) == [ToolWish("call_a", "book", {"seats": 7})]
    assert server.asked[0]["tools"] == [{"type": "function", "function": function}]


def test_a_wrong_key_is_told_without_the_key(chat: tuple[ChatServer, str]) -> None:
    with pytest.raises(PortError, match="HTTP 401: the model's server wants a key .*: Incorrect API key") as raised:
        answered(ChatOptions(chat[1], "words", "another-key"))
    assert "another-key" not in str(raised.value)


def test_a_body_that_breaks_off_is_told(chat: tuple[ChatServer, str]) -> None:
    with pytest.raises(PortError, match="broke off"):
        answered(ChatOptions(chat[1], "broken", KEY))


def test_an_address_without_a_server_is_told(chat: tuple[ChatServer, str]) -> None:
    with pytest.raises(PortError, match="http://127.0.0.1:1/v1/chat/completions: "):
        answered(ChatOptions("http://127.0.0.1:1/v1?token=hidden", "words", KEY))
    with pytest.raises(PortError, match="HTTP 404: there is no such model"):
        answered(ChatOptions(f"{chat[1]}/elsewhere", "words", KEY))


def test_an_answer_that_is_dropped_closes_its_connection(chat: tuple[ChatServer, str]) -> None:
    async def first_word() -> object:
        async with ChatCompletions(ChatOptions(chat[1], "words", KEY)) as model:
            answer = model.answer([])
            word = await anext(answer)
            await answer.aclose()
            return word

    assert asyncio.run(first_word()) == "Good "


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://h/v1", "https://h/v1/chat/completions"),
        ("https://h/v1/", "https://h/v1/chat/completions"),
        ("https://h/v1/chat/completions?api-version=1", "https://h/v1/chat/completions?api-version=1"),
    ],
)
def test_the_address_may_be_the_base_or_the_endpoint(url: str, address: str) -> None:
    assert completions_url(url) == address


def test_a_key_is_never_shown() -> None:
    assert KEY not in repr(ChatOptions("https://h", "m", KEY, headers={"api-key": KEY}))
