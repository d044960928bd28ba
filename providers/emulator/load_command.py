"""``load``: many calls at once, shown as a table, JSON and a page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from providers.emulator.check.reach import reach
from providers.emulator.load import results, show
from providers.emulator.load.capacity import capacity
from providers.emulator.load.fleet import LoadResult, run
from providers.emulator.load.load_speech import load_speech
from providers.emulator.load.plan import LoadPlan
from providers.emulator.load.results import Thresholds
from providers.emulator.load.script import Script, script
from providers.emulator.load.search import find_limit
from providers.emulator.options import INTERRUPTED
from providers.emulator.output import save, save_json
from providers.emulator.targets import Targets

SATURATED = 3
"""Exit code: the generator could not keep up, so nothing is said about the server."""
MISSED = 1
"""Exit code: there were errors, nothing was measured, or not even the first load of a search held."""


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """How to load, and where to write it down."""

    plan: LoadPlan
    processes: int = 1
    thresholds: Thresholds = Thresholds()
    find_limit: bool = False
    customer_wav: Path | None = None
    assistant_wav: Path | None = None
    json: Path | None = None
    html: Path | None = None


def load(targets: Targets, loading: LoadRequest, console: Console) -> int:
    """Load, and report; the exit code."""
    words, limit = asyncio.run(_prepared(targets, loading))
    if limit is not None and limit < loading.plan.calls:
        console.print(
            f"the server takes {limit} calls at once (/readyz): of {loading.plan.calls} the others will be refused; "
            f"--calls {limit} stays below it",
            style="yellow",
            highlight=False,
            soft_wrap=True,
        )
    started = datetime.now(UTC)
    if loading.find_limit:
        return _search(targets, loading, words, started, console)
    result = _watched(loading, loading.plan, words, targets.pid, console)
    show.print_result(result, console)
    _write(loading, results.report(result, started), lambda: show.result_page(result, started))
    if result.interrupted:
        return INTERRUPTED
    if result.saturation is not None:
        return SATURATED
    return MISSED if result.errors else 0


async def _prepared(targets: Targets, loading: LoadRequest) -> tuple[Script, int | None]:
    """What the calls say, and how many of them the server takes."""
    await reach(targets, loading.plan.endurance.timeout)
    conversation = await load_speech(loading.customer_wav, loading.assistant_wav)
    limit = await capacity(targets, timeout=loading.plan.endurance.timeout)
    return script(conversation, loading.plan.rate), limit


def _watched(loading: LoadRequest, plan: LoadPlan, words: Script, pid: int | None, console: Console) -> LoadResult:
    """One load under a progress bar."""
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip
    seconds = plan.ramp + plan.duration
    task = progress.add_task(f"{plan.calls} {plan.noun}s", total=seconds)
    told = console.is_terminal

    def tick(passed: float) -> None:
        nonlocal told
        progress.update(task, completed=passed)
        if not told:
            console.print(f"{plan.calls} {plan.noun}s for {seconds:g} s", highlight=False)
            told = True

    with progress:
        return run(plan, words, processes=min(loading.processes, plan.calls), pid=pid, on_tick=tick)


def _search(targets: Targets, loading: LoadRequest, words: Script, started: datetime, console: Console) -> int:
    def attempt(calls: int) -> LoadResult:
        return _watched(loading, replace(loading.plan, calls=calls), words, targets.pid, console)

    def shown(result: LoadResult, missed: str | None) -> None:
        cells = zip(show.STEP_HEAD, show.step_row(result, missed), strict=True)
        line = ", ".join(f"{name} {cell}".strip() for name, cell in cells)
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    steps = find_limit(attempt, loading.thresholds, start=loading.plan.calls, on_step=shown)
    console.print(show.verdict(steps), style="bold", highlight=False)
    _write(loading, results.limit_report(steps, started), lambda: show.limit_page(steps, loading.thresholds, started))
    if steps[-1][0].interrupted:
        return INTERRUPTED
    return 0 if results.limit(steps) else MISSED


def _write(loading: LoadRequest, report: dict[str, Any], page: Callable[[], str]) -> None:
    save_json(loading.json, report)
    if loading.html is not None:
        save(loading.html, page().encode())
