"""What became of scenarios: for a terminal, as JSON, as JUnit for CI, and as one page with a timeline per take.

The JSON is stable: fields are added, never renamed or removed, while ``schema`` says ``vapi-providers/simulate/1``::

    {"schema": "vapi-providers/simulate/1",
     "summary": {"passed": 9, "failed": 1, "latency": {"turnCount": 12, "avgTurn": 940, "p50Turn": 900, …}},
     "scenarios": [{"name": "…", "passed": 19, "takes": 20, "latency": {…},
                    "runs": [{"take": 1, "seconds": 14.2, "ended": "customer-ended-call",
                              "verdicts": [{"expectation": "heard: …", "fault": null}, …]}, …]}, …]}

Latencies are milliseconds under the platform's names, all other times are seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from rich.console import Console
from rich.table import Table

from providers.emulator.formatting import count
from providers.emulator.page import banner, heading, page, table
from providers.emulator.simulation.judging import Verdict, judged
from providers.emulator.simulation.take import Take, summary
from providers.emulator.simulation.timeline import timeline

SCHEMA = "vapi-providers/simulate/1"


@dataclass(frozen=True, slots=True)
class JudgedTake:
    """One run and its verdicts."""

    take: Take
    verdicts: tuple[Verdict, ...]

    @property
    def faults(self) -> list[Verdict]:
        """What does not hold."""
        return [verdict for verdict in self.verdicts if verdict.fault is not None]


def judge(take: Take) -> JudgedTake:
    """A run with its verdicts."""
    return JudgedTake(take, tuple(judged(take)))


@dataclass(slots=True)
class Outcome:
    """All runs of one scenario."""

    name: str
    takes: list[JudgedTake] = field(default_factory=list)

    @property
    def passed(self) -> int:
        """Runs of which everything holds."""
        return sum(not one.faults for one in self.takes)

    @property
    def flaky(self) -> bool:
        """Whether some runs hold and some do not."""
        return 0 < self.passed < len(self.takes)

    @property
    def latency(self) -> dict[str, float | int]:
        """Latencies over all runs, in the platform's names."""
        return summary([one.take for one in self.takes])


def print_outcome(outcome: Outcome, console: Console) -> None:
    """One scenario as lines: the verdict, then what does not hold, once each with its number of takes."""
    good = outcome.passed == len(outcome.takes)
    mark = "[green]✓[/]" if good else "[yellow]~[/]" if outcome.flaky else "[bold red]✗[/]"
    turn = outcome.latency.get("p50Turn")
    share = f"{outcome.passed} of {count(len(outcome.takes), 'take')}" if len(outcome.takes) > 1 else ""
    wait = f"reply p50 {turn} ms" if turn is not None else ""
    details = ", ".join(part for part in (share, wait) if part)
    console.print(f"{mark} {outcome.name}  [dim]{details}[/]", highlight=False)
    for expectation, faults in _faults(outcome).items():
        times = f" ({count(len(faults), 'take')})" if len(outcome.takes) > 1 else ""
        console.print(f"    {expectation}: {faults[0]}{times}", markup=False, highlight=False)


def _faults(outcome: Outcome) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in outcome.takes:
        for verdict in one.faults:
            found.setdefault(verdict.expectation, []).append(str(verdict.fault))
    return found


def print_latency(outcomes: Iterable[Outcome], console: Console) -> None:
    """The platform's latencies over everything."""
    found = summary([one.take for outcome in outcomes for one in outcome.takes])
    if not found["turnCount"]:
        return
    shown = Table(box=None, pad_edge=False)
    for title in ("ms", "mean", "p50", "p95"):
        shown.add_column(title, justify="left" if title == "ms" else "right")
    for name in ("Transcriber", "Endpointing", "Model", "Voice", "Turn"):
        if f"avg{name}" in found:
            shown.add_row(name.lower(), *(str(found[f"{part}{name}"]) for part in ("avg", "p50", "p95")))
    console.print(f"{count(int(found['turnCount']), 'turn')}, end of speech to first audio by the platform's names:")
    console.print(shown)


def as_data(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Everything by the schema above."""
    failed = sum(outcome.passed < len(outcome.takes) for outcome in outcomes)
    latency = summary([one.take for outcome in outcomes for one in outcome.takes])
    return {
        "schema": SCHEMA,
        "summary": {"passed": len(outcomes) - failed, "failed": failed, "latency": latency},
        "scenarios": [_scenario(outcome) for outcome in outcomes],
    }


def _scenario(outcome: Outcome) -> dict[str, Any]:
    return {
        "name": outcome.name,
        "passed": outcome.passed,
        "takes": len(outcome.takes),
        "latency": outcome.latency,
        "runs": [
            {
                "take": one.take.number,
                "seconds": round(one.take.seconds, 3),
                "ended": one.take.ended,
                "verdicts": [{"expectation": v.expectation, "fault": v.fault} for v in one.verdicts],
            }
            for one in outcome.takes
        ],
    }


def as_junit(outcomes: Sequence[Outcome]) -> bytes:
    """A test suite per scenario, a test case per take."""
    root = ElementTree.Element("testsuites", name="vapi-providers simulate")
    for outcome in outcomes:
        failures = str(len(outcome.takes) - outcome.passed)
        suite = ElementTree.SubElement(
            root, "testsuite", name=outcome.name, tests=str(len(outcome.takes)), failures=failures
        )
        for one in outcome.takes:
            case = ElementTree.SubElement(
                suite,
                "testcase",
                classname=outcome.name,
                name=f"take {one.take.number}",
                time=f"{one.take.seconds:.3f}",
            )
            if one.faults:
                text = "\n".join(f"{fault.expectation}: {fault.fault}" for fault in one.faults)
                failure = ElementTree.SubElement(case, "failure", message=text.partition("\n")[0])
                failure.text = text
    ElementTree.indent(root)
    made: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return made + b"\n"


def as_html(outcomes: Sequence[Outcome]) -> str:
    """One page: what failed first, each scenario with a picture of its first failing take, or of its first."""
    good = all(outcome.passed == len(outcome.takes) for outcome in outcomes)
    kept = sum(outcome.passed == len(outcome.takes) for outcome in outcomes)
    parts = [banner(f"{kept} of {count(len(outcomes), 'scenario')} hold", good=good)]
    for outcome in sorted(outcomes, key=lambda one: one.passed == len(one.takes)):
        shown = next((one for one in outcome.takes if one.faults), outcome.takes[0])
        rows = [[v.expectation, v.fault or "holds"] for v in shown.verdicts]
        wait = [[name, str(value)] for name, value in outcome.latency.items()]
        parts += [heading(f"{outcome.name}: {outcome.passed} of {count(len(outcome.takes), 'take')} hold")]
        parts += [timeline(shown.take), table(["expected", "found"], rows)]
        parts += [table(["latency, ms", ""], wait, numbers_from=1)] if len(wait) > 1 else []
    return page("Conversations, simulated", "Caller above, assistant below; a mark is what the platform did.", parts)
