"""A load on a terminal and on a page."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console
from rich.table import Table

from providers.emulator.formatting import count, percentile, seconds
from providers.emulator.load.fleet import Result
from providers.emulator.load.plots import curve, distribution
from providers.emulator.load.results import SHARES, Thresholds, addresses, limit
from providers.emulator.page import heading, page, table

Steps = list[tuple[Result, str | None]]
"""Loads of a search for the limit, each with the target it missed."""

_ROWS = (
    ("first byte", "first_byte"),
    ("first audible sample", "first_audible"),
    ("transcript lag", "lags"),
    ("endpointing answer", "endpointing"),
)


def times(result: Result) -> list[list[str]]:
    """The rows of the table of times."""
    rows = []
    for name, attribute in _ROWS:
        values = getattr(result.measures, attribute)
        rows.append([name, str(len(values)), *(seconds(percentile(values, share)) for _, share in SHARES)])
    return rows


def counts(result: Result) -> list[list[str]]:
    """Everything else that is quoted."""
    measures = result.measures
    rows = [
        ["calls", f"{measures.calls} of {result.plan.calls} opened"],
        ["continuity", f"{measures.continuity:.3%} of {measures.sound:.0f} s of speech without dead air"],
        ["frames", f"{measures.frames}, {measures.not_accepted} not accepted in time, {measures.dropped} dropped"],
        ["transcripts", f"{count(measures.finals, 'final')}, {count(measures.partials, 'partial')}"],
        ["barge-in", f"{count(measures.interrupted, 'answer')} cut off"],
    ]
    if result.server is not None:
        memory = result.server.memory / (1 << 20)
        rows.append(["server", f"{result.server.cores:.2f} cores, {memory:.0f} MiB"])
    rows += [["error", f"{number} × {kind}"] for kind, number in measures.errors.most_common()]
    return rows


def generator(result: Result) -> str:
    """How the generator itself fared."""
    busy = ", ".join(f"{share:.0%}" for share in result.measures.cpu)
    late = seconds(result.measures.lateness.percentile(0.99))
    return f"generator: {busy} of a core, frames at most {late} late (p99)"


def withheld(result: Result) -> str | None:
    """Why no figures are quoted; None when they are."""
    if result.saturation is None:
        return None
    return f"no figures: {result.saturation}"


def print_result(result: Result, console: Console) -> None:
    """One load as two tables."""
    reason = withheld(result)
    if reason is not None:
        console.print(reason, style="bold red", highlight=False)
    else:
        shown = Table("", "n", *(name for name, _ in SHARES), box=None)
        for row in times(result):
            shown.add_row(*row)
        console.print(shown)
        for name, value in counts(result):
            console.print(f"{name:<12} {value}", style="red" if name == "error" else "", markup=False, highlight=False)
    console.print(generator(result) + (", interrupted" if result.interrupted else ""), style="dim", highlight=False)


def result_page(result: Result, started: datetime) -> str:
    """One load as a page with plots."""
    reason = withheld(result)
    parts = [f"<p class='failed'>{reason}</p>"] if reason else _result_parts(result)
    return page(f"{count(result.plan.calls, 'call')} at once", _note(result, started), parts)


def _note(result: Result, started: datetime) -> str:
    where = ", ".join(url for url in addresses(result.plan).values() if url)
    ending = ", interrupted" if result.interrupted else ""
    return f"{where}, {started:%Y-%m-%d %H:%M} UTC, {result.seconds:.0f} s{ending}; {generator(result)}"


def _result_parts(result: Result) -> list[str]:
    plots = "".join(distribution(name, getattr(result.measures, attribute)) for name, attribute in _ROWS)
    return [
        table(["", "n", *(name for name, _ in SHARES)], times(result), numbers_from=1),
        table(["", ""], counts(result)),
        heading("Distributions"),
        f'<div class="plots">{plots}</div>',
    ]


def step_row(result: Result, broken: str | None) -> list[str]:
    """One step of a search for the limit."""
    measures = result.measures
    cores = f"{result.server.cores:.2f}" if result.server else "–"
    return [
        str(result.plan.calls),
        seconds(percentile(measures.first_audible, 0.95)),
        seconds(percentile(measures.lags, 0.99)),
        cores,
        broken or "held",
    ]


STEP_HEAD = ["calls", "first audio p95", "lag p99", "server cores", ""]


def verdict(steps: Steps) -> str:
    """The search's outcome in one sentence."""
    found = limit(steps)
    if found is None:
        return f"not even {count(steps[0][0].plan.calls, 'call')}: {steps[0][1]}"
    held = count(found["calls"], "call")
    if any(result.saturation for result, _ in steps):
        return f"at least {held} at once: the generator gave out before the server did, so this is no limit of it"
    if found["callsPerCore"] is None:
        return f"{held} at once; calls per core are known of a server on this machine only (--pid)"
    return f"{held} at once with {found['cores']:.2f} cores: {found['callsPerCore']:.0f} calls per core"


def limit_page(steps: Steps, thresholds: Thresholds, started: datetime) -> str:
    """A search for the limit as a page with plots."""
    audio = [(result.plan.calls, percentile(result.measures.first_audible, 0.95)) for result, _ in steps]
    lags = [(result.plan.calls, percentile(result.measures.lags, 0.99)) for result, _ in steps]
    plots = curve("first audible sample, p95, over calls", audio, limit=thresholds.first_audio)
    plots += curve("transcript lag, p99, over calls", lags, limit=thresholds.lag)
    parts = [
        f"<p><strong>{verdict(steps)}</strong></p>",
        table(STEP_HEAD, [step_row(*step) for step in steps], numbers_from=None),
        f'<div class="plots">{plots}</div>',
    ]
    return page("How many calls it bears", _note(steps[-1][0], started), parts)
