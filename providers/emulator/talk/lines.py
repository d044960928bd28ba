"""Lines that are typed into a terminal or come through a pipe, without a thread that waits for them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Iterable

_PIECE = 4096


async def given_lines(lines: Iterable[str]) -> AsyncGenerator[str, None]:
    """Lines that are known already."""
    for line in lines:
        yield line


async def typed_lines(descriptor: int) -> AsyncGenerator[str, None]:
    """Lines of an open file, as they come, until its end."""
    pieces: asyncio.Queue[bytes] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def readable() -> None:
        # Read where the loop says that it can be read: a read later on could wait for the next line.
        pieces.put_nowait(os.read(descriptor, _PIECE))

    try:
        loop.add_reader(descriptor, readable)
        is_watched = True
    except PermissionError:  # a regular file, which can always be read
        is_watched = False
    rest = b""
    try:
        while piece := await pieces.get() if is_watched else os.read(descriptor, _PIECE):
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                yield line.decode(errors="replace")
    finally:
        if is_watched:
            loop.remove_reader(descriptor)
    if rest:
        yield rest.decode(errors="replace")
