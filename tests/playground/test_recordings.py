"""Recorded calls at the page: the list, one call, its sound, and a replay under other settings."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from providers.emulator.audio_frames import frames, interleaved, paced
from providers.emulator.credentials import SentCredentials
from providers.emulator.protocol import start_message
from providers.emulator.transcriber_client import TranscriberCall
from providers.paths import TRANSCRIBER_PATH
from providers.service import Service
from tests.live import SECRET, Live, serving, settings

pytest.importorskip("soundfile", reason="needs the extra record")
pytest.importorskip("pocketsphinx", reason="needs the extra local")
pytest.importorskip("espeakng_loader", reason="needs the extra local")

HEADERS = {"Authorization": f"Bearer {SECRET}"}
SECONDS = 4.0


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A deaf server that has recorded one call."""
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "damaged.json").write_text("{")
    (folder / "damaged.flac").write_bytes(b"")
    chosen = settings(voice="tone", transcriber="null", record=str(folder))
    with serving(chosen=chosen, app=Service.of(chosen).app) as running:
        call(running)
        yield running


def call(live: Live) -> None:
    """One call with a sentence in it, faster than speech."""
    from tests.espeak_speech import espeak

    spoken = espeak().render("I would like to book a table for two.", "en-us+klatt4")
    both = interleaved(spoken.pcm.ljust(int(SECONDS * spoken.rate) * 2, b"\0"))
    url = live.base.replace("http", "ws", 1) + TRANSCRIBER_PATH
    calling = TranscriberCall(url, SentCredentials(secret=SECRET), start_message(spoken.rate))
    asyncio.run(calling.run(paced(frames(both, spoken.rate), speed=20)))


def get(live: Live, path: str, **headers: str) -> httpx.Response:
    return httpx.get(live.base + path, headers=headers or HEADERS)


@pytest.fixture(scope="module")
def name(live: Live) -> str:
    """The recording's name, once it is written."""
    for _ in range(300):
        found = get(live, "/api/recordings").json()["recordings"]
        if found:
            return str(found[0]["id"])
    raise AssertionError("nothing was recorded")


def replay(live: Live, **wanted: Any) -> list[dict[str, Any]]:
    with httpx.stream("POST", live.base + "/api/replay", json=wanted, headers=HEADERS, timeout=60) as response:
        assert response.status_code == 200, response.read()
        return [json.loads(line[6:]) for line in response.iter_lines() if line.startswith("data: ")]


def test_a_recorded_call_is_listed_and_shown(live: Live, name: str) -> None:
    listed = get(live, "/api/recordings").json()["recordings"]
    assert [one["id"] for one in listed] == [name], "a damaged file is left out"
    assert get(live, f"/api/recordings/{name}").json()["events"][0]["kind"] == "opened"


def test_its_sound_is_both_sides(live: Live, name: str, tmp_path: Path) -> None:
    import soundfile

    response = get(live, f"/api/recordings/{name}/sound")
    assert response.headers["content-type"] == "audio/flac"
    (tmp_path / "call.flac").write_bytes(response.content)
    found = soundfile.info(str(tmp_path / "call.flac"))
    assert found.channels == 2
    assert found.duration == pytest.approx(SECONDS, abs=0.1)


def test_another_ear_hears_the_call_again(live: Live, name: str) -> None:
    before = len(get(live, "/api/calls").json()["calls"])
    told = replay(live, recording=name, transcriber="pocketsphinx", speed=8)
    assert told[-1] == {"type": "done"}
    words = " ".join(one["text"] for one in told if one["type"] == "final").lower()
    assert "book a table" in words
    assert any(one["type"] == "progress" and one["of"] == pytest.approx(SECONDS, abs=0.1) for one in told)
    assert len(get(live, "/api/calls").json()["calls"]) == before, "a replay is no call"
    assert len(get(live, "/api/recordings").json()["recordings"]) == 1, "and is not recorded"


def test_an_engine_that_is_not_ready_is_named(live: Live, name: str) -> None:
    [told] = replay(live, recording=name, transcriber="nobody")
    assert told["error"].startswith("transcriber: expected one of")


@pytest.mark.parametrize("path", ["/api/recordings/none", "/api/recordings/none/sound", "/api/recordings/..%2fx/sound"])
def test_other_names_are_unknown(live: Live, path: str) -> None:
    assert get(live, path).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"recording": "none"}, 404),
        ({"recording": "x", "speed": 99}, 400),
        ({"recording": "x", "y": 1}, 400),
    ],
)
def test_a_wrong_replay_is_refused(live: Live, body: dict[str, Any], status: int) -> None:
    assert httpx.post(live.base + "/api/replay", json=body, headers=HEADERS).status_code == status


def test_nothing_is_told_without_a_credential(live: Live, name: str) -> None:
    for path in ("/api/recordings", f"/api/recordings/{name}", f"/api/recordings/{name}/sound"):
        assert get(live, path, Authorization="Bearer x").status_code == 401
    assert httpx.post(live.base + "/api/replay", json={"recording": name}).status_code == 401


def test_without_recordings_there_are_no_routes() -> None:
    chosen = settings(voice="tone", transcriber="null")
    with serving(chosen=chosen, app=Service.of(chosen).app) as live:
        assert get(live, "/api/recordings").status_code == 404
        assert "recordings" not in get(live, "/api/page").json()
