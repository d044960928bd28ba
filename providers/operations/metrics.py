"""Metrics for Prometheus: calls, first audio, transcript lag, endpointing, engines, refusals, the loop.

Counters and histograms of several processes are added up; each gauge says how (`providers.operations.instruments`).
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector

from providers.operations.engine_metrics import EngineMetrics
from providers.operations.instruments import CallMetrics, EndpointingMetrics, ServerMetrics, VoiceMetrics
from providers.operations.server_url_metrics import ServerUrlMetrics
from providers.operations.shadow_metrics import ShadowMetrics
from providers.operations.shared_metrics import workers_folder

__all__ = ["Metrics"]


class Metrics:
    """One server's instruments, in a registry of their own, so that two servers in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.voice = VoiceMetrics(self.registry)
        self.calls = CallMetrics(self.registry)
        self.endpointing = EndpointingMetrics(self.registry)
        self.engines = EngineMetrics(self.registry)
        self.server = ServerMetrics(self.registry)
        self.server_url = ServerUrlMetrics(self.registry)
        self.shadow = ShadowMetrics(self.registry)

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """The page that Prometheus scrapes, and its media type.

        Parameters
        ----------
        accept
            The request's Accept header. Exemplars, with the ids of calls, are only in the OpenMetrics format.
        """
        encode, media_type = choose_encoder(accept)
        return encode(self._of_all_workers() or self.registry), media_type

    def _of_all_workers(self) -> CollectorRegistry | None:
        """The instruments of all workers, added up from their files; None where one process serves alone."""
        folder = workers_folder()
        if folder is None:
            return None
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
        return registry
