"""The transcriber's socket against clients that misbehave, over real sockets, and how long they hold the loop."""

from __future__ import annotations

import gc
import io
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import structlog
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from benchmarks.stall import TOLERATED_STALL, StallProbe
from providers.engines.base import Transcript
from providers.operations import logs
from providers.paths import TRANSCRIBER_PATH
from providers.protocols import websocket
from tests.fakes import ScriptedListener
from tests.live import SECRET, Live, serving, settings, start
from tests.protocols.test_websocket import CLOSE, CONTINUATION, PING, TEXT, frame
from tests.raw import answer, dialled, push, upgraded
from tests.transcriber.test_endpoint import calls_open, channel, eventually

COMMAND = [sys.executable, "-c", "from providers.cli import main; main()"]
ENDED = 30.0
"""Seconds until something that must happen counts as never happening."""


def code_of(got: bytes) -> int:
    """The code of the close frame at the end of what the server sent."""
    at = got.rindex(b"\x88")
    return int(struct.unpack("!H", got[at + 2 : at + 4])[0])


def mono(count: int) -> bytes:
    return frame(start(channels=1).encode(), TEXT)


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    logs.configure("json", "debug", stream)
    structlog.configure(cache_logger_on_first_use=False)  # the next test's lines go elsewhere
    yield stream
    structlog.reset_defaults()


@pytest.fixture
def heap_as_served() -> None:
    """No collection of the tests' own objects on the server's loop, as in `providers.server.run`."""
    gc.collect()
    gc.freeze()


def call_events(stream: io.StringIO) -> list[dict[str, Any]]:
    return [event for event in map(json.loads, stream.getvalue().splitlines()) if event["event"] == "call"]


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (b"\x89\xfe\x00\x7e", 1002),  # a ping that announces 126 bytes, of which none has come
        (b"\x88\xfe\x01\x00", 1002),  # a close that announces 256
        (b"\x09\x80", 1002),  # a ping in fragments
        (b"\x83\x80", 1002),  # an opcode that does not exist
        (b"\xc2\x80", 1002),  # a reserved bit
        (b"\x82\x05", 1002),  # unmasked
        (b"\x80\x80", 1002),  # continues nothing
        (b"\x82\xff" + struct.pack("!Q", 2**63), 1009),
        (frame(b"\xff\xfe", TEXT), 1007),
        (frame(b"\x00", CLOSE), 1002),
        (frame(struct.pack("!H", 1005), CLOSE), 1002),
    ],
)
def test_a_broken_frame_is_answered_at_its_header_and_closed(broken: bytes, code: int, logged: io.StringIO) -> None:
    with serving() as live, dialled(live) as client:
        upgraded(client)
        client.sendall(broken)
        assert code_of(answer(client)) == code
        eventually(lambda: bool(call_events(logged)))
    (event,) = call_events(logged)
    assert (event["code"], event["by"]) == (code, "server")
    assert "Traceback" not in logged.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"start","sampleRate":' + "9" * 400 + "}",
        '{"type":"start","sampleRate":1e400}',
        '{"type":"start","sampleRate":-1e308}',
        '{"type":"start","sampleRate":16000,"channels":' + "9" * 400 + "}",
        '{"type":"start","sampleRate":16000,"encoding":"\\u0000"}',
        '{"type":"start","sampleRate":16000,"channels":2.5}',
        '{"type":"start","sampleRate":{}}',
    ],
)
def test_a_start_with_absurd_values_is_1003_and_names_the_field(text: str) -> None:
    with serving() as live, dialled(live) as client:
        upgraded(client)
        client.sendall(frame(text.encode(), TEXT))
        got = answer_until_close(client)
    assert code_of(got) == 1003
    assert b"start." in got


def answer_until_close(client: socket.socket) -> bytes:
    """What comes up to the server's close frame, which is then echoed."""
    got = b""
    while b"\x88" not in got:
        data = client.recv(4096)
        assert data, "the server closed without a close frame"
        got += data
    client.sendall(frame(b"", CLOSE))
    return got


@pytest.mark.parametrize(
    "text", ["[" * 200_000, '{"type":' + "[" * 200_000, "\x00", '{"type":"\\ud800"}', "1" * 5000, "null", '{"type":1}']
)
def test_text_that_is_not_ours_disturbs_no_call(text: str) -> None:
    with serving() as live, live.call() as call:
        call.send(text)
        call.send(start())
        call.send(text)
        call.send(bytes(64000))
        assert json.loads(call.recv(timeout=ENDED))["transcription"] == "second 1."


def test_a_client_that_answers_no_ping_is_aborted_and_logged_as_closed_by_the_server(logged: io.StringIO) -> None:
    with serving(chosen=settings(ping_seconds=0.1)) as live, dialled(live) as client:
        upgraded(client)
        eventually(lambda: calls_open(live.base) == 0)
        assert b"\x88" not in answer(client)  # aborted, not closed politely
        (event,) = call_events(logged)
    assert (event["code"], event["reason"], event["by"]) == (1011, "keepalive ping timeout", "server")


def test_a_flood_of_pings_from_a_client_that_never_reads_stays_small_and_loses_its_place() -> None:
    import psutil

    with serving(chosen=settings(ping_seconds=0.5)) as live, dialled(live) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        upgraded(client)
        before = psutil.Process().memory_info().rss
        sent = 0
        flood = frame(bytes(125), PING) * 2000
        while push(client, flood) and sent < 400_000_000:
            sent += len(flood)
        grown = psutil.Process().memory_info().rss - before
        eventually(lambda: calls_open(live.base) == 0)
    assert sent < 400_000_000
    assert grown < 64 * 1024 * 1024


def test_a_ping_that_could_not_be_answered_is_answered_when_the_client_reads_again() -> None:
    with serving(chosen=settings(ping_seconds=0)) as live, dialled(live) as client:
        upgraded(client)
        sender = threading.Thread(target=push, args=(client, frame(bytes(125), PING) * 100_000 + frame(b"last", PING)))
        sender.start()
        got = b""
        while not got.endswith(b"\x8a\x04last"):
            data = client.recv(1 << 20)
            assert data
            got = (got + data)[-64:]
        sender.join()


def test_an_engine_whose_own_socket_breaks_is_1011_and_not_the_callers_hang_up(logged: io.StringIO) -> None:
    class Broken(ScriptedListener):
        def listen(self, *, rate: int, channels: int = 1) -> Any:
            raise ConnectionResetError(104, "Connection reset by peer")

    def fails(pcm: bytes) -> list[Transcript]:
        raise BrokenPipeError(32, "Broken pipe")

    for engine in (Broken(), ScriptedListener(fails)):
        with serving(transcriber=engine) as live, dialled(live) as client:
            upgraded(client)
            client.sendall(frame(start().encode(), TEXT) + frame(bytes(1280)))
            got = answer_until_close(client)
        assert code_of(got) == 1011
        assert b"recogniser lost: " in got
    assert [(event["code"], event["by"]) for event in call_events(logged)] == [(1011, "server")] * 2


def test_an_engine_with_a_mistake_is_1011_and_one_traceback(logged: io.StringIO) -> None:
    def fails(pcm: bytes) -> list[Transcript]:
        raise KeyError("mistake")

    with serving(transcriber=ScriptedListener(fails)) as live, dialled(live) as client:
        upgraded(client)
        client.sendall(frame(start().encode(), TEXT) + frame(bytes(1280)))
        assert code_of(answer_until_close(client)) == 1011
    assert logged.getvalue().count("Traceback") == 1


def test_a_hang_up_without_a_close_frame_is_1006_by_the_caller(logged: io.StringIO) -> None:
    with serving() as live:
        with dialled(live) as client:
            upgraded(client)
        eventually(lambda: bool(call_events(logged)))
    (event,) = call_events(logged)
    assert (event["code"], event["by"]) == (1006, "caller")


def flood_of_tiny_frames() -> bytes:
    return mono(1) + frame(b"x", key=bytes(4)) * 1_000_000


def flood_of_empty_fragments() -> bytes:
    return (
        mono(1) + frame(b"", fin=False) + frame(b"", CONTINUATION, fin=False) * 1_000_000 + frame(b"xy", CONTINUATION)
    )


def flood_of_empty_text_fragments() -> bytes:
    return mono(1) + frame(b"", TEXT, fin=False) + frame(b"", CONTINUATION, fin=False) * 500_000


def flood_of_texts() -> bytes:
    return mono(1) + frame(b"{}", TEXT) * 200_000


def flood_of_pings() -> bytes:
    return mono(1) + frame(b"", PING) * 300_000


@pytest.mark.usefixtures("heap_as_served")
@pytest.mark.parametrize(
    "flood",
    [
        flood_of_tiny_frames,
        flood_of_empty_fragments,
        flood_of_empty_text_fragments,
        flood_of_texts,
        flood_of_pings,
    ],
)
def test_no_flood_of_small_frames_holds_the_loop(flood: Callable[[], bytes]) -> None:
    probe, data = StallProbe(), flood()
    with serving(background=probe.watch, chosen=settings(ping_seconds=0)) as live, dialled(live) as client:
        upgraded(client)
        reader = threading.Thread(target=answer, args=(client,))
        reader.start()
        client.sendall(data)
        client.sendall(frame(struct.pack("!H", 1000), CLOSE))
        reader.join(ENDED)
        assert not reader.is_alive()
    assert probe.processor < TOLERATED_STALL


def test_a_million_one_byte_frames_arrive_whole() -> None:
    engine = ScriptedListener()
    with serving(transcriber=engine) as live, dialled(live) as client:
        upgraded(client)
        client.sendall(flood_of_tiny_frames())
        eventually(lambda: bool(engine.pushed) and len(engine.pushed[0]) == 1_000_000, ENDED)
    assert engine.pushed[0] == b"x" * 1_000_000


@pytest.mark.usefixtures("heap_as_served")
def test_one_byte_segments_behind_a_large_unfinished_frame_cost_what_they_weigh() -> None:
    probe = StallProbe()
    with serving(background=probe.watch) as live, dialled(live) as client:
        upgraded(client)
        whole = frame(bytes(2**20))
        client.sendall(mono(1) + whole[:-3000])
        for at in range(len(whole) - 3000, len(whole)):
            client.sendall(whole[at : at + 1])
        client.sendall(frame(struct.pack("!H", 1000), CLOSE))
        answer(client)
    assert probe.processor < TOLERATED_STALL


@pytest.mark.usefixtures("heap_as_served")
def test_forty_files_at_full_speed_are_slowed_down_and_lose_nothing() -> None:
    """Each is 80 s long, more than twice what may wait."""
    probe, engine = StallProbe(), ScriptedListener()
    seconds, rate = 80, 8000
    pcm = np.random.default_rng(4).integers(-9000, 9000, seconds * rate * 2).astype("<i2").tobytes()
    failures: list[BaseException] = []
    done = threading.Event()

    def caller(live: Live) -> None:
        try:
            with live.call() as call:
                call.send(start(rate))
                for at in range(0, len(pcm), 32000):
                    call.send(pcm[at : at + 32000])
                done.wait(ENDED * 2)
        except BaseException as error:
            failures.append(error)

    with serving(background=probe.watch, transcriber=engine) as live:
        callers = [threading.Thread(target=caller, args=(live,)) for _ in range(40)]
        for thread in callers:
            thread.start()
        eventually(lambda: bool(failures) or sum(map(len, engine.pushed)) == 40 * len(pcm) // 2, ENDED)
        done.set()
        for thread in callers:
            thread.join(ENDED)
    assert failures == []
    expected = channel(pcm, 0)
    assert all(pushed == expected for pushed in engine.pushed)
    assert probe.processor < TOLERATED_STALL


def test_a_file_at_full_speed_waits_for_a_slow_recogniser_longer_than_its_buffer_and_its_pings() -> None:
    class Slow(ScriptedListener):
        """Ten times as fast as speech."""

        def hear_slowly(self, pcm: bytes) -> list[Transcript]:
            threading.Event().wait(len(pcm) / 2 / 8000 / 10)
            return []

    engine = Slow()
    engine.hear = engine.hear_slowly
    pcm = bytes(range(256)) * (8000 * 2 * 30 // 256)
    with serving(transcriber=engine, chosen=settings(audio_buffer_seconds=2, ping_seconds=0.3)) as live:
        with live.call() as call:
            call.send(start(8000, channels=1))
            for at in range(0, len(pcm), 16000):
                call.send(pcm[at : at + 16000])
            eventually(lambda: bool(engine.pushed) and len(engine.pushed[0]) == len(pcm), ENDED)
    assert engine.pushed[0] == pcm


def test_an_unparsable_upgrade_does_not_disturb_the_end_of_the_server(tmp_path: Any) -> None:
    process = subprocess.Popen(
        [
            *COMMAND,
            "serve",
            "--port",
            "0",
            "--no-auth",
            "--voice",
            "tone",
            "--transcriber",
            "null",
            "--log-format",
            "json",
        ],
        cwd=tmp_path,
        env={**os.environ, "PROVIDERS_RUNTIME_DIR": str(tmp_path / "run")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = next(line for line in process.stdout if "http://" in line)
        port = int(line.split("http://127.0.0.1:")[1].split("/")[0])
        head = f"GET {TRANSCRIBER_PATH} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall((head + "X: " + "a" * 8185 + "\r\n\r\n").encode())
            assert client.recv(4096).startswith(b"HTTP/1.1 4")
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=ENDED)
        assert process.returncode == 0, errors
        assert "Traceback" not in errors
        events = [json.loads(line) for line in errors.splitlines()]
        assert {event["event"] for event in events} <= {"refused", "draining", "drained"}
    finally:
        process.kill()
        process.wait()


class Changed(WebSocketsSansIOProtocol):
    """Uvicorn's class in a future version that names its queue otherwise."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.__dict__["messages"] = self.__dict__.pop("close_timer")


def test_without_what_the_short_path_needs_uvicorns_own_class_is_used_with_a_warning(logged: io.StringIO) -> None:
    class Short(Changed): ...

    assert websocket.protocol(Short) is Changed
    assert websocket.protocol() is websocket.PcmWebSocket
    (event,) = map(json.loads, logged.getvalue().splitlines())
    assert event["level"] == "warning"
    assert "close_timer" in event["reason"]


def test_a_call_is_served_by_uvicorns_own_class_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "_NEEDED", ("something_new",))
    with serving() as live, live.call() as call:
        call.send(start())
        call.send(bytes(64000))
        assert json.loads(call.recv(timeout=ENDED))["transcription"] == "second 1."


NODE = """
const WebSocket = require("ws");
const ws = new WebSocket(process.argv[1], { headers: { "X-Vapi-Secret": process.argv[2] } });
ws.on("open", () => {
  ws.send(JSON.stringify({ type: "start", encoding: "linear16", container: "raw", sampleRate: 16000, channels: 2 }));
  for (let i = 0; i < 3000; i++) ws.send(Buffer.alloc(1280));
  ws.ping("ping");
});
let finals = 0, pong = false;
ws.on("pong", (data) => { pong = data.toString() === "ping"; });
ws.on("message", (data) => { if (JSON.parse(data).transcriptType === "final" && ++finals === 60) ws.close(1000); });
ws.on("close", (code) => { console.log(JSON.stringify({ finals, pong, code })); });
"""


def _node_has_ws() -> bool:
    if shutil.which("node") is None:
        return False
    return subprocess.run(["node", "-e", "require('ws')"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not _node_has_ws(), reason="node or its package ws is not installed")
def test_node_ws_sends_a_minute_at_full_speed() -> None:
    with serving() as live:
        url = live.base.replace("http", "ws", 1) + TRANSCRIBER_PATH
        ended = subprocess.run(["node", "-e", NODE, url, SECRET], capture_output=True, timeout=ENDED, check=True)
    assert json.loads(ended.stdout) == {"finals": 60, "pong": True, "code": 1000}
