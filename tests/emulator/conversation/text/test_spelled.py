"""Numbers in words, compared with another implementation."""

from __future__ import annotations

import random
import re

import pytest

from providers.emulator.conversation.text.steps.numbers import _DISTANCES, _UNITS
from providers.emulator.conversation.text.steps.spelled import LONGEST, plural, whole


@pytest.mark.timeout(120)
def test_numbers_and_units_are_spelled_as_inflect_does() -> None:
    # Not above: its import takes seconds, and every process of a run of all tests reads this module.
    grammar = pytest.importorskip("inflect", reason="needs inflect, of the extra test").engine()
    rng = random.Random(7)
    drawn = [rng.randrange(10 ** rng.randint(1, LONGEST)) for _ in range(300)]
    for number in [*range(130), *range(100, 1100, 37), *drawn]:
        if 1100 <= number < 10_000 and number % 100 == 0:
            continue  # said in hundreds
        theirs = re.sub(r"[-,]", " ", grammar.number_to_words(number)).replace("  ", " ")
        assert whole(number) == theirs
    for unit in {*_DISTANCES.values(), *_UNITS.values()}:
        first, space, rest = unit.partition(" ")
        expected = first if first.endswith("hertz") else grammar.plural_noun(first)
        assert plural(unit, "2") == expected + space + rest
        assert plural(unit, "1") == unit
