"""Whether a server that failed a rule is still there, and still hears."""

from __future__ import annotations

from providers.emulator.check.probe import Probe
from providers.emulator.check.probe_calls import baseline, heard, words
from providers.emulator.check.reach import connect
from providers.emulator.check.rule import NotJudged
from providers.emulator.check.voice_probes import need_audio
from providers.emulator.failures import EmulatorError, Unreachable


async def gone(probe: Probe, *, ask: bool) -> str | None:
    """Why the server is no longer there; None while it is.

    With ``ask`` a plain voice request is made too, where one was answered before: a server may listen and be stuck.
    """
    targets = probe.targets
    try:
        for url in (targets.voice, targets.endpointing, targets.transcriber):
            if url is not None:
                await connect(url, probe.limits.timeout)
        if ask and targets.voice is not None:
            await need_audio(probe)
            await probe.say(probe.texts.short())
    except Unreachable as fault:
        return str(fault)
    except (EmulatorError, NotJudged):
        return None
    return None


async def deaf(probe: Probe) -> bool:
    """True when a plain call is heard no longer, though the first one was."""
    if probe.speech is None or probe.targets.transcriber is None:
        return False
    try:
        await baseline(probe)
        return not words((await heard(probe, "customer")).text())
    except NotJudged:
        return False
    except EmulatorError:
        return True
