"""Faults of known cause, each in a call of its own, and the cause that the server names for it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.calls.local_server import LocalServer, local_server
from benchmarks.calls.platform import CallPlan, play
from benchmarks.calls.scripted import Script, ScriptedRecogniser, ScriptedVoice
from providers.assembly import listening_stack
from providers.cache.cached import Cached
from providers.cache.stores import MemoryStore
from providers.calls.noting import also_noted
from providers.engines.events import unobserved
from providers.failover.speaking import FallbackSpeaking
from providers.settings import Settings

__all__ = ["FAULTS", "Fault", "FaultFinding", "explained"]

_TABLE = "I would like to book a table."


@dataclass(frozen=True)
class Fault:
    """One fault: how it is made, and its cause in the server's words."""

    plan: CallPlan
    cause: str
    heard: str = _TABLE
    script: dict[str, Any] = field(default_factory=dict)
    server: str = "shared"
    """Which server: those that disturb others have one of their own."""

    @property
    def name(self) -> str:
        """The fault, in a word or two."""
        return self.plan.name


@dataclass(frozen=True)
class FaultFinding:
    """What the server said of a fault."""

    fault: Fault
    found: str
    sentence: str

    @property
    def right(self) -> bool:
        """Whether it named the cause."""
        return self.found == self.fault.cause


_RULE = {"type": "user", "regex": "table", "timeoutSeconds": 2.0}

FAULTS: tuple[Fault, ...] = (
    Fault(CallPlan("nothing wrong"), "none"),
    Fault(CallPlan("nothing wrong, no endpointing model", asks=False), "none"),
    Fault(CallPlan("no closing mark"), "no-closing-mark", heard="I would like to book"),
    Fault(CallPlan("no closing mark, no endpointing model", asks=False), "no-closing-mark", heard="I would like to"),
    Fault(CallPlan("a number at the end"), "number", heard="It is four four 7."),
    Fault(CallPlan("a rule of the assistant", rules=(_RULE,)), "rule"),
    Fault(CallPlan("endpointing asked late", ask_late=1.3), "asked-late"),
    Fault(CallPlan("an unfinished sentence"), "endpointing", heard="I would like a table and."),
    Fault(CallPlan("recogniser lost"), "recogniser-lost", script={"losses": 1, "reopen": 1.4}),
    Fault(CallPlan("recogniser lost twice"), "recogniser-lost", script={"losses": 2, "reopen": 0.8}),
    Fault(CallPlan("recogniser late"), "recogniser-late", script={"late": 1.4}),
    Fault(CallPlan("model slow", model=2.5), "model"),
    Fault(CallPlan("model slow, no endpointing model", model=2.5, asks=False), "model"),
    Fault(CallPlan("echo"), "echo", heard="help you today with your order."),
    Fault(CallPlan("first audio late", reply="Slow answer, sorry."), "late-first-audio"),
    Fault(CallPlan("voice engine failed", reply="Broken answer, sorry."), "voice-failed"),
    Fault(CallPlan("playback late", play_late=1.9), "played-late"),
    Fault(CallPlan("not in the cache", reply="A new answer."), "cache-miss", server="slow"),
    Fault(CallPlan("no place for the voice"), "voice-refused", server="full"),
    Fault(CallPlan("loop held while recognising", hold_in="recognising"), "stall", server="held one"),
    Fault(CallPlan("loop held while speaking", hold_in="speaking", reply="Nothing new."), "stall", server="held two"),
)


def explained(faults: Sequence[Fault] = FAULTS) -> list[FaultFinding]:
    """Play the faults, all at the same time, and ask the server for the cause of each."""
    return asyncio.run(_explained(faults))


async def _explained(faults: Sequence[Fault]) -> list[FaultFinding]:
    names = dict.fromkeys(fault.server for fault in faults)
    groups = [[fault for fault in faults if fault.server == name] for name in names]
    return [outcome for outcomes in await asyncio.gather(*map(_one_server, groups)) for outcome in outcomes]


async def _one_server(faults: Sequence[Fault]) -> list[FaultFinding]:
    with _server(faults) as server:
        if faults[0].server == "slow":
            await _fill_cache(server)
        if faults[0].server == "full":
            occupied = asyncio.create_task(_occupy(server))
        found = await asyncio.gather(*(play(fault.plan, server.base, server.hold_loop) for fault in faults))
        if faults[0].server == "full":
            occupied.cancel()
            await asyncio.gather(occupied, return_exceptions=True)
    return [_outcome(fault, call) for fault, call in zip(faults, found, strict=True)]


def _outcome(fault: Fault, call: dict[str, Any]) -> FaultFinding:
    latencies = call.get("latencies") or [{"cause": "no turn", "explanation": str(call)}]
    return FaultFinding(fault, latencies[-1]["cause"], latencies[-1]["explanation"])


@contextlib.contextmanager
def _server(faults: Sequence[Fault]) -> Iterator[LocalServer]:
    """A server with the whole stack: reconnecting recogniser, two voices, cache."""
    observe = also_noted(unobserved)
    scripts = {fault.plan.key: Script([fault.heard], **fault.script) for fault in faults}
    delay = 1.3 if faults[0].server == "slow" else 0.02
    first = ScriptedVoice(delay, {"Slow": 1.4}, frozenset({"Broken"}), name="first")
    voice = FallbackSpeaking([first, ScriptedVoice(delay, {"Broken": 0.7}, name="second")], observe=observe)
    if faults[0].server == "full":
        voice = FallbackSpeaking([ScriptedVoice(delay, {"Occupied": 3.0}, name="only")], observe=observe)
    options = Settings.of(reconnect_base_seconds=0.05)
    transcriber = listening_stack([ScriptedRecogniser(scripts)], options, observe=observe)
    changes: dict[str, Any] = {"endpointing_number_seconds": 1.5}
    if faults[0].server == "full":
        changes |= {"max_voices": 1, "voice_queue_seconds": 0.05}
    with local_server(
        voice=Cached(voice, MemoryStore(1 << 24), observe=observe), transcriber=transcriber, **changes
    ) as server:
        yield server


async def _fill_cache(server: LocalServer) -> None:
    """Let other calls bring the usual texts into the cache."""
    texts = ["How can I help you today with your order?", *(f"Usual answer {number}." for number in range(6))]
    await asyncio.gather(*(_say(server, text) for text in texts))


async def _occupy(server: LocalServer) -> None:
    """Take the only place for a voice request while the reply is asked for."""
    await asyncio.sleep(2.4)
    await _say(server, "Occupied.")


async def _say(server: LocalServer, text: str) -> None:
    message = {"type": "voice-request", "text": text, "sampleRate": 16000, "call": {"id": "another"}}
    async with httpx.AsyncClient(base_url=server.base, timeout=30, trust_env=False) as http:
        await http.post("/api/custom-voice", json={"message": message})
