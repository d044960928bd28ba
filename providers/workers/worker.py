"""Worker: one serving process, which gets its connections from the supervisor."""

from __future__ import annotations

import asyncio
import signal
import socket

import structlog

from providers import server
from providers.errors import ProvidersError, one_line
from providers.operations import logs
from providers.operations.health import Ops, Readiness, readiness
from providers.operations.labels import REFUSALS
from providers.service import Service
from providers.settings import Settings
from providers.workers.channel import (
    CONNECTION,
    DRAIN,
    END,
    HAND_OVER,
    HURRY,
    Announcement,
    Report,
    receive,
    send_report,
)
from providers.workers.slots import Board, Slot, WorkerState

__all__ = ["Worker"]

log = structlog.get_logger()

_REASONS = ("", "starting", *REFUSALS)
"""Why a worker takes no calls, by the number in its slot."""


class Worker:
    """One worker, in the process that was forked for it.

    Parameters
    ----------
    channel
        The worker's end of the channel to its supervisor.
    slot
        What this worker writes into the board.
    board
        What all workers write.
    """

    def __init__(self, settings: Settings, channel: socket.socket, slot: Slot, board: Board) -> None:
        self._settings = settings
        self._channel = channel
        self._slot = slot
        self._board = board
        self._service: Service | None = None
        self._server: server.DrainingServer | None = None

    def run(self) -> int:
        """Serve until the drain is over; the exit code of the process."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        write_out = logs.configure(self._settings.logs.format, self._settings.logs.level)
        try:
            return self._serve()
        finally:
            write_out()

    def _serve(self) -> int:
        try:
            service = self._service = Service.of(self._settings)
            drain = service.endpoints.drain
            drain.on_request = self._asked_to_drain
            drain.on_change.append(self._write)
            service.endpoints.ops.combine = self._of_all
            service.endpoints.gate.on_look = self._write
            if not server.serve(service.app, self._settings, [], drain=drain, up=self._up):
                send_report(self._channel, Report(fault=service.fault))
                return 1
        except ProvidersError as error:
            send_report(self._channel, Report(fault=str(error)))
            return 1
        except Exception as error:
            log.exception("worker failed")
            send_report(self._channel, Report(fault=f"a worker could not start: {one_line(error)}"))
            return 1
        return 0

    def _up(self, running: server.DrainingServer) -> None:
        # The supervisor says when to end: Ctrl-C in its terminal reaches this process too.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        assert self._service is not None
        service = self._service
        self._server = running
        service.endpoints.drain.on_begin.append(self._drains)
        self._channel.setblocking(False)
        asyncio.get_running_loop().add_reader(self._channel, self._obey)
        self._slot.state = WorkerState.READY
        self._write()
        ready = Announcement(
            voice=service.voice.name,
            transcriber=service.transcriber.name,
            calls=service.calls.limit,
            reason=service.calls.reason,
        )
        send_report(self._channel, Report(ready=ready))

    def _obey(self) -> None:
        assert self._service is not None
        assert self._server is not None
        drain = self._service.endpoints.drain
        while (received := receive(self._channel)) is not None:
            command, connection = received
            if connection is not None:
                self._slot.take()
                self._server.adopt(connection)
                continue
            match command:
                case b"":
                    asyncio.get_running_loop().remove_reader(self._channel)
                    drain.begin("the supervisor ended")
                    return
                case _ if command == DRAIN:
                    drain.begin("supervisor")
                case _ if command == END:
                    drain.begin("supervisor", notice=False)
                case _ if command == HAND_OVER:
                    drain.begin("its successor serves", handed_over=True)
                case _ if command == HURRY:
                    drain.hurry()
                case _ if command == CONNECTION:
                    log.warning("connection lost", reason="it came without its socket")

    def _asked_to_drain(self, because: str) -> None:
        assert self._service is not None
        send_report(self._channel, Report(drain=because))
        self._service.endpoints.drain.begin(because)

    def _drains(self) -> None:
        self._slot.state = WorkerState.DRAINING
        self._write()
        send_report(self._channel, Report(draining=True))

    def _write(self) -> None:
        assert self._service is not None
        endpoints = self._service.endpoints
        refusal = endpoints.ops.refusal or ""
        self._slot.write(
            calls=endpoints.drain.calls,
            answers=endpoints.drain.answers,
            limit=endpoints.gate.places.limit,
            refusal=_REASONS.index(refusal) if refusal in _REASONS else 1,
        )

    def _of_all(self, ops: Ops) -> Readiness:
        """The sum of the workers: ready when one of them can take a call."""
        self._write()
        slots = list(self._board)
        serving = [slot for slot in slots if slot.state is WorkerState.READY]
        limits = [slot.limit for slot in serving]
        refusals = [_REASONS[slot.refusal] for slot in serving] or ["draining" if ops.drain.draining else "starting"]
        return readiness(
            calls=sum(slot.calls for slot in slots),
            limit=None if None in limits else sum(limit or 0 for limit in limits),
            refusal=None if "" in refusals else refusals[0],
        )
