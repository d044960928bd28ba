"""Several listening engines as one, in virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from providers.engines.base import ListeningCapabilities, SpeechToText, with_options
from providers.engines.events import EngineEvent
from providers.errors import EngineError
from providers.failover.health import CooldownOptions
from providers.failover.listening import FallbackListening, FallbackListeningOptions, common_capabilities
from providers.reconnect.options import ReconnectOptions
from tests.engines.imitations.tone_vendor import Fault, ToneVendor
from tests.engines.tone_words import RATE, Spoken
from tests.virtual_time import run_virtual, virtual_clock

SAID = Spoken(tuple(range(20)), (0.1,) * 20)


@dataclass
class Stack:
    """A fallback over some vendors."""

    vendors: list[ToneVendor]
    options: FallbackListeningOptions = FallbackListeningOptions(
        ReconnectOptions(patience=2.0), CooldownOptions(base=30.0)
    )
    events: list[EngineEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = FallbackListening(
            self.vendors,
            options=self.options,
            clock=virtual_clock,
            observe=self.events.append,
            chance=lambda: 0.0,
        )

    async def call(self, samples: np.ndarray | None = None) -> list[int]:
        pcm = (SAID.pcm() if samples is None else samples).tobytes()
        words: list[int] = []
        async with self.engine.listen(rate=RATE) as recognition, asyncio.TaskGroup() as group:

            async def read() -> None:
                async for told in recognition:
                    if told.final:
                        words.extend(-1 if word == "?" else int(word) for word in told.text.split())

            group.create_task(read())
            for begin in range(0, len(pcm), 1600):
                await asyncio.sleep(0.1)
                await recognition.push(pcm[begin : begin + 1600])
            await recognition.finish()
        return words

    def kinds(self) -> list[tuple[str, str]]:
        return [(event.kind, event.engine) for event in self.events]


def test_the_next_engine_hears_what_was_not_final_yet() -> None:
    async def scenario() -> None:
        first, second = ToneVendor([Fault("cut", 2.0), *[Fault("refuse")] * 99], name="a"), ToneVendor(name="b")
        stack = Stack([first, second])
        assert await stack.call() == list(range(20))
        assert ("took-over", "b") in stack.kinds()
        assert second.opened == 1
        await stack.engine.aclose()

    run_virtual(scenario())


def test_later_calls_start_with_an_engine_that_is_well_until_a_probe_has_passed() -> None:
    async def scenario() -> None:
        first, second = ToneVendor([Fault("refuse")] * 5, name="a"), ToneVendor(name="b")
        stack = Stack([first, second])
        assert await stack.call() == list(range(20))
        began = virtual_clock()
        assert await stack.call() == list(range(20))
        assert virtual_clock() - began < 7.0, "no call waits for an engine that cools down"
        assert (first.opened, second.opened) == (0, 2)
        await asyncio.sleep(100.0)
        assert stack.kinds()[-1] == ("returned", "a")
        assert await stack.call() == list(range(20))
        assert (first.opened, second.opened) == (2, 2), "the probe and the call"
        await stack.engine.aclose()

    run_virtual(scenario())


def test_when_all_fail_the_last_failure_is_raised() -> None:
    async def scenario() -> None:
        stack = Stack([ToneVendor([Fault("refuse")] * 99, name=name) for name in "ab"])
        with pytest.raises(EngineError, match="503"):
            await stack.call()
        await stack.engine.aclose()

    run_virtual(scenario())


def test_an_engine_that_says_nothing_gives_way_without_a_rest_and_noise_never_ends_a_call() -> None:
    hum = (6000 * np.sin(np.arange(RATE * 60) * 0.3)).astype("<i2")
    relay = ReconnectOptions(open=12.0, first_result=8.0, next_result=8.0)

    async def scenario() -> None:
        stack = Stack([ToneVendor(name="a"), ToneVendor(name="b")], FallbackListeningOptions(relay))
        words = await stack.call(np.concatenate([hum, np.zeros(RATE, "<i2"), SAID.pcm()]))
        assert words[-20:] == list(range(20))
        assert [engine for kind, engine in stack.kinds() if kind == "took-over"] == ["b", "a", "b"]
        # After 8, 16 and 32 seconds, and one second of hum before each begins to count.
        assert all(kind != "failed" for kind, _ in stack.kinds())
        await stack.engine.aclose()

    run_virtual(scenario())


class Choosable(ToneVendor):
    """A vendor with models: ``good`` is one, another one is refused."""

    def __init__(self, *, name: str, model: str = "good", seen: list[str] | None = None) -> None:
        super().__init__(name=name)
        self.model = model
        self.seen = [] if seen is None else seen

    def with_options(self, *, model: str | None = None, language: str | None = None) -> Choosable:
        return Choosable(name=self.name, model=model or self.model, seen=self.seen)

    def listen(self, *, rate: int, channels: int = 1) -> Any:
        self.seen.append(self.model)
        if self.model == "bad":
            raise EngineError("400", engine=self.name, retryable=False)
        return super().listen(rate=rate, channels=channels)


def test_a_call_that_chooses_a_model_gets_it_from_the_engines_that_have_models() -> None:
    async def scenario() -> None:
        first, second = Choosable(name="a"), ToneVendor(name="b")
        stack = Stack([first, second])
        for model in ("good", "other", "good"):
            async with with_options(stack.engine, model=model).listen(rate=RATE):
                pass
        assert first.seen == ["good", "other", "good"]
        assert with_options(stack.engine, model="") is stack.engine
        await stack.engine.aclose()

    run_virtual(scenario())


def test_a_model_that_is_refused_moves_this_call_on_and_no_other() -> None:
    async def scenario() -> None:
        first, second = Choosable(name="a"), ToneVendor(name="b")
        stack = Stack([first, second])
        async with with_options(stack.engine, model="bad").listen(rate=RATE):
            assert (first.opened, second.opened) == (0, 1)
        assert ("failed", "a") not in stack.kinds()
        assert len(asyncio.all_tasks()) == 1, "nothing is probed"
        await stack.engine.aclose()

    run_virtual(scenario())


def test_calls_with_any_number_of_models_share_one_state_of_health_and_its_probes() -> None:
    async def scenario() -> None:
        first, second = ToneVendor([Fault("refuse")] * 99, name="a"), ToneVendor(name="b")
        stack = Stack([first, second])
        for number in range(100):
            async with with_options(stack.engine, model=f"m{number}").listen(rate=RATE):
                pass
        assert virtual_clock() < 100 * 0.05 + 2.0, "only the first call waited for the dead engine"
        assert len(asyncio.all_tasks()) == 2, "one probe"
        await stack.engine.aclose()
        assert len(asyncio.all_tasks()) == 1

    run_virtual(scenario())


def test_it_is_a_listening_engine_named_after_its_engines() -> None:
    engine = FallbackListening([ToneVendor(name="a"), ToneVendor(name="b")])
    assert isinstance(engine, SpeechToText)
    assert engine.name == "a,b"


def test_the_facts_hold_whichever_engine_listens() -> None:
    one = ListeningCapabilities((16000,), ("en",), 2, True, True, True, 4)
    two = ListeningCapabilities((8000,), ("de",), 1, True, False, True, 2)
    assert common_capabilities([one, two]) == ListeningCapabilities((16000,), ("en",), 1, True, False, True, 6)
    assert common_capabilities([one, ListeningCapabilities()]).capacity is None
