"""Parser and checks for the platform's background denoising plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from dsp.errors import ParameterError

SWITCHES = {"enabled": "enabled", "media_detection_enabled": "mediaDetectionEnabled"}
RANGES = {
    "static_threshold_db": ("staticThreshold", -80, 0),
    "baseline_offset_db": ("baselineOffsetDb", -30, -5),
    "window_size_ms": ("windowSizeMs", 1000, 30000),
    "baseline_percentile": ("baselinePercentile", 1, 99),
}
"""Field to the platform's name and range."""


@dataclass(frozen=True, slots=True)
class FourierDenoisingPlan:
    """The platform's ``fourierDenoisingPlan``, with the platform's name under each field.

    Raises
    ------
    ParameterError
        A field is outside its range; the message has the platform's name.
    """

    enabled: bool = True
    """``enabled``: False delays the signal and leaves it alone."""
    media_detection_enabled: bool = True
    """``mediaDetectionEnabled``: recognise steady background, take it out, and never mistake it for the speaker."""
    static_threshold_db: float = -35.0
    """``staticThreshold``: dBFS, -80 … 0, the threshold while no baseline is established."""
    baseline_offset_db: float = -15.0
    """``baselineOffsetDb``: dB, -30 … -5; what lies this far below the baseline is filtered."""
    window_size_ms: float = 3000.0
    """``windowSizeMs``: milliseconds, 1000 … 30000, of level that the baseline is taken from."""
    baseline_percentile: float = 85.0
    """``baselinePercentile``: 1 … 99, of the level in the window; a high one follows the near speaker."""

    def __post_init__(self) -> None:
        for name, (wire, lowest, highest) in RANGES.items():
            value = getattr(self, name)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not (number and lowest <= value <= highest):
                raise ParameterError(f"{wire}: expected {lowest} … {highest}, found {value!r}")
        for name, wire in SWITCHES.items():
            if not isinstance(getattr(self, name), bool):
                raise ParameterError(f"{wire}: expected true or false, found {getattr(self, name)!r}")

    @classmethod
    def from_platform(cls, plan: Mapping[str, Any]) -> FourierDenoisingPlan:
        """Read a plan in the platform's spelling; fields it does not name have their defaults, unknown ones pass.

        Examples
        --------
        >>> FourierDenoisingPlan.from_platform({"baselineOffsetDb": -10}).baseline_offset_db
        -10
        """
        wires = SWITCHES | {name: wire for name, (wire, _, _) in RANGES.items()}
        names = [field.name for field in fields(cls) if wires[field.name] in plan]
        return cls(**{name: plan[wires[name]] for name in names})
