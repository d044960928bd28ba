"""A request's connection: a reader that takes its time, and cutting off one that takes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from providers.connection import TRANSPORT, CallerConnection, ReaderStalled
from tests.virtual_time import run_virtual


class ScriptedTransport(asyncio.WriteTransport):
    """Bytes in the buffer at each second of virtual time; the last figure stays."""

    def __init__(self, *buffered: int) -> None:
        super().__init__()
        self._buffered = buffered
        self.aborted_at: float | None = None

    def get_write_buffer_size(self) -> int:
        second = int(asyncio.get_running_loop().time())
        return self._buffered[min(second, len(self._buffered) - 1)]

    def abort(self) -> None:
        self.aborted_at = asyncio.get_running_loop().time()


ONE_BYTE_A_SECOND = tuple(range(1000, 0, -1))


def connection(transport: ScriptedTransport) -> CallerConnection:
    return CallerConnection({"type": "http", "extensions": {TRANSPORT: transport}})


async def sent_at(second: float, transport: ScriptedTransport, *, within: float) -> int:
    """Send a message that can be written at this second; how often it was written."""
    written = 0

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal written
        await asyncio.sleep(max(0.0, second - asyncio.get_running_loop().time()))
        written += 1

    await connection(transport).send(send, {"type": "http.response.body"}, within=within)
    return written


def test_a_reader_that_takes_one_byte_a_second_is_waited_for_and_gets_each_message_once() -> None:
    assert run_virtual(sent_at(100, ScriptedTransport(*ONE_BYTE_A_SECOND), within=8)) == 1


def test_a_reader_that_takes_nothing_is_given_up_after_its_time() -> None:
    async def scenario() -> float:
        with pytest.raises(ReaderStalled, match="expected the reader to take audio within 30 s, found none taken"):
            await sent_at(3600, ScriptedTransport(1000), within=30)
        return asyncio.get_running_loop().time()

    assert run_virtual(scenario()) == 30


def test_a_reader_that_stops_is_given_up_that_long_after_its_last_byte() -> None:
    async def scenario() -> float:
        with pytest.raises(ReaderStalled):
            await sent_at(3600, ScriptedTransport(*ONE_BYTE_A_SECOND[:60]), within=8)
        return asyncio.get_running_loop().time()

    assert 67 <= run_virtual(scenario()) <= 71


def test_without_a_transport_a_message_that_never_goes_out_is_given_up_too() -> None:
    async def scenario() -> None:
        await CallerConnection({"type": "http"}).send(_never, {"type": "x"}, within=5)

    with pytest.raises(ReaderStalled):
        run_virtual(scenario())


async def _never(message: MutableMapping[str, Any]) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("buffered", "aborted_at"),
    [
        ((0,), None),
        ((1000,), 10),
        ((1000, 900, 800, 0), None),
        ((*range(1000, 975, -1), 975), 40),
    ],
    ids=["nothing left", "stuck", "drains", "stops"],
)
def test_a_closing_connection_is_cut_when_its_reader_takes_nothing(
    buffered: tuple[int, ...], aborted_at: float | None
) -> None:
    async def scenario() -> float | None:
        transport = ScriptedTransport(*buffered)
        connection(transport).abort_when_stuck(within=10)
        await asyncio.sleep(120)
        return transport.aborted_at

    assert run_virtual(scenario()) == aborted_at
