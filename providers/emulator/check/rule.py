"""A rule, and the verdict on a server by it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from providers.emulator.check.probe import Probe

Group = Literal["authentication", "voice", "endpointing", "transcriber"]


class Outcome(StrEnum):
    """Result of one rule."""

    PASSED = "passed"
    FAILED = "failed"
    ADVICE = "advice"
    """The platform allows it; a better server does it otherwise."""
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule's outcome with its evidence."""

    outcome: Outcome
    evidence: str
    """What was seen, in one line. Never empty unless the rule passed."""
    notes: tuple[str, ...] = ()
    """What else was seen and decides nothing."""


class NotJudged(Exception):
    """A judge lacks what it needs; the message says what that is."""


def verdict(fault: str | None, evidence: str = "", *, notes: tuple[str, ...] = ()) -> Verdict:
    """Failed with ``fault`` where there is one, else passed with ``evidence``."""
    return Verdict(Outcome.FAILED, fault, notes) if fault else Verdict(Outcome.PASSED, evidence, notes)


def advice(fault: str | None, evidence: str = "") -> Verdict:
    """Advice with ``fault`` where there is one, else passed with ``evidence``."""
    return Verdict(Outcome.ADVICE, fault) if fault else Verdict(Outcome.PASSED, evidence)


def best_of(attempts: int, measured: Callable[[Probe], Awaitable[Verdict]]) -> Callable[[Probe], Awaitable[Verdict]]:
    """A judge that measures again before it finds a server too slow: one busy moment is no fault of the server."""

    async def judge(probe: Probe) -> Verdict:
        found = await measured(probe)
        for _ in range(attempts - 1):
            if found.outcome is not Outcome.FAILED:
                break
            found = await measured(probe)
        return found

    return judge


def noted(found: Verdict, note: str) -> Verdict:
    """The same verdict with one more note."""
    return replace(found, notes=(*found.notes, note))


@dataclass(frozen=True, slots=True)
class CheckRule:
    """One thing that must hold."""

    id: str
    """Letter of the group and a number; never reused for something else."""
    group: Group
    title: str
    """One sentence that is true of a good server."""
    reason: str
    """What a caller or an operator suffers where it is not."""
    judge: Callable[[Probe], Awaitable[Verdict]]
    alone: bool = False
    """True when the probe needs the server for itself, or would disturb the others."""
    first: bool = False
    """True when the other rules of its group mean nothing while it fails."""
    first_call: bool = False
    """True when the first call tells all that is asked, so that no further call need be heard."""
    last: bool = False
    """True when the probe strains the server, and may leave marks on it."""
