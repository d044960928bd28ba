"""The figures about survival are measured on what they say they are."""

from __future__ import annotations

from benchmarks import survive
from benchmarks.groups.survive import GROUP
from benchmarks.reconnects import reconnects
from benchmarks.report import RunOptions


class Silent:
    """Progress without a screen."""

    def step(self, text: str, done: int, total: int) -> None:
        """Nothing is shown."""


def test_a_reconnect_is_timed_in_a_call_that_goes_on() -> None:
    found = reconnects(2)
    assert len(found) == 2
    assert all(0 < seconds < 5 for seconds in found)


def test_the_layers_take_time_and_the_cache_answers_through_the_whole_server() -> None:
    bare, added = survive.added_first_audio(utterances=20, rounds=1)
    assert bare > 0
    assert added > 0
    rate, alone = survive.cache_hits(requests=400)
    assert rate > 0
    assert alone > 0


def test_the_group_shows_a_figure_beside_its_target() -> None:
    report = GROUP.run(RunOptions(quick=True, only="added by the layers"), Silent())
    assert [record["case"] for record in report.records] == ["first audio added by the layers"]
    assert report.tables[0].rows[0][2].split(":")[0] in ("met", "MISSED")
