"""The next engine and the moment to open it."""

from __future__ import annotations

import pytest

from providers.errors import EngineBusy, EngineError
from providers.reconnect.options import ReconnectOptions
from providers.reconnect.selector import EngineUnresponsive, Lost, RetrySame
from tests.engines.imitations.tone_vendor import ToneVendor

REFUSED = EngineError("503")
SILENT = EngineUnresponsive("no transcript")


def retry() -> RetrySame:
    selector = RetrySame(ToneVendor(), ReconnectOptions(), chance=lambda: 0.0)
    selector.choose(None, 0.0)
    return selector


def test_waits_double_up_to_the_ceiling_while_nothing_succeeds() -> None:
    selector = retry()
    now, waits = 0.0, []
    for _ in range(6):
        at = selector.choose(Lost(REFUSED), now).at
        waits.append(round(at - now, 3))
        now = at
    assert waits == [0.2, 0.4, 0.8, 1.6, 2.0, 2.0]


def test_patience_counts_from_the_last_success() -> None:
    selector = retry()
    selector.choose(Lost(REFUSED), 6.0)
    selector.choose(Lost(REFUSED, lasted=2.5), 7.0)
    assert selector.choose(Lost(REFUSED), 14.0).at == pytest.approx(14.2), "a connection lasted until 7 s"
    with pytest.raises(EngineError, match="503"):
        selector.choose(Lost(REFUSED), 15.5)


def test_patience_is_not_asked_for_while_another_connection_is_left() -> None:
    assert retry().choose(Lost(REFUSED, alone=False), 100.0).at == pytest.approx(100.2)


def test_a_connection_that_closes_as_soon_as_it_is_open_is_no_success() -> None:
    selector = retry()
    selector.choose(Lost(REFUSED, lasted=0.6), 7.0)
    with pytest.raises(EngineError, match="503"):
        selector.choose(Lost(REFUSED, lasted=0.6), 8.5)


def test_an_engine_that_only_hangs_up_on_speech_is_given_up() -> None:
    selector = retry()
    lost = Lost(REFUSED, lasted=3.0, owing=True)
    for second in range(7):
        selector.choose(lost, 3.0 * second)
    with pytest.raises(EngineError, match="503"):
        selector.choose(lost, 24.0)


def test_silence_never_uses_up_patience_and_hanging_while_opening_does() -> None:
    selector = retry()
    assert selector.choose(Lost(SILENT, lasted=1.0, owing=True), 100.0).at == 100.0
    with pytest.raises(EngineUnresponsive):
        selector.choose(Lost(SILENT), 120.0)


def test_a_vendors_wish_to_be_left_alone_is_heard_up_to_the_ceiling() -> None:
    assert retry().choose(Lost(EngineBusy("429", retry_after=1.5)), 0.0).at == 1.5
    assert retry().choose(Lost(EngineBusy("429", retry_after=60.0)), 0.0).at == 2.0


def test_a_full_engine_that_was_never_open_is_given_up_sooner() -> None:
    selector = retry()
    selector.choose(Lost(EngineBusy("429")), 2.0)
    with pytest.raises(EngineBusy):
        selector.choose(Lost(EngineBusy("429")), 3.5)


def test_what_can_never_work_is_raised_at_once() -> None:
    with pytest.raises(EngineError, match="no key"):
        retry().choose(Lost(EngineError("no key", retryable=False)), 0.0)
