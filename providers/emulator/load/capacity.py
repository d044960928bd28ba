"""How many calls a server says that it takes at once."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

import msgspec

from providers.emulator.failures import NETWORK_ERRORS, EmulatorError
from providers.emulator.http_client import HttpClient
from providers.emulator.protocol import TRANSCRIBER_PATH
from providers.emulator.targets import Targets

_READY_PATH = "/readyz"


class _Readiness(msgspec.Struct):
    max_calls: int | None


async def capacity(targets: Targets, *, timeout: float) -> int | None:
    """Calls at once, as ``/readyz`` beside the transcriber tells; None where it does not."""
    parts = urlsplit(targets.transcriber or "")
    if not parts.path.endswith(TRANSCRIBER_PATH):
        return None
    scheme = {"ws": "http", "wss": "https"}[parts.scheme]
    url = urlunsplit((scheme, parts.netloc, parts.path.removesuffix(TRANSCRIBER_PATH) + _READY_PATH, "", ""))
    async with HttpClient(timeout=timeout) as client:
        try:
            answer = await client.get(url)
            return msgspec.json.decode(answer.body, type=_Readiness).max_calls
        except (*NETWORK_ERRORS, EmulatorError, msgspec.DecodeError, UnicodeDecodeError):
            return None
