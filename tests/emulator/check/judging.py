"""Servers judged side by side for tests: each once, several at a time, because a check mostly waits."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from providers.emulator.check.limits import Limits
from providers.emulator.check.rule import Outcome
from providers.emulator.check.rule_set import chosen
from providers.emulator.check.run import Judgement, check
from providers.emulator.credentials import SentCredentials
from providers.emulator.speech import ProbeSpeech
from providers.emulator.targets import Targets, targets_at
from tests.emulator.good_server import SECRET, GoodServer
from tests.emulator.serving import served, served_elsewhere
from tests.emulator.tones import spoken

QUICK = Limits(
    speed=12.0, gap=3.0, tail=1.2, settle=0.3, timeout=10.0, calls_at_once=8, flood=6 << 20, memory_noise=4 << 20,
    final_within=20.0, place_within=1.0, endpointing_within=1.0, seed=1,
)  # fmt: skip
"""Tones need no real time; what is measured by the clock has room for a busy machine."""

AT_ONCE = 8


@dataclass(frozen=True)
class Case:
    """A server and the ids of the rules that must fail on it, no other."""

    server: type[GoodServer]
    fails: str
    only: tuple[str, ...] = ()
    limits: Limits = QUICK
    elsewhere: bool = False
    """True where memory, connections or a death count: in a process of its own."""
    advises: str = ""
    """Ids of the rules that must end in advice."""

    @property
    def name(self) -> str:
        """Unique among the cases of one test module."""
        return self.server.__name__


def judged(cases: Sequence[Case], *, at_once: int = AT_ONCE) -> dict[str, Judgement]:
    """The judgement of every case, by name; servers start and end while others are judged."""
    found = {case.name: Judgement(chosen(case.only, ())) for case in cases}

    async def judge_all() -> None:
        room = asyncio.Semaphore(at_once)
        speech = two_speakers()

        async def judge(case: Case) -> None:
            async with room:
                server = targets_of(case)
                targets = await asyncio.to_thread(server.__enter__)
                try:
                    await check(targets, found[case.name], limits=case.limits, speech=speech)
                finally:
                    await asyncio.to_thread(server.__exit__, None, None, None)

        await asyncio.gather(*(judge(case) for case in cases))

    asyncio.run(judge_all())
    return found


def outcomes(judgement: Judgement, outcome: Outcome) -> dict[str, str]:
    """The evidence of the rules that came out so, by id."""
    return {item.rule.id: item.verdict.evidence for item in judgement.results() if item.verdict.outcome is outcome}


def two_speakers() -> ProbeSpeech:
    """Two people with different words, in tones."""
    pause = np.zeros(9600, np.float32)
    said = [
        np.concatenate([spoken(first, 16000), pause, spoken(second, 16000)])
        for first, second in (("alpha bravo charlie", "delta echo"), ("kilo lima mike", "november oscar"))
    ]
    return ProbeSpeech(said[0], said[1], 16000)


@contextlib.contextmanager
def targets_of(case: Case) -> Iterator[Targets]:
    """The endpoints of a case's server, while it runs."""
    credentials = SentCredentials(secret=SECRET)
    if case.elsewhere:
        with served_elsewhere(case.server) as (url, pid):
            yield targets_at(url, credentials, pid=pid)
    else:
        with served(case.server().app()) as url:
            yield targets_at(url, credentials)
