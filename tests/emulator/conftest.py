"""The reference server, once for all tests of the emulator."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulator.good_server import GoodServer
from tests.emulator.serving import served


@pytest.fixture(scope="session")
def good_url() -> Iterator[str]:
    with served(GoodServer().app()) as url:
        yield url


@pytest.fixture(scope="session")
def tls_url() -> Iterator[str]:
    here = Path(__file__).parent
    with served(GoodServer().app(), certificate=(here / "localhost.crt", here / "localhost.key")) as url:
        yield url


@pytest.fixture(autouse=True)
def _no_running_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test talks to a server that happens to run on this machine."""
    monkeypatch.setenv("PROVIDERS_RUNTIME_DIR", str(tmp_path / "runtime"))
