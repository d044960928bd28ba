"""OpenTelemetry's SDK for ``serve --otel``: traces and metrics to a collector, as the ``OTEL_*`` variables say.

Histograms are recorded beside Prometheus' own (`providers.operations.instruments`). Counters and gauges are read from
the same registry whenever the SDK exports, so that both tell the same.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from functools import partial
from importlib.metadata import version
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from providers import telemetry
from providers.errors import SettingsError
from providers.installing import install_command
from providers.operations.instruments import otel_name

__all__ = ["configure", "export_registry"]


def configure() -> None:
    """Send spans and metrics of this process to a collector, over HTTP.

    Raises
    ------
    SettingsError
        The extra ``otel`` is not installed.
    """
    try:
        from opentelemetry import metrics, trace
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
        from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, SERVICE_VERSION, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise SettingsError([f"--otel: needs the OpenTelemetry SDK: {install_command('otel')}"]) from None
    # Each worker is an instance of its own: the collector would add up counters that overwrite each other.
    ours = {SERVICE_VERSION: version("vapi-providers"), SERVICE_INSTANCE_ID: f"{socket.gethostname()}:{os.getpid()}"}
    if not ("OTEL_SERVICE_NAME" in os.environ or SERVICE_NAME in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", "")):
        ours[SERVICE_NAME] = "vapi-providers"
    resource = Resource.create(ours)
    spans = TracerProvider(resource=resource)
    spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(spans)
    metrics.set_meter_provider(MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())], resource))


def export_registry(registry: CollectorRegistry) -> None:
    """Have counters and gauges of a registry read whenever OpenTelemetry exports; nothing without its API."""
    if not telemetry.INSTALLED:
        return
    from opentelemetry.metrics import get_meter

    meter = get_meter("vapi_providers")
    for family in registry.collect():
        if family.type not in {"counter", "gauge"} or not family.name.startswith("providers_"):
            continue
        name, unit = otel_name(family.name)
        create = meter.create_observable_counter if family.type == "counter" else meter.create_observable_gauge
        create(name, [partial(_observed, registry, family.name)], unit, family.documentation)


def _observed(registry: CollectorRegistry, name: str, options: object) -> Iterable[Any]:
    """The values of one counter or gauge now."""
    from opentelemetry.metrics import Observation

    for family in registry.collect():
        if family.name == name:
            yield from (Observation(value, labels) for labels, value in _values(family))


def _values(family: Metric) -> Iterable[tuple[dict[str, str], float]]:
    wanted = f"{family.name}_total" if family.type == "counter" else family.name
    return ((sample.labels, sample.value) for sample in family.samples if sample.name == wanted)
