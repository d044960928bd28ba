"""What a shadow costs: the call that is counted is a whole call, and its shadow hears it."""

from __future__ import annotations

import asyncio

from benchmarks.shadow_cost import engine_of, hear_call
from providers.engines.null import Null
from providers.reconnect.reconnecting import Reconnecting
from providers.shadow.shadowed import Shadowed
from tests.fakes import ScriptedListener
from tests.shadow.test_shadowed import Report


def test_both_calls_take_in_all_their_audio_and_the_shadow_hears_it() -> None:
    report, shadow = Report(), ScriptedListener(last_words=[])
    made = Shadowed(Reconnecting(Null()), shadow, report, share=1.0)
    assert asyncio.run(hear_call(made, 100)) == 2.0
    assert 0 < len(shadow.pushed[0]) <= 2 * 32000
    assert asyncio.run(hear_call(engine_of("plain"), 100)) == 2.0
