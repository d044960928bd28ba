"""What a process on this machine and its children use."""

from __future__ import annotations

from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Usage:
    """Totals over a process and its children."""

    cpu: float
    """Seconds of CPU time so far, those of children that have ended among them; it never falls."""
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
            # What a child used moves to its parent's account when it ends (0 where the system keeps none).
            cpu += times.user + times.system + times.children_user + times.children_system
            memory += member.memory_info().rss
        except psutil.Error:  # a child that ended meanwhile
            continue
    return Usage(cpu, memory)


def residents(pid: int) -> dict[int, int]:
    """Bytes resident of a process and each of its children, by process id; empty when it cannot be seen."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return {}
    return {member.pid: _resident(member.pid) for member in family}


def growth(before: dict[int, int]) -> int:
    """Bytes by which these processes have grown since; processes that are new since do not count."""
    return sum(max(0, _resident(pid) - size) for pid, size in before.items())


def _resident(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:  # ended meanwhile
        return 0


def listening_pid(port: int) -> int | None:
    """The process of ours that listens on a TCP port of this machine; None where that cannot be seen."""
    try:
        found = psutil.net_connections("tcp")
    except psutil.Error:
        return None
    pids = [each.pid for each in found if each.status == psutil.CONN_LISTEN and each.laddr and each.laddr.port == port]
    return min((pid for pid in pids if pid), default=None)
