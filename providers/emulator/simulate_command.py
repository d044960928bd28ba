"""``simulate``: hold scenarios, judge them, show what became of them, and say it by the exit code."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from dsp import encode_pcm16
from providers.emulator.failures import EmulatorError
from providers.emulator.formatting import count
from providers.emulator.options import INTERRUPTED
from providers.emulator.output import save, save_json
from providers.emulator.simulation import report
from providers.emulator.simulation.clips import caller_clips
from providers.emulator.simulation.live_run import run_live
from providers.emulator.simulation.reading import read_scenario
from providers.emulator.simulation.report import JudgedTake, Outcome, judge
from providers.emulator.simulation.scenario import Scenario
from providers.emulator.simulation.take import Take
from providers.emulator.simulation.virtual_run import run_virtual
from providers.emulator.targets import Targets
from providers.emulator.wav import wav_bytes

FAILED = 1


@dataclass(frozen=True, slots=True)
class SimulateRequest:
    """Which scenarios, how often, and where to write down what became of them."""

    files: tuple[Path, ...]
    repeat: int = 1
    parallel: int = 1
    junit: Path | None = None
    json: Path | None = None
    html: Path | None = None
    out: Path | None = None


def simulate(targets: Targets | None, wanted: SimulateRequest, console: Console) -> int:
    """Hold all scenarios, without targets in virtual time.

    Returns 0 when all expectations held, 1 when one did not, 130 after Ctrl-C.
    """
    scenarios = [(path, read_scenario(path)) for path in wanted.files]
    outcomes = [Outcome(scenario.name) for _, scenario in scenarios]
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip
    interrupted = False
    try:
        with progress:
            task = progress.add_task("calls", total=len(scenarios) * wanted.repeat)
            asyncio.run(_all(scenarios, outcomes, targets, wanted, lambda: progress.advance(task)))
    except KeyboardInterrupt:
        interrupted = True
    held = [outcome for outcome in outcomes if outcome.takes]
    _publish(held, wanted, console)
    if interrupted:
        console.print(f"interrupted after {count(sum(len(one.takes) for one in held), 'call')}", style="bold")
        return INTERRUPTED
    return FAILED if any(outcome.passed < len(outcome.takes) for outcome in held) else 0


async def _all(
    scenarios: Sequence[tuple[Path, Scenario]],
    outcomes: Sequence[Outcome],
    targets: Targets | None,
    wanted: SimulateRequest,
    advance: Any,
) -> None:
    limit = asyncio.Semaphore(wanted.parallel)

    async def held(index: int) -> None:
        path, scenario = scenarios[index]
        async for one in _takes(path, scenario, targets, wanted.repeat, limit):
            outcomes[index].takes.append(one)
            _keep(wanted.out, path, one.take)
            advance()

    tasks = [asyncio.create_task(held(index)) for index in range(len(scenarios))]
    try:
        await asyncio.gather(*tasks)
    finally:
        await _ended(tasks)


async def _takes(
    path: Path, scenario: Scenario, targets: Targets | None, repeat: int, limit: asyncio.Semaphore
) -> AsyncIterator[JudgedTake]:
    """The takes of one scenario, in the order in which they end."""
    if targets is None:
        for number in range(1, repeat + 1):
            yield judge(run_virtual(scenario, number))
        return
    clips = await caller_clips(scenario, path.parent)

    async def one(number: int) -> Take:
        async with limit:
            return await run_live(scenario, clips, path.parent, targets, number)

    tasks = [asyncio.create_task(one(number)) for number in range(1, repeat + 1)]
    try:
        for done in asyncio.as_completed(tasks):
            yield judge(await done)
    finally:
        await _ended(tasks)


async def _ended(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel what still runs, and wait for its end."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def _keep(folder: Path | None, path: Path, take: Take) -> None:
    """Write down a take: its events, and in real time its sound, caller left and assistant right."""
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise EmulatorError(f"{folder}: {fault.strerror or fault}") from fault
    name = f"{path.stem}-{take.number}"
    events = [{"at": round(event.at, 3), "kind": event.kind, **event.detail} for event in take.events]
    save_json(folder / f"{name}.json", {"messages": take.messages, "events": events})
    if take.sound is not None:
        pcm = encode_pcm16(take.sound.reshape(-1))
        save(folder / f"{name}.wav", wav_bytes(pcm, take.scenario.rate, channels=2))


def _publish(outcomes: Sequence[Outcome], wanted: SimulateRequest, console: Console) -> None:
    for outcome in outcomes:
        report.print_outcome(outcome, console)
    report.print_latency(outcomes, console)
    if wanted.json is not None:
        save(wanted.json, msgspec.json.format(msgspec.json.encode(report.as_data(outcomes)), indent=2) + b"\n")
    if wanted.junit is not None:
        save(wanted.junit, report.as_junit(outcomes))
    if wanted.html is not None:
        save(wanted.html, report.as_html(outcomes).encode())
