"""The WebSocket client, against websockets' own server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import InvalidStatus
from websockets.http11 import Request, Response

from providers.emulator.credentials import SentCredentials
from providers.emulator.load.script import message
from providers.emulator.websocket_client import CallSocket, open_socket

WHO = SentCredentials(secret="s", token="t")

Dial = Callable[[], Awaitable[CallSocket]]


def talk(
    handler: Callable[[ServerConnection], Awaitable[None]],
    scenario: Callable[[Dial, list[bytes], list[int]], Awaitable[None]],
    process_request: Callable[[ServerConnection, Request], Response | None] | None = None,
    close_timeout: float = 10.0,
) -> None:
    async def run() -> None:
        texts: list[bytes] = []
        ends: list[int] = []
        server: Server
        async with serve(
            handler, "127.0.0.1", 0, process_request=process_request, close_timeout=close_timeout
        ) as server:
            port = server.sockets[0].getsockname()[1]

            async def dialled() -> CallSocket:
                return await open_socket(
                    f"ws://127.0.0.1:{port}/t", WHO, on_text=texts.append, on_end=ends.append, timeout=5.0
                )

            await scenario(dialled, texts, ends)

    asyncio.run(run())


def test_texts_and_frames_arrive_and_texts_come_back() -> None:
    seen: list[object] = []

    async def echo(socket: ServerConnection) -> None:
        seen.append((socket.request.path, socket.request.headers["X-Vapi-Secret"]) if socket.request else None)
        seen.append(await socket.recv())
        seen.append(await socket.recv())
        await socket.ping()
        await socket.send("heard")
        await socket.wait_closed()
        seen.append(socket.close_code)

    async def scenario(dialled: Dial, texts: list[bytes], ends: list[int]) -> None:
        line = await dialled()
        line.text("start")
        line.frame(message(b"\x01\x02" * 640))
        while not texts:
            await asyncio.sleep(0.001)
        assert line.waiting == 0
        await line.hang_up(5.0)
        assert ends == [1000]
        assert texts == [b"heard"]

    talk(echo, scenario)
    assert seen == [("/t?token=t", "s"), "start", b"\x01\x02" * 640, 1000]


def test_the_servers_close_code_is_told() -> None:
    async def close(socket: ServerConnection) -> None:
        await socket.close(1011, "engine lost")

    async def scenario(dialled: Dial, texts: list[bytes], ends: list[int]) -> None:
        line = await dialled()
        await line.closed
        assert ends == [1011]

    talk(close, scenario)


def test_a_lost_connection_is_1006() -> None:
    async def drop(socket: ServerConnection) -> None:
        socket.transport.abort()

    async def scenario(dialled: Dial, texts: list[bytes], ends: list[int]) -> None:
        line = await dialled()
        await line.closed
        assert ends == [1006]
        line.frame(message(b"ab"))  # into the void, without an error

    talk(drop, scenario)


def test_a_refused_upgrade_has_its_status() -> None:
    async def never(socket: ServerConnection) -> None:
        raise AssertionError("refused before")

    async def scenario(dialled: Dial, texts: list[bytes], ends: list[int]) -> None:
        with pytest.raises(InvalidStatus) as caught:
            await dialled()
        assert caught.value.response.status_code == 503

    talk(
        never, scenario, process_request=lambda socket, request: socket.respond(HTTPStatus.SERVICE_UNAVAILABLE, "full")
    )


def test_a_server_that_does_not_read_is_noticed() -> None:
    noticed: list[asyncio.Event] = []

    async def deaf(socket: ServerConnection) -> None:
        socket.transport.pause_reading()
        await noticed[0].wait()
        socket.transport.abort()

    async def scenario(dialled: Dial, texts: list[bytes], ends: list[int]) -> None:
        noticed.append(asyncio.Event())
        line = await dialled()
        audio = message(bytes(60_000))
        for _ in range(500):
            line.frame(audio)
            await asyncio.sleep(0)
            if line.waiting > 1 << 20:
                break
        assert line.waiting > 1 << 20
        line.abort()
        noticed[0].set()

    talk(deaf, scenario, close_timeout=0.1)
