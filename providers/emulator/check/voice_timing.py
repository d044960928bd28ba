"""How soon answers begin, alone and in company."""

from __future__ import annotations

from providers.emulator.check.probe import Probe
from providers.emulator.http_client import RecordedResponse

SLOWER = 1.5
"""How much longer than alone the first byte may take in company."""
_SAMPLES = 3


async def quickest(probe: Probe) -> RecordedResponse:
    """The quickest of three short answers with nothing else going on."""
    return await probe.once("alone", lambda: _quickest(probe))


async def _quickest(probe: Probe) -> RecordedResponse:
    return min([await probe.say(probe.texts.short()) for _ in range(_SAMPLES)], key=begun)


def begun(response: RecordedResponse) -> float:
    """Seconds to the first byte; infinite without one."""
    return response.first_byte if response.first_byte is not None else float("inf")


def too_slow(probe: Probe, alone: RecordedResponse, slowest: RecordedResponse) -> bool:
    """True when an answer in company began later than the work of its own explains."""
    return begun(slowest) > SLOWER * begun(alone) + probe.limits.noise_room
