"""Where an assistant's words come from: its own model, the command line's, or replies without a model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from providers.emulator.conversation.assistant import Model
from providers.emulator.conversation.ports import ModelPort
from providers.emulator.language_models.canned import EchoReplies, ScriptedReplies
from providers.emulator.language_models.chat_completions import ChatCompletions, ChatOptions
from providers.emulator.running_servers import origin

Json = dict[str, Any]

_OWN_TOOLS: dict[str, tuple[str, Json]] = {
    "endCall": ("End the call.", {}),
    "transferCall": ("Transfer the call.", {"destination": {"type": "string"}}),
    "dtmf": ("Press keys on the telephone.", {"dtmf": {"type": "string"}}),
}
"""Tools of the platform's own that an assistant names by their type alone: what a model is told of each."""


@dataclass(frozen=True, slots=True)
class Words:
    """What the command line says of models."""

    url: str | None = None
    key: str | None = field(default=None, repr=False)
    """Goes to ``url`` alone."""
    replies: tuple[str, ...] = ()


@asynccontextmanager
async def model_of(model: Model, words: Words) -> AsyncIterator[ModelPort]:
    """The model of an assistant while a call lasts."""
    if model.url is None:
        yield ScriptedReplies(words.replies) if model.provider == "scripted" else EchoReplies()
        return
    ours = words.url is not None and origin(words.url) == origin(model.url)
    options = ChatOptions(
        model.url,
        model.model or "default",
        words.key if ours else None,
        temperature=model.temperature,
        max_tokens=model.max_tokens,
        tools=[_offered(tool) for tool in model.tools],
    )
    async with ChatCompletions(options) as completions:
        yield completions


def _offered(tool: Json) -> Json:
    """A tool with the function that a model is told of."""
    if isinstance(tool.get("function"), dict):
        return tool
    kind = str(tool.get("type", ""))
    text, properties = _OWN_TOOLS.get(kind, (str(tool.get("description") or kind), {}))
    body = tool.get("body")
    schema = body if kind == "apiRequest" and isinstance(body, dict) else {"type": "object", "properties": properties}
    return tool | {"function": {"name": str(tool.get("name") or kind), "description": text, "parameters": schema}}
