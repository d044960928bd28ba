"""One voice request as Vapi makes it, with the arrival of every byte on record."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from providers.emulator.credentials import Credentials
from providers.emulator.failures import NETWORK_ERRORS, explained
from providers.emulator.sound import decoded, first_audible


@dataclass(frozen=True, slots=True)
class RecordedResponse:
    """What came back, and when."""

    status: int
    content_type: str
    body: bytes
    arrivals: tuple[tuple[float, int], ...]
    """(seconds after the request left, bytes received so far), one per piece as it came off the socket."""
    total: float
    """Seconds until the last byte, the abort or the hang-up."""
    complete: bool
    """False when the server broke off; True also when it was we who hung up."""
    location: str = ""
    """Where a redirect points to; empty without one."""
    coding: str = ""
    """Content coding of the body on the wire, such as ``gzip``; `body` and `arrivals` are decoded already."""

    @property
    def first_byte(self) -> float | None:
        """Seconds."""
        return self.arrivals[0][0] if self.arrivals else None


@dataclass(frozen=True, slots=True)
class Playback:
    """An answer played against a clock from its first byte on, as the platform does."""

    duration: float
    """Seconds of sound."""
    first_audible: float | None
    """Seconds from the request to the first sample a caller can hear."""
    stalled: float
    """Seconds of dead air because the next sample was not there yet."""

    @property
    def continuity(self) -> float:
        """Share of the playing time without dead air, 0 … 1."""
        return self.duration / (self.duration + self.stalled) if self.duration else 1.0


def played(answer: RecordedResponse, rate: int) -> Playback:
    """Play an answer: each piece sounds when it is there and the one before it is over."""
    begin = answer.first_byte
    if begin is None:
        return Playback(0.0, None, 0.0)
    loud = first_audible(decoded(answer.body))
    heard: float | None = None
    stalled, played_bytes = 0.0, 0
    for arrived, received in answer.arrivals:
        stalled = max(stalled, arrived - (begin + played_bytes / 2 / rate))
        if heard is None and loud is not None and received // 2 > loud:
            heard = begin + stalled + loud / rate
        played_bytes = received
    return Playback(len(answer.body) / 2 / rate, heard, stalled)


async def post(
    client: httpx.AsyncClient,
    url: str,
    body: bytes,
    *,
    credentials: Credentials,
    content_type: str = "application/json",
    hang_up_after: int | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> RecordedResponse:
    """POST a body and read the answer to its end, or hang up once ``hang_up_after`` bytes are here.

    Raises
    ------
    Unreachable
        No answer at all; a body that breaks off is an `Answer` that is not complete.
    """
    headers = {"Content-Type": content_type, **credentials.headers(body)}
    request = client.build_request("POST", credentials.address(url), content=body, headers=headers)
    begin = clock()
    try:
        response = await _sent(client, request)
    except NETWORK_ERRORS as fault:
        raise explained(url, fault) from fault
    try:
        return await _read(response, begin, hang_up_after, clock)
    finally:
        await response.aclose()


async def _sent(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """Send, and once more if the server was just closing the connection that was kept from the request before."""
    try:
        return await client.send(request, stream=True)
    except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
        return await client.send(request, stream=True)


async def _read(
    response: httpx.Response, begin: float, hang_up_after: int | None, clock: Callable[[], float]
) -> RecordedResponse:
    received = bytearray()
    arrivals: list[tuple[float, int]] = []
    complete = True
    try:
        async for piece in response.aiter_bytes():
            received += piece
            arrivals.append((clock() - begin, len(received)))
            if hang_up_after is not None and len(received) >= hang_up_after:
                break
    except (httpx.TransportError, httpx.DecodingError):
        complete = False
    headers = response.headers
    return RecordedResponse(
        response.status_code,
        headers.get("content-type", ""),
        bytes(received),
        tuple(arrivals),
        clock() - begin,
        complete,
        location=headers.get("location", ""),
        coding=headers.get("content-encoding", ""),
    )
