"""``POST /api/custom-endpointing``: the conversation in, ``{"timeoutSeconds": s}`` out."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from providers.calls.registry import Calls
from providers.endpointing import rules, wire
from providers.inbound import Inbound
from providers.jsonbody import OtherMessage
from providers.operations.labels import endpointing_reason
from providers.operations.metrics import Metrics

log = structlog.get_logger()


_SECONDS_FOR_RULES = 0.25
"""Seconds; then the words decide without the rules, which may wait for those of other requests."""

_MOST_NAMED = 10
"""Unusable rules that a log event names; all are counted."""


_LARGE_BODY = 256 * 1024
"""Bytes; decoding them takes about a millisecond."""


class Decider:
    """Decisions about turns; large bodies are decoded and the assistant's rules matched in a background thread."""

    def __init__(self, waits: rules.Waits) -> None:
        self._waits = waits
        self._matcher = rules.RuleMatcher()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="endpointing-rules")

    async def turn(self, body: bytes) -> wire.Turn | OtherMessage:
        """Decode a body.

        Raises
        ------
        BadRequest, TooLarge
        """
        if len(body) < _LARGE_BODY:
            return wire.parse(body)
        return await asyncio.get_running_loop().run_in_executor(self._thread, wire.parse, body)

    async def decide(self, turn: wire.Turn) -> rules.Decision:
        """Decide how long to wait."""
        if not turn.rules:
            return rules.by_words(turn, self._waits)
        deciding = asyncio.get_running_loop().run_in_executor(self._thread, self._matcher.decide, turn, self._waits)
        try:
            async with asyncio.timeout(_SECONDS_FOR_RULES):
                return await deciding
        except TimeoutError:
            late = f"rules: expected an answer within {_SECONDS_FOR_RULES:g} s, found none"
            return rules.by_words(turn, self._waits, (late,))


class CustomEndpointing:
    """The endpointing endpoint: one decision per request."""

    def __init__(self, inbound: Inbound, metrics: Metrics, calls: Calls, waits: rules.Waits) -> None:
        self._inbound = inbound
        self._metrics = metrics
        self._calls = calls
        self._waits = waits
        self._decider = Decider(waits)

    async def __call__(self, request: Request) -> Response:
        """Answer one request; the app answers malformed ones."""
        body = await self._inbound.authorised_body(request)
        begun = time.perf_counter()
        turn = await self._decider.turn(body)
        if isinstance(turn, OtherMessage):
            log.info("ignored", endpoint="endpointing", type=turn.type)
            return JSONResponse({})
        known = self._calls.endpointing(turn.call_id, request.scope["query_string"], turn.user)
        try:
            decision = await self._decider.decide(turn)
        except Exception:  # an error here must not lose the caller's turn
            log.exception("endpointing failed", call_id=turn.call_id)
            decision = rules.Decision(self._waits.no_punctuation)
        took = time.perf_counter() - begun
        self._metrics.endpointing.answered(took, endpointing_reason(decision.reason), call_id=turn.call_id)
        known.answered(decision.seconds, _reason(decision), turn.user)
        log.info("endpointing", ms=round(took * 1000, 3), call_id=turn.call_id, **_reasons(decision, turn))
        return Response(wire.reply(decision.seconds), media_type="application/json")


def _reason(decision: rules.Decision) -> str:
    """Why an answer is as it is, in a word or two."""
    return f"rule {decision.rule}" if decision.rule is not None else decision.reason


def _reasons(decision: rules.Decision, turn: wire.Turn) -> dict[str, object]:
    """Log fields of a decision: the rule that made it, and the rules that could not be used."""
    said: dict[str, object] = {"timeout": decision.seconds, "decided_by": decision.reason}
    if decision.rule is not None:
        said["rule"] = decision.rule
    if decision.unusable:
        said["unusable_rules"] = len(decision.unusable) + max(0, turn.rules_beyond - 1)
        said["unusable"] = decision.unusable[:_MOST_NAMED]
    return said
