"""The Grafana board and the alert rules: every query answered by a real Prometheus, every rule fired by its tests."""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from benchmarks.board import BOARD, Prometheus, board_queries, make_calls, prometheus, rule_queries, server, until
from providers.operations.metrics import Metrics
from tests.deploy.tools import DEPLOY, ROOT, run, tool

QUERIES = [*board_queries("20s"), *rule_queries()]
LOADED = {
    'providers_refused_total{endpoint="transcriber"}': "the third call's refusal is",
    "providers_transcript_lag_seconds_count": "finals are",
    'providers_engine_events_total{kind="took-over"}': "a fallback is",
    "providers_endpointing_seconds_count": "answers are",
}
_METRIC = re.compile(r"providers_\w+")


def test_every_query_names_metrics_that_the_server_has() -> None:
    families = Metrics().registry.collect()
    known = {sample for family in families for sample in _samples(family.name, family.type)}
    for query in QUERIES:
        assert set(_METRIC.findall(query.expr)) <= known, query.expr


def _samples(name: str, kind: str) -> set[str]:
    match kind:
        case "counter":
            return {f"{name}_total"}
        case "histogram":
            return {f"{name}_bucket", f"{name}_count", f"{name}_sum"}
    return {name}


def test_every_panel_says_what_it_shows() -> None:
    board = json.loads(BOARD.read_text())
    shown = [panel for panel in board["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert all(panel["title"] and panel["description"] and panel["targets"] for panel in shown)
    rows = [panel["title"] for panel in board["panels"] if panel["type"] == "row"]
    assert rows == ["Now", "Calls", "First audio", "Lag", "Turns", "Engines", "Errors"]


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(BOARD.read_text())["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + right, place["y"] + down) for right in range(place["w"]) for down in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells


def test_the_rules_are_valid_and_fire_when_they_should() -> None:
    promtool = tool("promtool", "Debian's package prometheus")
    checked = run(promtool, "check", "rules", DEPLOY / "prometheus/rules.yaml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    fired = run(promtool, "test", "rules", ROOT / "tests/deploy/alerts.yaml")
    assert fired.returncode == 0, fired.stdout + fired.stderr


def test_the_scrape_configuration_is_valid(tmp_path: Path) -> None:
    promtool = tool("promtool", "Debian's package prometheus")
    config = (DEPLOY / "prometheus/prometheus.yaml").read_text()
    secret = tmp_path / "secret"
    secret.write_text("correct-horse")
    (tmp_path / "rules.yaml").write_text((DEPLOY / "prometheus/rules.yaml").read_text())
    (tmp_path / "prometheus.yaml").write_text(config.replace("/run/secrets/providers_secret", str(secret)))
    checked = run(promtool, "check", "config", tmp_path / "prometheus.yaml")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.fixture(scope="module")
def loaded() -> Iterator[Prometheus]:
    """Prometheus, beside a server that is under load for as long as the tests of this module ask."""
    tool("prometheus", "Debian's package prometheus")
    pytest.importorskip("espeakng_loader", reason="the voice that takes over needs the extra local")
    with server("null", "--max-calls", "2", "--max-loop-lag-seconds", "0") as running, ThreadPoolExecutor(1) as pool:
        with prometheus([f"{running.host}:{running.port}"], interval="500ms") as asked:
            # Prometheus begins to scrape seconds after it is ready, and an increase needs what stood there before it.
            until(lambda: asked.now('providers_refused_total{endpoint="transcriber"}'), 30, "the server is scraped")
            loading = pool.submit(make_calls, running, 3, 5.0)
            for counter, what in LOADED.items():
                seen = f"sum(increase({counter}[2m])) > 0"
                until(functools.partial(asked.now, seen), 30, f"{what} scraped")
            yield asked
            loading.result()


def test_prometheus_answers_every_query_of_the_board_and_of_the_rules(loaded: Prometheus) -> None:
    silent = []
    for query in QUERIES:
        loaded.now(query.expr)  # raises what is wrong with it
        found = loaded.now(query.without_bound)
        if not any(series["value"][1] != "NaN" for series in found):
            silent.append(f"{query.title}: {query.expr}")
    # Nothing was said to the recogniser's partials: the engine of this test gives finals only.
    assert [one for one in silent if "partial" not in one] == []


def test_an_exemplar_leads_from_first_audio_to_a_call(loaded: Prometheus) -> None:
    answer = httpx.get(
        f"{loaded.base}/api/v1/query_exemplars",
        params={"query": "providers_first_audio_seconds_bucket", "start": "0", "end": "9999999999"},
    ).json()
    assert answer["status"] == "success"
    assert all("call_id" in one["labels"] for series in answer["data"] for one in series["exemplars"])


def test_without_prometheus_the_picture_says_what_is_missing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from benchmarks.board import prometheus\nwith prometheus([]): pass"],
        env={"PATH": str(tmp_path)}, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "expected the program on the PATH" in done.stderr
