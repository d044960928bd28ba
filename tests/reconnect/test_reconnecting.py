"""Recognitions that survive their connections, in virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from providers.engines.base import SpeechToText
from providers.errors import EngineBusy, EngineError, EngineUnavailable
from providers.reconnect.options import ReconnectOptions
from providers.reconnect.reconnecting import Reconnecting
from tests.engines.imitations.tone_vendor import Fault, Manner, ToneVendor
from tests.engines.tone_words import RATE, Spoken
from tests.reconnect.calls import FAST, QUIET, SLOW, Call, play
from tests.virtual_time import virtual_clock


def test_a_call_without_trouble_is_passed_through_on_one_connection() -> None:
    call = Call(ToneVendor())
    play(lambda: call.speak(SLOW.pcm()))
    assert call.words() == [1, 2, 3, 4, 5, 6]
    assert (call.events, call.vendor.opened, call.vendor.open_now) == ([], 1, 0)


def test_the_first_reconnect_is_immediate_and_later_ones_wait_longer_and_longer() -> None:
    call = Call(ToneVendor([Fault("cut", 2.0), *[Fault("refuse")] * 4], Manner(opening=0.0)))
    play(lambda: call.speak(SLOW.pcm(), QUIET))
    assert call.kinds() == ["lost"] * 5 + ["reconnected"]
    assert call.events[-1].value == pytest.approx(0.0 + 0.2 + 0.4 + 0.8 + 1.6)
    assert call.words() == [1, 2, 3, 4, 5, 6]


def test_a_vendor_that_cuts_every_connection_is_not_hammered() -> None:
    call = Call(ToneVendor([Fault("cut", 0.2)] * 30, Manner(latency=0.0, opening=0.0, most=1)))
    play(lambda: call.speak(FAST.pcm(), QUIET))
    assert call.words() == list(range(40))
    assert call.vendor.opened == 31
    waits = [event.value for event in call.events if event.kind == "reconnected"]
    assert waits == [pytest.approx(0.2)] * 30, "each gave words, so patience never ends; none lasted, so each waits"


def test_partials_start_again_and_each_utterance_has_one_final() -> None:
    call = Call(ToneVendor([Fault("cut", 0.8)], Manner(most=100)))
    play(lambda: call.speak(Spoken((7, 8, 9), (0.1,) * 3).pcm(), QUIET))
    assert [(told.text, told.final) for told in call.told] == [
        ("7", False), ("7 8", False), ("7 8", False), ("7 8 9", False), ("7 8 9", True),
    ]  # fmt: skip


def test_patience_ends_and_the_loss_is_raised_to_the_one_who_pushes_and_to_the_one_who_reads() -> None:
    async def scenario() -> None:
        call = Call(ToneVendor([Fault("cut", 1.0), *[Fault("refuse")] * 100]))
        async with call.engine().listen(rate=RATE) as recognition:
            with pytest.raises(EngineError, match="503"):
                await call.read(recognition)
            assert 6.0 < virtual_clock() <= 9.0 + 0.1
            with pytest.raises(EngineError, match="503"):
                await recognition.push(bytes(160))
            with pytest.raises(EngineError, match="503"):
                await anext(aiter(recognition))

    play(scenario)


def test_an_engine_that_never_opens_is_refused_on_entering() -> None:
    async def scenario() -> None:
        with pytest.raises(EngineError, match="503"):
            async with Call(ToneVendor([Fault("refuse")] * 100)).engine().listen(rate=RATE):
                pytest.fail("entered")

    play(scenario)


def test_a_full_engine_is_waited_for_only_a_moment() -> None:
    async def scenario() -> None:
        with pytest.raises(EngineBusy):
            async with Call(ToneVendor([Fault("busy")] * 100)).engine().listen(rate=RATE):
                pytest.fail("entered")
        assert 3.0 < virtual_clock() <= 4.0

    play(scenario)


class Dead(ToneVendor):
    """Never opens, and knows it."""

    def listen(self, *, rate: int, channels: int = 1) -> Any:
        raise EngineUnavailable("set a key", engine=self.name)


def test_what_can_never_work_is_not_tried_again() -> None:
    async def scenario() -> None:
        with pytest.raises(EngineUnavailable):
            async with Call(Dead()).engine().listen(rate=RATE):
                pytest.fail("entered")
        assert virtual_clock() == 0.0

    play(scenario)


def test_an_engine_that_hangs_while_opening_is_given_up_in_time() -> None:
    call = Call(ToneVendor([Fault("hang")]))
    play(lambda: call.speak(SLOW.pcm()))
    assert call.words() == [1, 2, 3, 4, 5, 6]
    assert call.kinds() == ["suspected", "lost", "reconnected"]
    assert call.events[0].detail == "open: expected within 1 s"
    assert call.vendor.opened == 1


def test_a_second_connection_is_opened_beside_one_that_leaves_speech_unanswered() -> None:
    call = Call(ToneVendor([Fault("half open", 1.0)]))
    play(lambda: call.speak(FAST.pcm(), QUIET))
    assert call.words() == list(range(40))
    assert call.kinds() == ["suspected", "lost", "reconnected"]
    assert call.events[0].detail == "transcripts: expected one for speech within 2 s, found none"
    assert call.vendor.opened == 2


def test_a_suspect_that_answers_first_stays_and_the_second_connection_is_closed() -> None:
    slow = Manner(latency=2.2, opening=0.5)
    call = Call(ToneVendor(manner=slow))
    play(lambda: call.speak(Spoken((7,), (0.1,)).pcm(), *[QUIET] * 5))
    assert call.words() == [7]
    assert call.kinds() == ["suspected", "cleared"]
    assert (call.vendor.opened, call.vendor.open_now) == (1, 0), "the second one was still opening"


def test_the_final_of_an_utterance_in_the_tail_is_not_waited_for_in_vain() -> None:
    # The partial is out, the final is not, and the caller is silent from then on.
    call = Call(ToneVendor([Fault("half open", 0.42)], Manner(latency=0.0, opening=0.0)))
    play(lambda: call.speak(Spoken((7,), (0.1,)).pcm(), *[QUIET] * 5))
    assert [(told.text, told.final) for told in call.told] == [("7", False), ("7", True)]
    assert call.kinds() == ["suspected", "lost", "reconnected"]
    assert call.vendor.opened == 2


def test_an_engine_that_runs_here_is_replaced_because_a_second_one_would_have_no_place() -> None:
    vendor = ToneVendor([Fault("half open", 1.0)])
    vendor.capabilities = replace(vendor.capabilities, capacity=4)
    call = Call(vendor)
    play(lambda: call.speak(FAST.pcm(), QUIET))
    assert call.words() == list(range(40))
    assert call.kinds() == ["lost", "reconnected"]
    assert call.events[0].detail == "transcripts: expected one for speech within 8 s, found none"


def test_silence_without_an_answer_is_none() -> None:
    call = Call(ToneVendor())
    play(lambda: call.speak(*[QUIET] * 120))
    assert (call.told, call.vendor.opened) == ([], 1)


def test_noise_without_words_costs_ever_rarer_reconnects_and_never_the_call() -> None:
    call = Call(ToneVendor())
    hum = (6000 * np.sin(np.arange(RATE * 120) * 0.3)).astype("<i2")
    play(lambda: call.speak(hum, np.zeros(RATE, "<i2"), SLOW.pcm()))
    # Waits of 2, 2, 2, 2, 4, 8, 16, 32 and 60 seconds: a tenth connection is the last.
    assert call.vendor.opened == 10
    assert call.words()[-6:] == [1, 2, 3, 4, 5, 6]


def test_an_engine_without_partials_has_more_time() -> None:
    call = Call(ToneVendor(manner=Manner(partials=False, most=25)))
    play(lambda: call.speak(FAST.pcm(), FAST.pcm()[1:], QUIET))
    assert (call.vendor.opened, call.events) == (1, [])
    assert call.words() == [*range(40), *range(40)]


def test_audio_of_any_length_may_be_pushed_at_once() -> None:
    call = Call(ToneVendor(), ReconnectOptions(replay=1.0))
    play(lambda: call.speak(FAST.pcm(), block=100.0))
    assert call.words() == list(range(40))


def test_a_lost_engine_closes_in_the_background() -> None:
    call = Call(ToneVendor([Fault("cut", 1.0)], Manner(opening=0.0, closing=1.5)))
    play(lambda: call.speak(SLOW.pcm()))
    assert call.events[-1].value == pytest.approx(0.0)
    assert call.vendor.open_now == 0


def test_what_a_lost_connection_still_says_counts_for_nothing() -> None:
    vendor = ToneVendor([Fault("zombie", 0.75)], Manner(latency=0.25, opening=0.0))
    call = Call(vendor)
    play(lambda: call.speak(Spoken((7, 8, 9), (0.1,) * 3).pcm(), QUIET))
    # "7 8" was on its way when pushing failed at 0.8 s. The new connection says it, and at 1.15 s "7 8 9"; the old one
    # says "7 8" at 1.3 s.
    assert [told.text for told in call.told] == ["7", "7 8", "7 8 9", "7 8 9"]
    assert call.events[-1].value == pytest.approx(0.0), "the old connection was not waited for"


class Broken(ToneVendor):
    """Has a mistake in it."""

    def listen(self, *, rate: int, channels: int = 1) -> Any:
        raise ZeroDivisionError


def test_a_mistake_in_an_engine_is_an_engine_error_that_names_it_and_is_not_tried_again() -> None:
    async def scenario() -> None:
        with pytest.raises(EngineError, match="tones: unexpected ZeroDivisionError") as caught:
            async with Call(Broken()).engine().listen(rate=RATE):
                pytest.fail("entered")
        assert isinstance(caught.value.__cause__, ZeroDivisionError)
        assert not caught.value.retryable

    play(scenario)


@pytest.mark.parametrize("moment", [0.01, 0.3, 1.02, 1.3, 2.0])
def test_leaving_at_any_moment_ends_everything_at_once(moment: float) -> None:
    vendor = ToneVendor([Fault("refuse", 0.2), Fault("cut", 0.5), Fault("hang")])

    async def scenario() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(moment):
                await Call(vendor).speak(FAST.pcm())
        assert virtual_clock() == pytest.approx(moment)
        assert vendor.open_now == 0

    play(scenario)


def test_audio_after_the_end_is_a_mistake() -> None:
    async def scenario() -> None:
        async with Call(ToneVendor()).engine().listen(rate=RATE) as recognition:
            await recognition.finish()
            with pytest.raises(EngineError, match="after finish"):
                await recognition.push(bytes(2))

    play(scenario)


def test_a_loss_after_the_end_of_a_quiet_call_needs_no_reconnect() -> None:
    call = Call(ToneVendor([Fault("half open", 0.1)]))
    play(lambda: call.speak(QUIET))
    assert (call.told, call.vendor.opened) == ([], 1)


def test_it_is_the_engine_it_wraps() -> None:
    vendor = ToneVendor()
    engine = Reconnecting(vendor)
    assert isinstance(engine, SpeechToText)
    assert (engine.name, engine.capabilities) == (vendor.name, vendor.capabilities)
    asyncio.run(engine.start())
    asyncio.run(engine.aclose())
    assert vendor.closed
