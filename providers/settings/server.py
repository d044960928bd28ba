"""Settings of the process: where it listens, what it accepts from a client, what it logs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from providers.settings.group import Count, Duration, Group, Seconds

_CPU_MAX = "/sys/fs/cgroup/cpu.max"
"""Quota and period of a container's processor time (cgroup v2)."""


class Server(Group, frozen=True):
    """The listening socket, and the bounds of a connection."""

    heading: ClassVar[str] = "Server"

    host: Annotated[str, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = 8080
    fd: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(description="File descriptor of an inherited listening socket, in place of host and port."),
    ] = None
    takeover: Annotated[
        bool,
        Meta(description="Take the listening socket from the server that runs at this port, which then drains."),
    ] = False
    workers: Annotated[
        str, Meta(description="Processes that serve side by side on the one port; auto is one for each core.")
    ] = "1"
    ssl_certfile: Annotated[
        str | None, Meta(description="TLS certificate chain (PEM), for those without a tunnel.")
    ] = None
    ssl_keyfile: Annotated[str | None, Meta(description="TLS private key (PEM).")] = None
    max_waiting_connections: Annotated[
        Count,
        Meta(description="Connections without a complete request at once; beyond it the longest waiting is closed."),
    ] = 512
    header_seconds: Annotated[
        Duration, Meta(description="Longest wait for a request's header section, s; beyond it 408.")
    ] = 10.0
    body_seconds: Annotated[Duration, Meta(description="Longest wait for a request's body, s; beyond it 408.")] = 30.0
    max_body_bytes: Annotated[Count, Meta(description="Largest request body, bytes; beyond it 413.")] = 8 * 1024 * 1024
    ping_seconds: Annotated[Seconds, Meta(description="WebSocket ping interval, s; 0 sends none.")] = 20.0
    drain_notice_seconds: Annotated[
        Seconds,
        Meta(description="How long a server that was told to end stays for load balancers to see it on /readyz, s."),
    ] = 5.0
    drain_seconds: Annotated[
        Annotated[int, Meta(ge=0, le=86400)],
        Meta(description="How long live calls may then go on, s; the server ends with the last one. 0 ends them."),
    ] = 3600
    dsp_backend: Annotated[
        Literal["auto", "native", "numpy"],
        Meta(description="Signal code: compiled (native), numpy, or compiled where a compiler built it (auto)."),
    ] = "auto"

    def faults(self) -> Iterator[str]:
        """A certificate without its key, or the reverse; no number of workers."""
        if self.workers != "auto" and not (self.workers.isascii() and self.workers.isdigit() and int(self.workers)):
            yield f"--workers: expected auto or a number of at least 1, found {self.workers!r}"
        if (self.ssl_certfile is None) != (self.ssl_keyfile is None):
            yield "--ssl-certfile and --ssl-keyfile: expected both or neither, found one"


class Telemetry(Group, frozen=True):
    """Traces and metrics for OpenTelemetry."""

    heading: ClassVar[str] = "Telemetry"

    otel: Annotated[
        bool,
        Meta(
            description="Send traces and metrics to an OpenTelemetry collector; OTEL_EXPORTER_OTLP_ENDPOINT says where."
        ),
    ] = False


class Logs(Group, frozen=True):
    """Log lines."""

    heading: ClassVar[str] = "Logs"
    prefix: ClassVar[str] = "log_"

    format: Annotated[
        Literal["auto", "json", "console"],
        Meta(description="Log lines: json, console, or console on a terminal (auto)."),
    ] = "auto"
    level: Annotated[Literal["debug", "info", "warning", "error"], Meta(description="Least level logged.")] = "info"


def worker_count(workers: str) -> int:
    """Number of worker processes."""
    return core_count() if workers == "auto" else int(workers)


def core_count(quota: str = _CPU_MAX) -> int:
    """Processor cores that this process may use: its affinity, and the quota of its container."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        with open(quota) as file:  # noqa: PTH123  # read at start-up
            most, period = file.read().split()
        return cores if most == "max" else max(1, min(cores, round(int(most) / int(period))))
    except (OSError, ValueError):
        return cores
