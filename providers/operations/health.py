"""The routes that people who run the server look at: alive, ready, measured."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from providers.auth import Authenticator
from providers.capacity import CapacityLimiter
from providers.inbound import check_connection
from providers.operations.metrics import Metrics


@dataclass(slots=True)
class Ops:
    """Health is open to all; the metrics need the credential."""

    calls: CapacityLimiter
    authenticator: Authenticator
    metrics: Metrics
    ready: bool = False
    """Set once the engines are warm, taken back when the server drains."""

    async def healthz(self, request: Request) -> Response:
        """The process lives."""
        return JSONResponse({"ok": True})

    async def readyz(self, request: Request) -> Response:
        """New calls may come: 200, or 503 while warming up, draining or full."""
        full = self.calls.limit is not None and self.calls.active >= self.calls.limit
        body = {"ready": self.ready and not full, "calls": self.calls.active, "max_calls": self.calls.limit}
        return JSONResponse(body, 200 if body["ready"] else 503)

    async def metricsz(self, request: Request) -> Response:
        """Prometheus' text format."""
        check_connection(self.authenticator, request)
        return PlainTextResponse(self.metrics.exposition(), media_type="text/plain; version=0.0.4")
