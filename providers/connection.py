"""The connection of an HTTP request, as far as an endpoint may touch it: what is still unsent, and cutting it off.

The server's protocol puts the transport into the ASGI scope's extensions. Under another server there is none; a reader
that takes nothing is then noticed all the same, and its connection is left to that server.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from providers.errors import ProvidersError

__all__ = ["TRANSPORT", "CallerConnection", "ReaderStalled"]

TRANSPORT = "vapi_providers.transport"
"""Key of the transport among the extensions of an ASGI scope."""

_LOOKS = 4
"""Looks at what is unsent within the time a reader has."""

Message = MutableMapping[str, Any]


class ReaderStalled(ProvidersError):
    """A reader took nothing of what was ready for it."""


class CallerConnection:
    """One request's connection.

    Parameters
    ----------
    scope
        The request's ASGI scope.
    """

    def __init__(self, scope: MutableMapping[str, Any]) -> None:
        self._transport: asyncio.WriteTransport | None = (scope.get("extensions") or {}).get(TRANSPORT)

    @property
    def unsent(self) -> int:
        """Bytes that the other side has not acknowledged, in our buffer and in the system's."""
        if self._transport is None:
            return 0
        return self._transport.get_write_buffer_size() + _unacknowledged(self._transport.get_extra_info("socket"))

    def abort(self) -> None:
        """Cut the connection at once: what is unsent is dropped, and the reader sees a reset, not an end."""
        if self._transport is not None:
            _reset_on_close(self._transport.get_extra_info("socket"))
            self._transport.abort()

    def abort_when_stuck(self, *, within: float) -> None:
        """Cut a closing connection whose reader takes nothing of what is still buffered for it.

        Parameters
        ----------
        within
            Seconds in which the reader must take at least one byte.
        """
        loop, transport = asyncio.get_running_loop(), self._transport

        def look(before: int) -> None:
            if transport is None or not transport.get_write_buffer_size():
                return
            unsent = self.unsent
            if unsent >= before:
                self.abort()
            else:
                loop.call_later(within, look, unsent)

        loop.call_later(within, look, self.unsent)

    async def send(self, send: Callable[[Message], Awaitable[None]], message: Message, *, within: float) -> None:
        """Send a message of a response, as long as the reader takes anything.

        Parameters
        ----------
        within
            Seconds in which the reader must take at least one byte.

        Raises
        ------
        ReaderStalled
            It took none.
        """
        before, looks = self.unsent, 0
        while True:
            try:
                async with asyncio.timeout(within / _LOOKS):
                    await send(message)  # waits before it writes, so that what was cancelled can be sent again
                    return
            except TimeoutError:
                unsent = self.unsent
            looks = looks + 1 if unsent >= before else 0
            before = unsent
            if looks >= _LOOKS:
                raise ReaderStalled(f"expected the reader to take audio within {within:g} s, found none taken")


def _unacknowledged(sock: Any) -> int:
    """Bytes in the system's send queue; 0 where the system does not tell.

    Our own buffer empties in large steps: the system asks for more when a third of a queue of megabytes is free. A
    reader at the pace of speech needs more than half a minute for that.
    """
    if sock is None or sys.platform != "linux":
        return 0
    import fcntl
    import termios

    try:
        answer = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4))
    except (OSError, ValueError):  # closed meanwhile
        return 0
    return int.from_bytes(answer, sys.byteorder)


def _reset_on_close(sock: Any) -> None:
    """Let the system drop what it has not sent and reset the connection; otherwise it goes on sending for minutes."""
    with contextlib.suppress(OSError, AttributeError), socket.socket(fileno=os.dup(sock.fileno())) as same:
        same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
