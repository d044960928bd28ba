"""The endpointing endpoint over a real socket."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
import structlog

from providers.endpointing import plan, wire
from providers.endpointing.endpoint import Decider, Decision
from providers.settings import Settings
from providers.text.finals import punctuated
from providers.turns.engines import make_turns
from tests.live import Live, serving, settings


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with serving(chosen=settings(endpointing_number_seconds=0.7)) as running:
        yield running


@pytest.mark.parametrize(("text", "seconds"), [("Done.", 0.1), ("My number is 555-1234.", 0.7), ("I want to", 1.5)])
def test_the_answer_follows_the_words_and_the_settings(live: Live, text: str, seconds: float) -> None:
    answer = live.endpointing({"type": "call.endpointing.request", "messages": [{"role": "user", "message": text}]})
    assert (answer.status_code, answer.json()) == (200, {"timeoutSeconds": seconds})
    assert answer.headers["content-type"] == "application/json"


def test_a_large_body_is_answered_like_a_small_one(live: Live) -> None:
    said = [{"role": "user", "message": "word " * 10 + "Done."}] * 10_000
    assert live.endpointing({"type": "call.endpointing.request", "messages": said}).json() == {"timeoutSeconds": 0.1}
    assert live.endpointing({"type": "call.endpointing.request", "messages": ["x" * 300_000]}).status_code == 400


def test_a_malformed_body_is_400(live: Live) -> None:
    answer = live.endpointing({"type": "call.endpointing.request"})
    assert answer.status_code == 400
    assert "messagesOpenAIFormatted" in answer.json()["error"]


def test_another_message_type_is_an_empty_object(live: Live) -> None:
    assert live.endpointing({"type": "end-of-call-report"}).json() == {}


def _with_rules(text: str, rules: list[dict[str, object]]) -> dict[str, object]:
    plan = {"startSpeakingPlan": {"customEndpointingRules": rules}}
    messages = [{"role": "user", "message": text}]
    return {"type": "call.endpointing.request", "messages": messages, "assistant": plan}


def test_a_rule_decides_over_a_real_socket(live: Live) -> None:
    rules: list[dict[str, object]] = [
        {"type": "customer", "regex": "(", "timeoutSeconds": 9},
        {"type": "customer", "regex": "NO", "regexOptions": [{"type": "ignore-case", "enabled": True}]},
        {"type": "customer", "regex": "yes", "timeoutSeconds": 3},
    ]
    assert live.endpointing(_with_rules("yes", rules)).json() == {"timeoutSeconds": 3}


def test_unusable_rules_are_counted_and_named_in_the_log(live: Live) -> None:
    rules: list[dict[str, object]] = [{"type": "customer", "regex": "(a{99}){99}"}] * 150
    with structlog.testing.capture_logs() as events:
        assert live.endpointing(_with_rules("done.", rules)).json() == {"timeoutSeconds": 0.1}
    event = next(event for event in events if event["event"] == "endpointing")
    assert event["unusable_rules"] == 150
    assert event["unusable"][0] == "rule 1: expected at most 2000 parts with each count written out, found more"
    assert len(event["unusable"]) == 10


def test_slow_rules_do_not_block_the_loop() -> None:
    slow = tuple(plan.Rule(2, None, plan.Pattern(f"(a|aa)+{number}$")) for number in range(100))

    async def passes_of_the_loop() -> int:
        decider = Decider(make_turns(Settings()))
        deciding = asyncio.ensure_future(decider.decide(wire.Turn("a" * 5000, "", slow, "")))
        passes = 0
        while not deciding.done():
            passes += 1
            await asyncio.sleep(0)
        assert deciding.result().match.unusable
        return passes

    assert asyncio.run(passes_of_the_loop()) > 10


def test_the_words_decide_if_the_rules_wait_too_long() -> None:
    rules = (plan.Rule(2, None, plan.Pattern("done")),)

    async def decided() -> Decision:
        decider = Decider(make_turns(Settings()))
        blocked = threading.Event()
        decider._thread.submit(blocked.wait)
        try:
            return await decider.decide(wire.Turn("done.", "", rules, ""))
        finally:
            blocked.set()

    decision = asyncio.run(decided())
    assert (decision.answer.seconds, decision.match.rule) == (0.1, None)
    assert decision.match.unusable == ("rules: expected an answer within 0.25 s, found none",)


def test_an_unfinished_final_of_this_server_gets_the_long_wait(live: Live) -> None:
    finals = [
        punctuated(heard) for heard in ("i want to", "um", "my number is five five five", "it is 447", "that is all")
    ]
    asked = [{"type": "call.endpointing.request", "messages": [{"role": "user", "message": text}]} for text in finals]
    assert [live.endpointing(message).json()["timeoutSeconds"] for message in asked] == [1.5, 1.5, 2.5, 0.7, 0.1]


def _with_plan(text: str, **plan: object) -> dict[str, object]:
    messages = [{"role": "user", "message": text}]
    return {"type": "call.endpointing.request", "messages": messages, "assistant": {"startSpeakingPlan": plan}}


@pytest.mark.parametrize(("text", "seconds"), [("Done.", 0.3), ("It is 447", 0.7), ("Well I", 0.0), ("", 0.0)])
def test_the_assistants_own_seconds_beat_the_settings(live: Live, text: str, seconds: float) -> None:
    plan = {"onPunctuationSeconds": 0.3, "onNoPunctuationSeconds": 0}
    answer = live.endpointing(_with_plan(text, transcriptionEndpointingPlan=plan))
    assert answer.json() == {"timeoutSeconds": seconds}


def test_a_rule_beats_the_assistants_own_seconds(live: Live) -> None:
    rules = [{"type": "customer", "regex": "yes", "timeoutSeconds": 3}]
    plan = {"onPunctuationSeconds": 0.3}
    asked = _with_plan("yes.", transcriptionEndpointingPlan=plan, customEndpointingRules=rules)
    assert live.endpointing(asked).json() == {"timeoutSeconds": 3}


@pytest.mark.parametrize(("text", "seconds"), [("Done.", 3.72), ("Well I", 7.97)])
def test_the_assistants_own_wait_function_decides_by_the_probability(live: Live, text: str, seconds: float) -> None:
    asked = _with_plan(text, smartEndpointingPlan={"waitFunction": "200 + 8000 * x"})
    assert live.endpointing(asked).json()["timeoutSeconds"] == pytest.approx(seconds, abs=0.4)


def test_a_wait_function_that_is_none_is_named_in_the_log_and_the_seconds_decide(live: Live) -> None:
    with structlog.testing.capture_logs() as events:
        asked = _with_plan("Done.", smartEndpointingPlan={"waitFunction": "import os"})
        assert live.endpointing(asked).json() == {"timeoutSeconds": 0.1}
    event = next(event for event in events if event["event"] == "endpointing")
    assert event["unusable_wait_function"].startswith("expected a number or one of x, pi, e")
    assert event["decided_by"] == "punctuation"
