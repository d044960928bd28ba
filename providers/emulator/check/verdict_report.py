"""A judgement for machines (JSON), for a browser (HTML) and for a terminal.

The JSON is stable: fields are added, never renamed or removed, while ``schema`` says ``vapi-providers/check/1``::

    {"schema": "vapi-providers/check/1",
     "started": "2026-01-31T12:00:00+00:00",
     "seconds": 41.2,                                      how long the run took
     "interrupted": false,                                 true after Ctrl-C
     "endpoints": {"voice": "https://…", "transcriber": "wss://…", "endpointing": null},
     "summary": {"passed": 40, "failed": 1, "advice": 1, "notJudged": 8},
     "rules": [{"id": "V1", "group": "voice", "title": "…", "reason": "…",
                "outcome": "passed" | "failed" | "advice" | "not judged",
                "evidence": "…",                           empty only where the rule passed
                "notes": ["…"],                            what else was seen and decides nothing
                "seconds": 0.2}, …]}                       in the rules' order, each chosen rule once

Addresses come without their query, which may hold a token. Times are in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from html import escape
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from providers.emulator.check.rule import Outcome, Verdict
from providers.emulator.check.run import JudgedRule, Judgement
from providers.emulator.failures import bare
from providers.emulator.page import banner, heading, page
from providers.emulator.targets import Targets

OnJudged = Callable[[JudgedRule], None]

SCHEMA = "vapi-providers/check/1"

_MARK = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.ADVICE: "!", Outcome.NOT_JUDGED: "–"}
_STYLE = {Outcome.PASSED: "green", Outcome.FAILED: "bold red", Outcome.ADVICE: "yellow", Outcome.NOT_JUDGED: "dim"}
_CLASS = {Outcome.PASSED: "passed", Outcome.FAILED: "failed", Outcome.ADVICE: "dim", Outcome.NOT_JUDGED: "dim"}


def as_json(judgement: Judgement, targets: Targets, started: datetime) -> bytes:
    """The judgement by the schema above."""
    report: dict[str, Any] = {
        "schema": SCHEMA,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(judgement.took, 3),
        "interrupted": judgement.interrupted,
        "endpoints": addresses(targets),
        "summary": {
            "passed": judgement.count(Outcome.PASSED),
            "failed": judgement.count(Outcome.FAILED),
            "advice": judgement.count(Outcome.ADVICE),
            "notJudged": judgement.count(Outcome.NOT_JUDGED),
        },
        "rules": [_as_data(item) for item in judgement.results()],
    }
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def addresses(targets: Targets) -> dict[str, str | None]:
    """The endpoints' addresses without their queries."""
    known = {"voice": targets.voice, "transcriber": targets.transcriber, "endpointing": targets.endpointing}
    return {name: bare(url) if url else None for name, url in known.items()}


def _as_data(item: JudgedRule) -> dict[str, Any]:
    return {
        "id": item.rule.id,
        "group": item.rule.group,
        "title": item.rule.title,
        "reason": item.rule.reason,
        "outcome": item.verdict.outcome.value,
        "evidence": item.verdict.evidence,
        "notes": list(item.verdict.notes),
        "seconds": round(item.seconds, 3),
    }


def summary(judgement: Judgement) -> str:
    """One sentence."""
    shown = [outcome for outcome in Outcome if outcome is not Outcome.ADVICE or judgement.count(outcome)]
    counts = [f"{judgement.count(outcome)} {outcome}" for outcome in shown]
    ending = ", interrupted" if judgement.interrupted else ""
    return f"{', '.join(counts)} in {judgement.took:.1f} s{ending}"


def as_html(judgement: Judgement, targets: Targets, started: datetime) -> str:
    """The judgement as one page, with what failed at its top."""
    where = ", ".join(url for url in addresses(targets).values() if url)
    results = judgement.results()
    first = [("Failed", Outcome.FAILED), ("Advice", Outcome.ADVICE)]
    parts = [_section(title, [item for item in results if item.verdict.outcome is kind]) for title, kind in first]
    others = [item for item in results if item.verdict.outcome not in (Outcome.FAILED, Outcome.ADVICE)]
    groups = dict.fromkeys(item.rule.group for item in others)
    parts += [_section(group.capitalize(), [item for item in others if item.rule.group == group]) for group in groups]
    verdict = banner(summary(judgement), good=judgement.count(Outcome.FAILED) == 0)
    note = f"{where}, {started:%Y-%m-%d %H:%M} UTC"
    return page("A provider server, judged from outside", note, [verdict, *parts])


def _section(title: str, items: Sequence[JudgedRule]) -> str:
    """A heading with a table of rules; nothing where there is no rule."""
    rows = "\n".join(_html_row(item) for item in items)
    return f"{heading(title)}\n<table>\n{rows}\n</table>" if items else ""


def _html_row(item: JudgedRule) -> str:
    found = item.verdict
    why = f'<br><span class="dim">{escape(item.rule.reason)}</span>' if found.outcome is Outcome.FAILED else ""
    mark = f'<td class="{_CLASS[found.outcome]}">{_MARK[found.outcome]}&nbsp;{found.outcome}</td>'
    return (
        f"<tr><td>{item.rule.id}</td>{mark}<td>{escape(item.rule.title)}{why}</td><td>{escape(seen(found))}</td></tr>"
    )


def line(item: JudgedRule) -> str:
    """One rule as a plain line."""
    found = item.verdict
    said = seen(found)
    evidence = f" ({said})" if said else ""
    return f"{found.outcome:<10} {item.rule.id:<4} {item.rule.title}{evidence}"


def seen(found: Verdict) -> str:
    """The evidence of a verdict and its notes, in one line."""
    return "; note: ".join(part for part in (found.evidence, *found.notes) if part)


def print_table(judgement: Judgement, console: Console) -> None:
    """What failed and what was not judged in full, what passed in one line each."""
    shown = Table(box=None, pad_edge=False, show_header=False)
    shown.add_column(no_wrap=True)
    shown.add_column(no_wrap=True)
    shown.add_column(ratio=3)
    shown.add_column(ratio=2, style="dim")
    for item in judgement.results():
        found = item.verdict
        title = item.rule.title
        if found.outcome is Outcome.FAILED:
            title += f"\n  {item.rule.reason}"
        evidence = seen(found).replace("[", "\\[")
        shown.add_row(f"[{_STYLE[found.outcome]}]{_MARK[found.outcome]}[/]", item.rule.id, title, evidence)
    console.print(shown)
