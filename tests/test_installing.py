"""The advice how to install an extra, from an index and from a checkout."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from providers import installing


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    installing._checkout.cache_clear()
    yield
    installing._checkout.cache_clear()


def installed(folder: Path, origin: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this distribution be found in a folder, installed from ``origin``."""
    info = folder / "vapi_providers-9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: vapi-providers\nVersion: 9\n")
    if origin is not None:
        (info / "direct_url.json").write_text(json.dumps(origin))
    monkeypatch.setattr("sys.path", [str(folder)])
    assert [found.version for found in metadata.distributions(name="vapi-providers")] == ["9"]


def test_from_an_index_it_is_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, None, monkeypatch)
    assert installing.install_command("local") == "pip install 'vapi-providers[local]'"


@pytest.mark.parametrize(("editable", "options"), [(True, "-e "), (False, "")])
def test_from_a_checkout_it_is_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, editable: bool, options: str
) -> None:
    checkout = tmp_path / "a checkout"
    checkout.mkdir()
    installed(tmp_path, {"url": checkout.as_uri(), "dir_info": {"editable": editable}}, monkeypatch)
    assert installing.install_command("local") == f"pip install {options}'{checkout}[local]'"
    monkeypatch.chdir(checkout)
    assert installing.install_command("local") == f"pip install {options}'.[local]'"


def test_from_an_archive_it_is_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, {"url": "file:///tmp/some.whl", "archive_info": {}}, monkeypatch)
    assert installing.install_command("local") == "pip install 'vapi-providers[local]'"
