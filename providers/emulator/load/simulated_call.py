"""One call of a load: its audio, the assistant's answers, and a question about the end per transcript."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from typing import Any

from providers.emulator.load.endpoint_requests import EndpointingRequests, VoiceRequests
from providers.emulator.load.environment import CallEnvironment, LoadClock
from providers.emulator.load.measures import Measures
from providers.emulator.load.plan import SEED, LoadPlan
from providers.emulator.load.script import Script
from providers.emulator.load.spoken_call import SpokenCall


async def simulate_call(plan: LoadPlan, script: Script, measures: Measures, clock: LoadClock, *, index: int) -> None:
    """Make one call; ends when the load is over or the call is lost."""
    environment = CallEnvironment(plan, script, measures, clock, random.Random(SEED * 1_000_003 + index))
    parts: list[Coroutine[Any, Any, None]] = []
    if plan.transcriber is not None:
        parts.append(SpokenCall(environment, plan.transcriber).run())
    if plan.voice is not None:
        parts.append(VoiceRequests(environment, plan.voice).run())
    if plan.endpointing is not None and plan.transcriber is not None:
        parts.append(EndpointingRequests(environment, plan.endpointing).run())
    async with asyncio.TaskGroup() as group:
        for part in parts:
            group.create_task(part)
