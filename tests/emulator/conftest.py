"""The reference server, once for all tests of the emulator."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.emulator.good_server import GoodServer
from tests.emulator.serving import served


@pytest.fixture(scope="session")
def good_url() -> Iterator[str]:
    with served(GoodServer().app()) as url:
        yield url


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    """A certificate authority made for this run, and the file of its certificate."""
    made = trustme.CA()
    path = tmp_path_factory.mktemp("tls") / "authority.pem"
    made.cert_pem.write_to_path(path)
    return made, path


@pytest.fixture(scope="session")
def tls_url(authority: tuple[trustme.CA, Path]) -> Iterator[str]:
    made, path = authority
    leaf = made.issue_cert("127.0.0.1", "localhost")
    certificate, key = path.with_name("server.pem"), path.with_name("server.key")
    leaf.cert_chain_pems[0].write_to_path(certificate)
    leaf.private_key_pem.write_to_path(key)
    with served(GoodServer().app(), certificate=(certificate, key)) as url:
        yield url


@pytest.fixture(autouse=True)
def _no_running_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test talks to a server that happens to run on this machine."""
    monkeypatch.setenv("PROVIDERS_RUNTIME_DIR", str(tmp_path / "runtime"))
