"""A platform on a free port, and a caller who speaks tones over its transport socket."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
from uvicorn import Config, Server
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from dsp import decode_pcm16, encode_pcm16, mulaw_decode, mulaw_encode
from providers.emulator.credentials import SentCredentials
from providers.emulator.platform.api import application
from providers.emulator.platform.assistants import Defaults
from providers.emulator.platform.platform import Options, Platform
from providers.emulator.platform.server import LARGEST_MESSAGE, PlatformSocket, bound, url_of
from providers.emulator.platform.words import Words
from tests.emulator.good_server import SECRET
from tests.emulator.tones import ToneListener, spoken

Json = dict[str, Any]

QUICK: Json = {
    "startSpeakingPlan": {"waitSeconds": 0, "transcriptionEndpointingPlan": {"onNoPunctuationSeconds": 1.0}},
    "stopSpeakingPlan": {"backoffSeconds": 0.2},
    "firstMessageMode": "assistant-waits-for-user",
}
"""Plans of an assistant that loses no time."""
KEY = {"Authorization": "Bearer any"}


class _Quiet(Server):
    """A server that leaves the process's signals alone and says when it is up."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def platform(defaults: Defaults, **more: Any) -> Iterator[str]:
    """A platform with the right secret for the servers of ``defaults``; yields its base URL."""
    options = Options(defaults, SentCredentials(secret=SECRET), **more)
    config = Config(
        application(Platform(options)), log_level="error", ws=PlatformSocket, ws_max_size=LARGEST_MESSAGE,
        timeout_graceful_shutdown=2,
    )  # fmt: skip
    sock, server = bound("127.0.0.1", 0), _Quiet(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    try:
        assert server.up.wait(15)
        yield url_of(sock)
    finally:
        server.should_exit = True
        thread.join(20)
        sock.close()
        assert not thread.is_alive()


def beside(good_url: str, **more: Any) -> Defaults:
    """The endpoints of the server that does everything right."""
    return Defaults(
        voice=f"{good_url}/api/custom-voice",
        transcriber=f"{good_url.replace('http', 'ws', 1)}/api/custom-transcriber",
        **more,
    )


def scripted(*replies: str) -> Json:
    """Options of a platform whose assistant gives these replies."""
    return {"words": Words(replies=replies)}


def created(base: str, assistant: Json, **more: Any) -> Json:
    """A call, as the platform answers."""
    transport = {"provider": "vapi.websocket", **more.pop("transport", {})}
    body = {"assistant": assistant, "transport": transport, **more}
    answer = httpx.post(f"{base}/call", json=body, headers=KEY)
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


class Caller:
    """One end of a transport socket: everything that came, and when."""

    def __init__(self, socket: ClientConnection, audio: Json) -> None:
        self.socket = socket
        self.rate = int(audio["sampleRate"])
        self.mulaw = audio["format"] == "mulaw"
        self.messages: list[Json] = []
        self.frames: list[bytes] = []
        self.code: int | None = None
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def speak(self, text: str, silence: float = 0.5) -> None:
        """Say words at the pace of speech, 200 ms early so that a busy machine tears no gap, then nothing."""
        samples = np.concatenate([spoken(text, self.rate), np.zeros(round(silence * self.rate), np.float32)])
        coded = mulaw_encode(samples).tobytes() if self.mulaw else encode_pcm16(samples)
        step = self.rate // 50 * (1 if self.mulaw else 2)
        due = time.monotonic() - 0.2
        for start in range(0, len(coded), step):
            self.socket.send(coded[start : start + step])
            due += 0.02
            time.sleep(max(0.0, due - time.monotonic()))

    def send(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def wait(self, kind: str, timeout: float = 15.0, **fields: Any) -> Json:
        """The first message of a type with these fields, once it is there."""
        with self._news:
            self._news.wait_for(lambda: self.found(kind, **fields) or self.code is not None, timeout)
        found = self.found(kind, **fields)
        assert found, f"no {kind} {fields} among {[message['type'] for message in self.messages]}, closed {self.code}"
        return found[0]

    def hear(self, seconds: float, timeout: float = 15.0) -> None:
        """Wait until so much of the assistant was heard."""
        with self._news:
            assert self._news.wait_for(lambda: sum(map(any, self.frames)) >= seconds * 50, timeout)

    def found(self, kind: str, **fields: Any) -> list[Json]:
        return [m for m in self.messages if m["type"] == kind and all(m.get(n) == v for n, v in fields.items())]

    def ended(self, timeout: float = 15.0) -> int | None:
        """The close code, once the socket is closed."""
        self._thread.join(timeout)
        assert not self._thread.is_alive()
        return self.code

    def heard(self) -> str:
        """The words of the assistant's, as they came over the line."""
        data = b"".join(self.frames)
        samples = mulaw_decode(np.frombuffer(data, np.uint8)) if self.mulaw else decode_pcm16(data)
        listener = ToneListener(self.rate)
        told = listener.feed(np.concatenate([samples, np.zeros(self.rate, np.float32)]))
        return " ".join(text for text, final in told if final)

    def _listen(self) -> None:
        try:
            for item in self.socket:
                with self._news:
                    if isinstance(item, bytes):
                        self.frames.append(item)
                    else:
                        self.messages.append(json.loads(item))
                    self._news.notify_all()
        except ConnectionClosed:
            pass
        with self._news:
            self.code = self.socket.close_code
            self._news.notify_all()


@contextlib.contextmanager
def dialled(call: Json) -> Iterator[Caller]:
    """A caller on the transport socket of a call."""
    transport = call["transport"]
    with connect(transport["websocketCallUrl"], compression=None, open_timeout=10, close_timeout=5) as socket:
        yield Caller(socket, transport["audioFormat"])
