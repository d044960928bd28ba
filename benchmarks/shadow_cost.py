"""What a shadow costs the call that it hears, in instructions of the processor for each frame.

``python -m benchmarks.shadow_cost`` needs valgrind. Instructions do not depend on what else the machine does. Both
recognisers are the one that hears nothing, so that the way to the shadow is counted and not an engine.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Literal

from providers.calls.registry import Calls
from providers.engines.base import SpeechToText
from providers.engines.null import Null
from providers.operations.metrics import Metrics
from providers.reconnect.reconnecting import Reconnecting
from providers.shadow.shadowed import Shadowed
from providers.transcriber.flow import Call, CallOptions

__all__ = ["hear_call", "main"]

Kind = Literal["plain", "shadowed"]

_FRAME = bytes(4 * 320)
"""20 ms of stereo at 16 kHz."""
_START = json.dumps({"type": "start", "encoding": "linear16", "container": "raw", "sampleRate": 16000, "channels": 2})
_FEW, _MANY = 1000, 4000
"""Frames of a short and of a long call; what is done once cancels out between them."""
_TOTAL = re.compile(r"Collected\s*:\s*(\d+)")


def engine_of(kind: Kind) -> SpeechToText:
    """The recogniser of a call, with or without a shadow."""
    plain = Reconnecting(Null())
    return plain if kind == "plain" else Shadowed(plain, Null(), Metrics().shadow, share=1.0)


async def hear_call(engine: SpeechToText, frames: int) -> float:
    """One call of so many frames through the transcriber's flow; returns the seconds of audio that it took in."""
    call = Call(engine, CallOptions(), Calls().open_socket(b"", customer=0))
    await call.run(_client(frames), _nobody)
    await engine.aclose()
    return call.stats.audio


def main(arguments: list[str]) -> int:
    """Print what a shadow adds; with a kind and a number of frames, only make that call."""
    if arguments:
        kind: Kind = "shadowed" if arguments[0] == "shadowed" else "plain"
        asyncio.run(hear_call(engine_of(kind), int(arguments[1])))
        return 0
    if shutil.which("valgrind") is None:
        print("needs valgrind, found none")
        return 1
    plain, shadowed = _per_frame("plain"), _per_frame("shadowed")
    print(f"a call alone      {plain:10,.0f} instructions a frame")
    print(f"with a shadow     {shadowed:10,.0f} instructions a frame, {shadowed / plain - 1:+.1%}")
    return 0


def _per_frame(kind: Kind) -> float:
    return (_instructions(kind, _MANY) - _instructions(kind, _FEW)) / (_MANY - _FEW)


def _instructions(kind: Kind, frames: int) -> int:
    """Instructions of a process that makes one call."""
    counted = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    command = [*counted, sys.executable, "-m", "benchmarks.shadow_cost", kind, str(frames)]
    repeatable = {**os.environ, "PYTHONHASHSEED": "0"}
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=repeatable).stderr
    found = _TOTAL.search(told)
    assert found, told
    return int(found[1])


def _client(frames: int) -> Callable[[], Awaitable[str | bytes | None]]:
    """A caller who sends a start message and so many frames."""
    left = frames + 1

    async def receive() -> str | bytes | None:
        nonlocal left
        await asyncio.sleep(0)
        left -= 1
        if left == frames:
            return _START
        return _FRAME if left >= 0 else None

    return receive


async def _nobody(text: str) -> None:
    """Nothing is heard, so nothing is sent."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
