"""Rules E1 … E6: the endpointing endpoint."""

from __future__ import annotations

from typing import Literal

from providers.emulator.check.probe import Probe
from providers.emulator.check.response_faults import document, status_line
from providers.emulator.check.rule import CheckRule, NotJudged, Verdict, best_of, verdict
from providers.emulator.failures import EmulatorError
from providers.emulator.formatting import percentile, seconds
from providers.emulator.http_client import RecordedResponse
from providers.emulator.protocol import ConversationTurn, endpointing_body, read_timeout

_LONGEST = 15.0
"""Seconds, the schema's own limit."""
_REQUESTS = 20
_QUESTION = ConversationTurn("assistant", "What is your account number?")
_FINISHED = (_QUESTION, ConversationTurn("user", "I would like to speak to somebody about my order."))
_UNFINISHED = (_QUESTION, ConversationTurn("user", "I would like to"))

_Shape = Literal["both", "messages", "openai"]


async def _ask(probe: Probe, turns: tuple[ConversationTurn, ...], shape: _Shape = "both") -> RecordedResponse:
    return await probe.ask("endpointing", endpointing_body(turns, shape=shape))


def _no_answer(answer: RecordedResponse) -> str | None:
    if answer.status != 200:
        return status_line(answer)
    if read_timeout(answer.body) is None:
        what = document(answer)
        return f"200 with {what} and no number timeoutSeconds in it" if what else "200 without a number timeoutSeconds"
    return None


def _fault(answer: RecordedResponse) -> str | None:
    value = read_timeout(answer.body)
    if value is not None and not 0 <= value <= _LONGEST:
        return f"timeoutSeconds is {value:g}, expected 0 … {_LONGEST:.0f}"
    return _no_answer(answer)


async def _need_answer(probe: Probe) -> None:
    """`NotJudged` where a plain request gets no answer, which is rule E1's business."""
    try:
        fault = _no_answer(await probe.once("endpointing", lambda: _ask(probe, _FINISHED)))
    except EmulatorError as unanswered:
        raise NotJudged(f"no plain request was answered (E1): {unanswered}") from unanswered
    if fault is not None:
        raise NotJudged(f"no plain request was answered with a number (E1): {fault}")


async def _in_range(probe: Probe) -> Verdict:
    for turns in (_FINISHED, _UNFINISHED):
        answer = await _ask(probe, turns)
        if _fault(answer):
            return verdict(_fault(answer))
    return verdict(None)


async def _only(probe: Probe, shape: _Shape) -> Verdict:
    await _need_answer(probe)
    return verdict(_no_answer(await _ask(probe, _FINISHED, shape)))


async def _quick(probe: Probe) -> Verdict:
    await _need_answer(probe)
    await _ask(probe, _FINISHED)
    answers = [await _ask(probe, _FINISHED) for _ in range(_REQUESTS)]
    slow = percentile([answer.total for answer in answers], 0.95)
    shown = f"p95 {seconds(slow)} over {_REQUESTS} requests"
    return verdict(shown if slow > probe.limits.endpointing_within else None, shown)


async def _patient(probe: Probe) -> Verdict:
    await _need_answer(probe)
    finished, unfinished = await _ask(probe, _FINISHED), await _ask(probe, _UNFINISHED)
    ended, open_ended = read_timeout(finished.body), read_timeout(unfinished.body)
    if ended is None or open_ended is None:
        return verdict(_fault(finished) or _fault(unfinished))
    shown = f"{ended:g} s after a full stop, {open_ended:g} s after 'I would like to'"
    return verdict(shown if ended > open_ended else None, shown)


async def _nothing_said(probe: Probe) -> Verdict:
    await _need_answer(probe)
    answer = await _ask(probe, ())
    return verdict(f"HTTP {answer.status} to an empty conversation" if answer.status >= 500 else None)


RULES = (
    CheckRule(
        "E1", "endpointing", "The answer is a number of seconds from 0 to 15.",
        "Anything else is outside the schema: the assistant waits too long, or not at all.", _in_range, first=True,
    ),
    CheckRule(
        "E2", "endpointing", "A conversation in OpenAI's shape alone is enough.",
        "It is the one the schema requires.", lambda probe: _only(probe, "openai"),
    ),
    CheckRule(
        "E3", "endpointing", "A conversation in the platform's own shape alone is enough.",
        "It is the one the published example shows.", lambda probe: _only(probe, "messages"),
    ),
    CheckRule(
        "E4", "endpointing", "The answer comes at once.",
        "It is asked on every transcript; its time is added to every turn.", best_of(3, _quick), alone=True,
    ),
    CheckRule(
        "E5", "endpointing", "A finished sentence waits no longer than a broken-off one.",
        "Otherwise the assistant interrupts people and dawdles after they have ended.", _patient,
    ),
    CheckRule(
        "E6", "endpointing", "An empty conversation breaks nothing.",
        "The first request of a call may come before anything was said.", _nothing_said,
    ),
)  # fmt: skip
