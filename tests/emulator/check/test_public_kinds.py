"""No false verdict on what public servers do: each kind fails exactly the rules it breaks, and for that reason."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from providers.emulator.check.rule import Outcome
from providers.emulator.check.rule_set import chosen
from providers.emulator.check.run import Judgement, check
from providers.emulator.credentials import SentCredentials
from providers.emulator.targets import Targets, targets_at
from tests.emulator import public_kinds as kinds
from tests.emulator.check.judging import QUICK, Case, judged, outcomes, two_speakers
from tests.emulator.good_server import SECRET
from tests.emulator.serving import served

HTTP = ("A1", "A2", "A3", "A7", "A8", "A9", "endpointing", "voice")
SOCKET = ("A4", "A5", "A6", "transcriber")
STRANGERS = "A1 A2 A7 A8"

CASES = (
    # Calls wait longest: they come first.
    Case(kinds.OneCall, "", only=SOCKET),
    Case(kinds.SharedService, "A4 A5 T9 T11 T18", only=SOCKET),
    Case(kinds.Batches, "T9", only=SOCKET),
    Case(kinds.Express, "V23", only=HTTP, advises="V14 V15"),
    Case(kinds.PlatformSample, STRANGERS, only=HTTP, advises="V14 V15"),
    Case(kinds.FastApi, "", only=HTTP),
    Case(kinds.CutAnywhere, "", only=HTTP),
    Case(kinds.Gzip, "", only=HTTP),
    Case(kinds.Redirecting, "A3 V18", only=HTTP),
    Case(kinds.NgrokPage, "A3 A9 E1 V18", only=HTTP),
    Case(kinds.WavServer, "V2", only=HTTP),
    Case(kinds.OneRate, "V1 V16", only=HTTP),
    Case(kinds.CachesByText, "", only=HTTP),
    Case(kinds.OneVoice, "", only=HTTP, advises="V15"),
)  # fmt: skip


@pytest.fixture(scope="module")
def judgements() -> dict[str, Judgement]:
    return judged(CASES)


def results(judgement: Judgement) -> dict[Outcome, set[str]]:
    return {outcome: set(outcomes(judgement, outcome)) for outcome in (Outcome.FAILED, Outcome.ADVICE)}


@pytest.mark.timeout(300)  # the first of these waits for the judging of all kinds
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_public_kind_fails_what_it_breaks_and_nothing_else(case: Case, judgements: dict[str, Judgement]) -> None:
    found = results(judgements[case.name])
    expected = {Outcome.FAILED: set(case.fails.split()), Outcome.ADVICE: set(case.advises.split())}
    assert found == expected, [outcomes(judgements[case.name], outcome) for outcome in expected]


@pytest.mark.parametrize(
    ("kind", "rule", "reason"),
    [
        (kinds.Redirecting, "V18", "HTTP 307, a redirect to https://voice.example.com/speak instead of audio"),
        (kinds.NgrokPage, "V18", "an HTML page titled 'ngrok: you are about to visit' instead of audio"),
        (kinds.Express, "V23", "HTTP 413 instead of audio, to a body of 2.0 MB"),
        (kinds.SharedService, "T18", "its end ended the session that all calls share"),
        (kinds.WavServer, "V2", "a WAV header"),
    ],
)
def test_the_reason_is_named(kind: type, rule: str, reason: str, judgements: dict[str, Judgement]) -> None:
    assert reason in outcomes(judgements[kind.__name__], Outcome.FAILED)[rule]


def test_what_everybody_gets_is_no_open_door(judgements: dict[str, Judgement]) -> None:
    unjudged = outcomes(judgements["NgrokPage"], Outcome.NOT_JUDGED)
    assert "to every other" in unjudged["A1"]
    assert judgements["NgrokPage"].count(Outcome.PASSED) == 0


def test_a_coded_body_and_other_rates_are_notes(judgements: dict[str, Judgement]) -> None:
    notes = {item.rule.id: item.verdict.notes for item in judgements["Gzip"].results()}
    assert notes["V2"] == ("the body is gzip coded; whether the platform decodes that is not documented",)
    notes = {item.rule.id: item.verdict.notes for item in judgements["PlatformSample"].results()}
    assert [note.split(",")[0] for note in notes["V1"]] == ["32000 Hz", "48000 Hz"]
    notes = {item.rule.id: item.verdict.notes for item in judgements["OneVoice"].results()}
    assert notes["V16"] == ("an unknown voice is spoken by another one",)


@contextlib.contextmanager
def query_key() -> Iterator[Targets]:
    with served(kinds.QueryKey().app()) as url:
        found = targets_at(url, SentCredentials())
        yield replace(
            found,
            voice=f"{found.voice}?key={SECRET}",
            endpointing=f"{found.endpointing}?key={SECRET}",
            transcriber=f"{found.transcriber}?key={SECRET}",
        )


@contextlib.contextmanager
def voice_at(server: contextlib.AbstractContextManager[str]) -> Iterator[Targets]:
    with server as url:
        yield Targets(url, None, None, SentCredentials(secret=SECRET))


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("server", "only", "fails", "advises"),
    [
        (query_key, ("authentication", "V18", "T1"), "", ""),
        (lambda: voice_at(kinds.stdlib_server()), HTTP, "V17", "V14 V15"),
        (lambda: voice_at(kinds.werkzeug_server()), HTTP, "", "V14 V15"),
    ],
    ids=["secret in the query alone", "stdlib http.server", "werkzeug"],
)
def test_servers_of_other_frameworks(
    server: Callable[[], contextlib.AbstractContextManager[Targets]], only: tuple[str, ...], fails: str, advises: str
) -> None:
    judgement = Judgement(chosen(only, ()))
    with server() as targets:
        asyncio.run(check(targets, judgement, limits=QUICK, speech=two_speakers()))
    assert set(outcomes(judgement, Outcome.FAILED)) == set(fails.split()), outcomes(judgement, Outcome.FAILED)
    assert set(outcomes(judgement, Outcome.ADVICE)) == set(advises.split()), outcomes(judgement, Outcome.ADVICE)


def test_a_server_that_breaks_on_an_empty_post_is_there() -> None:
    judgement = Judgement(chosen(("V17", "V18"), ()))
    with voice_at(kinds.stdlib_server()) as targets:
        asyncio.run(check(targets, judgement, limits=QUICK, speech=None))
    failed = outcomes(judgement, Outcome.FAILED)
    assert set(failed) == {"V17"}
    assert "the body b'': " in failed["V17"]
    assert "closed the connection without an answer" in failed["V17"]
