"""``check``: judge a server, show it, and say by the exit code what came of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from providers.emulator.check import verdict_report
from providers.emulator.check.limits import Limits
from providers.emulator.check.rule import CheckRule, Outcome
from providers.emulator.check.run import JudgedRule, Judgement, check
from providers.emulator.options import INTERRUPTED
from providers.emulator.output import save
from providers.emulator.speech import probe_speech
from providers.emulator.targets import Targets

FAILED = 1


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """What to judge by, with which speech, and where to write it down."""

    rules: tuple[CheckRule, ...]
    limits: Limits
    customer_wav: Path | None = None
    assistant_wav: Path | None = None
    json: Path | None = None
    html: Path | None = None


def run(targets: Targets, checking: CheckRequest, console: Console) -> int:
    """Judge and report; the exit code is 0 when nothing failed, 1 when a rule did, 130 after Ctrl-C."""
    judgement = Judgement(checking.rules)
    started = datetime.now(UTC)
    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip
    task = progress.add_task("judging", total=len(checking.rules))

    def judged(item: JudgedRule) -> None:
        progress.update(task, advance=1, description=f"{item.rule.id:<4}")
        if not console.is_terminal:
            console.print(verdict_report.line(item), markup=False, highlight=False, soft_wrap=True)

    try:
        with progress:
            asyncio.run(_judge(targets, checking, judgement, judged))
    except KeyboardInterrupt:
        judgement.interrupted = True
    _publish(judgement, targets, started, checking, console)
    if judgement.interrupted:
        return INTERRUPTED
    return FAILED if judgement.count(Outcome.FAILED) else 0


async def _judge(
    targets: Targets, checking: CheckRequest, judgement: Judgement, judged: verdict_report.OnJudged
) -> None:
    speech = None
    if any(rule.group == "transcriber" for rule in checking.rules) and targets.transcriber is not None:
        speech = await probe_speech(checking.customer_wav, checking.assistant_wav)
    await check(targets, judgement, limits=checking.limits, speech=speech, on_judged=judged)


def _publish(
    judgement: Judgement, targets: Targets, started: datetime, checking: CheckRequest, console: Console
) -> None:
    if console.is_terminal:
        verdict_report.print_table(judgement, console)
    console.print(verdict_report.summary(judgement), style="bold", highlight=False)
    if checking.json is not None:
        save(checking.json, verdict_report.as_json(judgement, targets, started))
    if checking.html is not None:
        save(checking.html, verdict_report.as_html(judgement, targets, started).encode())
