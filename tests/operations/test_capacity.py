"""How many calls a server takes, and why: what the start line and a refusal say."""

from __future__ import annotations

import json

import pytest
from websockets.exceptions import InvalidStatus

from providers.endpoints import call_capacity
from providers.engines.base import ListeningCapabilities
from providers.settings import Settings
from tests.fakes import ScriptedListener
from tests.live import serving, settings


def listener(capacity: int | None, *, channels: int = 1) -> ScriptedListener:
    capabilities = ListeningCapabilities(
        capacity=capacity, channels=channels, capacity_note="on 2 cores: --ear-capacity"
    )
    return ScriptedListener(name="ear", capabilities=capabilities)


@pytest.mark.parametrize(
    ("capacity", "channels", "chosen", "limit", "reason"),
    [
        (None, 1, {}, 200, "--max-calls"),
        (4, 1, {}, 4, "ear hears 4 at once on 2 cores: --ear-capacity"),
        (4, 1, {"max_calls": 4}, 4, "--max-calls"),
        (4, 1, {"max_calls": 3}, 3, "--max-calls"),
        (5, 1, {"channels": "both"}, 2, "ear hears 5 at once, two for each call on 2 cores: --ear-capacity"),
        (5, 2, {"channels": "both"}, 5, "ear hears 5 at once on 2 cores: --ear-capacity"),
        (1, 1, {"channels": "both"}, 1, "ear hears 1 at once, two for each call on 2 cores: --ear-capacity"),
    ],
)
def test_calls_at_once_are_the_engines_or_the_settings(
    capacity: int | None, channels: int, chosen: dict[str, object], limit: int, reason: str
) -> None:
    found = call_capacity(Settings.of(**chosen), listener(capacity, channels=channels))
    assert (found.limit, found.reason) == (limit, reason)


def test_a_call_too_many_is_told_the_capacity_and_why() -> None:
    with serving(transcriber=listener(1), chosen=settings()) as live, live.call():
        with pytest.raises(InvalidStatus) as refused, live.call():
            raise AssertionError("it was let in")
    response = refused.value.response
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert json.loads(response.body or b"") == {
        "error": "calls: expected at most 1 at once, found one more (ear hears 1 at once on 2 cores: --ear-capacity)",
        "reason": "full",
    }
