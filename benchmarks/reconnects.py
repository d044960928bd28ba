"""Time from a cut socket to the replayed words, against a vendor on loopback."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from benchmarks.served import fast_loop
from providers.engines.base import ListeningCapabilities, Transcript
from providers.engines.events import EngineEvent
from providers.errors import EngineError
from providers.reconnect.reconnecting import Reconnecting

RATE = 8000
"""Hz."""
FRAME = np.full(160, 8000, dtype="<i2").tobytes()
"""20 ms, as loud as speech."""


class _Vendor:
    """A listening vendor on loopback: a partial for every 100 ms, and a cut whenever it is told."""

    def __init__(self) -> None:
        self.url = ""
        self._connection: ServerConnection | None = None

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[_Vendor]:
        async with serve(self._serve, "127.0.0.1", 0, compression=None) as server:
            self.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield self

    def cut(self) -> None:
        assert self._connection is not None
        self._connection.transport.abort()

    async def _serve(self, connection: ServerConnection) -> None:
        self._connection = connection
        heard = said = 0
        with suppress(ConnectionClosed):
            async for frame in connection:
                heard += len(frame)
                if heard - said >= 2 * RATE // 10:
                    said = heard
                    await connection.send(json.dumps({"text": "word", "end": heard / 2 / RATE}))


class _Engine:
    """The engine for that vendor."""

    name = "loopback"
    capabilities = ListeningCapabilities(partials=True)

    def __init__(self, url: str) -> None:
        self._url = url

    async def start(self) -> None:
        """Nothing to warm."""

    async def aclose(self) -> None:
        """Nothing to free."""

    @asynccontextmanager
    async def listen(self, *, rate: int, channels: int = 1) -> AsyncIterator[_Recognition]:
        async with connect(self._url, compression=None, close_timeout=0.05) as connection:
            yield _Recognition(connection)


class _Recognition:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def push(self, pcm: bytes, /) -> None:
        try:
            await self._connection.send(pcm)
        except ConnectionClosed:
            raise EngineError("lost") from None

    async def finish(self) -> None:
        await self._connection.close()

    def __aiter__(self) -> _Recognition:
        return self

    async def __anext__(self) -> Transcript:
        try:
            message = json.loads(await self._connection.recv())
        except ConnectionClosed:
            raise EngineError("lost") from None
        return Transcript(message["text"], final=False, end=message["end"])


def reconnects(cuts: int = 20) -> list[float]:
    """Seconds from a cut socket to the first transcript of the replayed audio, in a call that goes on in real time."""
    with asyncio.Runner(loop_factory=fast_loop()) as runner:
        return runner.run(_reconnects(cuts))


async def _reconnects(cuts: int) -> list[float]:
    lost: list[float] = []
    found: list[float] = []

    def observe(event: EngineEvent) -> None:
        if event.kind == "reconnected":
            lost.append(0.0)

    async with (
        _Vendor().serving() as vendor,
        Reconnecting(_Engine(vendor.url), observe=observe).listen(rate=RATE) as call,
    ):

        async def talk() -> None:
            while True:
                await call.push(FRAME)
                await asyncio.sleep(0.02)

        talking = asyncio.create_task(talk())
        try:
            for _ in range(cuts):
                async with asyncio.timeout(5):
                    await anext(aiter(call))
                cut_at = time.perf_counter()
                vendor.cut()
                known = len(lost)
                async with asyncio.timeout(5):
                    while len(lost) == known:
                        await anext(aiter(call))
                found.append(time.perf_counter() - cut_at)
                await asyncio.sleep(0.6)  # a connection that lasted is replaced at once
        finally:
            talking.cancel()
            await asyncio.wait([talking])
    return found
