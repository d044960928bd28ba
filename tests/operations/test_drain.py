"""The drain: what is refused, what is waited for, and what is told to end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from providers.engines.base import Transcript
from providers.errors import Draining
from providers.operations.drain import Drain, Phase
from tests.fakes import LOUD, Hang, ScriptedListener, ScriptedVoice
from tests.live import SECRET, Live, serving, settings, start
from tests.transcriber.test_endpoint import closing, eventually, heard
from tests.virtual_time import run_virtual

HEADERS = {"X-Vapi-Secret": SECRET}


class Left:
    """A call or an answer that ends when it is told to, unless it is stubborn."""

    def __init__(self, drain: Drain, *, stubborn: bool = False) -> None:
        self.told = 0
        self._stubborn = stubborn
        self._ended = asyncio.Event()
        self.tasks = [asyncio.create_task(self._serve(drain))]

    async def _serve(self, drain: Drain) -> None:
        with drain.call(self):
            await self._ended.wait()

    def finish(self, *, within: float) -> None:
        self.told += 1
        if not self._stubborn:
            self._ended.set()

    def hang_up(self) -> None:
        self._ended.set()


def drained(scenario: Callable[[Drain, list[float]], Coroutine[Any, Any, None]], **options: float) -> list[float]:
    """The moments at which the drain was over, in virtual time."""
    moments: list[float] = []

    async def run() -> None:
        drain = Drain(**options)
        drain.on_drained = lambda: moments.append(round(asyncio.get_running_loop().time(), 3))
        await asyncio.gather(drain.run(), scenario(drain, moments))

    run_virtual(run())
    return moments


def test_the_notice_is_given_also_without_a_call() -> None:
    async def scenario(drain: Drain, moments: list[float]) -> None:
        drain.begin("SIGTERM")
        with pytest.raises(Draining):
            drain.admit()

    assert drained(scenario, notice=5) == [5.0]


def test_without_notice_an_idle_server_ends_at_once() -> None:
    async def scenario(drain: Drain, moments: list[float]) -> None:
        drain.begin("SIGINT", notice=False)

    assert drained(scenario, notice=5) == [0.0]


def test_the_server_ends_with_its_last_call() -> None:
    async def scenario(drain: Drain, moments: list[float]) -> None:
        calls = [Left(drain), Left(drain)]
        await asyncio.sleep(0)
        drain.begin("SIGTERM")
        for number, call in enumerate(calls, start=1):
            await asyncio.sleep(10)
            assert moments == []
            assert drain.calls == 3 - number
            call.hang_up()
        assert [call.told for call in calls] == [0, 0]

    assert drained(scenario, notice=5, limit=3600) == [20.0]


@pytest.mark.parametrize(("hurried", "moment"), [(False, 65.0), (True, 7.0)])
def test_at_the_deadline_or_in_a_hurry_calls_are_told_to_end(hurried: bool, moment: float) -> None:
    async def scenario(drain: Drain, moments: list[float]) -> None:
        call = Left(drain)
        await asyncio.sleep(0)
        drain.begin("SIGTERM")
        await asyncio.sleep(7)
        assert call.told == 0
        if hurried:
            drain.hurry()
        await asyncio.gather(*call.tasks)
        assert call.told == 1

    assert drained(scenario, notice=5, limit=60) == [moment]


def test_an_open_answer_has_five_seconds_at_the_deadline() -> None:
    cut: list[float] = []

    async def scenario(drain: Drain, moments: list[float]) -> None:
        ended = asyncio.Event()

        def abort() -> None:
            cut.append(asyncio.get_running_loop().time())
            ended.set()

        with drain.answer(abort):
            drain.begin("SIGTERM")
            await ended.wait()

    assert drained(scenario, notice=1, limit=10) == [16.0]
    assert cut == [16.0]


def test_a_call_that_never_ends_does_not_keep_the_server() -> None:
    async def scenario(drain: Drain, moments: list[float]) -> None:
        call = Left(drain, stubborn=True)
        await asyncio.sleep(0)
        drain.begin("SIGTERM")
        await asyncio.sleep(100)
        call.hang_up()

    assert drained(scenario, notice=0, limit=10) == [20.0]


def test_another_process_that_serves_the_socket_does_not_close_the_door_on_accepted_connections() -> None:
    async def scenario(drain: Drain, moments: list[float]) -> None:
        drain.begin("takeover", handed_over=True)
        drain.admit()
        assert drain.phase is Phase.DRAINING

    assert drained(scenario, notice=2) == [2.0]


def drain(live: Live) -> httpx.Response:
    return httpx.post(live.base + "/drain", headers=HEADERS)


def test_a_draining_server_refuses_calls_and_still_speaks() -> None:
    with serving(chosen=settings(drain_notice_seconds=3600)) as live, live.call() as socket:
        socket.send(start())
        assert httpx.post(live.base + "/drain").status_code == 401
        assert httpx.get(live.base + "/readyz").status_code == 200
        answer = drain(live)
        assert (answer.status_code, answer.json()) == (
            202, {"ready": False, "calls": 1, "max_calls": 200, "reason": "draining"},
        )  # fmt: skip
        ready = httpx.get(live.base + "/readyz")
        assert (ready.status_code, ready.json()) == (503, answer.json())
        with pytest.raises(InvalidStatus) as refused, live.call():
            raise AssertionError("it was let in")
        assert refused.value.response.status_code == 503
        assert refused.value.response.headers["Retry-After"] == "1"
        assert "draining" in json.loads(refused.value.response.body or b"")["error"]
        assert live.say("Hello.").status_code == 200
        assert live.endpointing({"type": "call.endpointing.request", "messages": []}).status_code == 200
        socket.send(bytes(64000))
        assert heard(socket)["transcription"] == "second 1."


def test_at_the_deadline_the_last_words_come_before_1012() -> None:
    engine = ScriptedListener(
        lambda pcm: [Transcript("I would", False)], last_words=[Transcript("I would like to book.", True)]
    )
    with serving(transcriber=engine, chosen=settings(drain_notice_seconds=0, drain_seconds=0)) as live:
        with live.call() as socket:
            socket.send(start())
            socket.send(bytes(640))
            assert heard(socket)["transcriptType"] == "partial"
            drain(live)
            assert heard(socket)["transcription"] == "I would like to book."
            assert closing(socket) == (1012, "the server is shutting down")
        eventually(lambda: engine.open == 0)


@pytest.mark.parametrize("started", [False, True])
def test_a_call_whose_recogniser_says_nothing_is_closed_all_the_same(
    started: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("providers.operations.drain.LAST_WORDS_SECONDS", 0.2)
    engine = ScriptedListener()
    with serving(transcriber=engine, chosen=settings(drain_notice_seconds=0, drain_seconds=0)) as live:
        with live.call() as socket:
            if started:
                socket.send(start())
                socket.send(bytes(640))
                eventually(lambda: engine.open == 1)
            eventually(lambda: live.endpoints.drain.calls == 1)
            drain(live)
            assert closing(socket)[0] == 1012


def test_both_recognitions_of_a_call_say_their_last_words() -> None:
    engine = ScriptedListener(last_words=[Transcript("Bye.", True)])
    chosen = settings(drain_notice_seconds=0, drain_seconds=0, channels="both")
    with serving(transcriber=engine, chosen=chosen) as live, live.call() as socket:
        socket.send(start())
        socket.send(bytes(640))
        eventually(lambda: engine.open == 2)
        drain(live)
        said = {heard(socket)["channel"], heard(socket)["channel"]}
        assert said == {"customer", "assistant"}
        assert closing(socket)[0] == 1012


def test_an_answer_that_is_open_at_the_deadline_is_cut_and_never_ends_politely(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("providers.operations.drain.ANSWER_SECONDS", 0.1)
    voice = ScriptedVoice((LOUD, LOUD, Hang()))
    with serving(voice=voice, chosen=settings(drain_notice_seconds=0, drain_seconds=0)) as live:
        with httpx.Client() as client, pytest.raises(httpx.TransportError):
            body = {"message": {"type": "voice-request", "text": "Hello.", "sampleRate": 16000}}
            with client.stream("POST", live.base + "/api/custom-voice", json=body, headers=HEADERS) as answer:
                drain(live)
                for _ in answer.iter_raw():
                    pass
        assert voice.cancelled.wait(5)


def test_a_call_that_hangs_up_while_it_finishes_ends_quietly() -> None:
    engine = ScriptedListener()
    with serving(transcriber=engine, chosen=settings(drain_notice_seconds=0, drain_seconds=0)) as live:
        with live.call() as socket:
            socket.send(start())
            socket.send(bytes(640))
            eventually(lambda: engine.open == 1)
            drain(live)
        with pytest.raises(ConnectionClosed):
            socket.recv()
        eventually(lambda: engine.open == 0)
