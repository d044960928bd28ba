"""Measures add up over processes, and figures follow from them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from providers.emulator.credentials import Credentials
from providers.emulator.load.fleet import Result, ServerUsage, shares
from providers.emulator.load.measures import Lateness, Measures
from providers.emulator.load.plan import LoadPlan
from providers.emulator.load.results import Thresholds, limit, report
from providers.emulator.load.search import find_limit
from providers.emulator.load.show import limit_page, verdict, withheld

PLAN = LoadPlan(10, "http://h/v", "ws://h/t?token=hush", None, Credentials(secret="hush"))


def result(calls: int = 10, server: ServerUsage | None = None, **measured: object) -> Result:
    plan = LoadPlan(calls, None, None, None, Credentials())
    return Result(plan, Measures(**measured), server=server)  # type: ignore[arg-type]


def test_lateness_is_a_histogram_with_an_upper_edge():
    late = Lateness()
    for value in (0.0, 0.0001, 0.0049, 5.0):
        late.add(value)
    assert late.percentile(0.5) == 0.0005
    assert late.percentile(0.75) == 0.005
    assert late.percentile(1.0) == 1.0
    assert Lateness().percentile(0.99) == 0.0


def test_what_processes_measure_adds_up():
    one = Measures(calls=1, lags=[0.1], errors=Counter({"a": 1}), sound=9.0, stalled=1.0, cpu=[0.5])
    other = Measures(calls=2, lags=[0.2], errors=Counter({"a": 1, "b": 1}), sound=10.0, cpu=[0.6])
    other.lateness.add(0.0)
    one.absorb(other)
    assert (one.calls, one.lags, one.cpu) == (3, [0.1, 0.2], [0.5, 0.6])
    assert one.errors == {"a": 2, "b": 1}
    assert one.continuity == pytest.approx(19 / 20)
    assert sum(one.lateness.counts) == 1


def test_calls_are_shared_out_over_processes():
    parts = shares(PLAN, 3)
    assert [(part.calls, first) for part, first in parts] == [(4, 0), (3, 4), (3, 7)]


@pytest.mark.parametrize("why", ["busy", "late"])
def test_a_saturated_generator_quotes_nothing(why):
    found = result(cpu=[0.2, 0.95 if why == "busy" else 0.3], lags=[0.1])
    if why == "late":
        found.measures.lateness.add(0.02)
    data = report(found, datetime(2026, 1, 1, tzinfo=UTC))
    assert data["figures"] is None
    assert data["generator"]["saturated"]
    assert "no figures" in (withheld(found) or "")


def test_targets_name_what_was_missed():
    thresholds = Thresholds(first_audio=1.0, lag=0.5)
    assert thresholds.broken(result(lags=[0.1], first_audible=[0.2])) is None
    assert thresholds.broken(result(lags=[0.6])) == "transcript lag p99 0.60 s"
    assert thresholds.broken(result(first_audible=[1.2])) == "first audio p95 1.20 s"
    assert thresholds.broken(result(dropped=3)) == "3 frames were not taken"
    assert thresholds.broken(result(errors=Counter({"voice: HTTP 503": 2}))) == "2 × voice: HTTP 503"


def search(bearable: int, start: int) -> list[int]:
    tried: list[int] = []

    def attempt(calls: int) -> Result:
        tried.append(calls)
        return result(calls, lags=[9.0] if calls > bearable else [0.1])

    steps = find_limit(attempt, Thresholds(), start=start, on_step=lambda found, missed: None)
    held = [step.plan.calls for step, missed in steps if missed is None]
    assert all(calls <= bearable for calls in held)
    if held:
        assert max(held) > bearable / 1.2
    return tried


@pytest.mark.parametrize(("bearable", "start"), [(137, 10), (1000, 1000), (3, 50), (1, 1), (70_000, 50)])
def test_the_search_comes_close_to_the_limit(bearable, start):
    assert len(search(bearable, start)) < 20


def test_the_search_ends_where_not_even_one_call_is_borne():
    assert search(0, 4) == [4, 2, 1]


def test_the_limit_is_quoted_per_core_of_the_server():
    steps = [
        (result(100, ServerUsage(0.25, 1), lags=[0.1]), None),
        (result(200, ServerUsage(0.5, 1), lags=[0.1]), None),
        (result(400, ServerUsage(0.9, 1), lags=[3.0]), "transcript lag p99 3.00 s"),
    ]
    assert limit(steps) == {"calls": 200, "cores": 0.5, "callsPerCore": 400.0}
    assert verdict(steps) == "200 calls at once with 0.50 cores: 400 calls per core"
    assert verdict(steps[2:]) == "not even 400 calls: transcript lag p99 3.00 s"
    assert "--pid" in verdict([(result(5), None)])


def test_a_limit_set_by_the_generator_is_a_lower_bound():
    steps = [(result(100, ServerUsage(0.25, 1)), None), (result(200, cpu=[0.99]), "the generator used 99% of a core")]
    assert verdict(steps).startswith("at least 100 calls at once: the generator gave out before the server did")
    assert limit(steps) == {"calls": 100, "cores": 0.25, "callsPerCore": None}


def test_the_page_of_a_search_shows_its_steps():
    steps = [(result(100, lags=[0.1], first_audible=[0.2]), None), (result(200, lags=[3.0]), "transcript lag")]
    page = limit_page(steps, Thresholds(), datetime(2026, 1, 1, tzinfo=UTC))
    assert page.count("<svg") == 2
    assert "<td>200</td>" in page
