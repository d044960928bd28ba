"""Judging a server by all rules: what may run side by side does, what needs the server for itself waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from providers.emulator.audio_frames import quiet
from providers.emulator.check.limits import Limits
from providers.emulator.check.liveness import deaf, gone
from providers.emulator.check.probe import CALL_RATE, Probe, probing
from providers.emulator.check.probe_calls import alone
from providers.emulator.check.reach import reach_by_request
from providers.emulator.check.rule import CheckRule, NotJudged, Outcome, Verdict
from providers.emulator.check.rule_set import endpoint_of
from providers.emulator.failures import EmulatorError, ServerRefused, Unreachable
from providers.emulator.speech import ProbeSpeech
from providers.emulator.targets import Targets

_ISOLATION = "T13"
"""The rule that says whether calls may run side by side at all; judged before the other calls."""
_SECOND_CALL = "T18"
"""The rule that says whether a server hears more than its first call."""
_FIRST_CALL = 0.5
"""Seconds of silence in the first call where there is no speech."""


@dataclass(frozen=True, slots=True)
class JudgedRule:
    """One rule with its verdict."""

    rule: CheckRule
    verdict: Verdict
    seconds: float
    """How long judging took."""


@dataclass(slots=True)
class Judgement:
    """A run of all rules, readable while it grows and after an interruption."""

    rules: tuple[CheckRule, ...]
    judged: dict[str, JudgedRule] = field(default_factory=dict)
    interrupted: bool = False
    took: float = 0.0
    """Seconds."""

    def results(self) -> list[JudgedRule]:
        """Every rule in its own order; what was not reached is not judged."""
        missing = Verdict(Outcome.NOT_JUDGED, "interrupted before this rule was judged")
        return [self.judged.get(rule.id, JudgedRule(rule, missing, 0.0)) for rule in self.rules]

    def count(self, outcome: Outcome) -> int:
        """How many rules came out so."""
        return sum(item.verdict.outcome is outcome for item in self.results())


async def check(
    targets: Targets,
    judgement: Judgement,
    *,
    limits: Limits,
    speech: ProbeSpeech | None,
    on_judged: Callable[[JudgedRule], None] | None = None,
) -> None:
    """Fill ``judgement``.

    Raises
    ------
    Unreachable
        An endpoint that is to be judged does not answer at all.
    """
    begin = time.perf_counter()

    def done(item: JudgedRule) -> None:
        judgement.judged[item.rule.id] = item
        if on_judged is not None:
            on_judged(item)

    try:
        await reach_by_request(targets, limits.timeout)
        async with probing(targets, limits, speech) as probe:
            if any(endpoint_of(rule) == "transcriber" for rule in judgement.rules):
                await _first_call(probe)
            bench = _Bench(probe, done)
            for batch in batches(judgement.rules):
                await bench.judge(batch)
    finally:
        judgement.took = time.perf_counter() - begin


async def _first_call(probe: Probe) -> None:
    """Call once, with speech where there is some: the first call may be the only one that a server hears."""
    if probe.targets.transcriber is None:
        return
    try:
        if probe.speech is not None:
            await alone(probe, "customer")
        else:
            await probe.call(quiet(_FIRST_CALL, CALL_RATE))
    except ServerRefused:
        return


def batches(rules: Sequence[CheckRule]) -> list[list[CheckRule]]:
    """Rules in the order of judging; those of one list run side by side.

    Only calls run side by side: they take real time and nearly no work, while requests are quick and measured.
    """
    first = [[rule] for rule in rules if rule.first]
    calm = [rule for rule in rules if not rule.last and not rule.first]
    single = [[rule] for rule in calm if rule.group != "transcriber" or rule.id == _ISOLATION]
    calls = [rule for rule in calm if rule.group == "transcriber" and not rule.alone]
    lonely = [[rule] for rule in calm if rule.group == "transcriber" and rule.alone and rule.id != _ISOLATION]
    # The transcriber's strain first: memory that a voice request took and gave back would hide what calls take.
    strains = [[rule] for rule in sorted(rules, key=lambda rule: rule.group) if rule.last]
    return [*first, *single, *([calls] if calls else []), *lonely, *strains]


class _Bench:
    """Judge of one run: keeps what became of the server, so that each loss is said once."""

    def __init__(self, probe: Probe, done: Callable[[JudgedRule], None]) -> None:
        self._probe = probe
        self._done = done
        self._gone: str | None = None
        self._deaf: str | None = None

    async def judge(self, rules: list[CheckRule]) -> None:
        """Judge side by side; what fails in company is judged again alone, so that a full machine is no fault."""
        failed: list[tuple[CheckRule, Verdict, bool, float]] = []

        async def judge_one(rule: CheckRule) -> None:
            begin = time.perf_counter()
            verdict, lost = await self._verdict(rule)
            took = time.perf_counter() - begin
            if verdict.outcome is Outcome.FAILED:
                failed.append((rule, verdict, lost, took))
            else:
                self._done(JudgedRule(rule, verdict, took))

        await asyncio.gather(*(judge_one(rule) for rule in rules))
        for rule, verdict, lost, took in failed:
            await self._judge_failed(rule, verdict, lost=lost, took=took, again=len(rules) > 1)

    async def _judge_failed(self, rule: CheckRule, verdict: Verdict, *, lost: bool, took: float, again: bool) -> None:
        missing = self._missing(rule)
        if missing is None and again and await gone(self._probe, ask=lost) is None:
            begin = time.perf_counter()
            verdict, lost = await self._verdict(rule)
            took = time.perf_counter() - begin
        if missing is None and verdict.outcome is Outcome.FAILED:
            verdict = await self._with_loss(rule, verdict, lost=lost)
        self._done(JudgedRule(rule, missing or verdict, took))

    async def _with_loss(self, rule: CheckRule, verdict: Verdict, *, lost: bool) -> Verdict:
        """The verdict, and what the rule's probe cost the server."""
        why = await gone(self._probe, ask=lost)
        if why is not None:
            self._gone = f"the server was gone while {rule.id} was judged"
            return Verdict(Outcome.FAILED, f"{verdict.evidence}; now the server is gone: {why}", verdict.notes)
        if rule.id == _ISOLATION:
            self._probe.one_call_at_a_time()
        if rule.id == _SECOND_CALL:
            self._deaf = "the server hears its first call alone (T18)"
        elif rule.group == "transcriber" and not rule.first and self._deaf is None and await deaf(self._probe):
            self._deaf = f"since {rule.id} was judged the server hears nothing in a plain call: restart it"
            return Verdict(Outcome.FAILED, f"{verdict.evidence}; now a plain call is not heard either", verdict.notes)
        return verdict

    def _missing(self, rule: CheckRule) -> Verdict | None:
        """Not judged, where what a rule needs is lost."""
        endpoint = endpoint_of(rule)
        if getattr(self._probe.targets, endpoint) is None:
            return Verdict(Outcome.NOT_JUDGED, f"no address of the {endpoint} endpoint")
        if self._gone is not None:
            return Verdict(Outcome.NOT_JUDGED, self._gone)
        if self._deaf is not None and rule.group == "transcriber" and not rule.first_call:
            return Verdict(Outcome.NOT_JUDGED, self._deaf)
        return None

    async def _verdict(self, rule: CheckRule) -> tuple[Verdict, bool]:
        """The verdict, and whether a connection was lost on the way to it."""
        missing = self._missing(rule)
        if missing is not None:
            return missing, False
        try:
            return await rule.judge(self._probe), False
        except NotJudged as lack:
            return Verdict(Outcome.NOT_JUDGED, str(lack)), False
        except EmulatorError as fault:
            return Verdict(Outcome.FAILED, str(fault)), isinstance(fault, Unreachable)
