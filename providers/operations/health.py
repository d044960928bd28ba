"""Routes for operators: alive, ready, metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from providers.auth import Authenticator
from providers.inbound import check_connection
from providers.operations.call_gate import CallGate
from providers.operations.drain import Drain
from providers.operations.metrics import Metrics


class Liveness(msgspec.Struct):
    """The answer of ``/healthz``."""

    ok: bool


class Readiness(msgspec.Struct):
    """The answer of ``/readyz``."""

    ready: bool
    calls: Annotated[int, Meta(ge=0, description="Transcriber calls now.")]
    max_calls: Annotated[int | None, Meta(description="Transcriber calls at once; null is no limit.")]
    reason: Annotated[
        str | UnsetType, Meta(description="Why no new calls may come: starting, full, burst, loop-lag, backlog …")
    ] = UNSET


def _json(body: msgspec.Struct, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")


def readiness(*, calls: int, limit: int | None, refusal: str | None) -> Readiness:
    """The answer of ``/readyz``: ready unless something refuses new calls."""
    return Readiness(refusal is None, calls, limit, refusal or UNSET)


@dataclass(slots=True)
class Ops:
    """Health is open to all; the metrics need the credential."""

    gate: CallGate
    authenticator: Authenticator
    metrics: Metrics
    ready: bool = False
    """Set once the engines are warm, taken back when the server ends."""
    drain: Drain = field(default_factory=Drain)
    combine: Callable[[Ops], Readiness] | None = None
    """What a worker answers for all workers."""

    async def healthz(self, request: Request) -> Response:
        """Tell that the process lives."""
        return _json(Liveness(ok=True))

    async def readyz(self, request: Request) -> Response:
        """Tell whether new calls may come: 200, or 503 while warming up, draining or under load."""
        body = self._readiness()
        return _json(body, 200 if body.ready else 503)

    async def drainz(self, request: Request) -> Response:
        """Take no new calls, and end the server once its own have ended: 202 and what is left."""
        check_connection(self.authenticator, request)
        self.drain.on_request("POST /drain")
        return _json(self._readiness(), 202)

    def _readiness(self) -> Readiness:
        if self.combine is not None:
            return self.combine(self)
        places = self.gate.places
        return readiness(calls=places.active, limit=places.limit, refusal=self.refusal)

    @property
    def refusal(self) -> str | None:
        """Why this process takes no new calls; None when it does."""
        if self.drain.draining:
            return "draining"
        return self.gate.refusal if self.ready else "starting"

    async def metricsz(self, request: Request) -> Response:
        """Answer in Prometheus' text format, or in OpenMetrics if that is asked for."""
        check_connection(self.authenticator, request)
        page, media_type = self.metrics.exposition(request.headers.get("accept", ""))
        return Response(page, headers={"content-type": media_type})
