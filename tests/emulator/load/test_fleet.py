"""Whole calls at once against real servers: what is counted is what happened."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from providers.emulator.credentials import SentCredentials
from providers.emulator.load.fleet import make_calls, run
from providers.emulator.load.measures import Measures
from providers.emulator.load.plan import Endurance, LoadPlan
from providers.emulator.load.script import ConversationSpeech, script
from providers.emulator.targets import targets_at
from tests.emulator.broken_servers import B7SilentFailure, Shut
from tests.emulator.good_server import SECRET
from tests.emulator.serving import served
from tests.emulator.tones import spoken

SPEECH = ConversationSpeech([spoken("alpha bravo", 16000)], [spoken("kilo", 16000)], 16000, ("alpha bravo",))


def plan(url: str, **changes: object) -> LoadPlan:
    targets = targets_at(url, SentCredentials(secret=SECRET))
    made = LoadPlan(
        4, targets.voice, targets.transcriber, targets.endpointing, targets.credentials,
        duration=1.4, ramp=0.2, turn=0.4, barge_in=0.0, jitter=2.0,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def loaded(chosen: LoadPlan) -> Measures:
    measures = Measures()
    asyncio.run(make_calls(chosen, script(SPEECH, chosen.rate), measures))
    return measures


def test_every_call_speaks_hears_asks_and_is_answered(good_url: str) -> None:
    measures = loaded(plan(good_url))
    assert not measures.errors
    assert len(measures.transcriber.opened.values) == 4
    assert measures.transcriber.finals == 4
    assert measures.transcriber.partials == 8
    assert len(measures.transcriber.lags.values) == 4
    assert all(
        0.25 < lag < 1.5 for lag in measures.transcriber.lags.values
    )  # the recogniser itself waits 0.3 s for the end
    assert len(measures.endpointing.values) >= 4
    assert len(measures.voice.first_byte.values) == len(measures.voice.first_audible.values) >= 4
    assert measures.voice.sound > 0
    assert measures.transcriber.dropped == 0
    assert 4 * 50 < measures.transcriber.frames <= 4 * 81


def test_interrupted_answers_are_counted_and_not_played(good_url: str) -> None:
    measures = loaded(plan(good_url, barge_in=1.0, duration=1.0))
    assert measures.voice.interrupted == len(measures.voice.first_byte.values) > 0
    assert measures.voice.first_audible.values == []
    assert measures.voice.continuity == 1.0
    assert not measures.errors


def test_errors_are_counted_by_kind() -> None:
    with served(Shut().app()) as url:
        measures = loaded(plan(url))
    assert measures.errors == {"call not opened: HTTP 403": 4}
    assert len(measures.transcriber.opened.values) == measures.transcriber.frames == 0


def test_a_door_that_is_not_there_is_not_called(good_url: str) -> None:
    measures = loaded(plan(good_url, transcriber=None, duration=1.0))
    assert measures.transcriber.frames == measures.transcriber.finals == 0
    assert measures.voice.first_audible.values
    with served(B7SilentFailure().app()) as url:
        nobody = loaded(plan(url, transcriber=None, credentials=SentCredentials(secret="wrong"), duration=1.0))
    assert set(nobody.errors) == {"voice: HTTP 401: no credential"}


def test_calls_spread_over_processes_add_up(good_url: str) -> None:
    chosen = plan(good_url, calls=5, endurance=Endurance(busy=10.0, punctual=10.0))
    ticks: list[float] = []
    result = run(chosen, script(SPEECH, 16000), processes=2, on_tick=ticks.append)
    assert len(result.measures.transcriber.opened.values) == 5
    assert result.measures.transcriber.finals == 5
    assert len(result.measures.cpu) == 2
    assert result.saturation is None
    assert ticks == sorted(ticks)
    assert result.server is None
