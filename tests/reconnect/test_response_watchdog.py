"""When a connection owes an answer, and how long it may."""

from __future__ import annotations

import numpy as np
import pytest

from providers.engines.base import ListeningCapabilities, Transcript
from providers.reconnect.audio import CallAudio
from providers.reconnect.options import ReconnectOptions
from providers.reconnect.response_watchdog import ResponseLimits, ResponseWatchdog
from tests.engines.imitations.tone_vendor import ToneVendor

RATE = 8000
SPEECH = np.full(800, 6000, dtype="<i2").tobytes()
"""100 ms."""
QUIET = bytes(1600)


def heard(*blocks: bytes) -> CallAudio:
    audio = CallAudio(RATE, 1, 30.0)
    for block in blocks:
        audio.append(block)
    return audio


def test_quiet_owes_nothing_and_speech_owes_an_answer_from_the_moment_it_came_in() -> None:
    audio = heard(*[QUIET] * 5)
    watchdog = ResponseWatchdog(audio, 0, finals=True)
    assert not watchdog.check(1.0)
    audio.append(SPEECH[:800])
    assert not watchdog.check(1.1), "50 ms are no word"
    audio.append(SPEECH)
    assert watchdog.check(1.2)
    assert not watchdog.check(1.3), "it is owed already"
    assert watchdog.since == 1.2


def test_an_answer_that_covers_the_speech_settles_it() -> None:
    audio = heard(SPEECH, SPEECH, *[QUIET] * 5)
    watchdog = ResponseWatchdog(audio, 0, finals=True)
    watchdog.check(1.0)
    watchdog.heard(Transcript("", False, 0, 0.0, 0.2), audio.end, 1.5)
    assert watchdog.since is None
    assert watchdog.answered


def test_an_answer_to_the_first_of_two_stretches_leaves_the_second_one_owed() -> None:
    audio = heard(SPEECH, SPEECH, *[QUIET] * 5, SPEECH, SPEECH)
    watchdog = ResponseWatchdog(audio, 0, finals=True)
    watchdog.check(1.0)
    watchdog.heard(Transcript("one", True, 0, 0.0, 0.2), audio.end, 1.5)
    assert watchdog.since == 1.5, "the whole replay was sent at once; the wait for the rest begins with the answer"


def test_an_open_utterance_owes_its_final_only_where_finals_are_watched() -> None:
    for finals in (True, False):
        audio = heard(SPEECH, SPEECH, *[QUIET] * 5)
        watchdog = ResponseWatchdog(audio, 0, finals=finals)
        watchdog.check(1.0)
        partial = Transcript("one", False, 0, 0.0, 0.2)
        audio.merge.admit(partial, sent=0.7)
        watchdog.heard(partial, audio.end, 1.5)
        assert (watchdog.since == 1.5) is finals


def test_an_answer_without_times_covers_all_that_was_sent() -> None:
    audio = heard(SPEECH, SPEECH, SPEECH)
    watchdog = ResponseWatchdog(audio, 0, finals=True)
    watchdog.check(1.0)
    watchdog.heard(Transcript("one", True), audio.end, 1.5)
    assert watchdog.since is None


def engine(*, capacity: int | None = None, partials: bool = True) -> ToneVendor:
    vendor = ToneVendor()
    vendor.capabilities = ListeningCapabilities(partials=partials, capacity=capacity)
    return vendor


@pytest.mark.parametrize(
    ("kind", "answered", "limit"),
    [
        (engine(), False, 2.0),
        (engine(), True, 2.0),
        (engine(capacity=4), False, 5.0),
        (engine(capacity=4), True, 8.0),
        (engine(partials=False), True, 10.0),
        (engine(partials=False, capacity=4), True, 30.0),
    ],
)
def test_the_limit_depends_on_where_the_engine_runs_and_on_whether_it_gives_partials(
    kind: ToneVendor, answered: bool, limit: float
) -> None:
    assert ResponseLimits(ReconnectOptions()).limit(kind, answered=answered, open_utterance=False) == limit


def test_the_limit_grows_only_while_nothing_answers_and_words_are_not_certain() -> None:
    limits, vendor = ResponseLimits(ReconnectOptions()), engine()

    def after(silent: int, *, open_utterance: bool = False) -> list[float]:
        found = []
        for _ in range(silent):
            found.append(limits.limit(vendor, answered=True, open_utterance=open_utterance))
            limits.silent()
        return found

    assert after(10) == [2.0, 2.0, 2.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    assert after(3, open_utterance=True) == [2.0, 2.0, 2.0]
    limits.heard(vendor, Transcript("one", False))
    assert after(10)[:4] == [2.0, 2.0, 2.0, 2.0]
    limits.heard(vendor, Transcript("", False))
    assert after(10) == [2.0] * 10, "it reports progress over noise: when it does not, it is dead"
