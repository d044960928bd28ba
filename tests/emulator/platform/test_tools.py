"""Tools of the customer's: whose server is asked, what the answer means, and what a failure tells the model."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from providers.emulator.conversation.commands import AskDestination, CallTool
from providers.emulator.conversation.ports import PortError
from providers.emulator.http_client import HttpClient
from providers.emulator.platform.authentication import Tokens
from providers.emulator.platform.keyring import Address, Keyring
from providers.emulator.platform.server_url import ServerUrl
from providers.emulator.platform.tools import ServerTools
from tests.emulator.platform.webhook import Webhook
from tests.emulator.serving import served

Json = dict[str, Any]


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    """Somebody's API: it tells what it was asked."""

    async def asked(request: Request) -> Response:
        if request.headers.get("x-key") != "k":
            return Response(status_code=403)
        sent = dict(request.query_params) if request.method == "GET" else await request.json()
        return JSONResponse({"method": request.method, "sent": sent})

    with served(Starlette(routes=[Route("/weather", asked, methods=["GET", "POST"])])) as url:
        yield f"{url}/weather"


def used(url: str | None, wanted: CallTool | AskDestination) -> Any:
    """What comes of a tool at a Server URL."""

    async def use() -> Any:
        client = HttpClient(timeout=5)
        address = Address(url) if url is not None else None
        line = ServerUrl(address, Keyring(Tokens(client)), client, lambda each: msgspec.json.encode({"message": each}))
        delivering = asyncio.create_task(line.run())
        tools = ServerTools(line)
        try:
            return await (tools.call(wanted) if isinstance(wanted, CallTool) else tools.destination(wanted))
        finally:
            line.close()
            await delivering
            client.close()

    return asyncio.run(use())


def tool(**described: Any) -> CallTool:
    return CallTool("call-1", "weather", {"city": "Rome"}, described)


def result(**fields: Any) -> Json:
    return {"results": [{"name": "other", "toolCallId": "call-0", "result": "no"}, {"toolCallId": "call-1", **fields}]}


def test_a_tools_own_server_takes_precedence_and_its_answer_is_the_one_of_this_call() -> None:
    with Webhook({"tool-calls": result(result="sunny")}) as own, Webhook() as other:
        assert used(other.hook, tool(server={"url": own.hook, "secret": "s"})) == "sunny"
        assert other.messages == []
        assert own.headers[0]["x-vapi-secret"] == "s"
        [listed] = own.messages[0]["toolWithToolCallList"]
        assert listed["toolCall"]["id"] == "call-1"


@pytest.mark.parametrize(
    ("answer", "text"),
    [(result(result={"degrees": 20}), '{"degrees": 20}'), (result(), ""), ({}, ""), ({"results": [1]}, "")],
)
def test_a_result_is_text_for_the_model(answer: Json, text: str) -> None:
    with Webhook({"tool-calls": answer}) as hook:
        assert used(hook.hook, tool()) == text


@pytest.mark.parametrize(
    ("answer", "told"),
    [(result(error="no such city"), "no such city"), ({"error": "closed"}, "closed"), (500, "HTTP 500")],
)
def test_a_failure_tells_the_model_why(answer: Json | int, told: str) -> None:
    with Webhook({"tool-calls": answer}) as hook, pytest.raises(PortError, match=told):
        used(hook.hook, tool())


def test_nobody_waits_for_a_tool_that_is_asynchronous() -> None:
    with Webhook({"tool-calls": result(result="late")}) as hook:
        assert used(hook.hook, tool(**{"async": True})) == "Success."
        assert hook.types() == ["tool-calls"]


def test_an_api_request_goes_to_its_address(api: str) -> None:
    headers = {"type": "object", "properties": {"X-Key": {"type": "string", "value": "k"}}}
    found = {
        method: msgspec.json.decode(used(None, tool(type="apiRequest", url=api, method=method, headers=headers)))
        for method in ("GET", "POST")
    }
    assert found == {method: {"method": method, "sent": {"city": "Rome"}} for method in ("GET", "POST")}
    with pytest.raises(PortError, match="HTTP 403"):
        used(None, tool(type="apiRequest", url=f"{api}?key=hush"))


def test_the_server_url_says_where_a_transfer_goes() -> None:
    number = {"type": "number", "number": "+15550100"}
    message = {"type": "request-start", "message": "One moment."}
    asked = AskDestination("call-1", {})
    with Webhook({"transfer-destination-request": {"destination": number, "message": message}}) as hook:
        assert used(hook.hook, asked) == (number, "One moment.")
    with Webhook() as hook:
        assert used(hook.hook, asked) == (None, None)
