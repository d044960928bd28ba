"""The loudspeaker, with a player that is a program."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from providers.emulator.loudspeaker import open_loudspeaker


@pytest.fixture(autouse=True)
def _no_sounddevice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)


def player(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program named like a player, which keeps what it is told and given."""
    program = folder / "aplay"
    program.write_text(f'#!/bin/sh\necho "$@" > {folder}/words\nexec /bin/cat > {folder}/pcm\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return folder / "pcm"


def test_sound_goes_to_a_player_at_the_rate_of_the_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pcm = player(tmp_path, monkeypatch)

    async def played() -> str:
        async with open_loudspeaker(8000) as speaker:
            assert speaker is not None
            for index in range(5):
                speaker.play(bytes([index]) * 320)
            while not pcm.exists() or pcm.stat().st_size < 1600:
                await asyncio.sleep(0.01)
            return speaker.name

    assert asyncio.run(played()) == "aplay"
    assert pcm.read_bytes() == b"".join(bytes([index]) * 320 for index in range(5))
    assert "-r 8000" in (tmp_path / "words").read_text()


def test_a_player_that_takes_nothing_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "aplay"
    program.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    async def played() -> None:
        async with open_loudspeaker(16000) as speaker:
            assert speaker is not None
            for _ in range(2000):
                speaker.play(bytes(640))

    asyncio.run(asyncio.wait_for(played(), 20))


def test_a_machine_without_a_player_has_no_loudspeaker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.fspath(tmp_path))

    async def found() -> bool:
        async with open_loudspeaker(16000) as speaker:
            return speaker is not None

    assert not asyncio.run(found())
