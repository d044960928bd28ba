"""The HTTP client reads every framing of HTTP/1.1, keeps its connection, and notices what breaks off."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from providers.emulator.connection import tunnelled
from providers.emulator.credentials import SentCredentials
from providers.emulator.failures import Unreachable
from providers.emulator.http_client import HttpClient, RecordedResponse, post

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


class HttpConnection:
    """One address and one client."""

    def __init__(self, url: str, who: SentCredentials, timeout: float) -> None:
        self.url, self.who = url, who
        self.client = HttpClient(timeout=timeout)

    async def post(self, body: bytes, hang_up: bool = False) -> RecordedResponse:
        return await post(self.client, self.url, body, credentials=self.who, hang_up_after=1 if hang_up else None)

    def close(self) -> None:
        self.client.close()


class Server:
    """Answers the n-th request with the n-th of the scripted answers; None closes without one."""

    def __init__(self, answers: list[list[bytes] | None]) -> None:
        self.answers = answers
        self.requests: list[bytes] = []
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self.answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while self.answers:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            self.requests.append(head + await reader.readexactly(length))
            answer = self.answers.pop(0)
            if answer is None:
                break
            for piece in answer:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)


def talk(
    answers: list[list[bytes] | None],
    scenario: Callable[[HttpConnection, Server], Awaitable[None]],
    timeout: float = 5.0,
) -> Server:
    server = Server(answers)

    async def run() -> None:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        who = SentCredentials(secret="s", token="t")
        poster = HttpConnection(f"http://127.0.0.1:{port}/voice?x=1", who, timeout)
        async with listening:
            await scenario(poster, server)
            poster.close()

    asyncio.run(run())
    return server


@pytest.mark.parametrize(
    "answer",
    [
        [OK + b"Content-Length: 6\r\n\r\nabcdef"],
        [OK + b"Content-Length: 6\r\n\r\nab", b"cdef"],
        [CHUNKED + b"2\r\nab\r\n", b"4;ext=1\r\ncdef\r\n0\r\n\r\n"],
        [CHUNKED + b"6\r\nab", b"cdef\r\n0\r\n", b"\r\n"],
        [OK + b"Connection: close\r\n\r\nabc", b"def"],
    ],
)
def test_every_framing_gives_the_same_body(answer: list[bytes]) -> None:
    async def scenario(poster: HttpConnection, server: Server) -> None:
        server.answers = [answer]
        found = await poster.post(b"{}")
        assert (found.status, found.body, found.complete) == (200, b"abcdef", True)
        assert found.content_type == "application/octet-stream"
        assert [received for _, received in found.arrivals][-1] == 6
        assert found.first_byte is not None
        assert found.first_byte <= found.total

    talk([answer], scenario)


def test_the_request_carries_its_credentials_and_length() -> None:
    async def scenario(poster: HttpConnection, server: Server) -> None:
        await poster.post(b'{"a":1}')

    [request] = talk([[OK + b"Content-Length: 0\r\n\r\n"]], scenario).requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /voice?x=1&token=t HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nX-Vapi-Secret: s\r\n" in head
    assert body == b'{"a":1}'


def test_a_connection_is_kept_and_a_stale_one_is_replaced() -> None:
    async def scenario(poster: HttpConnection, server: Server) -> None:
        for expected in (b"a", b"b", b"c"):
            assert (await poster.post(b"")).body == expected

    answers: list[list[bytes] | None] = [
        [OK + b"Content-Length: 1\r\n\r\na"],
        [OK + b"Content-Length: 1\r\n\r\nb"],
        None,
        [OK + b"Content-Length: 1\r\n\r\nc"],
    ]
    assert talk(answers, scenario).connections == 2


@pytest.mark.parametrize(
    "answer", [[OK + b"Content-Length: 6\r\n\r\nabc"], [CHUNKED + b"6\r\nabc"], [CHUNKED + b"zz\r\n"]]
)
def test_a_body_that_breaks_off_is_not_complete(answer: list[bytes]) -> None:
    async def scenario(poster: HttpConnection, server: Server) -> None:
        found = await poster.post(b"")
        assert not found.complete
        assert found.body in (b"abc", b"")

    talk([answer], scenario)


@pytest.mark.parametrize("answer", [[b"SSH-2.0-x\r\n\r\n"], None])
def test_what_is_no_answer_is_an_error(answer: list[bytes] | None) -> None:
    async def scenario(poster: HttpConnection, server: Server) -> None:
        with pytest.raises(Unreachable):
            await poster.post(b"")

    talk([answer], scenario)


def test_a_silent_server_is_given_up() -> None:
    async def scenario(poster: HttpConnection, server: Server) -> None:
        with pytest.raises(Unreachable, match="no answer in time"):
            await poster.post(b"")

    talk([[b""], [b"never asked for"]], scenario, timeout=0.05)


def test_a_hang_up_ends_the_answer_and_the_connection() -> None:
    async def scenario() -> None:
        gone = asyncio.Event()

        async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(CHUNKED)
            with contextlib.suppress(ConnectionError):
                async for piece in _forever():
                    writer.write(piece)
                    await writer.drain()
            writer.transport.abort()
            gone.set()

        listening = await asyncio.start_server(endless, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        async with listening:
            poster = HttpConnection(f"http://127.0.0.1:{port}/", SentCredentials(), 5.0)
            found = await poster.post(b"", hang_up=True)
            assert found.complete
            assert found.body
            await asyncio.wait_for(gone.wait(), 5.0)

    asyncio.run(scenario())


async def _forever() -> AsyncIterator[bytes]:
    while True:
        yield b"4\r\nabcd\r\n"
        await asyncio.sleep(0)


def test_connecting_stands_apart_from_the_first_byte() -> None:
    async def scenario(poster: HttpConnection, server: Server) -> None:
        first, second = await poster.post(b""), await poster.post(b"")
        assert first.connect is not None
        assert first.connect > 0
        assert second.connect is None

    talk([[OK + b"Content-Length: 1\r\n\r\na"]] * 2, scenario)


def test_interim_responses_are_no_answer() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"

    async def scenario(poster: HttpConnection, server: Server) -> None:
        found = await poster.post(b"")
        assert (found.status, found.body) == (200, b"a")
        assert len(found.arrivals) == 1

    talk([[b"HTTP/1.1 100 Continue\r\n\r\n", hints, OK + b"Content-Length: 1\r\n\r\na"]], scenario)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_compressed_body_is_decoded(coding: str) -> None:
    packed = gzip.compress(b"abcdef") if coding == "gzip" else zlib.compress(b"abcdef")
    head = OK + f"Content-Encoding: {coding}\r\nContent-Length: {len(packed)}\r\n\r\n".encode()

    async def scenario(poster: HttpConnection, server: Server) -> None:
        found = await poster.post(b"")
        assert (found.body, found.coding) == (b"abcdef", coding)

    talk([[head, packed[:5], packed[5:]]], scenario)


def test_a_body_that_says_it_is_gzip_and_is_not_is_not_complete() -> None:
    async def scenario(poster: HttpConnection, server: Server) -> None:
        assert not (await poster.post(b"")).complete

    talk([[OK + b"Content-Encoding: gzip\r\nContent-Length: 6\r\n\r\nabcdef"]], scenario)


def test_requests_at_once_have_connections_of_their_own() -> None:
    async def scenario(poster: HttpConnection, server: Server) -> None:
        found = await asyncio.gather(*(poster.post(b"") for _ in range(3)))
        assert sorted(one.body for one in found) == [b"a", b"b", b"c"]

    answers: list[list[bytes] | None] = [[OK + b"Content-Length: 1\r\n\r\n" + one] for one in (b"a", b"b", b"c")]
    assert talk(answers, scenario).connections == 3


def test_a_request_is_answered_before_all_of_it_is_sent() -> None:
    """A server that refuses a large body early, and reads no more of it, is heard."""

    async def scenario() -> None:
        async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            await over.wait()
            writer.transport.abort()

        async def endless() -> AsyncIterator[bytes]:
            while True:
                yield bytes(65536)

        over = asyncio.Event()
        listening = await asyncio.start_server(refuse, "127.0.0.1", 0)
        async with listening, HttpClient(timeout=5.0) as client:
            port = listening.sockets[0].getsockname()[1]
            found = await client.post(f"http://127.0.0.1:{port}/", endless(), headers={})
            assert found.status == 413
            over.set()

    asyncio.run(scenario())


def test_a_proxy_is_asked_for_a_tunnel() -> None:
    async def scenario() -> None:
        asked: list[bytes] = []

        async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            refused = b"no.example" in asked[-1]
            writer.write(b"HTTP/1.1 403 Forbidden\r\n\r\n" if refused else b"HTTP/1.1 200 OK\r\n\r\nhello")
            await writer.drain()
            writer.close()

        async with await asyncio.start_server(proxy, "127.0.0.1", 0) as listening:
            where = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
            sock = await tunnelled(where, "voice.example", 443)
            assert asked[0].startswith(b"CONNECT voice.example:443 HTTP/1.1\r\nHost: voice.example:443\r\n")
            assert await asyncio.get_running_loop().sock_recv(sock, 100) == b"hello"
            sock.close()
            with pytest.raises(Unreachable, match="the proxy refused to connect to no.example:443: 403"):
                await tunnelled(where, "no.example", 443)

    asyncio.run(scenario())


def test_a_request_cancelled_as_its_answer_ends_closes_its_connection() -> None:
    async def play() -> None:
        gone = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
            await reader.read()  # until the client closes
            gone.set()
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            client = HttpClient(timeout=5)

            def arrived(status: int, piece: bytes) -> None:
                asked.cancel()

            asked = asyncio.create_task(client.post(url, b"", headers={}, on_body=arrived))
            await asyncio.wait([asked])
            assert asked.cancelled()
            await asyncio.wait_for(gone.wait(), 5)

    asyncio.run(play())
