"""``serve --otel`` against a collector of ours: what arrives there over HTTP when a real server has spoken."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from providers.paths import VOICE_PATH

pytest.importorskip(
    "opentelemetry.exporter.otlp.proto.http", reason="the OTLP exporter is not installed: it is part of the extra otel"
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector(ThreadingHTTPServer):
    """Keeps the bodies that are posted to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: list[tuple[str, bytes]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert isinstance(self.server, Collector)
        self.server.bodies.append((self.path, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None: ...


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()
    thread = threading.Thread(target=collector.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        collector.shutdown()
        thread.join(10)
        collector.server_close()


def test_spans_and_metrics_of_a_real_server_reach_a_collector(tmp_path: Path) -> None:
    start = "from providers.cli import main; main()"
    options = ["serve", "--no-auth", "--port", "0", "--voice", "tone", "--transcriber", "null", "--otel"]
    with collecting() as collector:
        environment = os.environ | {
            "PROVIDERS_RUNTIME_DIR": str(tmp_path),
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address,
            "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
        }
        server = subprocess.Popen(
            [sys.executable, "-c", start, *options], stdout=subprocess.PIPE, env=environment, cwd=tmp_path, text=True
        )
        try:
            assert server.stdout is not None
            base = next(line.split()[1] for line in server.stdout if "custom-voice" in line).removesuffix(VOICE_PATH)
            body = {"message": {"type": "voice-request", "text": "Hello.", "sampleRate": 16000}}
            assert httpx.post(base + VOICE_PATH, json=body, timeout=20).status_code == 200
            server.send_signal(signal.SIGINT)
            assert server.wait(30) == 0
        finally:
            server.kill()
            server.communicate()
    spans = [span for resource in _traces(collector) for scope in resource.scope_spans for span in scope.spans]
    assert {span.name for span in spans} == {"voice request", "synthesis"}
    (named,) = {
        one.value.string_value
        for resource in _traces(collector)
        for one in resource.resource.attributes
        if one.key == "service.name"
    }
    assert named == "vapi-providers"
    assert {"providers.voice_requests", "providers.first_audio", "providers.calls"} <= _metrics(collector)


def _traces(collector: Collector) -> list[Any]:
    bodies = [body for path, body in collector.bodies if path == "/v1/traces"]
    return [resource for body in bodies for resource in ExportTraceServiceRequest.FromString(body).resource_spans]


def _metrics(collector: Collector) -> set[str]:
    bodies = [body for path, body in collector.bodies if path == "/v1/metrics"]
    return {
        metric.name
        for body in bodies
        for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
