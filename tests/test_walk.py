"""Files in which a voice request and a call's audio are awaited, with the default engines: ARCHITECTURE lists them."""

from __future__ import annotations

import inspect
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import numpy as np
import pytest

from providers.service import Service
from tests.espeak_speech import espeak
from tests.live import serving, settings, start

pytest.importorskip("pocketsphinx", reason="needs the extra local")

ROOT = Path(__file__).parent.parent
RATE = 16000
WATCHES = {"operations/background", "operations/garbage", "operations/loop_watch"}
"""What runs beside all requests."""
MOST = {"voice": 18, "frame": 16}


class Walk:
    """Files of which a coroutine or an async generator ran, while it is followed."""

    def __init__(self) -> None:
        self.followed = False
        self.files: set[str] = set()

    def look(self, frame: FrameType, event: str, argument: object) -> None:
        if not self.followed or event != "call":
            return
        path = Path(frame.f_code.co_filename)
        if frame.f_code.co_flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR) and path.is_relative_to(
            ROOT / "providers"
        ):
            self.files.add(str(path.relative_to(ROOT / "providers").with_suffix("")))

    def take(self) -> set[str]:
        self.followed = False
        found, self.files = self.files, set()
        return found - WATCHES


@pytest.fixture(scope="module")
def walks() -> Iterator[dict[str, set[str]]]:
    """The walks through one server, whose engines are warm."""
    walk, chosen = Walk(), settings()
    service = Service.of(chosen)
    threading.setprofile(walk.look)
    try:
        with serving(voice=service.voice, transcriber=service.transcriber, chosen=chosen) as live:
            threading.setprofile(None)
            assert live.say("Good morning.").status_code == 200
            walk.followed = True
            assert live.say("Hello there. You owe five dollars.", 8000).status_code == 200
            voice = walk.take()
            said = np.frombuffer(espeak().render("I would like to book a table.", "en-us+klatt4").pcm, "<i2")
            stereo = np.repeat(said, 2).tobytes()
            with live.call() as call:
                call.send(start(22050))
                frames = [stereo[at : at + 4 * 441] for at in range(0, len(stereo), 4 * 441)]
                for frame in frames[:20]:
                    call.send(frame)
                walk.followed = True
                for frame in frames[20:]:
                    call.send(frame)
                    time.sleep(0.005)  # the caller's own pace
                call.send(bytes(4 * 22050))
                call.recv(timeout=30)
                frame_walk = walk.take()
        yield {"voice": voice, "frame": frame_walk}
    finally:
        threading.setprofile(None)


def listed(marker: str) -> set[str]:
    """Files that a paragraph of ARCHITECTURE names."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    paragraph = text[text.index(marker) :].partition("\n\n")[0]
    return set(re.findall(r"`([\w/]+)`", paragraph))


MARKERS = {"voice": "A voice request waits in these files", "frame": "A call's audio and its transcripts wait in"}


@pytest.mark.parametrize("kind", MARKERS)
def test_what_a_request_waits_in_is_listed_and_short(kind: str, walks: dict[str, set[str]]) -> None:
    assert walks[kind] <= listed(MARKERS[kind])
    assert len(walks[kind]) <= len(listed(MARKERS[kind])) <= MOST[kind]


@pytest.mark.parametrize("kind", MARKERS)
def test_what_is_listed_exists(kind: str) -> None:
    assert [name for name in listed(MARKERS[kind]) if not (ROOT / "providers" / f"{name}.py").is_file()] == []
