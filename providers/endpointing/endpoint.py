"""``POST /api/custom-endpointing``: the conversation in, ``{"timeoutSeconds": s}`` out."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Send

from providers import telemetry
from providers.calls.registry import Calls
from providers.endpointing import rules, wire
from providers.endpointing.plan import PlanSeconds
from providers.inbound import Inbound
from providers.jsonbody import OtherMessage
from providers.operations.metrics import Metrics
from providers.turns.base import Reason, TurnQuestion
from providers.turns.decision import TurnAnswer, Turns
from providers.turns.state import Hearing
from providers.turns.wait_function import UnusableWaitFunction, WaitFunction, wait_function
from providers.turns.waits import Waits

log = structlog.get_logger()


_SECONDS_FOR_RULES = 0.25
"""Seconds; then the words decide without the rules, which may wait for those of other requests."""

_MOST_NAMED = 10
"""Unusable rules that a log event names; all are counted."""


_LARGE_BODY = 256 * 1024
"""Bytes; decoding them takes about a millisecond."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one request, and the rules that could not be used."""

    answer: TurnAnswer
    match: rules.RuleMatch = rules.RuleMatch()
    unusable_wait: str = ""
    """Why the assistant's wait function could not be used; empty when it has none or it could."""


class Decider:
    """Decisions about turns; large bodies are decoded and the assistant's rules matched in a background thread."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
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

    async def decide(self, turn: wire.Turn, hearing: Hearing | None = None) -> Decision:
        """Decide how long to wait: by the assistant's rules, else by the turn engines and the assistant's seconds."""
        match = await self._matched(turn)
        if match.rule is not None:
            return Decision(TurnAnswer(match.seconds, Reason.RULE), match)
        function, unusable = _wait_function(turn.wait_function)
        question = TurnQuestion(turn.user, turn.assistant, turn.languages, hearing)
        answer = self._turns.decide(question, planned(self._turns.waits, turn.plan), function)
        return Decision(answer, match, unusable)

    def failed(self) -> Decision:
        """The answer when a decision fails."""
        return Decision(TurnAnswer(self._turns.waits.no_punctuation, Reason.FAILED))

    async def _matched(self, turn: wire.Turn) -> rules.RuleMatch:
        if not turn.rules:
            return rules.RuleMatch()
        matching = asyncio.get_running_loop().run_in_executor(self._thread, self._matcher.match, turn)
        try:
            async with asyncio.timeout(_SECONDS_FOR_RULES):
                return await matching
        except TimeoutError:
            late = f"rules: expected an answer within {_SECONDS_FOR_RULES:g} s, found none"
            return rules.RuleMatch(unusable=(late,))


class CustomEndpointing:
    """The endpointing endpoint: one decision per request."""

    def __init__(self, inbound: Inbound, metrics: Metrics, calls: Calls, turns: Turns) -> None:
        self._inbound = inbound
        self._metrics = metrics
        self._calls = calls
        self._decider = Decider(turns)

    async def __call__(self, request: Request) -> Response:
        """Answer one request; the app answers malformed ones."""
        return await self._answer(await self._inbound.authorised_body(request), request)

    async def serve(self, body: bytes, request: Request, send: Send) -> None:
        """Answer a request that came to another endpoint, which has read its body."""
        response = await self._answer(body, request)
        await response(request.scope, request.receive, send)

    async def _answer(self, body: bytes, request: Request) -> Response:
        begun = time.perf_counter()
        turn = await self._decider.turn(body)
        if isinstance(turn, OtherMessage):
            log.info("ignored", endpoint="endpointing", type=turn.type)
            return JSONResponse({})
        known = self._calls.endpointing(turn.call_id, request.scope["query_string"], turn.user)
        with telemetry.serving("endpointing", request.headers, call_id=turn.call_id) as span:
            decision = await self._decided(turn, await self._calls.hearing(known))
            span.set(seconds=decision.answer.seconds, decided_by=decision.answer.reason.value)
        took = time.perf_counter() - begun
        self._metrics.endpointing.answered(took, decision.answer.reason, call_id=turn.call_id)
        known.answered(decision.answer.seconds, _reason(decision), turn.user)
        log.info("endpointing", ms=round(took * 1000, 3), call_id=turn.call_id, **_reasons(decision, turn))
        return Response(wire.reply(decision.answer.seconds), media_type="application/json")

    async def _decided(self, turn: wire.Turn, hearing: Hearing | None) -> Decision:
        try:
            return await self._decider.decide(turn, hearing)
        except Exception:  # an error here must not lose the caller's turn
            log.exception("endpointing failed", call_id=turn.call_id)
            return self._decider.failed()


def _reason(decision: Decision) -> str:
    """Why an answer is as it is, in a word or two."""
    return f"rule {decision.match.rule}" if decision.match.rule is not None else decision.answer.reason.value


def planned(waits: Waits, plan: PlanSeconds) -> Waits:
    """The seconds of an assistant's plan, and the server's where it sets none."""
    return Waits(
        waits.punctuation if plan.punctuation is None else plan.punctuation,
        waits.number if plan.number is None else plan.number,
        waits.no_punctuation if plan.no_punctuation is None else plan.no_punctuation,
        waits.dictation,
        waits.held,
    )


def _wait_function(expression: str) -> tuple[WaitFunction | None, str]:
    """The assistant's wait function, or why it cannot be used."""
    if not expression:
        return None, ""
    try:
        return wait_function(expression), ""
    except UnusableWaitFunction as unusable:
        return None, str(unusable)


def _reasons(decision: Decision, turn: wire.Turn) -> dict[str, object]:
    """Log fields of a decision: what made it, and what could not be used."""
    answer, match = decision.answer, decision.match
    said: dict[str, object] = {"timeout": round(answer.seconds, 3), "decided_by": answer.reason.value}
    if match.rule is not None:
        said["rule"] = match.rule
    if answer.done is not None:
        said["done"] = round(answer.done, 3)
    if answer.silence is not None:
        said["silence"] = round(answer.silence, 3)
    if decision.unusable_wait:
        said["unusable_wait_function"] = decision.unusable_wait
    if match.unusable:
        said["unusable_rules"] = len(match.unusable) + max(0, turn.rules_beyond - 1)
        said["unusable"] = match.unusable[:_MOST_NAMED]
    return said
