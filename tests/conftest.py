"""What every test starts from: no settings of this machine, no log lines in between."""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import hypothesis
import pytest
import structlog

from providers.operations import logs
from providers.settings import PREFIX

# The tests start hundreds of processes: what they import is compiled once, and kept beside the sources as usual.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

gc.disable()  # while everything is imported; see pytest_collection_finish

# The same examples on every run, as long as they take: a failure is one that anybody can repeat.
hypothesis.settings.register_profile("seeded", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("seeded")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Log into nothing; a test that looks at logs configures its own."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    yield
    structlog.reset_defaults()


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """The server's log of one test, as JSON lines."""
    stream = io.StringIO()
    logs.configure("json", "debug", stream)
    structlog.configure(cache_logger_on_first_use=False)  # or the next test's events would go into this stream
    yield stream
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No setting, key or proxy of the person who runs the tests, and a runtime folder that no running server uses."""
    for name in list(os.environ):
        if name.startswith((PREFIX, "DEEPGRAM_", "OPENAI_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PROVIDERS_RUNTIME_DIR", str(tmp_path_factory.getbasetemp() / "runtime"))


def pytest_collection_finish() -> None:
    """Leave out of every garbage collection what the imports made: half a million objects, in each worker."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_report_header() -> str:
    """Versions of what the figures and the bits depend on."""
    return ", ".join(f"{name} {version(name)}" for name in ("numpy", "soxr", "uvicorn", "websockets"))


_ORDER = (
    "dsp", "providers", "text", "calls", "server_url", "endpointing", "voice", "transcriber", "operations",
    "settings", "pages", "assistant",
    "", "protocols", "cache",
    "failover", "reconnect", "engines", "emulator", "benchmarks",
)  # fmt: skip
"""Rooms by how fast they tell that a build is wrong; "" are the tests of the whole."""
_LATE = {"test_end_to_end", "test_loop_stall", "test_stalls", "test_cli", "test_chaos"}
"""Files that start real processes or run long."""
_LONGEST = (
    "test_cli", "test_chaos", "test_takeover", "test_lateness", "test_true_figures", "test_rule_set", "test_engine",
    "test_loop_stall", "test_board", "test_server", "test_stalls", "test_supervised", "test_wheel", "test_fuzz",
    "test_pull", "test_websocket_live", "test_redeploy", "test_echo", "test_newcomer", "test_conformance_wrappers",
    "test_registry", "test_public_kinds", "test_broken_voices", "test_bad_day", "test_vendors",
)  # fmt: skip
"""Files by their time, the longest first: where files run side by side these begin, so that none of them ends last."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Pure code first, real processes last: a wrong build fails within seconds. Side by side the longest begin."""
    tests = Path(__file__).parent

    def rank(item: pytest.Item) -> tuple[bool, int]:
        path = item.path.relative_to(tests) if item.path.is_relative_to(tests) else item.path.relative_to(tests.parent)
        room = path.parts[0] if len(path.parts) > 1 else ""
        return item.path.stem in _LATE, _ORDER.index(room) if room in _ORDER else len(_ORDER)

    def length(item: pytest.Item) -> int:
        return _LONGEST.index(item.path.stem) if item.path.stem in _LONGEST else len(_LONGEST)

    items.sort(key=rank)
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=length)
