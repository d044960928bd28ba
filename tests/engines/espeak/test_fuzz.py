"""Generated texts and voices against a real server with the embedded engines, while another call goes on."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import queue
import random
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest
from websockets.sync.client import ClientConnection, connect

from providers.paths import TRANSCRIBER_PATH, VOICE_PATH
from tests.espeak_speech import CRASHING, espeak
from tests.live import start
from tests.test_cli import serving

SECRET = "a-secret-for-the-fuzz-test"
CASES = int(os.environ.get("FUZZ_CASES", "120"))
"""Texts; ``FUZZ_CASES=3000`` takes about four minutes."""

HEADERS = {"X-Vapi-Secret": SECRET}

SCRIPTS = (
    "Hello there", "Grüße aus Köln", "Où êtes-vous", "अआ", "चाय", "नमस्ते दुनिया", "مرحبا بالعالم", "שלום", "สวัสดี",
    "你好，世界", "こんにちは", "안녕하세요", "Привет", "Καλημέρα", "வணக்கம்", "ಕನ್ನಡ", "മലയാളം", "ქართული", "Հայերեն",
    "ᚠᚢᚦ", "𓀀𓁐", "አማርኛ", "မြန်မာ", "ខ្មែរ", "བོད", "12345678901234567890", "1/2", "٣٤٥", "Ⅷ",
)  # fmt: skip
MARKS = (
    ".", ",", "?", "!", "…", "-", "–", "—", ")", "(", "]", "[[", "]]", "{", "}", "<", ">", "&", "'", '"', "“", "‘", "/",
    "\\", "|", "_", "~", "`", "^", "*", "#", "@", "%", "$", "€", "°", "★", "①", "👍🏽", "👨‍👩‍👧", "\u200d", "\u202e",
    "\ufeff", "\u0301", "\u094d", "\n", "\t", "\x01", "\x0120S", "\x01300P", "\x9b", "\x00", "\x7f", "\x1b[2J", " ",
)  # fmt: skip
HOSTILE_VOICES = ("en-us+" + "x" * 37, "f5", ".", "!v/f5", "/etc/passwd", "en-us\0", "../../de", "x" * 5000, "en-us+.")

RATE = 22050
"""Hz of the call, the voice's own."""

FRAME = 4 * RATE // 50
"""Bytes of 20 ms in stereo."""

PACE = 0.03
"""Seconds between two frames, two thirds of real time: a busy test machine must not starve the recogniser."""

ACCEPTED = {200, 400, 422}
"""Statuses of any text and voice; a 502 would switch the customer's voice."""


def texts(chance: random.Random) -> Iterator[str]:
    """Scripts behind, between and in front of marks, the known bad ones among them."""
    yield from CRASHING
    while True:
        parts = [chance.choice((chance.choice(MARKS), chance.choice(SCRIPTS))) for _ in range(chance.randint(1, 5))]
        yield chance.choice(("", " ")).join(parts)


def voices(chance: random.Random) -> Iterator[str | None]:
    """Mostly the default, every language of the library, some variants, and names that must be refused."""
    names = espeak().names
    while True:
        kind = chance.random()
        if kind < 0.4:
            yield None
        elif kind < 0.9:
            variant = f"+{chance.choice(names.variants)}" if chance.random() < 0.3 else ""
            yield chance.choice(names.tags) + variant
        else:
            yield chance.choice(HOSTILE_VOICES)


def say(url: str, text: str, voice: str | None) -> httpx.Response:
    message = {"type": "voice-request", "text": text, "sampleRate": 8000, "voiceId": voice}
    return httpx.post(url + VOICE_PATH, json={"message": message}, headers=HEADERS, timeout=30)


def is_mute(voice: str | None, answer: httpx.Response) -> bool:
    """Tell whether a voice that was asked for has no sound for words; another engine may speak them then.

    Cherokee, for one, has none for long numbers.
    """
    return voice is not None and answer.status_code == 502 and "found silence" in answer.text


class Call:
    """One call that speaks all the while; its socket must stay open and go on hearing."""

    def __init__(self, socket: ClientConnection, speech: bytes) -> None:
        self._socket = socket
        silent = bytes(len(speech))
        self._stereo = np.frombuffer(speech + silent, "<i2").reshape(2, -1).T.tobytes()
        self._over = threading.Event()
        self._finals: queue.Queue[str | None] = queue.Queue()

    def send(self) -> None:
        for at in itertools.cycle(range(0, len(self._stereo), FRAME)):
            if self._over.wait(PACE):
                return
            self._socket.send(self._stereo[at : at + FRAME])

    def receive(self) -> None:
        try:
            for message in self._socket:
                heard = json.loads(message)
                if heard["transcriptType"] == "final":
                    self._finals.put(heard["transcription"])
        finally:
            self._finals.put(None)

    def final_after_now(self) -> str | None:
        """The next final; None when the socket is closed."""
        with contextlib.suppress(queue.Empty):
            while self._finals.get_nowait() is not None:
                pass
            return None
        return self._finals.get(timeout=30)

    def end(self) -> None:
        self._over.set()


@contextlib.contextmanager
def calling(url: str, speech: bytes) -> Iterator[Call]:
    address = url.replace("http", "ws", 1) + TRANSCRIBER_PATH
    with (
        ThreadPoolExecutor(2) as threads,
        connect(address, additional_headers=HEADERS, compression=None) as socket,
    ):
        socket.send(start(RATE))
        call = Call(socket, speech)
        work = [threads.submit(call.send), threads.submit(call.receive)]
        try:
            yield call
            assert not any(thread.done() for thread in work)
        finally:
            call.end()
            work[0].result(10)
            socket.close()


@pytest.mark.timeout(3600)
def test_no_text_and_no_voice_crashes_the_server(tmp_path: Path) -> None:
    chance = random.Random(8)
    asked = list(itertools.islice(zip(texts(chance), voices(chance), strict=False), CASES))
    asked += [(text, None) for text in CRASHING]
    speech = espeak().render("I would like to book a table.", "en-us+klatt4").pcm + bytes(2 * RATE)
    engines = ("--voice", "espeak", "--transcriber", "pocketsphinx")
    with serving("--secret", SECRET, *engines, folder=tmp_path) as server:
        with calling(server.url, speech) as call:
            assert call.final_after_now()
            with ThreadPoolExecutor(3) as pool:
                answers = list(pool.map(lambda case: say(server.url, *case), asked))
            cases = zip(asked, answers, strict=True)
            unexpected = [
                (case, answer.status_code, answer.text[:200])
                for case, answer in cases
                if answer.status_code not in ACCEPTED and not is_mute(case[1], answer)
            ]
            assert unexpected == []
            statuses = Counter(answer.status_code for answer in answers)
            assert statuses[200] > len(asked) / 2
            assert statuses[422] >= len(CRASHING)
            assert len(say(server.url, "All is well.", None).content) > 5000
            assert call.final_after_now()
        left = psutil.Process(server.process.pid).children(recursive=True)
        assert len(left) >= 3
        assert server.end() == 0
        _, alive = psutil.wait_procs(left, 10)
        assert alive == []
