"""What one process hears of its calls, for the endpointing answers of the others: a few bytes in Redis for two seconds.

A load balancer that sends a call's requests to the process of its socket needs none of this: hash on the key in the
URL. Without it a request may reach a process that knows the call's key or id and not its sound.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import msgspec
import structlog

from providers.cache.stores import RedisStore, Store, StoreError
from providers.calls.notes import KnownCall, SocketNotes
from providers.turns.state import Hearing

__all__ = ["KEPT", "SharedHearing", "redis_hearing"]

log = structlog.get_logger()

KEPT = 2.0
"""Seconds for which Redis keeps what was told."""

PATIENCE = 0.03
"""Seconds that an endpointing answer waits for Redis."""

_LATER = 0.4
"""Seconds after a transcript at which the call is told of again: by then its pause was judged."""

_COOL_DOWN = 5.0
"""Seconds for which a Redis that did not answer is not asked."""


class _Told(msgspec.Struct):
    hearing: Hearing
    at: float
    """Unix time."""


class SharedHearing:
    """Sound of calls, shared by processes.

    Parameters
    ----------
    store
        Keeps values for `KEPT` seconds.
    patience
        Seconds that an endpointing answer waits for the store.
    clock, wall
        Seconds: monotonic, and since the epoch.
    """

    def __init__(
        self,
        store: Store,
        *,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._patience = patience
        self._clock = clock
        self._wall = wall
        self._waiting: dict[str, bytes] = {}
        self._sender: asyncio.Task[None] | None = None
        self._available_at = 0.0

    def follow(self, socket: SocketNotes) -> None:
        """Tell of a socket's call after each of its transcripts."""
        socket.on_sent = lambda: self._tell_now_and_later(socket)

    async def hearing(self, known: KnownCall) -> Hearing | None:
        """What the process of the call's socket hears; None when no process has told of it."""
        record = known.record
        for name in dict.fromkeys((record.key, record.call_id)):
            if name and (told := await self._get(name)) is not None:
                gone = max(0.0, self._wall() - told.at)
                silence = told.hearing.silence
                return replace(told.hearing, silence=None if silence is None else silence + gone)
        return None

    async def aclose(self) -> None:
        """Close the connection; what was to be told later is left out."""
        self._available_at = math.inf
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.gather(self._sender, return_exceptions=True)
        await self._store.aclose()

    def _tell_now_and_later(self, socket: SocketNotes) -> None:
        self._tell(socket)
        asyncio.get_running_loop().call_later(_LATER, self._tell, socket)

    def _tell(self, socket: SocketNotes) -> None:
        """Have the call's names told, the newest value of each once."""
        hearing = KnownCall(socket.record, self._clock, socket).hearing()
        if hearing is None or self._clock() < self._available_at:
            return
        value = msgspec.json.encode(_Told(hearing, self._wall()))
        self._waiting |= {name: value for name in self._names(socket) if name}
        if self._waiting and (self._sender is None or self._sender.done()):
            self._sender = asyncio.create_task(self._send())

    @staticmethod
    def _names(socket: SocketNotes) -> Iterable[str]:
        return (socket.record.key, socket.record.call_id)

    async def _send(self) -> None:
        while self._waiting:
            name, value = self._waiting.popitem()
            try:
                await self._store.put(_key(name), value)
            except StoreError as error:
                self._failed(error)
                self._waiting.clear()

    async def _get(self, name: str) -> _Told | None:
        if self._clock() < self._available_at:
            return None
        try:
            async with asyncio.timeout(self._patience):
                value = await self._store.get(_key(name))
            return None if value is None else msgspec.json.decode(value, type=_Told)
        except (StoreError, TimeoutError, msgspec.MsgspecError, UnicodeError) as error:
            self._failed(error)
            return None

    def _failed(self, error: Exception) -> None:
        self._available_at = self._clock() + _COOL_DOWN
        log.warning("shared calls", error=type(error).__name__, cool_down_s=_COOL_DOWN)


def redis_hearing(url: str, *, patience: float = PATIENCE) -> SharedHearing:
    """The sound of calls in Redis.

    Raises
    ------
    EngineUnavailable
        The extra ``redis`` is not installed, or the address is none.
    """
    return SharedHearing(RedisStore(url, keep=KEPT), patience=patience)


def _key(name: str) -> str:
    return f"vapi-providers:call:{name}"
