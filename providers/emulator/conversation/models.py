"""Models for the live driver: scripted replies, an echo, any OpenAI-compatible address."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Any

import httpx
import msgspec

from providers.emulator.conversation.assistant import Model
from providers.emulator.conversation.ports import Messages, ModelPort, PortError, ToolWish
from providers.emulator.failures import bare

_FIRST_WORD_TIMEOUT = 20.0
"""Seconds."""
_LONGEST_LINE = 1 << 20


class ScriptedReplies:
    """A model that gives its replies one after the other; after the last one it says nothing."""

    def __init__(self, replies: Sequence[str], *, repeat_last: bool = True) -> None:
        self._replies = replies
        self._repeat_last = repeat_last
        self._given = 0

    async def answer(self, messages: Messages) -> AsyncGenerator[str | ToolWish, None]:
        """The next reply, word by word."""
        index = min(self._given, len(self._replies) - 1) if self._repeat_last else self._given
        self._given += 1
        for word in self._replies[index].split(" ") if 0 <= index < len(self._replies) else ():
            yield f"{word} "


class EchoReplies:
    """A model that says what the caller said."""

    async def answer(self, messages: Messages) -> AsyncGenerator[str | ToolWish, None]:
        """The caller's last words."""
        yield next((str(m.get("content") or "") for m in reversed(messages) if m.get("role") == "user"), "")


class OpenAIModel:
    """Any server that speaks OpenAI's chat completions with streaming.

    Parameters
    ----------
    url : str
        The base, such as ``https://host/v1``, or the whole address of the completions.
    key : str | None
        Sent as ``Authorization: Bearer …``.
    """

    def __init__(self, url: str, model: Model, *, key: str | None = None) -> None:
        self._url = url if url.rstrip("/").endswith("/chat/completions") else f"{url.rstrip('/')}/chat/completions"
        self._model = model
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.AsyncClient(headers=headers, timeout=httpx.Timeout(_FIRST_WORD_TIMEOUT))

    async def answer(self, messages: Messages) -> AsyncGenerator[str | ToolWish, None]:
        """Words as the server sends them; its wishes for tools once they are complete."""
        wishes: dict[int, list[str]] = {}
        try:
            async with self._client.stream("POST", self._url, json=self._request(messages)) as response:
                if response.status_code != 200:
                    raise PortError(f"{bare(self._url)}: HTTP {response.status_code} from the model")
                async for line in response.aiter_lines():
                    for delta in _deltas(line):
                        _collect(wishes, delta)
                        if isinstance(delta.get("content"), str) and delta["content"]:
                            yield delta["content"]
        except httpx.HTTPError as error:
            raise PortError(f"{bare(self._url)}: no answer from the model: {type(error).__name__}") from error
        for identity, name, arguments in wishes.values():
            yield ToolWish(identity, name, _parameters(arguments))

    async def aclose(self) -> None:
        """Drop the kept connections."""
        await self._client.aclose()

    def _request(self, messages: Messages) -> dict[str, Any]:
        model = self._model
        made: dict[str, Any] = {"model": model.model or "default", "messages": list(messages), "stream": True}
        tools = [_described(tool) for tool in model.tools]
        if tools:
            made["tools"] = tools
        if model.temperature is not None:
            made["temperature"] = model.temperature
        if model.max_tokens is not None:
            made["max_tokens"] = model.max_tokens
        return made


def model_of(model: Model, *, url: str | None = None, key: str | None = None, replies: Sequence[str] = ()) -> ModelPort:
    """The model that an assistant names: ``echo``, ``scripted``, or the address of one."""
    address = url or model.url
    if address is not None:
        return OpenAIModel(address, model, key=key)
    return EchoReplies() if model.provider == "echo" else ScriptedReplies(replies)


def _deltas(line: str) -> Iterator[dict[str, Any]]:
    """What one line of an event stream adds."""
    if not line.startswith("data:") or len(line) > _LONGEST_LINE:
        return
    with contextlib.suppress(msgspec.DecodeError):
        event = msgspec.json.decode(line[5:].strip().encode())
        choices = event.get("choices") if isinstance(event, dict) else None
        for choice in choices if isinstance(choices, list) else ():
            delta = choice.get("delta") if isinstance(choice, dict) else None
            if isinstance(delta, dict):
                yield delta


def _collect(wishes: dict[int, list[str]], delta: dict[str, Any]) -> None:
    """Add a piece of a tool call: [identity, name, arguments so far]."""
    for call in delta.get("tool_calls") or ():
        function = call.get("function") or {}
        wish = wishes.setdefault(int(call.get("index", 0)), ["", "", ""])
        wish[0] = wish[0] or str(call.get("id") or f"call-{len(wishes)}")
        wish[1] += str(function.get("name") or "")
        wish[2] += str(function.get("arguments") or "")


def _parameters(arguments: str) -> dict[str, Any]:
    try:
        found = json.loads(arguments or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


_OWN_TOOLS: dict[str, tuple[str, dict[str, Any]]] = {
    "endCall": ("End the call.", {}),
    "transferCall": ("Transfer the call.", {"destination": {"type": "string"}}),
    "dtmf": ("Press keys on the telephone.", {"dtmf": {"type": "string"}}),
}


def _described(tool: dict[str, Any]) -> dict[str, Any]:
    """A tool of the assistant's as a model is told of it."""
    if isinstance(tool.get("function"), dict):
        return {"type": "function", "function": tool["function"]}
    kind = str(tool.get("type"))
    text, properties = _OWN_TOOLS.get(kind, (str(tool.get("description") or kind), {}))
    schema = tool.get("body") if kind == "apiRequest" and isinstance(tool.get("body"), dict) else None
    described = {"name": str(tool.get("name") or kind), "description": text}
    return {"type": "function", "function": described | {"parameters": schema or _object(properties)}}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties}
