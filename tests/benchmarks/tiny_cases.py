"""Cases that take no time, with contenders that misbehave in every way the harness must survive."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from benchmarks.case import Contender, Frame, Unfit, at_least, at_most
from benchmarks.judging import Findings, Measure, QualityCase
from benchmarks.timing import Call, SpeedCase, Target

LIVE_FRAME = Frame("20 ms", 320, 16_000)


def _spin(turns: int) -> Callable[[Frame], Call]:
    return lambda frame: lambda: sum(range(turns))


def _absent(frame: Frame) -> NoReturn:
    raise ModuleNotFoundError("No module named 'nowhere'", name="nowhere.at_all")


def _broken(frame: Frame) -> Call:
    def call() -> object:
        raise RuntimeError("out of order")

    return call


def _dying(frame: Frame) -> Call:
    return lambda: os._exit(3)


def _offline(frame: Frame) -> Call:
    if not frame.bulk:
        raise Unfit("whole files only")
    return lambda: None


def _talking(frame: Frame) -> Call:
    sys.stdout.write("a library that prints\n")
    return lambda: None


def _tracing(name: str) -> Callable[[Frame], Call]:
    """Notes every round in a file, once per round whatever the number of calls."""

    def prepare(frame: Frame) -> Call:
        def call() -> None:
            with Path(os.environ["TRACE"]).open("a", encoding="utf-8") as trace:
                trace.write(name)

        return call

    return prepare


def _judge(subject: dict[str, float]) -> Findings:
    return Findings(subject, {"response": {"x": [0.0, 1.0], "y": [0.0, 0.0]}})


def _absent_subject() -> NoReturn:
    raise ModuleNotFoundError("No module named 'nowhere'", name="nowhere")


CASES = (
    SpeedCase(
        name="sums",
        contenders=(
            Contender("short", "ours", _spin(1_000)),
            Contender("half", "floor", _spin(500)),
            Contender("long", "peer", _spin(10_000)),
            Contender("absent", "peer", _absent),
            Contender("broken", "peer", _broken),
            Contender("dying", "peer", _dying),
            Contender("offline", "peer", _offline),
            Contender("talking", "peer", _talking),
        ),
        targets={
            "20 ms": [
                Target("µs", at_most(1e6)),
                Target("× faster than", at_least(5), "long"),
                Target("× faster than", at_least(1), "absent"),
                Target("×", at_most(1), "half"),
            ]
        },
    ),
    SpeedCase(name="turns", contenders=(Contender("a", "ours", _tracing("a")), Contender("b", "peer", _tracing("b")))),
    QualityCase(
        name="figures",
        signal="nothing at all",
        measures=(
            Measure("kept", "kept, dB", at_most(1)),
            Measure("missed", "missed, dB", at_most(1)),
            Measure("rivalled", "as good as theirs", rival="theirs"),
            Measure("nobody", "nobody has this"),
        ),
        contenders=(
            Contender("mine", "ours", lambda: {"kept": 0.5, "missed": 2.0, "rivalled": 6.0}),
            Contender("theirs", "peer", lambda: {"kept": 9.0, "rivalled": 7.0}),
            Contender("absent", "peer", _absent_subject),
        ),
        judge=_judge,
    ),
)
