"""The customer's side of a conversation: the model, the tools, and the Server URL."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import msgspec

from providers.emulator.conversation.assistant import Model, Server
from providers.emulator.conversation.ports import ModelPort
from providers.emulator.credentials import SentCredentials
from providers.emulator.http_client import HttpClient
from providers.emulator.language_models.canned import HEARD, EchoReplies
from providers.emulator.platform.authentication import Tokens
from providers.emulator.platform.keyring import Keyring
from providers.emulator.platform.ports import address_of
from providers.emulator.platform.server_url import Json, ServerUrl
from providers.emulator.platform.words import Words, model_of
from providers.emulator.protocol import call_context

_TIMEOUT = 20.0
_GOODBYE = 2.0
"""Seconds for the messages that are still queued when the conversation has ended."""


@asynccontextmanager
async def talking_model(model: Model, words: Words) -> AsyncGenerator[ModelPort, None]:
    """The assistant's model; without one, an echo that says what was understood."""
    if model.url is None and model.provider != "scripted":
        yield EchoReplies(HEARD)
        return
    async with model_of(model, words) as found:
        yield found


@asynccontextmanager
async def server_side(
    server: Server | None, call_id: str, *, credentials: SentCredentials, trusted: str | None
) -> AsyncGenerator[ServerUrl, None]:
    """The Server URL while a conversation lasts; ``credentials`` go to ``trusted`` alone."""
    client = HttpClient(timeout=_TIMEOUT)
    keyring = Keyring(Tokens(client), credentials, frozenset((trusted,) if trusted else ()))

    def wrapped(message: Json) -> bytes:
        return msgspec.json.encode({"message": {**call_context(call_id), **message}})

    line = ServerUrl(address_of(server) if server is not None else None, keyring, client, wrapped)
    delivering = asyncio.create_task(line.run())
    try:
        yield line
    finally:
        line.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(delivering, _GOODBYE)
        client.close()
