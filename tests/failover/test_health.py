"""Which engines may be tried now, and how a failed one comes back; in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from providers.engines.events import EngineEvent
from providers.errors import EngineBusy, EngineError, EngineUnavailable, UnknownVoice
from providers.failover.health import CooldownOptions, EngineHealth
from tests.virtual_time import run_virtual, virtual_clock


class Engine:
    """A name."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def start(self) -> None: ...

    async def aclose(self) -> None: ...


class Probe:
    """Fails so many times."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.moments: list[float] = []

    async def __call__(self, engine: Engine) -> None:
        self.moments.append(virtual_clock())
        if len(self.moments) <= self.failures:
            raise EngineError("still down")


A, B = Engine("a"), Engine("b")


def test_cooling_down_doubles_up_to_the_ceiling_until_a_probe_passes() -> None:
    probe = Probe(4)

    async def scenario() -> None:
        events: list[EngineEvent] = []
        options = CooldownOptions(base=1.0, ceiling=4.0)
        health = EngineHealth([A, B], probe, options=options, clock=virtual_clock, observe=events.append)
        health.failed(A, EngineError("down"))
        health.failed(A, EngineError("down again"))
        assert (health.available(), health.cooling_down()) == ([B], [A])
        await asyncio.sleep(100.0)
        assert (health.available(), health.cooling_down()) == ([A, B], [])
        assert probe.moments == [1.0, 3.0, 7.0, 11.0, 15.0]
        assert [(event.kind, event.detail) for event in events] == [("failed", "down"), ("returned", "")]

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("error", "rests"),
    [
        (EngineError("down"), True),
        (EngineUnavailable("no key"), True),
        (EngineBusy("full"), True),
        (EngineError("this text", retryable=False), False),
        (UnknownVoice("zoe", engine="a", examples=("anna",)), False),
    ],
)
def test_only_what_concerns_every_caller_makes_an_engine_cool_down(error: EngineError, rests: bool) -> None:
    async def scenario() -> None:
        health = EngineHealth([A, B], Probe(0), clock=virtual_clock)
        health.failed(A, error)
        assert (A in health.cooling_down()) is rests
        await health.aclose()

    run_virtual(scenario())


def test_serving_ends_the_cooling_down_and_its_probe() -> None:
    probe = Probe(0)

    async def scenario() -> None:
        health = EngineHealth([A, B], probe, clock=virtual_clock)
        health.failed(A, EngineError("down"))
        health.served(A)
        assert health.available() == [A, B]
        await asyncio.sleep(100.0)
        assert probe.moments == []

    run_virtual(scenario())


def test_a_probe_with_a_mistake_is_a_failed_probe_and_the_engine_comes_back_all_the_same() -> None:
    moments: list[float] = []

    async def probe(engine: Engine) -> None:
        moments.append(virtual_clock())
        if len(moments) < 3:
            raise ZeroDivisionError("not to be repeated")

    async def scenario() -> None:
        events: list[EngineEvent] = []
        options = CooldownOptions(base=1.0, ceiling=4.0)
        health = EngineHealth([A, B], probe, options=options, clock=virtual_clock, observe=events.append)
        health.failed(A, EngineError("down"))
        await asyncio.sleep(100.0)
        assert health.available() == [A, B]
        assert moments == [1.0, 3.0, 7.0]
        unexpected = "probe: unexpected ZeroDivisionError"
        assert [event.detail for event in events] == ["down", unexpected, unexpected, ""]

    run_virtual(scenario())


def test_a_failure_after_closing_starts_no_probe() -> None:
    async def scenario() -> None:
        health = EngineHealth([A, B], Probe(0), clock=virtual_clock)
        await health.aclose()
        health.failed(A, EngineError("down"))
        assert len(asyncio.all_tasks()) == 1

    run_virtual(scenario())


def test_closing_ends_the_probes() -> None:
    async def scenario() -> None:
        health = EngineHealth([A], Probe(0), clock=virtual_clock)
        health.failed(A, EngineError("down"))
        await health.aclose()
        assert len(asyncio.all_tasks()) == 1

    run_virtual(scenario())
