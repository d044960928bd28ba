"""One real server with both embedded engines, for the vendors' own clients."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.test_cli import Server, serving

SECRET = "correct-horse-battery-staple"
"""Key that every dialect's client is given."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    engines = (
        "--voice",
        "espeak",
        "--transcriber",
        "pocketsphinx",
        "--espeak-wpm",
        "150",
        "--pocketsphinx-capacity",
        "4",
    )
    others = ("--dialects", "openai,deepgram,jambonz", "--drain-notice-seconds", "0", "--max-loop-lag-seconds", "0")
    folder = tmp_path_factory.mktemp("server")
    with serving(*engines, *others, folder=folder, PROVIDERS_SECRET=SECRET) as running:
        assert "Ctrl-C" in running.shown, "".join(running.log)
        yield running
