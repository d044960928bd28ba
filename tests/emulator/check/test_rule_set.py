"""The rules find each bug on the server that has it, and nothing on a server that has none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from providers.emulator.check.rule import Outcome, Verdict
from providers.emulator.check.rule_set import RULES, chosen
from providers.emulator.check.run import Judgement
from providers.emulator.failures import EmulatorError
from tests.emulator import broken_servers as broken
from tests.emulator.check.judging import QUICK, Case, judged, outcomes
from tests.emulator.check.test_broken_voices import CASES as broken_voice_cases
from tests.emulator.good_server import GoodServer

POSTS = ("authentication", "endpointing", "voice")
SOCKET = ("authentication", "endpointing", "transcriber")
"""A bug behind one of the two big endpoints is looked for with all rules but the other one's, which take longest."""

CASES = (
    # Those that wait longest come first, and those with the strictest limits last, when the others are done.
    Case(broken.LeavesTheVendor, "V12", only=("V12", "V18"), elsewhere=True),
    Case(broken.CancelsTheVendor, "", only=("V12", "V18"), elsewhere=True),
    Case(broken.B8WorksOn, "V12", only=POSTS),
    Case(broken.B11Blocks, "V11", only=POSTS),
    Case(broken.B9Keeps, "V8 T17", limits=replace(QUICK, flood=16 << 20), elsewhere=True),
    Case(broken.Hangs, "V17", only=("endpointing", "voice"), elsewhere=True, limits=replace(QUICK, timeout=2.0)),
    Case(broken.Dies, "V17", only=("endpointing", "voice"), elsewhere=True),
    Case(broken.B4Shared, "T13", only=SOCKET),
    Case(GoodServer, "", elsewhere=True),
    Case(broken.B1Mixed, "T6 T7", only=SOCKET),
    Case(broken.B1Swapped, "T1", only=SOCKET),
    Case(broken.B2Trimmed, "T5", only=SOCKET),
    Case(broken.B2HalfSample, "V4", only=POSTS),
    Case(broken.B3DeafToStart, "T2 T3", only=SOCKET),
    Case(broken.B5EveryInterimAFinal, "T9 T11", only=SOCKET),
    Case(broken.B6OpenSocket, "A4 A5"),
    Case(broken.B7SilentFailure, "V16", only=POSTS),
    Case(broken.B10WavAtItsOwnRate, "V1 V2 V5", only=POSTS),
    Case(broken.B12Cleans, "V6", only=POSTS),
    Case(broken.Buffered, "V9", only=("voice",)),
    Case(broken.Deltas, "T10", only=("transcriber",)),
    Case(broken.Strict, "T4", only=("transcriber",)),
    Case(broken.Impatient, "E1 E5", only=("endpointing",)),
    Case(broken.WideOpen, "A1 A2 A4 A5 A7 A8", only=("authentication",)),
    Case(broken.Shut, "A3 A6 A9", only=("authentication",)),
    Case(broken.Pedantic, "E3 E6 V3 V7 V8 V13 V17", only=("endpointing", "voice"), advises="V14 V15"),
    Case(broken.ErrorIn200, "V18", only=("voice",)),
    Case(broken.SmallBodies, "V23", only=POSTS),
    Case(broken.OneSession, "T18", only=SOCKET),
    Case(broken.Forgetful, "T16", only=("T16",), limits=replace(QUICK, calls_at_once=3)),
    Case(
        broken.Nervous, "T8 T12 T14 T15", only=("T8", "T12", "T14", "T15"), limits=replace(QUICK, final_within=1.0)
    ),
    Case(
        broken.Sluggish, "E2 E4 E6 V10", only=("endpointing", "V10"),
        limits=replace(QUICK, first_audio=0.25, endpointing_within=0.04),
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def judgements() -> dict[str, Judgement]:
    return judged(CASES)


@pytest.mark.timeout(300)  # the first of these waits for the judging of all servers
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_exactly_the_rules_that_match_a_bug_fail(case: Case, judgements: dict[str, Judgement]) -> None:
    failed = outcomes(judgements[case.name], Outcome.FAILED)
    assert set(failed) == set(case.fails.split()), failed
    advised = outcomes(judgements[case.name], Outcome.ADVICE)
    assert set(advised) == set(case.advises.split()), advised


def test_everything_is_judged_on_a_good_server(judgements: dict[str, Judgement]) -> None:
    good = judgements["GoodServer"]
    assert good.count(Outcome.PASSED) == len(RULES)


def test_every_failure_shows_what_was_seen(judgements: dict[str, Judgement]) -> None:
    for judgement in judgements.values():
        assert all(item.verdict.evidence for item in judgement.results() if item.verdict.outcome is not Outcome.PASSED)


def test_every_rule_can_fail() -> None:
    cases = (*CASES, *broken_voice_cases)
    assert {rule for case in cases for rule in (case.fails + " " + case.advises).split()} == {rule.id for rule in RULES}


@pytest.mark.parametrize("server", ["Dies", "Hangs"])
def test_a_server_that_is_gone_is_said_once(server: str, judgements: dict[str, Judgement]) -> None:
    results = {item.rule.id: item.verdict for item in judgements[server].results()}
    assert "now the server is gone" in results["V17"].evidence
    for rule in ("V19", "V20", "V21", "V22", "V23", "V8"):
        assert results[rule].outcome is Outcome.NOT_JUDGED
        assert results[rule].evidence == "the server was gone while V17 was judged"


def test_no_rule_of_the_voice_passes_on_an_error(judgements: dict[str, Judgement]) -> None:
    judgement = judgements["ErrorIn200"]
    assert outcomes(judgement, Outcome.FAILED) == {"V18": "200 with JSON instead of audio"}
    assert judgement.count(Outcome.PASSED) == judgement.count(Outcome.ADVICE) == 0
    others = set(outcomes(judgement, Outcome.NOT_JUDGED).values())
    assert others == {"no plain voice request was answered with audio (V18): 200 with JSON instead of audio"}


def test_a_server_that_hears_one_call_alone_is_told_so_once(judgements: dict[str, Judgement]) -> None:
    results = {item.rule.id: item.verdict for item in judgements["OneSession"].results()}
    assert "ended the session that all calls share" in results["T18"].evidence
    for rule in ("T2", "T5", "T13", "T16"):
        assert results[rule] == Verdict(Outcome.NOT_JUDGED, "the server hears its first call alone (T18)")


def test_work_for_callers_who_hung_up_is_seen_at_the_vendor(judgements: dict[str, Judgement]) -> None:
    (kept,) = outcomes(judgements["LeavesTheVendor"], Outcome.FAILED).values()
    assert "after the hang-ups vendors sent" in kept
    assert "vendors sent" in outcomes(judgements["CancelsTheVendor"], Outcome.PASSED)["V12"]


def test_ids_are_unique_and_every_rule_has_its_reason() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.title.endswith(".")
        assert rule.reason.endswith(".")


def test_rules_are_chosen_by_id_letter_and_group() -> None:
    assert [rule.id for rule in chosen(("v1", "E"), ("E2",))] == ["E1", "E3", "E4", "E5", "E6", "V1"]
    assert {rule.group for rule in chosen(("transcriber",), ())} == {"transcriber"}
    with pytest.raises(EmulatorError, match="found 'Z9'"):
        chosen(("Z9",), ())
