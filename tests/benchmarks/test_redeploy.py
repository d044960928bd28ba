"""The proofs of redeploys and of soaks, with fewer and shorter calls."""

from __future__ import annotations

from benchmarks import redeploy, soak
from benchmarks.counted_call import CountedCall
from benchmarks.groups.redeploy import GROUP
from benchmarks.report import RunOptions
from tests.benchmarks.test_survive import Silent


def test_no_call_is_cut_and_no_word_lost_when_a_server_of_two_is_told_to_end() -> None:
    found = redeploy.drained(10, 8, speed=2.0, notice=1.0)
    assert (found.cut, found.lost, found.refused, found.exit_codes) == ({}, 0, {}, [0])
    assert found.calls > 10


def test_no_call_is_refused_while_servers_take_over_from_each_other() -> None:
    found = redeploy.taken_over(1, 5, 1, notice=0.3)
    assert (found.cut, found.lost, found.refused, found.exit_codes) == ({}, 0, {}, [0])
    assert found.calls >= 5


def test_a_word_that_is_missing_or_out_of_order_is_lost() -> None:
    call = CountedCall(3, words=["second 1.", "second 3."])
    assert call.lost == 2
    assert CountedCall(2, words=["second 1.", "second 2."]).lost == 0


def test_the_group_names_its_cases_and_runs_when_it_is_named() -> None:
    assert GROUP.cases()[0] == "SIGTERM to one of two servers"
    assert not GROUP.default
    assert GROUP.run(RunOptions(only="nothing of this name"), Silent()).records == []


def test_a_soak_counts_what_is_held_at_rest() -> None:
    found = soak.soak(4, 2.0, rest=0.5, warm=1.0)
    assert found.before.processes == found.after.processes == 3
    assert found.before.memory > 1e6
    assert (found.cut, found.lost) == ({}, 0)
    assert found.calls >= 4
    assert found.lag(0, 60) > 0
