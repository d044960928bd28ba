"""The Grafana board and the alert rules in front of a real Prometheus, and a picture of the board from its data.

``python -m benchmarks.board --picture FOLDER`` starts a server and Prometheus (the program must be on the PATH), loads
the server, asks every query, and draws the panels as Grafana lays them out.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import httpx

from benchmarks.plots import board as picture
from benchmarks.served import Served, serving

DEPLOY = Path(__file__).parent.parent / "deploy"
BOARD = DEPLOY / "grafana/dashboards/vapi-providers.json"
RULES = DEPLOY / "prometheus/rules.yaml"
START_SECONDS = 30.0
_BOUND = re.compile(r"\s*(>|==)\s*[\d.]+\s*$")
_RULE = re.compile(r"^\s*expr: (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Query:
    """One query of a panel or a rule."""

    title: str
    expr: str
    legend: str = ""

    @property
    def without_bound(self) -> str:
        """The query without the comparison that keeps only what is worth showing."""
        return _BOUND.sub("", self.expr)


def panels() -> list[dict[str, Any]]:
    """The board's panels as Grafana has them, rows too."""
    found: list[dict[str, Any]] = json.loads(BOARD.read_text())["panels"]
    return found


def queries_of(panel: dict[str, Any], interval: str) -> list[Query]:
    """The queries of a panel, with Grafana's variables filled in."""
    return [
        Query(
            panel["title"],
            target["expr"].replace("$__rate_interval", interval).replace("$instance", ".*"),
            target["legendFormat"],
        )
        for target in panel.get("targets", ())
    ]


def board_queries(interval: str = "1m") -> list[Query]:
    """Every query of the board."""
    return [query for panel in panels() for query in queries_of(panel, interval)]


def rule_queries() -> list[Query]:
    """The expression of every alert rule."""
    return [Query("rule", expr) for expr in _RULE.findall(RULES.read_text())]


class Prometheus:
    """A running Prometheus."""

    def __init__(self, base: str) -> None:
        self.base = base

    def ready(self) -> bool:
        """Whether it answers queries."""
        try:
            return httpx.get(f"{self.base}/-/ready", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def now(self, expr: str) -> list[dict[str, Any]]:
        """The series of a query at this moment."""
        return self._ask("query", {"query": expr})

    def since(self, expr: str, begin: float, end: float, step: float) -> list[dict[str, Any]]:
        """The series of a query over a time, s since the epoch."""
        return self._ask("query_range", {"query": expr, "start": str(begin), "end": str(end), "step": f"{step:g}"})

    def _ask(self, path: str, parameters: dict[str, str]) -> list[dict[str, Any]]:
        answer = httpx.get(f"{self.base}/api/v1/{path}", params=parameters, timeout=20).json()
        if answer["status"] != "success":
            raise ValueError(f"{parameters['query']}: {answer['error']}")
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found


@contextmanager
def prometheus(targets: Sequence[str], *, interval: str = "1s") -> Iterator[Prometheus]:
    """Prometheus on a free port of the loopback, with the alert rules, scraping these addresses."""
    program = shutil.which("prometheus")
    if program is None:
        raise FileNotFoundError("prometheus: expected the program on the PATH, found none")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "prometheus.yaml"
        config.write_text(
            json.dumps(
                {
                    "global": {"scrape_interval": interval, "evaluation_interval": interval},
                    "rule_files": [str(RULES)],
                    "scrape_configs": [{"job_name": "vapi-providers", "static_configs": [{"targets": [*targets]}]}],
                }
            )
        )
        options = (f"--config.file={config}", f"--storage.tsdb.path={folder}/data", f"--web.listen-address={address}")
        process = subprocess.Popen(
            [program, *options, "--enable-feature=exemplar-storage"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            running = Prometheus(f"http://{address}")
            until(running.ready, START_SECONDS, "Prometheus is ready")
            yield running
        finally:
            process.terminate()
            process.wait(10)


def until(reached: Callable[[], object], seconds: float, what: str) -> None:
    """Wait until something is true.

    Raises
    ------
    TimeoutError
        It was not within this time.
    """
    end = time.monotonic() + seconds
    while not reached():
        if time.monotonic() > end:
            raise TimeoutError(f"expected within {seconds:g} s that {what}")
        time.sleep(0.1)


def make_calls(server: Served, calls: int, seconds: float) -> None:
    """Load a server with whole calls, by ``vapi-providers load`` in a process of its own."""
    start = "from providers.cli import main; main()"
    command = [sys.executable, "-c", start, "load", "--url", f"http://{server.host}:{server.port}"]
    numbers = ["--calls", str(calls), "--duration", f"{seconds:g}", "--ramp", f"{seconds / 4:g}", "--turn", "2"]
    subprocess.run([*command, *numbers], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


@contextmanager
def server(transcriber: str, *arguments: str) -> Iterator[Served]:
    """A server whose first voice engine is down, so that it falls back, with a cache in front."""
    down = ("--deepgram-api-key", "none", "--deepgram-url", "http://127.0.0.1:9", "--fallback-rest-seconds", "5")
    with serving("--voice", "deepgram,espeak", "--transcriber", transcriber, *down, *arguments) as running:
        yield running


@click.command()
@click.option("--picture", "folder", required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--seconds", default=60.0, help="Seconds of load.")
@click.option("--calls", default=8, help="Calls at once.")
def main(folder: Path, seconds: float, calls: int) -> None:
    """Draw the board from a server under load, and check every query on the way."""
    with (
        server("pocketsphinx", "--max-calls", str(calls - 2)) as running,
        prometheus([f"{running.host}:{running.port}"]) as asked,
    ):
        begin = time.time()
        make_calls(running, calls, seconds)
        drawn = [
            (panel, [(query, asked.since(query.expr, begin, time.time(), 1.0)) for query in queries_of(panel, "10s")])
            for panel in panels()
        ]
        for query in rule_queries():
            asked.now(query.expr)
    print(f"wrote {picture.draw(drawn, folder)}")


if __name__ == "__main__":
    main()
