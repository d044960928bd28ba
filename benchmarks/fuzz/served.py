"""Mutated requests and frame sequences against the default stack over real sockets."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from benchmarks.fuzz.material import ENDPOINTING, START, VOICE, mutated

__all__ = ["FuzzOutcome", "attack"]

_AT_ONCE = 8
_CONTENT = {"Content-Type": "application/json"}
_FAULTS = frozenset({500, 502, "dropped"})
"""What only a mistake of the server, or of its embedded engine, explains."""


@dataclass
class FuzzOutcome:
    """Results of an attack."""

    requests: Counter[str] = field(default_factory=Counter)
    """How often each status or close code came, by endpoint."""
    faults: list[str] = field(default_factory=list)
    """Inputs that the server answered with a fault of its own."""

    def add(self, endpoint: str, status: object, body: bytes) -> None:
        """Count one answer."""
        self.requests[f"{endpoint} {status}"] += 1
        if status in _FAULTS:
            self.faults.append(f"{endpoint}: {status} for {body[:300]!r}")


async def attack(url: str, cases: int, *, seed: int) -> FuzzOutcome:
    """Send ``cases`` mutated inputs, several at once."""
    outcome = FuzzOutcome()
    rng = random.Random(seed)  # repeatable
    work: list[tuple[str, bytes]] = []
    for number in range(cases):
        endpoint, seeds = (("voice", VOICE), ("endpointing", ENDPOINTING), ("transcriber", START))[number % 3]
        work.append((endpoint, mutated(rng, seeds)))
    waiting = iter(work)
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        await asyncio.gather(*(_attacker(client, url, waiting, outcome) for _ in range(_AT_ONCE)))
    return outcome


async def _attacker(
    client: httpx.AsyncClient, url: str, waiting: Iterator[tuple[str, bytes]], outcome: FuzzOutcome
) -> None:
    for endpoint, body in waiting:
        if endpoint == "transcriber":
            outcome.add(endpoint, await _call(url, body), body)
            continue
        try:
            response = await client.post(f"/api/custom-{endpoint}", content=body, headers=_CONTENT)
            outcome.add(endpoint, response.status_code, body)
        except httpx.HTTPError:
            outcome.add(endpoint, "dropped", body)


async def _call(url: str, body: bytes) -> Any:
    """Open a call, send the mutated start and the same bytes as audio, and leave; the close code if there is one."""
    address = f"ws://{urlsplit(url).netloc}/api/custom-transcriber"
    try:
        async with connect(address, compression=None, close_timeout=2) as socket:
            await socket.send(body.decode(errors="replace"))
            for size in (1, 3, len(body)):
                await socket.send(body[:size])
            await socket.close()
            return socket.close_code
    except WebSocketException as refused:
        response = getattr(refused, "response", None)
        return response.status_code if response is not None else type(refused).__name__
    except OSError:
        return "dropped"
