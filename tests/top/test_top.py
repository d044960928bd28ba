"""``top``: a running server's figures, from its metrics."""

from __future__ import annotations

import io
import json
import math
import os
import time
from pathlib import Path

import httpx
import msgspec
import pytest
from click.testing import CliRunner, Result
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from rich.console import Console

from providers import runtime
from providers.cli import main
from providers.engines.base import Transcript
from providers.engines.events import EngineEvent
from providers.operations.labels import ENDPOINTING_REASONS
from providers.operations.metrics import Metrics
from providers.top.figures import figures
from providers.top.page import MetricsPage, quantile
from providers.top.screen import screen
from tests.fakes import ScriptedListener, ScriptedVoice
from tests.live import SECRET, Live, serving, settings, start


def page(metrics: Metrics, at: float = 0.0) -> MetricsPage:
    return MetricsPage.parse(metrics.exposition()[0].decode(), at)


def top(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["top", *arguments])


def running(live: Live) -> None:
    """Write the runtime file that a server in a process of its own would have."""
    runtime.publish(
        runtime.RunningServer(
            url=live.base, secret=SECRET, pid=os.getpid(), folder=str(Path.cwd()), started=time.time() + 60
        )
    )


def test_one_look_at_a_running_server_finds_it_and_its_secret() -> None:
    def hear(pcm: bytes) -> list[Transcript]:
        return [Transcript("Hello.", final=True, end=0.1)]

    voice, ear = ScriptedVoice(name="mouth"), ScriptedListener(hear, name="ear")
    with serving(voice=voice, transcriber=ear, chosen=settings(max_calls=1)) as live:
        running(live)
        live.say("Hi")
        httpx.get(live.base + "/metrics")
        with live.call() as call:
            call.send(start(16000, 1))
            call.send(bytes(6400))
            call.recv(5)
            shown, told = top("--once"), top("--once", "--json")
    runtime.withdraw(os.getpid())
    assert shown.exit_code == told.exit_code == 0, shown.output + told.output
    now = json.loads(told.output)
    assert (now["ready"], now["reason"], now["load"]["calls"], now["load"]["calls_limit"]) == (False, "full", 1, 1)
    assert now["counts"]["voice_requests"] == {"complete": 1}
    assert now["latency"]["final_lag"]["ear"]["p50"] is not None
    assert now["counts"]["refused"] == {"other": {"unauthorised": 1}}
    assert [engine["name"] for engine in now["engines"]] == ["mouth", "ear"]
    plain = " ".join(shown.output.split())  # lines break where the terminal ends
    for words in (live.base, " full ", "first audio, mouth", "final, ear", "refused, other", "unauthorised 1", "100%"):
        assert words in plain


def test_without_a_server_it_says_what_to_do() -> None:
    done = top("--once")
    assert done.exit_code == 2
    assert "no server runs on this machine: start `vapi-providers serve`" in " ".join(done.output.split())


def test_a_server_that_does_not_answer_is_one_line() -> None:
    done = top("--once", "--url", "http://127.0.0.1:9")
    assert done.exit_code == 2
    assert "the server does not answer" in done.output
    assert "Traceback" not in done.output


def test_a_wrong_secret_is_told() -> None:
    with serving() as live:
        done = top("--once", "--url", live.base, "--secret", "wrong")
    assert done.exit_code == 2
    assert "expected its secret" in " ".join(done.output.split())


def test_something_else_that_answers_is_told() -> None:
    with serving() as live:
        done = top("--once", "--url", live.base + "/nowhere", "--secret", SECRET)
    assert done.exit_code == 2
    assert "found something else" in " ".join(done.output.split())


def test_latencies_are_those_of_the_last_looks_and_of_the_whole_life_where_nothing_is_new() -> None:
    metrics = Metrics()
    metrics.voice.ended("complete", engine="mouth", first_audio=4.0, sent=1)
    metrics.endpointing.answered(0.002, ENDPOINTING_REASONS[0])
    early = page(metrics)
    for _ in range(10):
        metrics.voice.ended("complete", engine="mouth", first_audio=0.02, sent=1)
        metrics.calls.transcript(0.4, final=True, engine="ear")
    now = figures(page(metrics, 5.0), early, {"ready": True})
    p95 = now.latency.first_audio["mouth"].p95
    assert p95 is not None
    assert p95 < 0.03
    assert now.latency.endpointing.p50 is not None
    assert now.load.transcripts_per_second == 2.0


def test_an_engine_in_trouble_is_red_and_says_why() -> None:
    metrics = Metrics()
    metrics.engines.configured("voice", ["deepgram", "espeak"])
    observe = metrics.engines.observer("voice")
    observe(EngineEvent("failed", "deepgram"))
    observe(EngineEvent("took-over", "espeak"))
    now = figures(page(metrics), None, {"ready": True})
    out = Console(file=io.StringIO(), force_terminal=True, width=120)
    out.print(screen(now, "server"))
    text = out.file.getvalue()  # type: ignore[attr-defined]  # it is the StringIO above
    assert "cooling down" in text
    assert "took-over 1" in text
    assert "\x1b[31m" in text, "nothing is red"


@pytest.mark.parametrize("share", [0.01, 0.5, 0.95, 0.999])
def test_quantiles_lie_within_the_bucket_of_the_true_one(share: float) -> None:
    registry = CollectorRegistry()
    bounds = (0.1, 0.2, 0.5, 1.0, 2.0)
    histogram = Histogram("h", "h", registry=registry, buckets=bounds)
    values = [number / 500 for number in range(1, 1000)]
    for value in values:
        histogram.observe(value)
    found = MetricsPage.parse(generate_latest(registry).decode(), 0.0).quantile(share, "h")
    true = values[max(0, math.ceil(share * len(values)) - 1)]
    assert found is not None
    assert next(bound for bound in bounds if bound >= true) >= found >= max((b for b in bounds if b < true), default=0)


def test_a_quantile_beyond_the_last_bound_is_that_bound_and_of_nothing_there_is_none() -> None:
    assert quantile(0.9, {1.0: 0, math.inf: 5}) == 1.0
    assert quantile(0.9, {1.0: 0, math.inf: 0}) is None
    assert quantile(0.9, {}) is None


def test_a_server_that_restarted_counts_anew() -> None:
    before, after = Metrics(), Metrics()
    for _ in range(5):
        before.calls.transcript(None, final=True, engine="ear")
    after.calls.transcript(None, final=True, engine="ear")
    assert page(after, 2.0).since(page(before)).total("providers_transcripts_total") == 1


def test_json_figures_are_complete() -> None:
    now = figures(page(Metrics()), None, {})
    assert set(json.loads(msgspec.json.encode(now))) == set(type(now).__struct_fields__)
