"""Recordings: both channels bit for bit, the call beside them, for its owner alone, and none unless asked for."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from providers.calls.recording import Recorder
from providers.errors import SettingsError
from tests.live import SECRET, serving, settings, start

HEADERS = {"X-Vapi-Secret": SECRET}


def stereo(seconds: float) -> bytes:
    return np.random.default_rng(3).integers(-9000, 9000, round(seconds * 16000) * 2).astype("<i2").tobytes()


def test_both_channels_are_kept_bit_for_bit_beside_the_calls_json(tmp_path: Path) -> None:
    soundfile: Any = pytest.importorskip("soundfile", reason="needs the extra record")
    folder, pcm = tmp_path / "kept", stereo(5.3)
    with serving(chosen=settings(record=str(folder))) as live:
        with live.call(query="?call=a-key") as socket:
            socket.send(start())
            for at in range(0, len(pcm), 1280):
                socket.send(pcm[at : at + 1280])
        report = {"message": {"type": "end-of-call-report", "endedReason": "done", "call": {"id": "c-1"}}}
        httpx.post(live.base + "/api/server-url?call=a-key", json=report, headers=HEADERS)
    (sound,) = folder.glob("*.flac")
    samples, rate = soundfile.read(sound, dtype="int16")
    assert rate == 16000
    assert samples.astype("<i2").tobytes() == pcm
    told = json.loads(sound.with_suffix(".json").read_text())
    assert told["key"] == "a-key"
    assert told["events"][0]["kind"] == "opened"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, sound)] == [0o700, 0o600]
    assert sorted(path.suffix for path in folder.iterdir()) == [".flac", ".json"]


def test_a_recording_has_a_longest_length(tmp_path: Path) -> None:
    soundfile: Any = pytest.importorskip("soundfile", reason="needs the extra record")
    with serving(chosen=settings(record=str(tmp_path), record_seconds=1.5)) as live, live.call() as socket:
        socket.send(start())
        socket.send(stereo(4))
    (sound,) = tmp_path.glob("*.flac")
    assert soundfile.info(sound).frames == 24000


def test_nothing_is_written_unless_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with serving() as live, live.call() as socket:
        socket.send(start())
        socket.send(stereo(1))
    assert list(tmp_path.rglob("*")) == []


def test_a_folder_that_cannot_be_written_is_told_at_start(tmp_path: Path) -> None:
    pytest.importorskip("soundfile", reason="needs the extra record")
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="--record: cannot write"):
        Recorder(str(tmp_path / "file"), longest=1)
