"""Many calls at once against a real server: how many are joined by their second turn, and whether any is wrong."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.calls.local_server import local_server
from benchmarks.calls.scripted import ScriptedVoice
from providers.engines.base import ListeningCapabilities, Transcript

__all__ = ["Joined", "join_calls"]

_WORDS = (
    "red blue green one two three four five monday friday table parcel invoice doctor north south yes no please "
    "tomorrow evening number again order window seat train hotel night address street"
).split()
_GREETING = "How can I help you today?"


@dataclass(frozen=True)
class Joined:
    """Outcome of one run."""

    calls: int
    right: int
    """Calls whose socket and id the server has joined."""
    wrong: int
    """Calls with somebody else's words."""
    ways: dict[str, int]


@dataclass(frozen=True)
class _Typist:
    """A recogniser that is told what was said: the sound of a call is its text, one byte per letter and channel."""

    name: str = "typist"
    capabilities: ListeningCapabilities = ListeningCapabilities(punctuates=True, partials=True)

    async def start(self) -> None: ...

    async def aclose(self) -> None: ...

    @asynccontextmanager
    async def listen(self, *, rate: int, channels: int = 1) -> AsyncGenerator[_Typed, None]:
        yield _Typed()


class _Typed:
    def __init__(self) -> None:
        self._told: asyncio.Queue[Transcript] = asyncio.Queue()

    async def push(self, pcm: bytes, /) -> None:
        text = pcm[::2].decode("ascii")
        self._told.put_nowait(Transcript(text.removesuffix("/"), final=not text.endswith("/")))

    async def finish(self) -> None: ...

    async def __aiter__(self) -> AsyncIterator[Transcript]:
        while True:
            yield await self._told.get()


@dataclass(frozen=True)
class _Caller:
    name: str
    socket: ClientConnection
    http: httpx.AsyncClient
    query: str
    seed: int

    async def greet(self) -> None:
        message = {"type": "voice-request", "text": _GREETING, "sampleRate": 8000, "call": {"id": self.name}}
        await self.http.post(f"/api/custom-voice{self.query}", json={"message": message})

    async def turns(self, count: int, pause: float) -> list[str]:
        """Say so many things, each with a partial before it; the first is the same for all.

        Parameters
        ----------
        pause
            Seconds of the assistant's answer.
        """
        rng, said = random.Random(self.seed), list[str]()
        for turn in range(count):
            await asyncio.sleep(rng.uniform(0, pause))
            words = ["Yes"] if turn == 0 else rng.choices(_WORDS, k=rng.randint(2, 6))
            if len(words) > 2:
                await self._say(" ".join(words[:2]), final=False)
            await self._say(" ".join([*words[:-1], words[-1] + "."]), final=True)
            said.append(" ".join(words) + ".")
            await asyncio.sleep(pause)
        return said

    async def _say(self, text: str, *, final: bool) -> None:
        typed = (text if final else text + "/").encode("utf-16-le")
        await self.socket.send(b"".join(typed[at : at + 2] * 2 for at in range(0, len(typed), 2)))
        await self.socket.recv()
        message = {
            "type": "call.endpointing.request",
            "call": {"id": self.name},
            "messagesOpenAIFormatted": [{"role": "user", "content": text}],
        }
        await self.http.post(f"/api/custom-endpointing{self.query}", json={"message": message})


def join_calls(calls: int = 200, *, keys: bool, pause: float = 3.0, seed: int = 1) -> Joined:
    """Play calls at the same time and compare what the server has joined with what is true."""
    return asyncio.run(_join_calls(calls, keys=keys, pause=pause, seed=seed))


async def _join_calls(calls: int, *, keys: bool, pause: float, seed: int) -> Joined:
    changes = {"max_calls": calls + 10, "max_voices": calls + 10}
    with local_server(voice=ScriptedVoice(), transcriber=_Typist(), **changes) as server:
        async with AsyncExitStack() as stack:
            limits = httpx.Limits(max_connections=100)
            http = httpx.AsyncClient(base_url=server.base, timeout=60, trust_env=False, limits=limits)
            await stack.enter_async_context(http)
            callers = [await _caller(stack, http, server.base, index, keys=keys, seed=seed) for index in range(calls)]
            await asyncio.gather(*(caller.greet() for caller in callers))
            said = await asyncio.gather(*(caller.turns(2, pause) for caller in callers))
            found = [(await http.get(f"/api/calls/{caller.name}")).json() for caller in callers]
    return _judged(said, found)


async def _caller(
    stack: AsyncExitStack, http: httpx.AsyncClient, base: str, index: int, *, keys: bool, seed: int
) -> _Caller:
    query = f"?call=key-{index}" if keys else ""
    url = base.replace("http", "ws", 1) + "/api/custom-transcriber" + query
    socket = await stack.enter_async_context(connect(url, compression=None))
    start = {"type": "start", "encoding": "linear16", "container": "raw", "sampleRate": 8000, "channels": 2}
    await socket.send(json.dumps(start))
    return _Caller(f"call-{index}", socket, http, query, seed * 100_000 + index)


def _judged(said: list[list[str]], found: list[dict[str, Any]]) -> Joined:
    outcome = Joined(len(said), 0, 0, {})
    for spoken, call in zip(said, found, strict=True):
        finals = [line["text"] for line in call["transcript"] if line["speaker"] == "customer"]
        if call["joined"] is None:
            continue
        ways = outcome.ways | {call["joined"]: outcome.ways.get(call["joined"], 0) + 1}
        right = finals == spoken
        outcome = replace(outcome, right=outcome.right + right, wrong=outcome.wrong + (not right), ways=ways)
    return outcome
