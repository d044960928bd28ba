"""Parts of calls that several workers know, put together; and workers that do not answer."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from pathlib import Path

import structlog

from providers.calls.events import CallEvent
from providers.calls.export import CallSummary
from providers.calls.parts import PeerPart, part_of, together, whole_call
from providers.calls.peers import CallPeers
from providers.calls.record import CallRecord
from providers.calls.registry import Calls


def summary(name: str, call_id: str = "", **changes: object) -> CallSummary:
    known: dict[str, object] = {
        "joined": None, "live": True, "started": "2026-01-01T10:00:00.000+00:00", "seconds": 5.0, "turns": 0,
        "longest_wait": None, "ended": "",
    }  # fmt: skip
    return CallSummary(id=name, call_id=call_id, **{**known, **changes})  # type: ignore[arg-type]  # of a test's own


def test_a_call_that_several_workers_know_is_listed_once_with_what_each_knows() -> None:
    later = "2026-01-01T10:00:03.000+00:00"
    parts = [
        summary("voice", "c-1", started=later, seconds=9.0, live=False, ended="ended customer-ended-call"),
        summary("socket", "c-1", joined="key", turns=2, longest_wait=1.5),
        summary("other", started=later),
        summary("over", "c-2", live=False),
    ]
    first, second, third = together(parts)
    assert (first.id, second.id, third.id) == ("other", "socket", "over"), "live ones first, newest first"
    assert (second.joined, second.turns, second.longest_wait, second.live) == ("key", 2, 1.5, True)
    assert (second.started, second.seconds) == ("2026-01-01T10:00:00.000+00:00", 12.0)


def test_the_events_of_all_parts_are_one_calls_in_order_of_time() -> None:
    own = CallRecord("voice", limit=10)
    own.call_id = "c-1"
    own.note(CallEvent(2.0, "voice-asked", text="Hello."))
    other = PeerPart("socket", "c-1", "k", "key", True, True, [CallEvent(1.0, "opened"), CallEvent(3.0, "closed")])
    whole = whole_call(own, [other])
    assert (whole.name, whole.call_id, whole.key, whole.way) == ("socket", "c-1", "k", "key")
    assert [event.kind for event in whole.events] == ["opened", "voice-asked", "closed"]
    assert [event.kind for event in own.events] == ["voice-asked"], "the parts stay as they are"
    assert whole_call(own, []) is own
    assert whole_call(None, [part_of(own, live=True)]).name == "voice"


async def nothing(record: CallRecord) -> AsyncGenerator[bytes, None]:
    if record.events:
        yield b""


def test_a_worker_that_does_not_answer_is_told_of_and_one_that_was_killed_is_forgotten(tmp_path: Path) -> None:
    async def steps() -> None:
        peers = CallPeers(tmp_path, Calls(), nothing)
        with socket.socket(socket.AF_UNIX) as mute, socket.socket(socket.AF_UNIX) as killed:
            mute.bind(str(tmp_path / "calls-1.sock"))
            mute.listen()
            killed.bind(str(tmp_path / "calls-2.sock"))
            await peers.open()
            with structlog.testing.capture_logs() as events:
                assert await peers.lists(live=False, limit=10) == ([], 0, 1)
                assert await peers.parts(["c-1", ""]) == []
            await peers.aclose()
        assert {event["error"] for event in events} == {"TimeoutError"}

    asyncio.run(steps())
    assert [path.name for path in tmp_path.iterdir()] == ["calls-1.sock"]
