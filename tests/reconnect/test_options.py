"""Options that would spin, deadlock or never end are refused."""

from __future__ import annotations

from dataclasses import fields

import pytest

from providers.errors import SettingsError
from providers.failover.health import CooldownOptions
from providers.reconnect.options import ReconnectOptions


@pytest.mark.parametrize("name", [field.name for field in fields(ReconnectOptions)])
@pytest.mark.parametrize("value", [0.0, -1.0, float("inf"), float("nan")])
def test_every_option_is_more_than_zero_seconds_and_finite(name: str, value: float) -> None:
    with pytest.raises(SettingsError, match=f"reconnect {name}: expected more than 0 seconds, found"):
        ReconnectOptions(**{name: value})


@pytest.mark.parametrize("rest", [(0.0, 60.0), (5.0, 0.0), (-1.0, 60.0), (float("nan"), 60.0)])
def test_a_failed_engine_rests_for_some_time(rest: tuple[float, float]) -> None:
    with pytest.raises(SettingsError, match="rest of a failed engine"):
        CooldownOptions(*rest)
