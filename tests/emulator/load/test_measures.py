"""Measures add up over processes, and figures follow from them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from providers.emulator.credentials import SentCredentials
from providers.emulator.load.fleet import LoadResult, shares
from providers.emulator.load.measures import Lateness, Measures, Times, TranscriberMeasures, VoiceMeasures
from providers.emulator.load.plan import LoadPlan
from providers.emulator.load.results import Thresholds, limit, report
from providers.emulator.load.search import find_limit
from providers.emulator.load.server_monitor import ServerUsage
from providers.emulator.load.show import counts, limit_page, outcome, result_page, times, verdict

PLAN = LoadPlan(10, "http://h/v", "ws://h/t?token=hush", None, SentCredentials(secret="hush"))


def measures(
    *,
    lags: list[float] | None = None,
    first_audible: list[float] | None = None,
    dropped: int = 0,
    errors: Counter[str] | None = None,
    cpu: list[float] | None = None,
) -> Measures:
    return Measures(
        VoiceMeasures(first_audible=Times(first_audible or [], [0.0] * len(first_audible or []))),
        TranscriberMeasures(
            opened=Times([0.01], [0.0]), lags=Times(lags or [0.1], [0.0] * len(lags or [0.1])), dropped=dropped
        ),
        errors=errors or Counter(),
        cpu=cpu or [],
    )


def result(calls: int = 10, server: ServerUsage | None = None, **measured: Any) -> LoadResult:
    return LoadResult(LoadPlan(calls, None, "ws://h/t", None, SentCredentials()), measures(**measured), server=server)


def test_lateness_is_a_histogram_with_an_upper_edge() -> None:
    late = Lateness()
    for value in (0.0, 0.0001, 0.0049, 5.0):
        late.add(value)
    assert late.percentile(0.5) == 0.0005
    assert late.percentile(0.75) == 0.005
    assert late.percentile(1.0) == 1.0
    assert Lateness().percentile(0.99) == 0.0


def test_what_processes_measure_adds_up() -> None:
    one = Measures(VoiceMeasures(sound=9.0, stalled=1.0), errors=Counter({"a": 1}), cpu=[0.5])
    other = Measures(VoiceMeasures(sound=10.0), errors=Counter({"a": 1, "b": 1}), cpu=[0.6])
    one.transcriber.lags.add(0.1, 1.0)
    other.transcriber.lags.add(0.2, 2.0)
    other.transcriber.lags.open.append(3.0)
    one.lateness.add(0.0)
    other.lateness.add(0.0)
    other.transcriber.frames = 7
    one.absorb(other)
    assert one.transcriber.lags == Times([0.1, 0.2], [1.0, 2.0], [3.0])
    assert (one.transcriber.frames, one.cpu) == (7, [0.5, 0.6])
    assert one.errors == {"a": 2, "b": 1}
    assert one.voice.continuity == pytest.approx(19 / 20)
    assert sum(one.lateness.counts.values()) == 2


def test_what_is_open_counts_with_its_age_and_makes_a_bound_where_it_matters() -> None:
    times = Times([0.1] * 98, open=[0.05, 5.0])
    assert (times.percentile(0.5), times.is_bound(0.5)) == (0.1, False)
    assert (times.percentile(1.0), times.is_bound(1.0)) == (5.0, True)
    assert Times(open=[2.0]).percentile(0.5) == 2.0
    assert Times(open=[2.0]).is_bound(0.5)
    assert not Times().is_bound(0.5)


def test_kinds_of_errors_are_bounded() -> None:
    found = Measures()
    for index in range(1000):
        found.error(f"kind {index}", 0.0)
    assert len(found.errors) == 51
    assert found.errors.total() == 1000


def test_calls_are_shared_out_over_processes() -> None:
    parts = shares(PLAN, 3)
    assert [(part.calls, first) for part, first in parts] == [(4, 0), (3, 4), (3, 7)]


@pytest.mark.parametrize("why", ["busy", "late"])
def test_a_saturated_generator_quotes_nothing(why: str) -> None:
    found = result(cpu=[0.2, 0.95 if why == "busy" else 0.3], lags=[0.1])
    if why == "late":
        found.measures.lateness.add(0.02)
    data = report(found, datetime(2026, 1, 1, tzinfo=UTC))
    assert data["figures"] is None
    assert data["generator"]["saturated"]
    assert outcome(found)[0].startswith("no figures: ")


def test_targets_name_what_was_missed() -> None:
    thresholds = Thresholds(first_audio=1.0, lag=0.5)
    assert thresholds.broken(result(lags=[0.1], first_audible=[0.2])) is None
    assert thresholds.broken(result(lags=[0.6])) == "transcript lag p99 0.60 s"
    assert thresholds.broken(result(first_audible=[1.2])) == "first audio p95 1.20 s"
    assert thresholds.broken(result(dropped=3)) == "3 frames were not taken"
    assert thresholds.broken(result(errors=Counter({"voice: HTTP 503": 2}))) == "2 × voice: HTTP 503"


def search(bearable: int, start: int) -> list[int]:
    tried: list[int] = []

    def attempt(calls: int) -> LoadResult:
        tried.append(calls)
        return result(calls, lags=[9.0] if calls > bearable else [0.1])

    steps = find_limit(attempt, Thresholds(), start=start, on_step=lambda found, missed: None)
    held = [step.plan.calls for step, missed in steps if missed is None]
    assert all(calls <= bearable for calls in held)
    if held:
        assert max(held) > bearable / 1.2
    return tried


@pytest.mark.parametrize(("bearable", "start"), [(137, 10), (1000, 1000), (3, 50), (1, 1), (70_000, 50)])
def test_the_search_comes_close_to_the_limit(bearable: int, start: int) -> None:
    assert len(search(bearable, start)) < 20


def test_the_search_ends_where_not_even_one_call_is_borne() -> None:
    assert search(0, 4) == [4, 2, 1]


def test_the_limit_is_quoted_per_core_of_the_server() -> None:
    steps = [
        (result(100, ServerUsage(0.25, 1), lags=[0.1]), None),
        (result(200, ServerUsage(0.5, 1), lags=[0.1]), None),
        (result(400, ServerUsage(0.9, 1), lags=[3.0]), "transcript lag p99 3.00 s"),
    ]
    assert limit(steps) == {"calls": 200, "cores": 0.5, "callsPerCore": 400.0}
    assert verdict(steps) == "200 calls at once with 0.50 cores: 400 calls per core"
    assert verdict(steps[2:]) == "not even 400 calls: transcript lag p99 3.00 s"
    assert "--pid" in verdict([(result(5), None)])


def test_a_limit_set_by_the_generator_is_a_lower_bound() -> None:
    steps = [(result(100, ServerUsage(0.25, 1)), None), (result(200, cpu=[0.99]), "the generator used 99% of a core")]
    assert verdict(steps).startswith("at least 100 calls at once: the generator gave out before the server did")
    assert limit(steps) == {"calls": 100, "cores": 0.25, "callsPerCore": None}


def test_the_page_of_a_search_shows_its_steps() -> None:
    steps = [(result(100, lags=[0.1], first_audible=[0.2]), None), (result(200, lags=[3.0]), "transcript lag")]
    page = limit_page(steps, Thresholds(), datetime(2026, 1, 1, tzinfo=UTC))
    assert page.count("<svg") == 2
    assert '<td data-label="calls">200</td>' in page


def test_a_load_of_voices_alone_says_nothing_of_calls() -> None:
    found = LoadResult(LoadPlan(3, "http://h/v", None, None, SentCredentials()), measures(first_audible=[0.2]))
    found.measures.voice.first_byte.add(0.1)
    shown = str(counts(found)) + str(times(found)) + outcome(found)[0]
    for word in ("call", "frame", "transcript", "final"):
        assert word not in shown
    assert outcome(found) == ("3 speakers at once without an error", True)
    figures = report(found, datetime(2026, 1, 1, tzinfo=UTC))["figures"]
    assert figures["callsOpened"] is figures["frames"] is figures["finals"] is None
    assert verdict([(found, None)]).startswith("3 speakers at once; speakers per core are known")


def test_the_page_begins_with_the_verdict_and_its_errors() -> None:
    found = result(errors=Counter({"voice: HTTP 503: <full>": 2}))
    page = result_page(found, datetime(2026, 1, 1, tzinfo=UTC))
    body = page.partition("<body>")[2]
    assert body.index('class="banner bad"') < body.index("2 × voice: HTTP 503: &lt;full&gt;") < body.index("<table")
