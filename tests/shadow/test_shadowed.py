"""The shadow hears what the call's recogniser hears, and nothing that it does reaches the call."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from providers import assembly
from providers.announcement import StartLines
from providers.engines.base import SpeechToText, Transcript
from providers.engines.null import Null
from providers.errors import EngineBusy, EngineError, EngineUnavailable, SettingsError
from providers.operations.metrics import Metrics
from providers.settings import Settings
from providers.shadow.comparison import Comparison
from providers.shadow.shadowed import Shadowed
from tests.fakes import ScriptedListener
from tests.live import SECRET, Live, serving, settings, start
from tests.transcriber.test_endpoint import eventually

SECOND = bytes(64000)
"""Stereo at 16 kHz."""


class Report:
    def __init__(self) -> None:
        self.comparisons: list[Comparison] = []
        self.lags: list[float] = []
        self.outcomes: list[str] = []
        self.over = threading.Event()

    def compared(self, engine: str, comparison: Comparison) -> None:
        self.comparisons.append(comparison)

    def final(self, engine: str, lag: float) -> None:
        self.lags.append(lag)

    def ended(self, engine: str, outcome: str) -> None:
        self.outcomes.append(outcome)
        self.over.set()


def says(text: str) -> Callable[[bytes], list[Transcript]]:
    """One final, after the first second of audio."""
    heard = 0
    told = False

    def hear(pcm: bytes) -> list[Transcript]:
        nonlocal heard, told
        heard += len(pcm)
        if heard < 32000 or told:
            return []
        told = True
        return [Transcript(text, final=True, start=0.1, end=1.0)]

    return hear


def call(live: Live, seconds: int = 2) -> list[str]:
    """Make a call of some seconds; returns what was sent."""
    with live.call() as socket:
        socket.send(start())
        for _ in range(seconds):
            for begin in range(0, len(SECOND), 1280):
                socket.send(SECOND[begin : begin + 1280])
        told = json.loads(socket.recv(timeout=10))
        return [told["transcription"]]


def served(shadow: SpeechToText, *, share: float = 1.0) -> tuple[Any, Report, ScriptedListener]:
    report = Report()
    listener = ScriptedListener(hear=says("Book a table for Ada."))
    made = Shadowed(listener, shadow, report, share=share, observe=lambda event: None)
    return serving(transcriber=made, chosen=settings()), report, listener


def test_it_hears_the_same_audio_and_is_compared_and_never_sent() -> None:
    shadow = ScriptedListener(hear=says("look a table for ada"), last_words=[])
    running, report, listener = served(shadow)
    with running as live:
        assert call(live) == ["Book a table for Ada."]
        assert report.over.wait(10)
    assert bytes(shadow.pushed[0]) == bytes(listener.pushed[0]) == bytes(64000)
    assert report.outcomes == ["finished"]
    (told,) = report.comparisons
    assert (told.agreed, told.changed, told.names_same) == (4, 1, 1)
    assert len(report.lags) == 1
    assert report.lags[0] >= 0


@pytest.mark.parametrize(
    ("shadow", "outcome"),
    [
        (ScriptedListener(fails_on_open=EngineBusy("full")), "refused"),
        (ScriptedListener(fails_on_open=EngineError("no connection")), "failed"),
        (ScriptedListener(fails_on_open=OSError(5, "broken")), "failed"),
        (ScriptedListener(hear=says(""), last_words=[]), "finished"),
        (ScriptedListener(deaf=True), "late"),
    ],
)
def test_whatever_becomes_of_it_the_call_is_the_same(shadow: ScriptedListener, outcome: str) -> None:
    running, report, listener = served(shadow)
    with running as live:
        assert call(live, seconds=40 if outcome == "late" else 2) == ["Book a table for Ada."]
        assert report.over.wait(10)
    assert report.outcomes == [outcome]
    assert listener.open == 0
    assert shadow.open == 0


def test_a_shadow_that_is_a_mistake_of_its_own_is_logged_and_survived() -> None:
    def broken(pcm: bytes) -> list[Transcript]:
        raise EngineError("gone", retryable=False)

    running, report, _ = served(ScriptedListener(hear=broken))
    with running as live:
        assert call(live) == ["Book a table for Ada."]
        assert report.over.wait(10)
    assert report.outcomes == ["failed"]


def test_it_hears_its_share_of_the_calls() -> None:
    chances = iter([0.05, 0.5, 0.09, 0.1])
    shadow, report = ScriptedListener(last_words=[]), Report()
    listener = ScriptedListener(hear=lambda pcm: [])
    made = Shadowed(listener, shadow, report, share=0.1, chance=lambda: next(chances))
    with serving(transcriber=made, chosen=settings()) as live:
        for number in range(4):
            with live.call() as socket:
                socket.send(start())
                socket.send(SECOND)
                eventually(lambda number=number: len(listener.pushed) == number + 1)  # type: ignore[misc]
    assert len(shadow.pushed) == 2


def test_metrics_and_the_calls_events_tell_how_far_they_agree() -> None:
    metrics = Metrics()
    events: list[Any] = []
    listener = ScriptedListener(hear=says("My number is 555."), name="main")
    shadow = ScriptedListener(hear=says("my number is five five nine"), name="whisper", last_words=[])
    made = Shadowed(listener, shadow, metrics.shadow, share=1.0, observe=events.append)
    with serving(transcriber=made, chosen=settings()) as live:
        call(live)
        eventually(lambda: bool(events))
    page = metrics.exposition()[0].decode()
    assert 'providers_shadow_words_total{engine="whisper",outcome="agreed"} 5.0' in page
    assert 'providers_shadow_terms_total{engine="whisper",kind="digits",outcome="different"} 1.0' in page
    assert 'providers_shadow_lag_seconds_count{engine="whisper"} 1.0' in page
    assert (events[0].kind, events[0].engine) == ("compared", "whisper")
    assert events[0].detail == "5 of 6 words agree, other digits"


def test_a_real_server_notes_it_among_the_calls_events(tmp_path: Any) -> None:
    from providers.calls.noting import also_noted

    shadow = ScriptedListener(hear=says("book a table for ada"), name="other", last_words=[])
    listener = ScriptedListener(hear=says("Book a table for Ada."))
    made = Shadowed(listener, shadow, Report(), share=1.0, observe=also_noted(lambda event: None))
    headers = {"X-Vapi-Secret": SECRET}
    with serving(transcriber=made, chosen=settings()) as live:
        call(live)

        def noted() -> list[Any]:
            listed = httpx.get(live.base + "/api/calls", headers=headers).json()["calls"]
            detail = httpx.get(f"{live.base}/api/calls/{listed[0]['id']}", headers=headers).json()
            return [event for event in detail["events"] if event["kind"] == "shadow"]

        eventually(lambda: len(noted()) == 1)
        assert noted()[0]["detail"] == "other: 5 of 5 words agree, 1 of 1 names"


def test_the_setting_names_an_engine_and_nothing_else() -> None:
    inner = Null()
    assert assembly.shadowed(inner, Settings.of(), Report()) is inner
    made = assembly.shadowed(inner, Settings.of(shadow="null", shadow_share=1.0), Report())
    assert isinstance(made, Shadowed)
    with pytest.raises(SettingsError, match="--shadow: expected one of"):
        assembly.shadowed(inner, Settings.of(shadow="nobody"), Report())


def test_a_shadow_that_cannot_start_is_told_and_one_that_fails_is_left_out() -> None:
    class Absent(ScriptedListener):
        def __init__(self, error: EngineError) -> None:
            super().__init__()
            self.error = error

        async def start(self) -> None:
            raise self.error

    listener = ScriptedListener(hear=says("Book a table for Ada."))
    later = Absent(EngineError("no answer"))
    with serving(transcriber=Shadowed(listener, later, Report(), share=1.0), chosen=settings()) as live:
        assert call(live) == ["Book a table for Ada."]
    assert later.pushed == []
    unusable = Shadowed(listener, Absent(EngineUnavailable("no key")), Report(), share=1.0)
    with pytest.raises(EngineUnavailable):
        asyncio.run(unusable.start())


def test_the_start_lines_say_which_engine_hears_how_many_calls() -> None:
    chosen = settings(shadow="deepgram", shadow_share=0.25)
    names = ("espeak", "pocketsphinx")
    lines = StartLines("http://h:1", chosen, names, calls="", workers=1, made=False, public="").text()
    assert "shadow        deepgram hears 25% of the calls too, and is never sent" in lines
    assert (
        "shadow" not in StartLines("http://h:1", settings(), names, calls="", workers=1, made=False, public="").text()
    )
