"""What a call reaches: clients of its endpoints, each with the credential its server wants; model and tools."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from providers.emulator.conversation.assistant import Assistant, Server, Transcriber
from providers.emulator.conversation.clients import CallIdentity, endpoints_of
from providers.emulator.conversation.ports import Ports
from providers.emulator.credentials import SentCredentials
from providers.emulator.failures import EmulatorError
from providers.emulator.platform.keyring import Address, Keyring
from providers.emulator.platform.server_url import ServerUrl
from providers.emulator.platform.tools import ServerTools
from providers.emulator.platform.words import Words, model_of

_log = logging.getLogger(__name__)

_RENEWAL = 10.0
"""Seconds between two looks at whether a token is about to end."""


def address_of(server: Server) -> Address:
    """A server of the conversation's, as requests need it."""
    return msgspec.convert(msgspec.to_builtins(server), Address)


def _servers(assistant: Assistant) -> Iterator[Server]:
    """Every server that a call of an assistant's asks."""
    smart = assistant.start_speaking_plan.smart_endpointing_plan
    found = [
        assistant.voice.server,
        *(each.server for each in assistant.voice.fallback_plan.voices),
        assistant.transcriber.server,
        *(each.server for each in assistant.transcriber.fallback_plan.transcribers),
        smart.server if smart is not None else None,
    ]
    yield from (server for server in found if server is not None)


@dataclass(frozen=True)
class KeyedIdentity(CallIdentity):
    """What all requests of a call carry, with the credential that each server names."""

    keyring: Keyring = field(kw_only=True)

    def credentials_for(self, server: Server) -> SentCredentials:
        """What goes into the address; the rest is in the headers, for a socket put there when its call begins."""
        return SentCredentials(token=self.keyring.given_for(server.url).token)

    def headers(self, server: Server, body: bytes) -> dict[str, str]:
        """The headers of a request."""
        return {"Content-Type": "application/json", **self.keyring.headers_now(address_of(server), body)}


@asynccontextmanager
async def call_ports(
    assistant: Assistant, identity: CallIdentity, *, keyring: Keyring, words: Words, server: ServerUrl
) -> AsyncIterator[Ports]:
    """The ports of one call while it lasts; tools are asked at ``server``, credentials are the keyring's."""
    addresses = [address_of(each) for each in _servers(assistant)]
    await _renewed(keyring, addresses)
    assistant = msgspec.structs.replace(assistant, transcriber=proven(assistant.transcriber, keyring))
    keyed = KeyedIdentity(
        identity.call_id, identity.rate, SentCredentials(), renders_urls=identity.renders_urls, keyring=keyring
    )
    found = endpoints_of(assistant, keyed)
    renewing = asyncio.create_task(_renewing(keyring, addresses))
    try:
        async with model_of(assistant.model, words) as model:
            yield Ports(found.voice, found.transcriber, model, found.endpointing, ServerTools(server))
    finally:
        renewing.cancel()
        found.close()


async def _renewing(keyring: Keyring, addresses: Sequence[Address]) -> None:
    """Fetch the tokens of a call's servers again before they end; until cancelled."""
    while True:
        await asyncio.sleep(_RENEWAL)
        await _renewed(keyring, addresses)


async def _renewed(keyring: Keyring, addresses: Sequence[Address]) -> None:
    try:
        await keyring.renew(addresses)
    except EmulatorError as fault:
        _log.warning("no token: %s", fault)


def proven(transcriber: Transcriber, keyring: Keyring) -> Transcriber:
    """A transcriber whose sockets' headers hold what proves the upgrade; it is signed over the empty body."""

    def headed(server: Server | None) -> Server | None:
        if server is None:
            return None
        headers = keyring.headers_now(address_of(server), b"")
        return msgspec.structs.replace(server, headers=headers, secret=None, credential_id=None)

    others = tuple(
        msgspec.structs.replace(each, server=headed(each.server)) for each in transcriber.fallback_plan.transcribers
    )
    plan = msgspec.structs.replace(transcriber.fallback_plan, transcribers=others)
    return msgspec.structs.replace(transcriber, server=headed(transcriber.server), fallback_plan=plan)


def server_address(raw: dict[str, Any] | None) -> Address | None:
    """A server of an assistant's, with what the conversation does not need to know of it."""
    return msgspec.convert(raw, Address) if raw else None
