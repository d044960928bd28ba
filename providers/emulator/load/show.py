"""A load on a terminal and on a page."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console
from rich.table import Table

from providers.emulator.formatting import count, seconds
from providers.emulator.load.fleet import LoadResult
from providers.emulator.load.measures import Times
from providers.emulator.load.results import SHARES, Thresholds, addresses, limit
from providers.emulator.page import banner, heading, page, table
from providers.emulator.plots import curve, distribution, over_time

Steps = list[tuple[LoadResult, str | None]]
"""Loads of a search for the limit, each with the target it missed."""


def measured(result: LoadResult) -> list[tuple[str, Times]]:
    """Everything that was timed, by name; only of endpoints that were called."""
    plan, measures = result.plan, result.measures
    rows = []
    if plan.transcriber is not None:
        rows += [("call opened", measures.transcriber.opened)]
    if plan.voice is not None:
        rows += [("connected", measures.voice.connect), ("first byte", measures.voice.first_byte)]
        rows += [("first audible sample", measures.voice.first_audible)]
    if plan.transcriber is not None:
        rows += [("transcript lag", measures.transcriber.lags)]
    if plan.endpointing is not None and plan.transcriber is not None:
        rows += [("endpointing answer", measures.endpointing)]
    return rows


def shown(times: Times, share: float) -> str:
    """A percentile; a lower bound is marked."""
    return f"{'≥ ' if times.is_bound(share) else ''}{seconds(times.percentile(share))}"


def times(result: LoadResult) -> list[list[str]]:
    """The rows of the table of times."""
    return [
        [name, str(len(found.values)), str(len(found.open)), *(shown(found, share) for _, share in SHARES)]
        for name, found in measured(result)
    ]


_HEAD = ["", "n", "open", *(name for name, _ in SHARES)]


def counts(result: LoadResult) -> list[list[str]]:
    """Everything else that is quoted; only of endpoints that were called."""
    voice, transcriber = result.measures.voice, result.measures.transcriber
    rows = []
    if result.plan.transcriber is not None:
        unmatched = f"{transcriber.unmatched} not matched with what was said, " if transcriber.unmatched else ""
        dropped = f"{transcriber.not_accepted} not accepted in time, {transcriber.dropped} dropped"
        rows += [
            ["calls", f"{len(transcriber.opened.values)} of {result.plan.calls} opened"],
            ["frames", f"{transcriber.frames}, {dropped}"],
            [
                "transcripts",
                f"{count(transcriber.finals, 'final')} ({unmatched}{transcriber.in_speech} in mid-speech), "
                f"{count(transcriber.partials, 'partial')}",
            ],
        ]
        if not result.speech:
            rows.append(["speech", "a noise without words (no embedded engine): lag is not judged"])
    if result.plan.voice is not None:
        rows += [
            ["continuity", f"{voice.continuity:.3%} of {voice.sound:.0f} s of speech without dead air"],
            ["barge-in", f"{count(voice.interrupted, 'answer')} cut off"],
        ]
    if result.server is not None:
        memory = result.server.memory / (1 << 20)
        rows.append(["server", f"{result.server.cores:.2f} cores, {memory:.0f} MiB"])
    return rows


def errors(result: LoadResult) -> list[str]:
    """The errors, most frequent first."""
    return [f"{number} × {kind}" for kind, number in result.errors.most_common()]


def generator(result: LoadResult) -> str:
    """How the generator itself fared."""
    busy = ", ".join(f"{share:.0%}" for share in result.measures.cpu)
    late = seconds(result.measures.lateness.percentile(0.99))
    frames = f", frames at most {late} late (p99)" if result.plan.transcriber is not None else ""
    return f"generator: {busy} of a core{frames}"


def outcome(result: LoadResult) -> tuple[str, bool | None]:
    """The load's verdict in one sentence, and whether it is good; None where nothing can be said."""
    if result.saturation is not None:
        return f"no figures: {result.saturation}", None
    plural = count(result.plan.calls, result.plan.noun)
    if not result.errors:
        return f"{plural} at once without an error", not result.interrupted or None
    return f"{plural} at once: {count(result.errors.total(), 'error')}", False


def print_result(result: LoadResult, console: Console) -> None:
    """One load: errors first, then two tables."""
    text, good = outcome(result)
    style = {True: "bold green", False: "bold red", None: "bold"}[good]
    console.print(text, style="bold red" if result.saturation else style, highlight=False, soft_wrap=True)
    for error in errors(result):
        console.print(f"error        {error}", style="red", markup=False, highlight=False, soft_wrap=True)
    if result.saturation is None:
        grid = Table(*_HEAD, box=None)
        for row in times(result):
            grid.add_row(*row)
        console.print(grid)
        for name, value in counts(result):
            console.print(f"{name:<12} {value}", markup=False, highlight=False, soft_wrap=True)
    console.print(generator(result) + (", interrupted" if result.interrupted else ""), style="dim", highlight=False)


def result_page(result: LoadResult, started: datetime) -> str:
    """One load as a page: the verdict and the errors first, then figures, then plots."""
    text, good = outcome(result)
    parts = [banner(text, good=good, errors=errors(result))]
    if result.saturation is None:
        parts += _result_parts(result)
    return page(f"{count(result.plan.calls, result.plan.noun)} at once", _note(result, started), parts)


def _note(result: LoadResult, started: datetime) -> str:
    where = ", ".join(url for url in addresses(result.plan).values() if url)
    ending = ", interrupted" if result.interrupted else ""
    return f"{where}, {started:%Y-%m-%d %H:%M} UTC, {result.seconds:.0f} s{ending}; {generator(result)}"


def _result_parts(result: LoadResult) -> list[str]:
    found = [(name, one) for name, one in measured(result) if name not in ("connected", "call opened")]
    spreads = "".join(distribution(name, one.values) for name, one in found)
    length = result.plan.ramp + result.plan.duration
    marks = result.measures.error_times
    courses = "".join(
        over_time(name, list(zip(one.at, one.values, strict=True)), marks, seconds=length) for name, one in found
    )
    return [
        table(_HEAD, times(result), numbers_from=1),
        table(["", ""], counts(result)),
        heading("Over the time of the load"),
        f'<div class="plots">{courses}</div>',
        heading("Distributions"),
        f'<div class="plots">{spreads}</div>',
    ]


def step_row(result: LoadResult, broken: str | None) -> list[str]:
    """One step of a search for the limit."""
    measures = result.measures
    cores = f"{result.server.cores:.2f}" if result.server else "–"
    return [
        str(result.plan.calls),
        shown(measures.voice.first_audible, 0.95),
        shown(measures.transcriber.lags, 0.99),
        cores,
        broken or "held",
    ]


STEP_HEAD = ["calls", "first audio p95", "lag p99", "server cores", ""]


def verdict(steps: Steps) -> str:
    """The search's outcome in one sentence."""
    noun = steps[0][0].plan.noun
    found = limit(steps)
    if found is None:
        return f"not even {count(steps[0][0].plan.calls, noun)}: {steps[0][1]}"
    held = count(found["calls"], noun)
    if any(result.saturation for result, _ in steps):
        return f"at least {held} at once: the generator gave out before the server did, so this is no limit of it"
    if found["callsPerCore"] is None:
        return f"{held} at once; {noun}s per core are known of a server on this machine only (--pid)"
    return f"{held} at once with {found['cores']:.2f} cores: {found['callsPerCore']:.0f} {noun}s per core"


def limit_page(steps: Steps, thresholds: Thresholds, started: datetime) -> str:
    """A search for the limit as a page with plots."""
    audio = [(result.plan.calls, result.measures.voice.first_audible.percentile(0.95)) for result, _ in steps]
    lags = [(result.plan.calls, result.measures.transcriber.lags.percentile(0.99)) for result, _ in steps]
    plots = curve("first audible sample, p95, over calls", audio, limit=thresholds.first_audio)
    plots += curve("transcript lag, p99, over calls", lags, limit=thresholds.lag)
    parts = [
        banner(verdict(steps), good=limit(steps) is not None),
        table(STEP_HEAD, [step_row(*step) for step in steps], numbers_from=None),
        f'<div class="plots">{plots}</div>',
    ]
    return page("How many calls it holds", _note(steps[-1][0], started), parts)
