"""Tools of the customer's: called by the Server URL, by their own server, or, for ``apiRequest``, at their address."""

from __future__ import annotations

import json
from typing import Any

import httpx

from providers.emulator.conversation.commands import AskDestination, CallTool
from providers.emulator.conversation.ports import PortError
from providers.emulator.failures import EmulatorError, bare
from providers.emulator.platform.keyring import Address
from providers.emulator.platform.server_url import ServerUrl

Json = dict[str, Any]

_LONGEST_RESULT = 64 * 1024
"""Characters of a result that a model is given."""
_TIMEOUT = 20.0


class ServerTools:
    """The tools of one call."""

    def __init__(self, server: ServerUrl) -> None:
        self._server = server

    async def call(self, wanted: CallTool, /) -> str:
        """The result of a tool.

        Raises
        ------
        PortError
            It failed.
        """
        if wanted.tool.get("type") == "apiRequest":
            return await _requested(wanted)
        message = _listed(wanted)
        if wanted.tool.get("async"):
            self._server.tell(message)
            return "Success."
        answer = await self._asked(message, _own_server(wanted.tool))
        for result in answer.get("results") or ():
            if isinstance(result, dict) and result.get("toolCallId") in (wanted.tool_call_id, None):
                return _result(result)
        if isinstance(answer.get("error"), str):
            raise PortError(answer["error"][:_LONGEST_RESULT])
        return ""

    async def destination(self, wanted: AskDestination, /) -> tuple[Json | None, str | None]:
        """Where a transfer goes, and what to say before."""
        answer = await self._asked({"type": "transfer-destination-request"}, None)
        found, message = answer.get("destination"), answer.get("message")
        if isinstance(message, dict):
            message = message.get("message") or message.get("content")
        return found if isinstance(found, dict) else None, message if isinstance(message, str) else None

    async def _asked(self, message: Json, server: Address | None) -> Json:
        try:
            return await self._server.ask(message, server=server) or {}
        except EmulatorError as fault:
            raise PortError(str(fault)) from None


def _own_server(tool: Json) -> Address | None:
    """A tool's own server, which takes precedence."""
    server = tool.get("server")
    if not isinstance(server, dict) or not isinstance(server.get("url"), str):
        return None
    known = {name: server[name] for name in ("timeoutSeconds", "headers", "secret", "credentialId") if name in server}
    return Address(
        server["url"],
        timeout_seconds=float(known.get("timeoutSeconds", _TIMEOUT)),
        headers=known.get("headers") or {},
        secret=known.get("secret"),
        credential_id=known.get("credentialId"),
    )


def _listed(wanted: CallTool) -> Json:
    """``tool-calls``: ``parameters`` as the newer spelling has it, ``function.arguments`` as the older."""
    function = {"name": wanted.name, "arguments": json.dumps(wanted.parameters)}
    call = {
        "id": wanted.tool_call_id,
        "type": "function",
        "name": wanted.name,
        "parameters": wanted.parameters,
        "function": function,
    }
    return {
        "type": "tool-calls",
        "toolCallList": [call],
        "toolWithToolCallList": [{**wanted.tool, "name": wanted.name, "toolCall": call}],
    }


def _result(result: Json) -> str:
    """What a result says.

    Raises
    ------
    PortError
        It says that the tool failed.
    """
    if result.get("error") is not None and result.get("result") is None:
        raise PortError(str(result["error"])[:_LONGEST_RESULT])
    said = result.get("result")
    return (said if isinstance(said, str) else json.dumps(said) if said is not None else "")[:_LONGEST_RESULT]


async def _requested(wanted: CallTool) -> str:
    """The answer of an ``apiRequest`` tool's address."""
    tool = wanted.tool
    url, method = str(tool.get("url", "")), str(tool.get("method", "POST")).upper()
    schema = tool.get("headers")
    properties = schema.get("properties") if isinstance(schema, dict) else None
    fixed = properties.items() if isinstance(properties, dict) else ()
    headers = {name: str(entry["value"]) for name, entry in fixed if isinstance(entry, dict) and "value" in entry}
    carried: Json = {"params": wanted.parameters} if method == "GET" else {"json": wanted.parameters}
    try:
        async with httpx.AsyncClient(timeout=float(tool.get("timeoutSeconds", _TIMEOUT))) as client:
            answer = await client.request(method, url, headers=headers, **carried)
    except (httpx.HTTPError, httpx.InvalidURL) as fault:
        raise PortError(f"{bare(url)}: {type(fault).__name__}") from None
    if not answer.is_success:
        raise PortError(f"{bare(url)}: HTTP {answer.status_code}")
    return answer.text[:_LONGEST_RESULT]
