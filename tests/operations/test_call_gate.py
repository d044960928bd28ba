"""The gate for new calls: what closes it, what opens it again, and what it says."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from providers.capacity import CapacityLimiter, Place
from providers.errors import AtCapacity
from providers.operations.admission import Capacity, call_limiter
from providers.operations.call_gate import CallGate, GateLimits
from providers.operations.loop_watch import PERIOD, LoopLoad, watch
from providers.operations.metrics import Metrics
from tests.live import serving, settings, start


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Driven:
    """A gate whose looks at the loop are given by the test."""

    def __init__(self, limits: GateLimits | None = None, calls: int = 100) -> None:
        self.clock = Clock()
        self.worked = 0.0
        self.metrics = Metrics()
        limiter: CapacityLimiter = call_limiter(Capacity(calls, "--max-calls"))
        self.gate = CallGate(limiter, LoopLoad(), limits or GateLimits(), self.metrics.server, clock=self.clock)

    def run(self, seconds: float, *, late: float = 0.0, share: float = 0.1) -> None:
        """Let time pass with a loop that is this late and uses this part of a processor."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            step = PERIOD + late
            self.clock.now += step
            self.worked += share * step
            self.gate.load.add(self.clock.now, late, self.worked)
            self.gate.look(late)

    def refused(self) -> AtCapacity:
        with pytest.raises(AtCapacity) as refusal:
            self.gate.admit()
        return refusal.value

    def admitted(self, most: int = 1000) -> list[Place]:
        """All that are admitted in one moment."""
        places: list[Place] = []
        try:
            while len(places) < most:
                places.append(self.gate.admit())
        except AtCapacity:
            pass
        return places


def test_a_late_loop_closes_the_gate_and_a_quick_one_opens_it() -> None:
    driven = Driven()
    driven.run(3, late=0.03)
    driven.gate.admit()
    driven.run(3, late=0.08)
    error = driven.refused()
    assert (error.reason, error.retry_after, error.status) == ("loop-lag", 2.0, 503)
    assert str(error) == "loop lag: expected at most 50 ms, found 80 ms (--max-loop-lag-seconds)"
    assert driven.gate.refusal == "loop-lag"
    driven.run(3)
    assert driven.gate.refusal is None
    driven.gate.admit()


def test_one_stall_alone_does_not_close_the_gate() -> None:
    driven = Driven()
    driven.run(3)
    driven.run(0.01, late=1.0)
    assert driven.gate.refusal is None


def test_a_loop_held_for_seconds_closes_the_gate() -> None:
    driven = Driven()
    driven.run(9, late=3.0)
    assert driven.gate.refusal == "loop-lag"


def test_recognisers_that_are_behind_close_the_gate_and_one_alone_does_not() -> None:
    driven = Driven()
    for number in range(5):
        driven.gate.follow(number, lambda: 0.0)
    driven.gate.follow("slow", lambda: 20.0)
    driven.run(1)
    assert driven.gate.refusal is None
    for number in range(5):
        driven.gate.follow(number, lambda: 1.5)
    driven.run(1)
    assert driven.gate.refusal == "backlog"
    assert "at most 1 s behind, found 1.5 s (--max-backlog-seconds)" in str(driven.refused())
    for number in range(5):
        driven.gate.forget(number)
    driven.gate.forget("slow")
    driven.run(1)
    assert driven.gate.refusal is None


def test_a_burst_is_admitted_as_far_as_the_processor_goes() -> None:
    driven = Driven()
    driven.admitted(10)
    driven.run(5, share=0.2)  # ten calls take a fifth of a processor: one takes 0.02
    burst = driven.admitted()
    assert 25 <= len(burst) <= 35  # 0.2 + 35 * 0.02 = 0.9
    assert driven.refused().reason == "burst"
    driven.run(5, share=0.2 + 0.02 * len(burst))
    assert driven.gate.refusal is None  # their load shows now, and the loop is not late: the lag alone decides


def test_the_count_closes_the_gate_whatever_the_load() -> None:
    driven = Driven(calls=3)
    places = driven.admitted()
    assert len(places) == 3
    assert (driven.refused().reason, driven.gate.refusal) == ("full", "full")
    places[0].release()
    assert driven.gate.refusal is None


def test_limits_of_zero_close_nothing() -> None:
    driven = Driven(GateLimits(0, 0, 0))
    driven.admitted(10)
    driven.gate.follow("slow", lambda: 20.0)
    driven.run(9, late=3.0, share=1.0)
    assert driven.gate.refusal is None


def test_a_real_loop_that_is_held_is_seen() -> None:
    async def scenario() -> tuple[float, float, float]:
        load, looks = LoopLoad(), asyncio.Event()
        watching = asyncio.create_task(watch(load, lambda late: looks.set()))

        async def until(reached: Callable[[], bool], hold: float) -> float:
            async with asyncio.timeout(20):
                while not reached():
                    time.sleep(hold)  # noqa: ASYNC251  # a loop that is held is what is measured
                    looks.clear()
                    await looks.wait()
            return load.lag

        held = await until(lambda: load.lag > 0.05, 0.12)
        share = load.share
        quick = await until(lambda: load.lag < 0.05, 0.0)
        watching.cancel()
        return held, share, quick

    held, share, quick = asyncio.run(scenario())
    assert held > 0.05 > quick
    assert share < 0.5  # a loop that sleeps takes no processor


def test_a_server_whose_loop_is_held_refuses_calls_until_it_is_free_again() -> None:
    free = threading.Event()

    async def hold() -> None:
        while not free.is_set():
            time.sleep(0.12)  # noqa: ASYNC251  # a loop that is held is what is tested
            await asyncio.sleep(0.01)

    def readiness(status: int) -> dict[str, object]:
        end = time.monotonic() + 20
        while (answer := httpx.get(live.base + "/readyz")).status_code != status:
            assert time.monotonic() < end, answer.text
        body: dict[str, object] = answer.json()
        return body

    with serving(chosen=settings(max_loop_lag_seconds=0.05), background=hold) as live:
        assert readiness(503) == {"ready": False, "calls": 0, "max_calls": 200, "reason": "loop-lag"}
        with pytest.raises(InvalidStatus) as refused, live.call():
            raise AssertionError("it was let in")
        assert live.say("Hi").status_code == 200, "whoever is on the line is still served"
        free.set()
        readiness(200)
        with live.call() as call:
            call.send(start())
    answer = refused.value.response
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert json.loads(answer.body or b"")["reason"] == "loop-lag"
