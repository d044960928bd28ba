"""Sockets to a vendor's voices, open before they are needed: no caller waits for a TLS handshake.

A socket speaks one utterance at a time. It comes back when the utterance has ended, and is closed when it was cut: what
the vendor still sends for it would delay the next one. One socket is kept ready for the voice that most requests want.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from websockets.asyncio.client import ClientConnection
from websockets.protocol import State

from providers.engines.vendor_socket import VendorName, hang_up, open_socket
from providers.errors import EngineError, EngineUnavailable

__all__ = ["WarmSockets"]

_KEPT = 32
"""Idle sockets at most, over all addresses."""

_LARGEST = 16 << 20
"""Bytes of a message: a vendor may send a long sentence's audio in one."""

_PING = 20.0
"""Seconds between pings: an idle socket that the network has forgotten is found before an utterance needs it."""

_SHORT_LIFE = 5.0
"""Seconds. A vendor that ends idle sockets sooner is asked again later and later."""
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
"""Seconds between attempts to open the socket that is kept ready."""


class WarmSockets:
    """Idle sockets of one vendor by address.

    Parameters
    ----------
    vendor
        Named in errors.
    headers
        Of every upgrade.
    open_timeout
        Seconds for a socket to open.
    """

    def __init__(self, vendor: VendorName, headers: Mapping[str, str], *, open_timeout: float) -> None:
        self._vendor = vendor
        self._headers = headers
        self._open_timeout = open_timeout
        self._idle: list[tuple[str, ClientConnection]] = []
        self._keeper: asyncio.Task[None] | None = None
        self._taken = asyncio.Event()

    async def open(self, url: str) -> ClientConnection:
        """A new socket.

        Raises
        ------
        EngineError
            The vendor refuses or does not answer.
        """
        return await open_socket(
            self._vendor,
            url,
            self._headers,
            open_timeout=self._open_timeout,
            max_size=_LARGEST,
            ping_interval=_PING,
        )

    def take(self, url: str) -> ClientConnection | None:
        """An idle socket to this address; None where there is none."""
        self._idle = [entry for entry in self._idle if entry[1].state is State.OPEN]
        for entry in reversed(self._idle):
            if entry[0] == url:
                self._idle.remove(entry)
                self._taken.set()
                return entry[1]
        return None

    async def give_back(self, url: str, connection: ClientConnection) -> None:
        """Keep a socket whose utterance has ended; the one that was idle longest makes room."""
        self._idle.append((url, connection))
        if len(self._idle) > _KEPT:
            await hang_up(self._idle.pop(0)[1])

    async def keep_ready(self, url: str) -> None:
        """Open a socket now and, from now on, whenever none is idle.

        Raises
        ------
        EngineUnavailable
            The vendor refuses the key. One that cannot be reached is tried again later.
        """
        if self._keeper is not None:
            return
        try:
            await self.give_back(url, await self.open(url))
        except EngineUnavailable:
            raise
        except EngineError:
            pass  # it may be there at the first call
        self._keeper = asyncio.create_task(self._stay_ready(url))

    async def aclose(self) -> None:
        """Close every idle socket."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None
        idle, self._idle = self._idle, []
        await asyncio.gather(*(hang_up(connection) for _, connection in idle))

    async def _stay_ready(self, url: str) -> None:
        """Replace the ready socket when it is taken, or when the vendor ends it."""
        clock = asyncio.get_running_loop().time
        wait = _FIRST_WAIT
        while True:
            self._taken.clear()
            begun = clock()
            try:
                ready = next((socket for place, socket in self._idle if place == url), None)
                if ready is None:
                    ready = await self.open(url)
                    await self.give_back(url, ready)
                await self._until_gone(ready)
            except EngineError:
                pass  # the next utterance raises it
            if self._taken.is_set() or clock() - begun > _SHORT_LIFE:
                wait = _FIRST_WAIT
                continue
            await asyncio.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)

    async def _until_gone(self, connection: ClientConnection) -> None:
        """Wait until a socket is taken from the idle ones, or has closed."""
        waiting = [asyncio.ensure_future(self._taken.wait()), asyncio.ensure_future(connection.wait_closed())]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waiting:
                one.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
