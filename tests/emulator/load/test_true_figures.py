"""The load's figures against servers whose true figures are known, over real sockets."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from dsp import Samples
from providers.emulator.credentials import SentCredentials
from providers.emulator.formatting import percentile
from providers.emulator.load.fleet import LoadResult, make_calls, run
from providers.emulator.load.measures import Measures
from providers.emulator.load.plan import Endurance, LoadPlan
from providers.emulator.load.results import Thresholds
from providers.emulator.load.script import ConversationSpeech, Script, script
from providers.emulator.load.search import find_limit
from providers.emulator.load.server_monitor import ServerMonitor
from providers.emulator.protocol import voice_body
from providers.emulator.targets import targets_at
from tests.emulator.good_server import SECRET, GoodServer
from tests.emulator.load import stand_ins
from tests.emulator.serving import served, served_elsewhere
from tests.emulator.tones import spoken

TEXTS = ("alpha bravo charlie", "delta echo foxtrot", "golf hotel india", "juliet kilo lima")
ENDURANCE = Endurance(timeout=5.0, drain=2.0, busy=10.0, punctual=10.0)


def conversation(*texts: str, known: bool = True) -> ConversationSpeech:
    clips: list[Samples] = [spoken(text, 16000) for text in texts]
    return ConversationSpeech(clips, [spoken("papa", 16000)], 16000, texts if known else ())


WORDS = script(conversation(*TEXTS), 16000)


def plan(url: str, **changes: object) -> LoadPlan:
    targets = targets_at(url, SentCredentials(secret=SECRET))
    made = LoadPlan(
        3, targets.voice, targets.transcriber, targets.endpointing, targets.credentials,
        duration=4.0, ramp=0.1, turn=0.5, barge_in=0.0, jitter=2.0, endurance=ENDURANCE,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def loaded(chosen: LoadPlan, said: Script = WORDS) -> LoadResult:
    measures = Measures()
    asyncio.run(make_calls(chosen, said, measures))
    return LoadResult(chosen, measures, speech=said.speech)


LONG = script(conversation("alpha bravo charlie delta echo foxtrot golf", "hotel india juliet kilo lima mike"), 16000)
APART = script(conversation(*TEXTS, known=False), 16000, spacing=3.5)


def heard_by(server: GoodServer, said: Script = WORDS, **changes: object) -> LoadResult:
    """The figures of calls alone."""
    with served(server.app()) as url:
        return loaded(plan(url, voice=None, endpointing=None, **changes), said)


def late_by(lag: float) -> LoadResult:
    server = stand_ins.Late()
    server.lag = lag
    return heard_by(server, APART, duration=5.5, endurance=replace(ENDURANCE, drain=5.0))


def hanging() -> tuple[LoadResult, list[tuple[LoadResult, str | None]]]:
    with served(stand_ins.Hanging().app()) as url:
        result = loaded(plan(url, endurance=replace(ENDURANCE, timeout=1.0)))
        steps = find_limit(
            lambda calls: loaded(plan(url, calls=calls, duration=0.6, endurance=replace(ENDURANCE, drain=0.2))),
            Thresholds(), start=2, on_step=lambda found, missed: None,
        )  # fmt: skip
    return result, steps


class Loads(NamedTuple):
    """Loads that mostly wait, and so are made side by side."""

    very_late: Future[LoadResult]
    in_mid_speech: Future[LoadResult]
    late: dict[float, Future[LoadResult]]
    never: Future[LoadResult]
    hanging: Future[tuple[LoadResult, list[tuple[LoadResult, str | None]]]]


@pytest.fixture(scope="module")
def loads() -> Loads:
    with ThreadPoolExecutor() as pool:
        return Loads(
            pool.submit(heard_by, stand_ins.VeryLate(), endurance=replace(ENDURANCE, drain=14.0)),
            pool.submit(heard_by, stand_ins.MidSpeechFinals(), LONG, duration=6.0),
            {lag: pool.submit(late_by, lag) for lag in (3.0, 0.0)},
            pool.submit(heard_by, stand_ins.Forgetful(), duration=6.5),
            pool.submit(hanging),
        )


def test_a_lag_of_ten_and_a_half_seconds_is_told_as_it_is(loads: Loads) -> None:
    result = loads.very_late.result()
    lags = result.measures.transcriber.lags
    assert len(lags.values) == 3 * 2
    assert lags.open == []
    assert result.measures.transcriber.unmatched == 0
    assert 10.5 < lags.percentile(0.5) < 11.5  # the recogniser itself waits 0.3 s for the end
    assert not result.errors


def test_finals_in_mid_speech_are_not_taken_for_late_ones(loads: Loads) -> None:
    result = loads.in_mid_speech.result()
    lags = result.measures.transcriber.lags
    assert len(lags.values) == 3 * 2
    assert 0.4 < lags.percentile(0.5) < 1.2
    assert lags.percentile(0.99) < 2.0
    assert result.measures.transcriber.in_speech > 3 * 4


@pytest.mark.parametrize("lag", [0.0, 3.0])
def test_without_known_words_the_spacing_tells_the_lag(lag: float, loads: Loads) -> None:
    lags = loads.late[lag].result().measures.transcriber.lags
    assert len(lags.values) == 3 * 2
    assert lag + 0.2 < lags.percentile(0.5) < lag + 1.2


def test_finals_that_never_come_count_with_their_age_and_are_an_error(loads: Loads) -> None:
    result = loads.never.result()
    lags = result.measures.transcriber.lags
    assert len(lags.values) == len(lags.open) == 3
    assert min(lags.open) > 2.0
    assert lags.is_bound(0.99)
    assert result.errors == {"transcriber: no final for an utterance": 3}


def test_a_server_that_hangs_has_errors_and_ages_and_holds_no_load(loads: Loads) -> None:
    result, steps = loads.hanging.result()
    voice = result.measures.voice
    assert voice.first_byte.values == []
    assert min(voice.first_byte.open) >= 1.0
    assert voice.first_byte.is_bound(0.5)
    assert result.errors["voice: no answer in time"] >= 3
    assert result.errors["voice: no answer came, nothing was measured"] == 1
    assert result.errors["transcriber: no final for an utterance"] >= 3
    assert [missed is not None for _, missed in steps] == [True] * len(steps)


def test_what_is_open_when_the_load_is_interrupted_counts_too() -> None:
    async def interrupted(chosen: LoadPlan, measures: Measures) -> None:
        asked = asyncio.get_running_loop().time()
        await make_calls(
            chosen, WORDS, measures, stopped=lambda: asyncio.get_running_loop().time() - asked > 1.5
        )  # fmt: skip

    measures = Measures()
    with served(stand_ins.Hanging().app()) as url:
        asyncio.run(interrupted(plan(url, duration=60.0, turn=0.1), measures))
    assert len(measures.voice.first_byte.open) == 3
    assert all(0.5 < age < 5.0 for age in measures.voice.first_byte.open)


def test_early_hints_are_not_the_answer() -> None:
    with stand_ins.early_hints(0.4) as url:
        result = loaded(plan("http://127.0.0.1:1", voice=url, transcriber=None, endpointing=None, duration=1.5))
    first = result.measures.voice.first_byte
    assert len(first.values) >= 3
    assert min(first.values) >= 0.4
    assert not result.errors


def first_bytes(url: str) -> tuple[LoadResult, list[float]]:
    """A load's figures, and what an independent client sees meanwhile, in seconds."""
    body = voice_body("alpha bravo", 24000)
    parts = urlsplit(url)
    lines = ("POST /api/custom-voice HTTP/1.1", "Host: x", f"X-Vapi-Secret: {SECRET}", f"Content-Length: {len(body)}")
    request = "\r\n".join([*lines, "", ""]).encode() + body
    with ThreadPoolExecutor(1) as pool:
        judge = pool.submit(stand_ins.raw_first_bytes, parts.hostname or "", parts.port or 0, request, 30)
        return loaded(plan(url, calls=4, transcriber=None, endpointing=None, duration=4.0, turn=0.1)), judge.result()


def test_the_first_byte_is_that_of_an_independent_client_and_connecting_stands_apart() -> None:
    rounds = []
    with served_elsewhere(stand_ins.TwoSpeeds) as (url, _):
        for _ in range(3):  # a busy machine keeps the two clients waiting for different times
            result, judged = first_bytes(url)
            voice = result.measures.voice
            assert len(voice.first_byte.values) >= 30
            assert len(voice.connect.values) == 4
            apart = [voice.first_byte.percentile(share) / percentile(judged, share) - 1 for share in (0.5, 0.95)]
            rounds.append((max(map(abs, apart)), voice.connect.percentile(1.0)))
            if rounds[-1] < (0.1, 0.1):
                break
    assert min(rounds) < (0.1, 0.1), rounds


def test_a_load_too_short_to_measure_anything_is_an_error(good_url: str) -> None:
    result = LoadResult(plan(good_url), Measures())
    assert set(result.errors) == {
        "transcriber: no call was opened, nothing was measured",
        "voice: no answer came, nothing was measured",
    }


BUSY_CHILDREN = """
import subprocess, sys
while True:
    subprocess.run([sys.executable, "-c", "sum(range(10**7))"])
"""


def test_the_servers_cpu_is_that_of_its_whole_tree_and_never_negative() -> None:
    """A process that idles while its short-lived children work, one after the other."""
    with subprocess.Popen([sys.executable, "-c", BUSY_CHILDREN]) as parent:
        monitor = ServerMonitor(parent.pid)
        used = []
        try:
            began = time.monotonic()
            while time.monotonic() - began < 3.0:
                monitor.look()
                found = monitor.result()
                used.append(found.cores if found is not None else 0.0)
                time.sleep(0.1)  # the monitor samples; there is no event to wait for
        finally:
            parent.kill()
    assert min(used) >= 0.0
    assert used[-1] > 0.1  # the children keep a core busy, shared with other processes
    assert monitor.result() is not None


def test_a_server_in_a_process_of_its_own_is_measured() -> None:
    with served_elsewhere(GoodServer) as (url, pid):
        result = run(plan(url, calls=2, duration=2.0), WORDS, pid=pid)
    assert result.server is not None
    assert result.server.cores >= 0.0
    assert result.server.memory > 0
