"""The transcriber endpoint over a real socket, with scripted recognisers."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from providers.engines.base import ListeningCapabilities, Transcript
from providers.engines.null import Null
from providers.errors import EngineError
from providers.reconnect.reconnecting import Reconnecting
from tests.fakes import ScriptedListener
from tests.live import SECRET, serving, settings, start

FRAME = bytes(1280)


def closing(socket: ClientConnection) -> tuple[int, str]:
    """The close code and reason the server sends."""
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            socket.recv(timeout=5)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


def heard(socket: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(socket.recv(timeout=5))
    return message


def stereo(seconds: float, rate: int = 16000, seed: int = 0) -> bytes:
    return np.random.default_rng(seed).integers(-9000, 9000, int(seconds * rate) * 2).astype("<i2").tobytes()


def eventually(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until the server has done something."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.002)


def channel(pcm: bytes, index: int) -> bytes:
    return np.frombuffer(pcm, "<i2")[index::2].tobytes()


@pytest.mark.parametrize(("swap", "expected"), [(False, 0), (True, 1)])
def test_only_the_customers_channel_reaches_the_recogniser(swap: bool, expected: int) -> None:
    engine, pcm = ScriptedListener(), stereo(0.5)
    with serving(transcriber=engine, chosen=settings(swap_channels=swap)) as live, live.call() as socket:
        socket.send(start())
        rng = random.Random(7)
        at = 0
        while at < len(pcm):
            step = rng.randint(1, 1500)
            socket.send(pcm[at : at + step])
            at += step
        eventually(lambda: bool(engine.pushed) and len(engine.pushed[0]) == len(pcm) // 2)
    assert engine.pushed == [bytearray(channel(pcm, expected))]


@pytest.mark.parametrize("swap", [False, True])
def test_both_channels_have_a_recognition_each(swap: bool) -> None:
    engine, pcm = ScriptedListener(), stereo(0.2)
    with serving(transcriber=engine, chosen=settings(channels="both", swap_channels=swap)) as live:
        with live.call() as socket:
            socket.send(start())
            socket.send(pcm)
            eventually(lambda: [len(pushed) for pushed in engine.pushed] == [len(pcm) // 2] * 2)
    customer, assistant = (1, 0) if swap else (0, 1)
    assert engine.pushed == [bytearray(channel(pcm, customer)), bytearray(channel(pcm, assistant))]


def test_an_engine_that_takes_stereo_gets_one_recognition_and_names_its_channels() -> None:
    told = [Transcript("left", True, channel=0), Transcript("right", True, channel=1)]
    engine = ScriptedListener(lambda pcm: told, capabilities=ListeningCapabilities(channels=2, punctuates=True))
    with serving(transcriber=engine, chosen=settings(channels="both")) as live, live.call() as socket:
        socket.send(start())
        socket.send(FRAME)
        assert (heard(socket)["channel"], heard(socket)["channel"]) == ("customer", "assistant")
    assert engine.pushed == [bytearray(FRAME)]


@pytest.mark.parametrize("rate", [8000, 16000, 24000, 48000])
def test_rate_and_mono_of_the_start_are_honoured(rate: int) -> None:
    engine = ScriptedListener()
    with serving(transcriber=engine) as live, live.call() as socket:
        socket.send(start(rate, channels=1))
        socket.send(b"abcd")
        eventually(lambda: engine.pushed == [bytearray(b"abcd")])
    assert engine.rates == [rate]


def test_partials_replace_and_one_final_ends_an_utterance() -> None:
    said = iter([Transcript("one", False), Transcript("one two", False), Transcript("One two.", True)])
    engine = ScriptedListener(lambda pcm: [next(said)])
    with serving(transcriber=engine) as live, live.call() as socket:
        socket.send(start())
        got = []
        for _ in range(3):
            socket.send(FRAME)
            got.append(heard(socket))
    assert [(message["transcription"], message["transcriptType"]) for message in got] == [
        ("one", "partial"),
        ("one two", "partial"),
        ("One two.", "final"),
    ]
    assert {message["channel"] for message in got} == {"customer"}
    assert {message["type"] for message in got} == {"transcriber-response"}


def test_audio_that_arrives_while_the_recogniser_opens_is_kept_in_order() -> None:
    engine = ScriptedListener(opens_when=threading.Event())
    pcm = stereo(1.0)
    with serving(transcriber=engine) as live, live.call() as socket:
        socket.send(start())
        for at in range(0, len(pcm), 1280):
            socket.send(pcm[at : at + 1280])
        assert engine.pushed == []
        engine.opens_when.set()  # type: ignore[union-attr] # it was given above
        eventually(lambda: bool(engine.pushed) and len(engine.pushed[0]) == len(pcm) // 2)
    assert engine.pushed[0] == channel(pcm, 0)


@pytest.mark.parametrize("engine", [ScriptedListener(deaf=True), ScriptedListener(opens_when=threading.Event())])
def test_audio_that_no_recogniser_takes_closes_1011_with_the_reason(engine: ScriptedListener) -> None:
    with serving(transcriber=engine, chosen=settings(audio_buffer_seconds=0.5)) as live, live.call() as socket:
        socket.send(start())
        for _ in range(200):
            socket.send(FRAME)
        code, reason = closing(socket)
    assert (code, "audio would be lost" in reason) == (1011, True)


@pytest.mark.parametrize(
    "engine",
    [
        ScriptedListener(fails_on_open=EngineError("no vendor")),
        ScriptedListener(lambda pcm: _lose()),
    ],
)
def test_a_lost_recogniser_closes_1011(engine: ScriptedListener) -> None:
    with serving(transcriber=engine) as live, live.call() as socket:
        socket.send(start())
        socket.send(FRAME)
        code, reason = closing(socket)
    assert code == 1011
    assert reason.startswith("recogniser lost: ")
    assert engine.open == 0


def _lose() -> list[Transcript]:
    raise EngineError("vendor hung up")


@pytest.mark.parametrize(
    ("frames", "code"),
    [([FRAME], 1002), ([start(7000)], 1003), ([start(), start(8000)], 1002)],
)
def test_protocol_mistakes_close_with_their_code(frames: list[bytes | str], code: int) -> None:
    with serving() as live, live.call() as socket:
        for frame in frames:
            socket.send(frame)
        assert closing(socket)[0] == code


def test_unknown_text_messages_do_not_disturb_a_call() -> None:
    with serving(transcriber=Null()) as live, live.call() as socket:
        for text in ('{"type":"hello"}', "not json"):
            socket.send(text)
        socket.send(start())
        socket.send('{"type":"model-output"}')
        socket.send(bytes(64000))
        assert heard(socket)["transcription"] == "second 1."


@pytest.mark.parametrize("when", ["before start", "while opening", "while streaming", "while deaf"])
def test_no_task_or_socket_is_left_after_hang_up(when: str) -> None:
    engine = ScriptedListener(
        opens_when=threading.Event() if when == "while opening" else None, deaf=when == "while deaf"
    )
    with serving(transcriber=engine) as live, live.call() as socket:
        if when != "before start":
            socket.send(start())
            socket.send(FRAME)
        if when in ("while streaming", "while deaf"):
            eventually(lambda: engine.open == 1)
        eventually(lambda: calls_open(live.base) == 1)
        socket.socket.close()  # abruptly, without a close frame
        eventually(lambda: calls_open(live.base) == 0)
        assert engine.open == 0


def calls_open(base: str) -> int:
    count: int = httpx.get(base + "/readyz").json()["calls"]
    return count


def test_beyond_max_calls_the_upgrade_is_503_until_a_call_ends() -> None:
    with serving(chosen=settings(max_calls=2)) as live:
        with live.call(), live.call():
            with pytest.raises(InvalidStatus) as refused, live.call():
                pass
            assert refused.value.response.status_code == 503
            assert refused.value.response.headers["retry-after"] == "1"
            assert calls_open(live.base) == 2
        eventually(lambda: calls_open(live.base) == 0)
        with live.call():
            pass


def test_the_engines_capacity_limits_the_calls_too() -> None:
    with serving(transcriber=ScriptedListener(capabilities=ListeningCapabilities(capacity=1))) as live, live.call():
        with pytest.raises(InvalidStatus) as refused, live.call():
            pass
        assert refused.value.response.status_code == 503


def test_a_token_in_the_url_opens_the_socket() -> None:
    with serving() as live:
        with live.call(headers={}, query=f"?token={SECRET}"):
            pass
        with pytest.raises(InvalidStatus) as refused, live.call(headers={}, query="?token=wrong"):
            pass
        assert refused.value.response.status_code == 401
        assert "error" in json.loads(refused.value.response.body or b"{}")


def test_two_calls_interleaved_never_share_a_word() -> None:
    def hear(pcm: bytes) -> list[Transcript]:
        return [Transcript(f"word {value}", True) for value in np.frombuffer(pcm, "<i2")]

    with serving(transcriber=ScriptedListener(hear)) as live, live.call() as one, live.call() as two:
        one.send(start(channels=1))
        two.send(start(channels=1))
        got: dict[int, list[str]] = {1: [], 2: []}
        for turn in range(50):
            one.send(np.array([1000 + turn], "<i2").tobytes())
            two.send(np.array([2000 + turn], "<i2").tobytes())
            got[1].append(heard(one)["transcription"])
            got[2].append(heard(two)["transcription"])
    assert got == {side: [f"word {side * 1000 + turn}" for turn in range(50)] for side in (1, 2)}


def test_an_idle_call_is_pinged_and_stays_open() -> None:
    with serving(chosen=settings(ping_seconds=0.05)) as live, live.call() as socket:
        socket.send(start())
        pinged = threading.Event()
        receive = socket.protocol.receive_data

        def watching(data: bytes | bytearray) -> None:
            if data[:1] == b"\x89":
                pinged.set()
            receive(data)

        socket.protocol.receive_data = watching  # type: ignore[method-assign] # records, changes nothing
        assert pinged.wait(5)
        time.sleep(0.3)
        socket.send(bytes(64000))
        assert heard(socket)["transcription"] == "second 1."


def test_a_call_has_three_tasks_and_its_recogniser_three_more() -> None:
    """The connection with the reader, the feeder, the writer; the session, its connection and its feeder."""
    engine = ScriptedListener()
    seen: list[int] = []

    async def count() -> None:
        while True:
            seen.append(len(asyncio.all_tasks()))
            await asyncio.sleep(0.001)

    for transcriber, tasks in ((engine, 3), (Reconnecting(engine), 6)):
        with serving(transcriber=transcriber, background=count) as live:
            eventually(lambda: len(seen) > 100)
            before = seen[-1]
            with live.call() as socket:
                socket.send(start())
                socket.send(FRAME)
                eventually(lambda: engine.open == 1)
                seen.clear()
                eventually(lambda: len(seen) > 100)
                assert seen[-1] - before == tasks
        seen.clear()
