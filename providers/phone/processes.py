"""What a process on this machine and its children use."""

from __future__ import annotations

from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Usage:
    """Totals over a process and its children."""

    cpu: float
    """Seconds of CPU time so far."""
    memory: int
    """Bytes resident."""


def usage(pid: int) -> Usage | None:
    """What a process and its children use; None when it is gone or hidden from us."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return None
    cpu, memory = 0.0, 0
    for member in family:
        try:
            times = member.cpu_times()
            cpu += times.user + times.system
            memory += member.memory_info().rss
        except psutil.Error:  # a child that ended meanwhile
            continue
    return Usage(cpu, memory)


def resident(pid: int) -> int:
    """Bytes resident, 0 when the process cannot be seen."""
    found = usage(pid)
    return found.memory if found else 0
