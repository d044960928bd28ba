"""Start of a supervised server: what is shared, what is announced, and what a worker runs."""

from __future__ import annotations

import gc
import os
import socket
import sys
from collections.abc import Callable
from typing import TextIO, cast

import structlog
from prometheus_client.multiprocess import mark_process_dead

from providers import assembly, runtime, server
from providers.engines.processes.fork_server import ForkServer, recording
from providers.errors import SettingsError
from providers.operations import logs
from providers.operations.shared_metrics import WORKERS_FOLDER
from providers.service import share_of
from providers.settings import Settings
from providers.workers.channel import Announcement
from providers.workers.log_stream import ImpatientStream
from providers.workers.slots import Board, Slot
from providers.workers.supervisor import WorkerEvents, WorkerSupervisor
from providers.workers.worker import Worker

__all__ = ["serve"]

log = structlog.get_logger()


def serve(
    settings: Settings,
    listening: socket.socket,
    count: int,
    *,
    reload: Callable[[], Settings],
    announce: Callable[[str, tuple[str, str], str], None],
    published: Callable[[str, tuple[str, str]], runtime.RunningServer],
    offered: str | None,
) -> str:
    """Serve with a supervisor and its workers; why they did not come up, empty when they had.

    Parameters
    ----------
    reload
        Reads the settings again, for workers that are started later.
    announce
        Called with the base URL, the names of the engines and a phrase about the calls at once, when all serve.
    published
        Makes the content of the runtime file from the base URL and the names of the engines.
    offered
        The secret that was made for this run.
    """
    folder = os.environ[WORKERS_FOLDER]
    logs.configure(settings.logs.format, settings.logs.level, cast(TextIO, ImpatientStream(sys.stderr)))
    base = server.url(settings, listening)

    def up(workers: list[Announcement]) -> None:
        names = (workers[0].voice, workers[0].transcriber)
        runtime.publish(published(base, names))
        each, reason = workers[0].calls, workers[0].reason
        total = sum(worker.calls or 0 for worker in workers)
        announce(base, names, f"{total} calls at once, {each} in each of {count} workers: {reason}")

    def main(channel: socket.socket, slot: Slot, board: Board) -> int:
        return Worker(share_of(_again(settings, reload), count), channel, slot, board).run()

    events = WorkerEvents(
        up=up,
        taken=lambda: runtime.withdraw(os.getpid()),
        ended=lambda pid: mark_process_dead(pid, folder),  # type: ignore[no-untyped-call]
    )
    shared = _load(settings)
    supervisor = WorkerSupervisor(listening, count, main, events, secret=offered)
    try:
        came_up = supervisor.run()
    finally:
        runtime.withdraw(os.getpid())
        for fork_server in shared:
            fork_server.end_shared()
    return "" if came_up else supervisor.fault or "the server could not start"


def _load(settings: Settings) -> list[ForkServer]:
    """Load what every worker needs, once, and let no collection touch the pages that they share.

    Returns the fork servers of embedded engines, which the workers use together.
    """
    # Imports the engines, and finds what is missing before a process is made; the workers make their own.
    with recording() as servers:
        assembly.make_voice(settings, observe=lambda event: None)
        assembly.make_transcriber(settings, observe=lambda event: None)
    for fork_server in servers:
        fork_server.share()
    gc.collect()
    gc.freeze()
    return servers


def _again(settings: Settings, reload: Callable[[], Settings]) -> Settings:
    """The settings as they are now; the ones of the start where they cannot be read."""
    try:
        return reload()
    except SettingsError as error:
        log.warning("settings not read again", faults=list(error.faults))
        return settings
