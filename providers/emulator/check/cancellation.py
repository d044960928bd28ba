"""Rule V12's probe: answers that are abandoned, and the work that goes on behind the server."""

from __future__ import annotations

import asyncio

from providers.emulator.check.probe import Probe
from providers.emulator.check.response_faults import fault_of
from providers.emulator.check.rule import Outcome, Verdict, verdict
from providers.emulator.check.vendor_traffic import Work, watched
from providers.emulator.check.voice_timing import quickest, too_slow
from providers.emulator.formatting import seconds
from providers.emulator.http_client import RecordedResponse

_ATTEMPTS = 3
_GRACE = 0.5
"""Seconds in which a server and its vendor may notice a hang-up."""
_WATCHED = 1.0
"""Seconds of work that are measured then."""
_STILL = 0.25
"""Share of the work of as many complete answers from which on nothing was cancelled."""
_LEAST_CPU = 0.2
"""Seconds of CPU time of one answer below which the work of many cannot be told from everything else."""
_LEAST_BYTES = 20_000
"""Bytes from a vendor for one answer; below it the audio does not come from there."""


async def hang_ups(probe: Probe) -> Verdict:
    """Abandon several long answers; the next caller must not wait, and the abandoned work must end."""
    alone = await quickest(probe)
    async with watched(probe.targets.pid) as usual:
        whole = await probe.say(probe.texts.long())
    fault = fault_of(whole)
    if fault:
        return verdict(fault)
    found = verdict(None)
    for _ in range(_ATTEMPTS):  # one busy moment is no fault of the server
        found = await _next_caller(probe, alone)
        if found.outcome is not Outcome.FAILED:
            going_on, seen = await _behind(probe.targets.pid, usual, whole, probe.limits.hang_ups)
            return verdict(f"after the hang-ups {seen}" if going_on else None, f"{found.evidence}; {seen}")
    return found


async def _next_caller(probe: Probe, alone: RecordedResponse) -> Verdict:
    """Whether a caller right after several hang-ups is served as soon as one alone."""
    many = probe.limits.hang_ups
    await asyncio.gather(*(probe.say(probe.texts.long(), hang_up=True) for _ in range(many)))
    after = await probe.say(probe.texts.short())
    fault = fault_of(after)
    if fault:
        return verdict(f"after {many} hang-ups: {fault}")
    shown = f"first byte after {seconds(alone.first_byte)} alone, {seconds(after.first_byte)} after {many} hang-ups"
    return verdict(shown if too_slow(probe, alone, after) else None, shown)


async def _behind(pid: int | None, usual: Work, whole: RecordedResponse, many: int) -> tuple[bool, str]:
    """Whether work goes on behind the server, and what was seen of it."""
    if not usual.seen:
        return False, "what goes on behind the server cannot be seen from here"
    await asyncio.sleep(_GRACE)
    async with watched(pid) as now:
        await asyncio.sleep(_WATCHED)
    if usual.from_vendors >= _LEAST_BYTES:
        # Abandoned answers come no faster than the one that was read to its end.
        expected = min(1.0, _WATCHED / max(whole.total, 1e-3)) * usual.from_vendors * many
        shown = f"vendors sent {now.from_vendors:,} bytes more within {_WATCHED:g} s"
        return now.from_vendors > _STILL * expected, f"{shown} (one whole answer: {usual.from_vendors:,})"
    if usual.cpu >= _LEAST_CPU:
        shown = f"the server worked {now.cpu:.2f} s more (one whole answer: {usual.cpu:.2f} s)"
        return now.cpu > _STILL * min(many * usual.cpu, _WATCHED), shown
    return False, "an answer costs too little to see whether the rest of it was made"
