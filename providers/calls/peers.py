"""What the workers of one server tell each other of their calls, over Unix sockets in a folder that they share.

A call's requests may reach any of the workers, and each knows its own part. A worker that is asked for a call asks the
others and puts the parts together: workers are processes of one machine and share its monotonic clock.

::

    asker → worker    one line of JSON, a `PeerQuestion`
    worker → asker    `PeerCalls`, `PeerPart`, `Hearing` or nothing as JSON, or events as they come; then the end
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
import structlog
from msgspec.json import Decoder

from providers.calls.export import CallSummary, summary_of
from providers.calls.notes import KnownCall
from providers.calls.parts import PeerPart, part_of
from providers.calls.record import CallRecord
from providers.calls.registry import Calls
from providers.turns.state import Hearing

__all__ = ["CallPeers", "own_calls"]

log = structlog.get_logger()

_PATIENCE = 0.5
"""Seconds that another worker has for what a person looks at."""

_SOON = 0.03
"""Seconds that another worker has for an endpointing answer."""

_Answer = TypeVar("_Answer")
EventStream = Callable[[CallRecord], AsyncGenerator[bytes, None]]


class PeerQuestion(msgspec.Struct, omit_defaults=True):
    """One question to another worker."""

    what: Literal["calls", "part", "events", "hearing"]
    name: str = ""
    """Our name, the platform's id or the key of a call."""
    live: bool = False
    """Live calls only."""
    limit: int = 0


class PeerCalls(msgspec.Struct):
    """A worker's calls."""

    calls: list[CallSummary]


_CALLS = Decoder(PeerCalls)
_PART: Decoder[PeerPart | None] = Decoder(PeerPart | None)
_HEARING: Decoder[Hearing | None] = Decoder(Hearing | None)


class CallPeers:
    """The other workers.

    Parameters
    ----------
    folder
        Where every worker has its socket; only the server's user may enter it.
    calls
        What this worker tells.
    stream
        Events of a call, as they come.
    """

    def __init__(self, folder: Path, calls: Calls, stream: EventStream) -> None:
        self._folder = folder
        self._own = folder / f"calls-{os.getpid()}.sock"
        self._calls = calls
        self._stream = stream
        self._server: asyncio.Server | None = None
        self._answering: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Answer the other workers, and let endpointing answers hear of their calls."""
        self._server = await asyncio.start_unix_server(self._accepted, self._own)
        self._calls.elsewhere = self.hearing

    async def aclose(self) -> None:
        """End what is being told."""
        if self._server is not None:
            self._server.close()
            self._own.unlink(missing_ok=True)
        for task in self._answering:
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)

    async def lists(self, *, live: bool, limit: int) -> tuple[list[CallSummary], int, int]:
        """Calls of the other workers, how many of those answered, and how many did not."""
        told = await self._ask_all(PeerQuestion("calls", live=live, limit=limit), _CALLS, within=_PATIENCE)
        silent = max(0, len(self._others()) - len(told))  # the socket of a worker that was killed is gone by now
        return [call for one in told for call in one.calls], len(told), silent

    async def parts(self, names: Sequence[str]) -> list[PeerPart]:
        """What the other workers know of a call that has these names."""
        found: dict[str, PeerPart] = {}
        for name in filter(None, names):
            told = await self._ask_all(PeerQuestion("part", name), _PART, within=_PATIENCE)
            found |= {part.name: part for part in told if part is not None}
        return list(found.values())

    async def events(self, name: str) -> AsyncGenerator[bytes, None]:
        """Events of a call as the first worker tells them that knows it; nothing when none does."""
        for path in self._others():
            with suppress(OSError):
                async with _asked(path, PeerQuestion("events", name)) as reader:
                    block = await reader.read(65536)
                    told = bool(block)
                    while block:
                        yield block
                        block = await reader.read(65536)
                if told:
                    return

    async def hearing(self, known: KnownCall) -> Hearing | None:
        """What another worker hears of a call; None when none does."""
        for name in dict.fromkeys((known.record.key, known.record.call_id)):
            if name:
                told = await self._ask_all(PeerQuestion("hearing", name), _HEARING, within=_SOON)
                heard = next((one for one in told if one is not None), None)
                if heard is not None:
                    return heard
        return None

    def _others(self) -> list[Path]:
        return sorted(path for path in self._folder.glob("calls-*.sock") if path != self._own)

    async def _ask_all(self, question: PeerQuestion, decoder: Decoder[_Answer], *, within: float) -> list[_Answer]:
        """The answers of the other workers that answer in time."""
        told = await asyncio.gather(*(_answer(path, question, decoder, within) for path in self._others()))
        return [answer for answers in told for answer in answers]

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one question."""
        try:
            question = msgspec.json.decode(await reader.readline(), type=PeerQuestion)
            if question.what == "events":
                await self._tell_events(question.name, reader, writer)
            else:
                writer.write(msgspec.json.encode(self._told(question)))
                await writer.drain()
        except (OSError, ValueError) as error:  # whoever asked is gone
            log.debug("call peer", error=type(error).__name__)
        finally:
            writer.close()

    def _told(self, question: PeerQuestion) -> PeerCalls | PeerPart | Hearing | None:
        if question.what == "calls":
            return PeerCalls(own_calls(self._calls, live=question.live, limit=question.limit))
        record = self._calls.table.get(question.name)
        if record is None:
            return None
        if question.what == "hearing":
            return self._calls.known(record).hearing()
        self._calls.catch_up(record)
        return part_of(record, live=self._calls.table.is_live(record))

    async def _tell_events(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        record = self._calls.table.get(name)
        if record is None:
            return
        gone = asyncio.create_task(reader.read())
        telling = asyncio.create_task(self._write_events(record, writer))
        try:
            await asyncio.wait((gone, telling), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            telling.cancel()
            await asyncio.gather(gone, telling, return_exceptions=True)

    async def _write_events(self, record: CallRecord, writer: asyncio.StreamWriter) -> None:
        async for block in self._stream(record):
            writer.write(block)
            await writer.drain()


def own_calls(calls: Calls, *, live: bool, limit: int) -> list[CallSummary]:
    """Calls of this process: live ones first, then finished ones, newest first."""
    chosen = [(record, True) for record in calls.live()]
    if not live:
        chosen += [(record, False) for record in calls.table.finished()]
    return [summary_of(record, live=goes_on, epoch=calls.epoch) for record, goes_on in chosen[:limit]]


@asynccontextmanager
async def _asked(path: Path, question: PeerQuestion) -> AsyncGenerator[asyncio.StreamReader, None]:
    """The stream of a worker's answer."""
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        writer.write(msgspec.json.encode(question) + b"\n")
        await writer.drain()
        yield reader
    finally:
        writer.close()


async def _answer(path: Path, question: PeerQuestion, decoder: Decoder[_Answer], within: float) -> list[_Answer]:
    """A worker's answer; none when it does not answer in time."""
    try:
        async with asyncio.timeout(within), _asked(path, question) as reader:
            return [decoder.decode(await reader.read())]
    except ConnectionRefusedError:
        _forget(path)
    except (OSError, TimeoutError, ValueError) as error:
        log.log(30 if within > _SOON else 10, "call peer", error=type(error).__name__)
    return []


def _forget(path: Path) -> None:
    """Remove the socket of a worker that was killed."""
    path.unlink(missing_ok=True)
