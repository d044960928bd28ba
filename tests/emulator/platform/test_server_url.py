"""Messages to a Server URL: in order, again where a plan says so, and never at the cost of the call."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from providers.emulator.failures import EmulatorError
from providers.emulator.http_client import HttpClient
from providers.emulator.platform import server_url
from providers.emulator.platform.authentication import Credential, Tokens
from providers.emulator.platform.keyring import Address, Keyring
from providers.emulator.platform.server_url import LONGEST_QUEUE, ServerUrl
from tests.emulator.platform.webhook import Webhook

Json = dict[str, Any]


def wrapped(message: Json) -> bytes:
    return msgspec.json.encode({"message": message})


def talk(
    address: Json | None, script: Callable[[ServerUrl], Awaitable[Any]], *credentials: Json
) -> tuple[ServerUrl, Any]:
    """Run a script over a line to a server, and deliver all it queued."""

    async def run() -> tuple[ServerUrl, Any]:
        client = HttpClient(timeout=5)
        keyring = Keyring(Tokens(client)).with_inline(
            [{"provider": "custom-credential", **each} for each in credentials]
        )
        line = ServerUrl(msgspec.convert(address, Address) if address else None, keyring, client, wrapped)
        running = asyncio.create_task(line.run())
        try:
            answer = await script(line)
        finally:
            line.close()
            await running
            client.close()
        return line, answer

    return asyncio.run(run())


async def tell_all(line: ServerUrl, kinds: list[str]) -> None:
    for kind in kinds:
        line.tell({"type": kind})


def test_messages_arrive_in_the_order_in_which_they_happened() -> None:
    kinds = [f"kind-{index}" for index in range(40)]
    with Webhook() as server:
        line, _ = talk({"url": server.hook}, lambda line: tell_all(line, kinds))
        assert server.types() == kinds
        assert line.failed == 0


def test_a_question_keeps_its_place_and_its_answer_comes_back() -> None:
    results = {"results": [{"name": "f", "toolCallId": "1", "result": "sunny"}]}

    async def ask(line: ServerUrl) -> Json | None:
        await tell_all(line, ["status-update", "conversation-update"])
        answer = await line.ask({"type": "tool-calls"})
        line.tell({"type": "speech-update"})
        return answer

    with Webhook({"tool-calls": results}) as server:
        _, answer = talk({"url": server.hook}, ask)
        assert answer == results
        assert server.types() == ["status-update", "conversation-update", "tool-calls", "speech-update"]


def test_a_server_that_fails_loses_messages_and_not_the_call() -> None:
    with Webhook({"hang": 500}) as server:
        line, _ = talk({"url": server.hook}, lambda line: tell_all(line, ["hang", "status-update"]))
        assert server.types() == ["hang", "status-update"]
        assert line.failed == 1


def test_a_backoff_plan_asks_again_and_not_for_what_it_excludes() -> None:
    plan = {"type": "fixed", "maxRetries": 2, "baseDelaySeconds": 0, "excludedStatusCodes": [422]}
    with Webhook({"hang": 503, "status-update": 422}) as server:
        line, _ = talk(
            {"url": server.hook, "backoffPlan": plan}, lambda line: tell_all(line, ["hang", "status-update"])
        )
        assert server.types() == ["hang", "hang", "hang", "status-update"]
        assert line.failed == 2


def test_a_server_that_is_not_there_is_named() -> None:
    with Webhook() as server:
        gone = server.url
    with pytest.raises(EmulatorError, match="connection refused"):
        talk({"url": f"{gone}/hook?token=hush"}, lambda line: line.ask({"type": "tool-calls"}))


def test_without_a_server_url_nothing_is_kept_and_a_question_says_so() -> None:
    line, _ = talk(None, lambda line: tell_all(line, ["hang"]))
    assert (line.failed, line.left_out) == (0, 0)
    with pytest.raises(EmulatorError, match="tool-calls: no Server URL"):
        talk(None, lambda line: line.ask({"type": "tool-calls"}))


def test_a_slow_server_loses_chatty_messages_first() -> None:
    release = threading.Event()

    async def flood(line: ServerUrl) -> None:
        line.tell({"type": "status-update"})
        for _ in range(LONGEST_QUEUE):
            line.tell({"type": "transcript"})
        line.tell({"type": "end-of-call-report"})
        release.set()

    def held(message: Json) -> None:
        release.wait(10)

    with Webhook(before=held) as server:
        line, _ = talk({"url": server.hook}, flood)
        types = server.types()
    assert (types[0], types[-1]) == ("status-update", "end-of-call-report")
    assert line.left_out == LONGEST_QUEUE + 2 - len(types) > 0


@pytest.mark.parametrize(
    ("plan", "header", "value"),
    [
        ({"type": "bearer", "token": "t"}, "authorization", "Bearer t"),
        ({"type": "bearer", "token": "t", "headerName": "X-Api-Key", "bearerPrefixEnabled": False}, "x-api-key", "t"),
        (
            {"type": "oauth2", "url": "{url}/token", "clientId": "c", "clientSecret": "s"},
            "authorization",
            "Bearer token-1",
        ),
        ({"type": "hmac", "secretKey": "k", "algorithm": "sha256"}, "x-signature", None),
    ],
)
def test_a_message_carries_the_credential_its_server_names(plan: Json, header: str, value: str | None) -> None:
    with Webhook() as server:
        plan = {name: part.format(url=server.url) if isinstance(part, str) else part for name, part in plan.items()}
        address = {"url": server.hook, "credentialId": "c1", "secret": "legacy"}
        talk(address, lambda line: tell_all(line, ["hang"]), {"id": "c1", "authenticationPlan": plan})
        [headers] = server.headers
        assert headers["x-vapi-secret"] == "legacy"
        if value is not None:
            assert headers[header] == value
        else:
            told = msgspec.convert({"authenticationPlan": plan}, Credential).authentication_plan
            expected = told.headers(server.hook, server.bodies[0], float(headers["x-timestamp"]))  # type: ignore[union-attr]
            assert headers[header] == expected["x-signature"]


def test_a_question_waits_for_a_slow_server_only_as_long_as_a_caller_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_url, "_PATIENCE", 0.05)
    release = threading.Event()

    def slow(message: Json) -> None:
        if message["type"] == "tool-calls":
            release.set()

    async def ask(line: ServerUrl) -> Json | None:
        line.tell({"type": "hang"})
        return await line.ask({"type": "tool-calls"})

    class Slow(Webhook):
        async def _hook(self, request: Any) -> Any:
            if b"hang" in await request.body():
                while not release.is_set():
                    await asyncio.sleep(0.005)
            return await super()._hook(request)

    with Slow({"tool-calls": {"results": []}}, before=slow) as server:
        _, answer = talk({"url": server.hook}, ask)
        assert answer == {"results": []}
        assert server.types() == ["tool-calls", "hang"]
