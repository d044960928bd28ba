"""Vendor cases: one figure per round, ours and the vendor's bare client beside it, both against the same stand-in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.case import Bound, Contender
from benchmarks.worker import Answer

Round = Callable[[], float]
"""Runs one round and returns its figure."""


@dataclass(frozen=True)
class VendorCase:
    """One question."""

    name: str
    figure: str
    """What a round's figure is, with its unit."""
    contenders: tuple[Contender, ...]
    """Ours first, then the bare client. Each `Contender.prepare` returns a `Round`."""
    bound: Bound
    against: Callable[[float, float], float]
    """Ours and bare to the figure that the bound is for."""
    promise: str
    """The bound in words."""


def answers(case: VendorCase, contender: Contender) -> Callable[[Answer], Answer]:
    """Answer any request with ``{"figure": …}`` of one round."""
    ready: list[Round] = []

    def answer(request: Answer) -> Answer:
        if not ready:
            ready.append(contender.prepare())
        return {"figure": ready[0]()}

    return answer
