"""The assistant's words in the playground: an echo, lines that were written down, or any OpenAI-compatible model."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from providers.emulator.conversation.ports import ModelPort
from providers.emulator.language_models.canned import HEARD, EchoReplies, ScriptedReplies
from providers.emulator.language_models.chat_completions import ChatCompletions, ChatOptions
from providers.playground.wire import ModelChoice

__all__ = ["model_of"]


@asynccontextmanager
async def model_of(chosen: ModelChoice) -> AsyncGenerator[ModelPort, None]:
    """The model that a page has chosen, while a call lasts."""
    if chosen.kind == "url":
        async with ChatCompletions(
            ChatOptions(chosen.url, chosen.name, key_source="the playground sends none")
        ) as completions:
            yield completions
    elif chosen.kind == "scripted" and chosen.replies:
        yield ScriptedReplies(chosen.replies)
    else:
        yield EchoReplies(HEARD)
