"""Whether a server is there at all, told by TCP and by requests that a server really gets."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from providers.emulator.audio_frames import paced
from providers.emulator.check.probe_texts import ProbeTexts
from providers.emulator.failures import NETWORK_ERRORS, ServerRefused, explained
from providers.emulator.http_client import HttpClient, post
from providers.emulator.protocol import ConversationTurn, endpointing_body, voice_body
from providers.emulator.targets import Targets
from providers.emulator.transcriber_client import TranscriberCall

_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
_TURN = ConversationTurn("user", "Yes, that is right.")


async def reach(targets: Targets, timeout: float) -> None:
    """One request to every endpoint and one call; any answer counts, even a refusal.

    Raises
    ------
    Unreachable
        An endpoint does not answer.
    """
    await reach_by_request(targets, timeout)
    if targets.transcriber is not None:
        try:
            await TranscriberCall(targets.transcriber, targets.credentials, None, open_timeout=timeout).run(paced(()))
        except ServerRefused:
            return


async def reach_by_request(targets: Targets, timeout: float) -> None:
    """A TCP connection to every endpoint, and a request that a server really gets; no call is made.

    Raises
    ------
    Unreachable
        An endpoint does not answer.
    """
    for url in (targets.voice, targets.endpointing, targets.transcriber):
        if url is not None:
            await connect(url, timeout)
    requests = (
        (targets.voice, voice_body(ProbeTexts().short(), 24000)),
        (targets.endpointing, endpointing_body((_TURN,))),
    )
    for url, body in requests:
        if url is not None:
            async with HttpClient(timeout=timeout) as client:
                await post(client, url, body, credentials=targets.credentials, hang_up_after=1)


async def connect(url: str, timeout: float) -> None:
    """Open a TCP connection and close it.

    Raises
    ------
    Unreachable
        The connection is refused, or does not come about in time.
    """
    parts = urlsplit(url)
    try:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or _PORTS[parts.scheme])
    except NETWORK_ERRORS as fault:
        raise explained(url, fault) from fault
    writer.transport.abort()
