"""Routes for operators: alive, ready, metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from providers.auth import Authenticator
from providers.capacity import CapacityLimiter
from providers.inbound import check_connection
from providers.operations.metrics import Metrics


class Liveness(msgspec.Struct):
    """The answer of ``/healthz``."""

    ok: bool


class Readiness(msgspec.Struct):
    """The answer of ``/readyz``."""

    ready: bool
    calls: Annotated[int, Meta(ge=0, description="Transcriber calls now.")]
    max_calls: Annotated[int | None, Meta(description="Transcriber calls at once; null is no limit.")]


def _json(body: msgspec.Struct, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")


@dataclass(slots=True)
class Ops:
    """Health is open to all; the metrics need the credential."""

    calls: CapacityLimiter
    authenticator: Authenticator
    metrics: Metrics
    ready: bool = False
    """Set once the engines are warm, taken back when the server drains."""

    async def healthz(self, request: Request) -> Response:
        """Tell that the process lives."""
        return _json(Liveness(ok=True))

    async def readyz(self, request: Request) -> Response:
        """Tell whether new calls may come: 200, or 503 while warming up, draining or full."""
        full = self.calls.limit is not None and self.calls.active >= self.calls.limit
        body = Readiness(self.ready and not full, self.calls.active, self.calls.limit)
        return _json(body, 200 if body.ready else 503)

    async def metricsz(self, request: Request) -> Response:
        """Answer in Prometheus' text format."""
        check_connection(self.authenticator, request)
        return PlainTextResponse(self.metrics.exposition(), media_type="text/plain; version=0.0.4")
