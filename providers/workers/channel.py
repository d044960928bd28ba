"""Channel between the supervisor and one worker: a pair of Unix sockets.

::

    supervisor → worker    one byte: a connection (with its socket as SCM_RIGHTS), or what to do
    worker → supervisor    one line of JSON: it is ready, it cannot start, or it was asked to drain the server
"""

from __future__ import annotations

import socket

import msgspec

__all__ = [
    "CONNECTION",
    "DRAIN",
    "END",
    "HAND_OVER",
    "HURRY",
    "Announcement",
    "Lines",
    "Report",
    "receive",
    "send_report",
]

CONNECTION, DRAIN, END, HAND_OVER, HURRY = b"C", b"D", b"E", b"T", b"H"
"""Serve this connection; drain; drain without a notice; drain behind a takeover; end the calls now."""


class Announcement(msgspec.Struct, frozen=True, kw_only=True):
    """What the start lines tell of a worker."""

    voice: str
    """Name of the voice engine."""
    transcriber: str
    calls: int | None
    """Calls at once."""
    reason: str
    """Where that number comes from."""


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a worker reports."""

    ready: Announcement | None = None
    fault: str = ""
    """Why it cannot start."""
    drain: str = ""
    """Who asked it to drain the server."""
    draining: bool = False
    """It drains by itself and needs a successor."""


def send_report(channel: socket.socket, report: Report) -> None:
    """Report to the supervisor; a supervisor that is gone is told nothing."""
    try:
        channel.send(msgspec.json.encode(report) + b"\n")
    except OSError:
        return


def receive(channel: socket.socket) -> tuple[bytes, socket.socket | None] | None:
    """The next command and its connection; None when there is none yet, an empty command when the channel has ended."""
    try:
        command, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
    except BlockingIOError:
        return None
    except OSError:
        return b"", None
    return command, socket.socket(fileno=descriptors[0]) if descriptors else None


class Lines:
    """Reports put together from what was read."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[Report]:
        """The reports that are complete."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [msgspec.json.decode(line, type=Report) for line in lines]
