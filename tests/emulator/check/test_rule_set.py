"""The catalogue finds each bug on the server that has it, and nothing on the server that has none."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest

from providers.emulator.check.limits import Limits
from providers.emulator.check.rule import Outcome
from providers.emulator.check.rule_set import RULES, chosen
from providers.emulator.check.run import Judgement, check
from providers.emulator.credentials import Credentials
from providers.emulator.failures import EmulatorError
from providers.emulator.speech import ProbeSpeech
from providers.emulator.targets import Targets, targets_at
from tests.emulator import broken_servers as broken
from tests.emulator.good_server import SECRET, GoodServer
from tests.emulator.serving import served, served_elsewhere
from tests.emulator.tones import spoken

QUICK = Limits(
    speed=12.0, gap=3.0, tail=1.2, settle=0.3, timeout=10.0, calls_at_once=8, flood=2 << 20, memory_noise=4 << 20,
    final_within=20.0, place_within=1.0, endpointing_within=1.0,
)  # fmt: skip
"""Tones need no real time; what is measured by the clock has room for a busy machine."""

AT_ONCE = 8
"""Servers judged side by side: a check mostly waits."""


@dataclass(frozen=True)
class Case:
    """A server and the ids of the rules that must fail on it, no other."""

    server: type[GoodServer]
    fails: str
    only: tuple[str, ...] = ()
    limits: Limits = QUICK
    elsewhere: bool = False
    """True where memory counts: in a process of its own."""


POSTS = ("authentication", "endpointing", "voice")
SOCKET = ("authentication", "endpointing", "transcriber")
"""A bug behind one of the two big endpoints is looked for with all rules but the other one's, which take longest."""

CASES = (
    Case(GoodServer, "", elsewhere=True),
    Case(broken.B1Mixed, "T6 T7", only=SOCKET),
    Case(broken.B1Swapped, "T1", only=SOCKET),
    Case(broken.B2Trimmed, "T5", only=SOCKET),
    Case(broken.B2HalfSample, "V4", only=POSTS),
    Case(broken.B3DeafToStart, "T2 T3", only=SOCKET),
    Case(broken.B4Shared, "T13", only=SOCKET),
    Case(broken.B5EveryInterimAFinal, "T9 T11", only=SOCKET),
    Case(broken.B6OpenSocket, "A4 A5"),
    Case(broken.B7SilentFailure, "V16", only=POSTS),
    Case(broken.B8WorksOn, "V12", only=POSTS),
    Case(broken.B9Keeps, "V8 T17", limits=replace(QUICK, flood=16 << 20), elsewhere=True),
    Case(broken.B10WavAtItsOwnRate, "V1 V2 V5", only=POSTS),
    Case(broken.B11Blocks, "V11", only=POSTS),
    Case(broken.B12Cleans, "V6", only=POSTS),
    Case(broken.Buffered, "V9", only=("voice",)),
    Case(broken.Deltas, "T10", only=("transcriber",)),
    Case(broken.Strict, "T4", only=("transcriber",)),
    Case(broken.Impatient, "E1 E5", only=("endpointing",)),
    Case(broken.WideOpen, "A1 A2 A4 A5 A7 A8", only=("authentication",)),
    Case(broken.Shut, "A3 A6 A9", only=("authentication",)),
    Case(broken.Pedantic, "E3 E6 V3 V7 V8 V13 V14 V15 V17", only=("endpointing", "voice")),
    Case(
        broken.Sluggish, "E2 E4 E6 V10", only=("endpointing", "V10"),
        limits=replace(QUICK, first_audio=0.25, endpointing_within=0.04),
    ),
    Case(
        broken.Nervous, "T8 T12 T14 T15", only=("T8", "T12", "T14", "T15"), limits=replace(QUICK, final_within=1.0)
    ),
    Case(broken.Forgetful, "T16", only=("T16",), limits=replace(QUICK, calls_at_once=3)),
)  # fmt: skip


def two_speakers() -> ProbeSpeech:
    pause = np.zeros(9600, np.float32)
    said = [
        np.concatenate([spoken(first, 16000), pause, spoken(second, 16000)])
        for first, second in (("alpha bravo charlie", "delta echo"), ("kilo lima mike", "november oscar"))
    ]
    return ProbeSpeech(said[0], said[1], 16000)


@pytest.fixture(scope="module")
def judgements() -> dict[str, Judgement]:
    """Every server judged once, several at a time."""
    found = {case.server.__name__: Judgement(chosen(case.only, ())) for case in CASES}
    speech = two_speakers()

    async def judge_all(targets: dict[str, Targets]) -> None:
        room = asyncio.Semaphore(AT_ONCE)

        async def judge(case: Case) -> None:
            name = case.server.__name__
            async with room:
                await check(targets[name], found[name], limits=case.limits, speech=speech)

        await asyncio.gather(*(judge(case) for case in CASES))

    with contextlib.ExitStack() as servers:
        asyncio.run(judge_all({case.server.__name__: servers.enter_context(doors_of(case)) for case in CASES}))
    return found


@contextlib.contextmanager
def doors_of(case: Case) -> Iterator[Targets]:
    credentials = Credentials(secret=SECRET)
    if case.elsewhere:
        with served_elsewhere(case.server) as (url, pid):
            yield targets_at(url, credentials, pid=pid)
    else:
        with served(case.server().app()) as url:
            yield targets_at(url, credentials)


@pytest.mark.timeout(300)  # the first of these waits for the judging of all servers
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.server.__name__)
def test_exactly_the_rules_that_match_a_bug_fail(case: Case, judgements: dict[str, Judgement]):
    results = judgements[case.server.__name__].results()
    failed = {item.rule.id: item.verdict.evidence for item in results if item.verdict.outcome is Outcome.FAILED}
    assert set(failed) == set(case.fails.split()), failed


def test_everything_is_judged_on_a_good_server(judgements: dict[str, Judgement]):
    good = judgements["GoodServer"]
    assert good.count(Outcome.PASSED) == len(RULES)


def test_every_failure_shows_what_was_seen(judgements: dict[str, Judgement]):
    for judgement in judgements.values():
        assert all(item.verdict.evidence for item in judgement.results() if item.verdict.outcome is not Outcome.PASSED)


def test_every_rule_can_fail():
    assert {rule for case in CASES for rule in case.fails.split()} == {rule.id for rule in RULES}


def test_ids_are_unique_and_every_rule_has_its_reason():
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.title.endswith(".")
        assert rule.reason.endswith(".")


def test_rules_are_chosen_by_id_letter_and_group():
    assert [rule.id for rule in chosen(("v1", "E"), ("E2",))] == ["E1", "E3", "E4", "E5", "E6", "V1"]
    assert {rule.group for rule in chosen(("transcriber",), ())} == {"transcriber"}
    with pytest.raises(EmulatorError, match="found 'Z9'"):
        chosen(("Z9",), ())
