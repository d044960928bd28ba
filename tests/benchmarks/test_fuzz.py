"""Hostile input in small doses; ``FUZZ_CASES=1000000`` makes them large."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest

from benchmarks.fuzz.served import attack
from benchmarks.fuzz.wires import TARGETS, fuzz_wires
from benchmarks.stall import probed_server

CASES = int(os.environ.get("FUZZ_CASES", "3000"))


def test_the_wires_answer_every_input_with_a_value_or_an_error_of_their_own() -> None:
    assert fuzz_wires(CASES, seed=7) == CASES // len(TARGETS) * len(TARGETS)


def test_a_wire_that_raises_anything_else_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(body: bytes) -> None:
        if b"8000" in body:
            raise KeyError("sampleRate")

    monkeypatch.setitem(TARGETS, "voice", (careless, TARGETS["voice"][1]))
    with pytest.raises(AssertionError, match="voice wire: KeyError for b"):
        fuzz_wires(300, seed=7)


@pytest.mark.parametrize("name", TARGETS)
def test_guided_by_coverage_no_wire_raises_anything_else(name: str) -> None:
    pytest.importorskip("atheris", reason="atheris has no wheel for this interpreter")
    command = [sys.executable, "-m", "benchmarks.fuzz.guided", name, f"-runs={CASES}", "-seed=7", "-max_len=2000"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Done" in done.stderr


def test_the_default_stack_survives_hostile_requests_and_calls() -> None:
    with probed_server(secret=None, no_auth=True) as server:
        outcome = asyncio.run(attack(server.base, max(CASES // 10, 60), seed=7))
        assert server.alive
        stall = 1e3 * server.stalls()[0]
    assert outcome.faults == []
    assert stall < 200, "a loose ceiling: the figure is measured by python -m benchmarks fuzz"
