"""The command ``python -m benchmarks``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from benchmarks import groups, machine, show
from benchmarks.report import CaseGroup, GroupReport, RunOptions

SCHEMA = 1
"""Version of the JSON layout; goes up when a key changes its meaning or leaves."""

EPILOG = """\b
Examples:
  python -m benchmarks --list                    what there is
  python -m benchmarks dsp --quick               a first impression in half a minute
  python -m benchmarks dsp --only resample       one stage and its peers
  python -m benchmarks recordings                bring real recordings; some cases need them
  python -m benchmarks dsp quality --json figures.json --plot figures/
\b
Peers (scipy, samplerate, WebRTC, ...) come with  pip install '.[local,bench]'
What is not installed is skipped by name. Pipe the output and the tables
are plain text, one row a line; progress goes to stderr.
"""


@click.command(context_settings={"help_option_names": ["-h", "--help"]}, epilog=EPILOG)
@click.argument("names", nargs=-1, metavar="[GROUP]...")
@click.option("--list", "listing", is_flag=True, help="List the groups and their cases, run nothing.")
@click.option("--only", default="", metavar="TEXT", help="Run the cases whose name contains TEXT.")
@click.option("--quick", is_flag=True, help="Fewer and shorter rounds; not for figures to quote.")
@click.option("--minutes", type=click.FloatRange(min=0.1), help="How long the soak runs. [20]")
@click.option("--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write all figures here.")
@click.option("--plot", "folder", type=click.Path(file_okay=False, path_type=Path), help="Draw pictures into here.")
@click.pass_context
def main(
    context: click.Context,
    names: Sequence[str],
    *,
    listing: bool,
    only: str,
    quick: bool,
    minutes: float | None,
    json_path: Path | None,
    folder: Path | None,
) -> None:
    """Measure this project beside the machine's limits and beside other people's libraries.

    Prints the machine, then a table per GROUP with the project's own targets next to each figure. Every contender runs
    in a process of its own, in interleaved rounds; medians and their spread are shown. Without GROUP, all run.
    """
    chosen = _chosen(groups.load(), names, listing=listing)
    if listing:
        _list(chosen)
        return
    if folder is not None:
        _require_matplotlib()
    options = RunOptions(quick=quick, only=only, pictures=folder is not None, minutes=minutes)
    try:
        reports = _run(chosen, options)
    except KeyboardInterrupt:
        click.echo("Stopped. Nothing was written.", err=True)
        context.exit(130)
    _write(reports, json_path, folder)
    if any(" FAILED: " in note for report in reports.values() for note in report.notes):
        context.exit(1)


def _chosen(available: Mapping[str, CaseGroup], names: Sequence[str], *, listing: bool) -> list[CaseGroup]:
    unknown = [name for name in names if name not in available]
    if unknown:
        raise click.UsageError(f"GROUP: expected {', '.join(available)}; found {', '.join(unknown)}")
    if names:
        return [available[name] for name in names]
    return [group for group in available.values() if group.default or listing]


def _list(chosen: Sequence[CaseGroup]) -> None:
    for group in chosen:
        click.echo(f"{group.name}: {group.question}" + ("" if group.default else "  (runs only when named)"))
        for case in group.cases():
            click.echo(f"    {case}")


def _run(chosen: Sequence[CaseGroup], options: RunOptions) -> dict[str, GroupReport]:
    """Run and print, group after group."""
    selected = [group for group in chosen if any(map(options.selects, group.cases()))]
    if not selected:
        raise click.UsageError(f"--only: no case is called anything like {options.only!r}; --list names them")
    out = show.console()
    show.machine(machine.describe(), out)
    reports = {}
    for group in selected:
        out.print(f"\n{group.name}: {group.question}", style="bold")
        with show.Ticker(group.name) as ticker:
            reports[group.name] = group.run(options, ticker)
        show.report(reports[group.name], out)
    return reports


def _write(reports: Mapping[str, GroupReport], json_path: Path | None, folder: Path | None) -> None:
    if json_path is not None:
        json_path.parent.mkdir(parents=True, exist_ok=True)
        json_path.write_text(json.dumps(_document(reports), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        click.echo(f"wrote {json_path}", err=True)
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    available = groups.load()
    for name, report in reports.items():
        plot = available[name].plot
        for path in plot(report, folder) if plot else ():
            click.echo(f"wrote {path}", err=True)


def _document(reports: Mapping[str, GroupReport]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(["python -m benchmarks", *sys.argv[1:]]),
        "machine": machine.describe(),
        "groups": {
            name: {"records": list(report.records), "notes": list(report.notes)} for name, report in reports.items()
        },
    }


def _require_matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise click.UsageError("--plot needs matplotlib: pip install '.[local,bench]'") from None
