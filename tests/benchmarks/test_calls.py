"""The benchmark of calls: its figures at a small size, which are also the proof of what it claims."""

from __future__ import annotations

import pytest

from benchmarks.calls.cost import cost_of_calls
from benchmarks.calls.faults import FAULTS, explained
from benchmarks.calls.joins import join_calls

CHOSEN = {
    "nothing wrong", "no closing mark", "a rule of the assistant", "recogniser lost", "recogniser late", "model slow",
    "echo", "first audio late", "voice engine failed", "loop held while recognising",
}  # fmt: skip


@pytest.mark.parametrize(("keys", "least"), [(True, 20), (False, 18)])
def test_calls_at_once_are_joined_by_their_second_turn_and_never_wrongly(keys: bool, least: int) -> None:
    found = join_calls(20, keys=keys, pause=0.5)
    assert found.wrong == 0
    assert found.right >= least
    assert set(found.ways) <= ({"key"} if keys else {"text"})


def test_the_server_names_the_cause_of_injected_faults() -> None:
    outcomes = explained([fault for fault in FAULTS if fault.name in CHOSEN])
    assert {outcome.fault.name for outcome in outcomes} == CHOSEN
    # A busy machine is slow in places of its own: what was explained otherwise is played again, with less at once.
    again = explained([one.fault for one in outcomes if not one.right])
    wrong = [f"{one.fault.name}: {one.sentence}" for one in again if not one.right]
    assert len(wrong) <= 1, wrong


def test_the_cost_of_the_notes_is_a_part_of_a_core() -> None:
    assert 0 < cost_of_calls(8, calls=4) < 1
