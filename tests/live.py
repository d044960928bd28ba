"""A real uvicorn on a free loopback port, in a thread, for tests that speak over real sockets."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import httpx
import uvicorn
from websockets.sync.client import ClientConnection, connect

from providers import server
from providers.app import create_app
from providers.endpoints import Endpoints
from providers.engines.base import SpeechToText, TextToSpeech
from providers.engines.null import Null
from providers.engines.tone import Tone
from providers.paths import ENDPOINTING_PATH, TRANSCRIBER_PATH, VOICE_PATH
from providers.settings import Settings

SECRET = "correct-horse"


class _Announcing(uvicorn.Server):
    """Tells the test when it listens; leaves the process's signals alone."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Live:
    """A running server and short ways to its endpoints."""

    def __init__(self, base: str, app: Any) -> None:
        self.base = base
        self.app = app

    @property
    def endpoints(self) -> Endpoints:
        """What the application serves, to look into."""
        served: Endpoints = self.app.state.endpoints
        return served

    def voice(
        self, message: dict[str, Any], *, headers: dict[str, str] | None = None, query: str = ""
    ) -> httpx.Response:
        headers = {"X-Vapi-Secret": SECRET} if headers is None else headers
        return httpx.post(self.base + VOICE_PATH + query, json={"message": message}, headers=headers, timeout=10)

    def say(self, text: str, rate: int = 16000, **more: Any) -> httpx.Response:
        return self.voice({"type": "voice-request", "text": text, "sampleRate": rate, **more})

    def endpointing(self, message: dict[str, Any]) -> httpx.Response:
        headers = {"X-Vapi-Secret": SECRET}
        return httpx.post(self.base + ENDPOINTING_PATH, json={"message": message}, headers=headers)

    def call(self, *, headers: dict[str, str] | None = None, query: str = "") -> ClientConnection:
        headers = {"X-Vapi-Secret": SECRET} if headers is None else headers
        url = self.base.replace("http", "ws", 1) + TRANSCRIBER_PATH + query
        return connect(url, additional_headers=headers, compression=None, open_timeout=5, close_timeout=1)


def settings(**changes: Any) -> Settings:
    # A test's machine may be so busy that the loop is late; the tests of the gate ask for its limits.
    return Settings.of(**{"secret": SECRET, "drain_seconds": 1, "max_loop_lag_seconds": 0, **changes})


@contextlib.contextmanager
def serving(
    *,
    voice: TextToSpeech | None = None,
    transcriber: SpeechToText | None = None,
    chosen: Settings | None = None,
    background: Callable[[], Coroutine[Any, Any, None]] | None = None,
    app: Any = None,
) -> Iterator[Live]:
    """Run the server, or another application, for the length of a test."""
    chosen = chosen or settings()
    app = app or create_app(chosen, voice=voice or Tone(), transcriber=transcriber or Null(), background=background)
    running = _Announcing(server.configure(app, chosen))
    sock = server.bind(Settings.of(port=0))  # after all that can fail: nothing else would close it
    thread = threading.Thread(target=running.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    try:
        assert running.up.wait(15), "the server did not come up"
        yield Live(server.url(chosen, sock), app)
    finally:
        running.should_exit = True
        thread.join(10)
        sock.close()
        assert not thread.is_alive(), "the server did not end"


def start(rate: int = 16000, channels: int = 2, **more: Any) -> str:
    """A start message."""
    return json.dumps(
        {"type": "start", "encoding": "linear16", "container": "raw", "sampleRate": rate, "channels": channels, **more}
    )
