"""``POST /api/custom-endpointing``: the conversation in, ``{"timeoutSeconds": s}`` out."""

from __future__ import annotations

import time
from dataclasses import dataclass

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from providers.endpointing import rules, wire
from providers.inbound import Inbound
from providers.operations.metrics import Metrics

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class CustomEndpointing:
    """Door 3."""

    inbound: Inbound
    metrics: Metrics
    waits: rules.Waits = rules.Waits()

    async def __call__(self, request: Request) -> Response:
        """Answer one request; a malformed one is the app's to answer."""
        body = await self.inbound.authorised_body(request)
        begun = time.perf_counter()
        turn = wire.parse(body)
        if isinstance(turn, wire.OtherMessage):
            log.info("ignored", door="endpointing", type=turn.type)
            return JSONResponse({})
        try:
            seconds = rules.timeout(turn, self.waits)
        except Exception:  # the caller on the line waits for this answer: a fault of ours must not cost the turn
            log.exception("endpointing failed", call_id=turn.call_id)
            seconds = self.waits.no_punctuation
        took = time.perf_counter() - begun
        self.metrics.endpointing(took)
        log.info("endpointing", timeout=seconds, ms=round(took * 1000, 3), call_id=turn.call_id)
        return Response(wire.answer(seconds), media_type="application/json")
