"""Judging a server by the catalogue: what may run side by side does, what needs the server for itself waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from providers.emulator.audio_frames import paced
from providers.emulator.check.limits import Limits
from providers.emulator.check.probe import Probe, probing
from providers.emulator.check.rule import NotJudged, Outcome, Rule, Verdict
from providers.emulator.check.rule_set import endpoint_of
from providers.emulator.failures import EmulatorError, Refused
from providers.emulator.http_client import HttpClient, post
from providers.emulator.speech import ProbeSpeech
from providers.emulator.targets import Targets
from providers.emulator.transcriber_client import TranscriberCall

_ISOLATION = "T13"
"""The rule that says whether calls may run side by side at all; judged before the other calls."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One rule with its verdict."""

    rule: Rule
    verdict: Verdict
    seconds: float
    """How long judging took."""


@dataclass(slots=True)
class Judgement:
    """A run of the catalogue, readable while it grows and after an interruption."""

    rules: tuple[Rule, ...]
    judged: dict[str, Judged] = field(default_factory=dict)
    interrupted: bool = False
    took: float = 0.0
    """Seconds."""

    def results(self) -> list[Judged]:
        """Every rule in the catalogue's order; what was not reached is not judged."""
        missing = Verdict(Outcome.NOT_JUDGED, "interrupted before this rule was judged")
        return [self.judged.get(rule.id, Judged(rule, missing, 0.0)) for rule in self.rules]

    def count(self, outcome: Outcome) -> int:
        """How many rules came out so."""
        return sum(item.verdict.outcome is outcome for item in self.results())


async def check(
    targets: Targets,
    judgement: Judgement,
    *,
    limits: Limits,
    speech: ProbeSpeech | None,
    on_judged: Callable[[Judged], None] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> None:
    """Fill ``judgement``.

    Raises
    ------
    Unreachable
        An endpoint that is to be judged does not answer at all.
    """
    begin = clock()

    def done(item: Judged) -> None:
        judgement.judged[item.rule.id] = item
        if on_judged is not None:
            on_judged(item)

    try:
        await reach(targets, limits.timeout)
        async with probing(targets, limits, speech) as probe:
            for batch in batches(judgement.rules):
                await _judge_together(probe, batch, done, clock)
                apart = judgement.judged.get(_ISOLATION)
                if apart is not None and apart.verdict.outcome is Outcome.FAILED:
                    probe.one_call_at_a_time()
    finally:
        judgement.took = clock() - begin


def batches(rules: Sequence[Rule]) -> list[list[Rule]]:
    """Rules in the order of judging; those of one list run side by side.

    Only calls run side by side: they take real time and nearly no work, while requests are quick and measured.
    """
    calm = [rule for rule in rules if not rule.last]
    single = [[rule] for rule in calm if rule.group != "transcriber" or rule.id == _ISOLATION]
    calls = [rule for rule in calm if rule.group == "transcriber" and not rule.alone]
    lonely = [[rule] for rule in calm if rule.group == "transcriber" and rule.alone and rule.id != _ISOLATION]
    # The transcriber's strain first: memory that a voice request took and gave back would hide what calls take.
    strains = [[rule] for rule in sorted(rules, key=lambda rule: rule.group) if rule.last]
    return [*single, *([calls] if calls else []), *lonely, *strains]


async def _judge_together(
    probe: Probe, rules: list[Rule], done: Callable[[Judged], None], clock: Callable[[], float]
) -> None:
    """Judge side by side; what fails in company is judged again alone, so that a full machine is no fault."""
    doubtful: list[Rule] = []

    async def judge(rule: Rule, *, last_word: bool) -> None:
        begin = clock()
        found = await _verdict(probe, rule)
        if found.outcome is Outcome.FAILED and not last_word:
            doubtful.append(rule)
        else:
            done(Judged(rule, found, clock() - begin))

    async with asyncio.TaskGroup() as group:
        for rule in rules:
            group.create_task(judge(rule, last_word=len(rules) == 1))
    for rule in doubtful:
        await judge(rule, last_word=True)


async def _verdict(probe: Probe, rule: Rule) -> Verdict:
    if getattr(probe.targets, endpoint_of(rule)) is None:
        return Verdict(Outcome.NOT_JUDGED, f"no address of a {endpoint_of(rule)} endpoint")
    try:
        return await rule.judge(probe)
    except NotJudged as lack:
        return Verdict(Outcome.NOT_JUDGED, str(lack))
    except EmulatorError as fault:
        return Verdict(Outcome.FAILED, str(fault))


async def reach(targets: Targets, timeout: float) -> None:
    """Knock once at every endpoint; whatever answers, even a refusal, is there.

    Raises
    ------
    Unreachable
        Nobody answers at an endpoint.
    """
    for url in (targets.voice, targets.endpointing):
        if url is not None:
            async with HttpClient(timeout=timeout) as client:
                await post(client, url, b"", credentials=targets.credentials, hang_up_after=1)
    if targets.transcriber is not None:
        try:
            await TranscriberCall(targets.transcriber, targets.credentials, None, open_timeout=timeout).run(paced(()))
        except Refused:
            return
