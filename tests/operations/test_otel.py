"""Spans and measurements, as OpenTelemetry's own SDK receives them from a served server."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from providers import listening, telemetry
from providers.cli import main
from providers.engines.base import Transcript
from providers.engines.events import EngineEvent
from providers.errors import EngineError
from providers.operations.metrics import Metrics
from providers.operations.otel import export_registry
from providers.paths import VOICE_PATH
from providers.settings import Settings
from tests.fakes import LOUD, ScriptedListener, ScriptedVoice
from tests.live import SECRET, serving, start

pytest.importorskip("opentelemetry.sdk", reason="the OpenTelemetry SDK is not installed: it is part of the extra test")

from opentelemetry import metrics as otel_metrics
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
"""The example of the W3C recommendation on trace context."""


@pytest.fixture(scope="module")
def provider() -> Iterator[InMemorySpanExporter]:
    """The process's one tracer provider: the API lets it be set once."""
    exporter = InMemorySpanExporter()
    spans = TracerProvider()
    spans.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(spans)
    yield exporter
    exporter.shutdown()  # the provider stays for the life of the process: one that is shut down would warn in each test


@pytest.fixture
def spans(provider: InMemorySpanExporter) -> Callable[[], dict[str, Any]]:
    """The spans of this test by name; each test has one of a name."""
    provider.clear()
    return lambda: {span.name: span for span in provider.get_finished_spans()}


def test_a_voice_request_continues_the_callers_trace(spans: Callable[[], dict[str, Any]]) -> None:
    body = {"message": {"type": "voice-request", "text": "Hello.", "sampleRate": 16000, "call": {"id": "call-7"}}}
    with serving(voice=ScriptedVoice(name="mouth")) as live:
        httpx.post(live.base + VOICE_PATH, json=body, headers={"X-Vapi-Secret": SECRET, "traceparent": PARENT})
    request, synthesis = spans()["voice request"], spans()["synthesis"]
    assert f"{request.context.trace_id:032x}" == PARENT.split("-")[1]
    assert f"{request.parent.span_id:016x}" == PARENT.split("-")[2]
    assert request.kind is trace.SpanKind.SERVER
    assert synthesis.parent.span_id == request.context.span_id
    told = {name: request.attributes[f"providers.{name}"] for name in ("call_id", "outcome", "engine", "rate")}
    assert told == {"call_id": "call-7", "outcome": "complete", "engine": "mouth", "rate": 16000}
    assert [event.name for event in request.events] == ["first audio"]


def test_a_request_without_a_trace_begins_one(spans: Callable[[], dict[str, Any]]) -> None:
    with serving() as live:
        live.say("Hi")
    assert spans()["voice request"].parent is None


def test_a_failed_synthesis_is_an_error(spans: Callable[[], dict[str, Any]]) -> None:
    with serving(voice=ScriptedVoice([LOUD, EngineError("broken")])) as live, pytest.raises(httpx.RemoteProtocolError):
        live.say("Hello.")
    for name, told in (("voice request", "broken"), ("synthesis", "EngineError")):
        assert spans()[name].status.status_code is trace.StatusCode.ERROR
        assert spans()[name].status.description == told


def test_a_call_holds_its_recognition_and_its_finals(spans: Callable[[], dict[str, Any]]) -> None:
    def hear(pcm: bytes) -> list[Transcript]:
        return [Transcript("Secret words.", final=True, end=0.1)]

    with serving(transcriber=ScriptedListener(hear, name="ear")) as live:
        headers = {"X-Vapi-Secret": SECRET, "traceparent": PARENT}
        with live.call(headers=headers) as call:
            call.send(start(16000, 1))
            call.send(bytes(6400))
            call.recv(5)
    call_span, recognition = spans()["call"], spans()["recognition"]
    assert f"{call_span.context.trace_id:032x}" == PARENT.split("-")[1]
    assert call_span.attributes["providers.code"] == 1000
    assert recognition.parent.span_id == call_span.context.span_id
    assert recognition.attributes["providers.engine"] == "ear"
    (final,) = recognition.events
    assert final.name == "final"
    assert 0 <= final.attributes["providers.lag"] < 5
    assert "Secret" not in json.dumps([span.to_json() for span in spans().values()])


def test_an_endpointing_answer_says_what_decided(spans: Callable[[], dict[str, Any]]) -> None:
    with serving() as live:
        live.endpointing({"type": "call.endpointing.request", "messages": [{"role": "user", "message": "It is 555"}]})
    attributes = spans()["endpointing"].attributes
    assert (attributes["providers.decided_by"], attributes["providers.seconds"]) == ("number", 0.5)


def test_what_happens_to_an_engine_is_noted_in_the_request(spans: Callable[[], dict[str, Any]]) -> None:
    observe = Metrics().engines.observer("voice")
    with telemetry.serving("voice request", {}):
        observe(EngineEvent("took-over", "second", "closed"))
    observe(EngineEvent("hit", "second"))  # outside of any request: nothing to note it in
    (event,) = spans()["voice request"].events
    assert (event.name, event.attributes["providers.engine"]) == ("took-over", "second")


def test_the_metrics_are_those_of_prometheus() -> None:
    reader = InMemoryMetricReader()
    otel_metrics.set_meter_provider(MeterProvider([reader]))
    metrics = Metrics()
    export_registry(metrics.registry)
    metrics.calls.active.set(3)
    metrics.server.refused("transcriber", "full")
    metrics.voice.ended("complete", engine="mouth", first_audio=0.2, sent=100)
    data = reader.get_metrics_data()
    assert data is not None
    found = {metric.name: metric for scope in data.resource_metrics[0].scope_metrics for metric in scope.metrics}
    (calls,) = found["providers.calls"].data.data_points
    assert calls.value == 3
    refused = {
        point.attributes["reason"]: point.value
        for point in found["providers.refused"].data.data_points
        if point.attributes["endpoint"] == "transcriber"
    }
    assert refused["full"] == 1
    (first,) = found["providers.first_audio"].data.data_points
    assert (first.sum, dict(first.attributes), found["providers.first_audio"].unit) == (0.2, {"engine": "mouth"}, "s")


_WITHOUT = """
import sys
sys.modules["opentelemetry"] = None
from providers import listening, telemetry
from providers.operations.metrics import Metrics
from providers.operations.otel import export_registry
metrics = Metrics()
export_registry(metrics.registry)
with telemetry.serving("call", {"traceparent": "x"}, call_id="1") as span, telemetry.part("recognition") as part:
    span.set(a=1)
    part.event("final", lag=0.1)
    span.fail("no")
telemetry.note("hit")
telemetry.start("synthesis").end()
metrics.voice.ended("complete", engine="e", first_audio=0.1, sent=1)
print(telemetry.INSTALLED, span is telemetry.NO_SPAN is part)
"""


def test_without_the_api_nothing_is_done() -> None:
    done = subprocess.run([sys.executable, "-c", _WITHOUT], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_otel_without_the_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    done = CliRunner().invoke(main, ["serve", "--no-auth", "--port", "0", "--otel"])
    assert done.exit_code == 1
    assert "--otel: needs the OpenTelemetry SDK: pip install" in done.output
    assert "otel" in done.output.rpartition("pip install")[2]


def test_a_start_that_fails_leaves_no_open_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    bound: list[socket.socket] = []
    bind = listening.bind

    def kept(chosen: Settings) -> socket.socket:
        bound.append(bind(chosen))
        return bound[0]

    monkeypatch.setattr(listening, "bind", kept)
    CliRunner().invoke(main, ["serve", "--no-auth", "--port", "0", "--otel"])
    assert [sock.fileno() for sock in bound] == [-1]
