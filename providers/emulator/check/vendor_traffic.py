"""What a server on this machine does behind its endpoints: CPU time, and bytes that its own connections receive.

Linux tells for every TCP connection how many bytes it has received (``sock_diag``, the source of ``ss -i``), so that
what a vendor still sends after a hang-up is seen without a look into the server or the vendor, encrypted or not.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psutil

from providers.emulator.processes import usage

_SOCK_DIAG = 4
_BY_FAMILY = 20
_DUMP = 0x301
"""NLM_F_REQUEST | NLM_F_DUMP."""
_INFO = 2
"""Attribute INET_DIAG_INFO; as a request bit, ``1 << (2 - 1)``."""
_ALL_STATES = 0xFFF
_HEADER = struct.Struct("=IHHII")
_MESSAGE_SIZE = 72
"""Bytes of ``inet_diag_msg``, which the attributes follow."""
_RECEIVED_AT = 128
"""Offset of ``tcpi_bytes_received`` in ``tcp_info``."""

_Pair = tuple[int, int]
"""Local and remote port of a connection."""


_EVERY = 0.05
"""Seconds between two looks; a connection that is closed is not shown any more."""


@dataclass(slots=True)
class Work:
    """What a server and its children did in a stretch of time."""

    cpu: float = 0.0
    """Seconds of CPU time."""
    from_vendors: int = 0
    """Bytes that its outgoing connections received; 0 where they cannot be seen."""
    seen: bool = True
    """False when the server's process could not be seen."""


@asynccontextmanager
async def watched(pid: int | None) -> AsyncIterator[Work]:
    """Watch a server while the block runs; the `Work` is complete after it."""
    work = Work(seen=False)
    begin = usage(pid) if pid is not None else None
    if pid is None or begin is None:
        yield work
        return
    before = await asyncio.to_thread(_received, pid)
    latest = dict(before)
    looking = asyncio.create_task(_look_on(pid, latest))
    try:
        yield work
    finally:
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking
    latest |= await asyncio.to_thread(_received, pid)
    end = usage(pid)
    work.seen = end is not None
    work.cpu = end.cpu - begin.cpu if end else 0.0
    work.from_vendors = sum(count - before.get(pair, 0) for pair, count in latest.items())


async def _look_on(pid: int, latest: dict[_Pair, int]) -> None:
    while True:
        await asyncio.sleep(_EVERY)
        latest |= await asyncio.to_thread(_received, pid)


def _received(pid: int) -> dict[_Pair, int]:
    """Bytes that each outgoing connection of a process and its children has received; empty where unknown."""
    try:
        outgoing = _outgoing(pid)
        everything = [pair for family in (socket.AF_INET, socket.AF_INET6) for pair in _dump(family)]
    except (OSError, psutil.Error):
        return {}
    return {pair: count for pair, count in everything if pair in outgoing}


def _outgoing(pid: int) -> set[_Pair]:
    """The connections that a process and its children have opened themselves."""
    process = psutil.Process(pid)
    found = [each for member in (process, *process.children(recursive=True)) for each in _connections(member)]
    listening = {each.laddr.port for each in found if each.status == psutil.CONN_LISTEN}
    return {(each.laddr.port, each.raddr.port) for each in found if each.raddr and each.laddr.port not in listening}


def _connections(process: psutil.Process) -> list[Any]:
    try:
        return process.net_connections("tcp")
    except psutil.Error:  # a child that ended meanwhile
        return []


def _dump(family: int) -> Iterator[tuple[_Pair, int]]:
    request = struct.pack("=BBBxI48x", family, socket.IPPROTO_TCP, 1 << (_INFO - 1), _ALL_STATES)
    netlink = getattr(socket, "AF_NETLINK", None)
    if netlink is None:
        raise OSError("no netlink on this system")
    with socket.socket(netlink, socket.SOCK_RAW, _SOCK_DIAG) as channel:
        channel.settimeout(1.0)
        channel.send(_HEADER.pack(_HEADER.size + len(request), _BY_FAMILY, _DUMP, 1, 0) + request)
        finished = False
        while not finished:
            data = channel.recv(1 << 18)
            found, finished = _parsed(data)
            yield from found


def _parsed(data: bytes) -> tuple[list[tuple[_Pair, int]], bool]:
    """The connections of one datagram, and whether it was the last."""
    found: list[tuple[_Pair, int]] = []
    place = 0
    while place + _HEADER.size <= len(data):
        size, kind, *_ = _HEADER.unpack_from(data, place)
        if kind != _BY_FAMILY or size < _HEADER.size:
            return found, True
        body = data[place + _HEADER.size : place + size]
        ports = struct.unpack_from(">HH", body, 4)
        found.append((ports, _bytes_received(body[_MESSAGE_SIZE:])))
        place += (size + 3) & ~3
    return found, False


def _bytes_received(attributes: bytes) -> int:
    place = 0
    while place + 4 <= len(attributes):
        size, kind = struct.unpack_from("=HH", attributes, place)
        if kind == _INFO and size >= 4 + _RECEIVED_AT + 8:
            return int(struct.unpack_from("=Q", attributes, place + 4 + _RECEIVED_AT)[0])
        place += max(4, (size + 3) & ~3)
    return 0
