"""A Redis of two commands on loopback, which speaks the real wire to the real client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class RedisImitation:
    """Answers GET and SET (with PX, which it notes); the third version of the wire (RESP3)."""

    def __init__(self) -> None:
        self.kept: dict[bytes, bytes] = {}
        self.lifetimes: list[bytes] = []
        self.hangs = False
        self.url = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[RedisImitation]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        self.url = f"redis://:secret@127.0.0.1:{port}/0"
        try:
            yield self
        finally:
            server.close()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while command := await self._command(reader):
                if self.hangs:
                    await reader.read()
                    break
                writer.write(self._answer(command))
                await writer.drain()
        finally:
            writer.close()

    async def _command(self, reader: asyncio.StreamReader) -> list[bytes]:
        head = await reader.readline()
        if not head:
            return []
        parts = []
        for _ in range(int(head[1:])):
            length = int((await reader.readline())[1:])
            parts.append((await reader.readexactly(length + 2))[:-2])
        return parts

    def _answer(self, command: list[bytes]) -> bytes:
        match command:
            case [b"GET", key]:
                value = self.kept.get(key)
                return b"_\r\n" if value is None else b"$%d\r\n%b\r\n" % (len(value), value)
            case [b"SET", key, value, *options]:
                self.kept[key] = value
                if options:
                    self.lifetimes.append(options[1])
                return b"+OK\r\n"
            case [b"HELLO", *_]:
                return b"%1\r\n$5\r\nproto\r\n:3\r\n"
            case [b"AUTH", *_] | [b"SELECT", *_] | [b"CLIENT", *_]:
                return b"+OK\r\n"
            case _:
                return b"-ERR unknown command\r\n"
