"""What a new connection hears again, in virtual time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from providers.reconnect.options import ReconnectOptions
from tests.engines.imitations.tone_vendor import Fault, Manner, ToneVendor
from tests.reconnect.calls import FAST, QUIET, SLOW, Call, play


class Counting(ToneVendor):
    """Counts the audio of every connection."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults)
        self.seconds: list[float] = []

    def listen(self, *, rate: int, channels: int = 1) -> Any:
        inner, seconds = super().listen(rate=rate, channels=channels), self.seconds
        seconds.append(0.0)

        class Listening:
            async def __aenter__(self) -> Any:
                recognition = await inner.__aenter__()
                push = recognition.push

                async def counted(pcm: bytes, /) -> None:
                    seconds[-1] += len(pcm) / 2 / rate
                    await push(pcm)

                recognition.push = counted  # type: ignore[method-assign]  # this connection alone
                return recognition

            async def __aexit__(self, *error: Any) -> Any:
                return await inner.__aexit__(*error)

        return Listening()


def test_silence_is_not_replayed() -> None:
    vendor = Counting([Fault("cut", 14.0)])
    call = Call(vendor)
    play(lambda: call.speak(SLOW.pcm(), *[QUIET] * 10, SLOW.pcm()))
    assert call.words() == [1, 2, 3, 4, 5, 6] * 2
    assert sum(vendor.seconds) == pytest.approx(4.26 + 10.0 + 4.26 + 0.5, abs=0.2)


def test_what_is_final_is_not_replayed() -> None:
    vendor = Counting([Fault("cut", 3.0)])
    call = Call(vendor)
    play(lambda: call.speak(SLOW.pcm()))
    assert sum(vendor.seconds) == pytest.approx(4.26 + 0.6, abs=0.3)


def test_what_the_ring_lost_is_a_gap_that_is_reported_and_its_partial_words_are_kept() -> None:
    call = Call(ToneVendor([Fault("cut", 6.0)], Manner(most=100)), ReconnectOptions(replay=2.0))
    play(lambda: call.speak(FAST.pcm(), QUIET))
    assert call.words() == list(range(40)), "the partial's words were rescued, the others replayed"
    assert "gap" not in call.kinds(), "nothing is missing"
    lost = Call(ToneVendor([Fault("half open", 0.05)], Manner(most=100)), ReconnectOptions(replay=1.0))
    play(lambda: lost.speak(FAST.pcm(), QUIET))
    assert lost.kinds()[:4] == ["suspected", "gap", "lost", "reconnected"]
    assert [event.value for event in lost.events if event.kind == "gap"][0] > 1.0
    assert lost.words()[-20:] == list(range(20, 40))
