"""OpenAI's own client in a realtime transcription session, over scripted recognisers and a real one."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import openai
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from providers.engines.base import ListeningCapabilities, Transcript
from tests.dialects.sounds import tone
from tests.fakes import ScriptedListener
from tests.live import SECRET, Live, serving, settings

# The client opens its socket in a way that the newest websockets calls legacy.
pytestmark = pytest.mark.filterwarnings("ignore:.*must be used as a context manager:DeprecationWarning")

HEARD = "conversation.item.input_audio_transcription."


def partial(text: str, start: float, end: float) -> Transcript:
    return Transcript(text, final=False, start=start, end=end)


def final(text: str, start: float, end: float) -> Transcript:
    return Transcript(text, final=True, start=start, end=end)


def hear_one_turn() -> ScriptedListener:
    """Three pushes: two partials that agree on all but their last word, and the final."""
    told = iter(
        [
            [partial("Hello the", 0.2, 1.0)],
            [partial("Hello there Bob", 0.2, 2.0)],
            [final("Hello there Ben.", 0.2, 2.8)],
        ]
    )
    return ScriptedListener(hear=lambda pcm: next(told, []), last_words=[])


@contextmanager
def session(live: Live, **headers: str) -> Iterator[Any]:
    with openai.OpenAI(api_key=SECRET, base_url=live.base + "/v1", max_retries=0) as client:
        asked: dict[str, Any] = {"extra_query": {"intent": "transcription"}, "extra_headers": headers}
        with client.realtime.connect(**asked) as connection:
            yield connection


def append(connection: Any, pcm: bytes) -> None:
    connection.input_audio_buffer.append(audio=base64.b64encode(pcm).decode())


def until(connection: Any, kind: str) -> list[Any]:
    events = []
    while True:
        event = connection.recv()
        events.append(event)
        if event.type == kind:
            return events


def transcription(turn_detection: dict[str, str] | None = None, rate: int = 24000) -> dict[str, Any]:
    heard = {"format": {"type": "audio/pcm", "rate": rate}, "transcription": {"model": "whisper-1", "language": "en"}}
    return {"type": "transcription", "audio": {"input": {**heard, "turn_detection": turn_detection}}}


def test_a_turn_is_an_item_with_deltas_that_only_grow() -> None:
    engine = hear_one_turn()
    with serving(transcriber=engine, chosen=settings(dialects="openai")) as live, session(live) as connection:
        assert connection.recv().type == "session.created"
        connection.session.update(session=transcription({"type": "server_vad"}))
        assert connection.recv().session.audio.input.format.rate == 24000
        for _ in range(3):
            append(connection, tone(1.0, 24000))
        events = until(connection, HEARD + "completed")
    kinds = [event.type for event in events]
    assert kinds == [
        "input_audio_buffer.speech_started",
        HEARD + "delta",
        HEARD + "delta",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        HEARD + "completed",
    ]
    assert "".join(event.delta for event in events if event.type == HEARD + "delta") == "Hello there Ben."
    assert events[-1].transcript == "Hello there Ben."
    assert events[0].audio_start_ms == 200
    assert len({event.item_id for event in events if hasattr(event, "item_id")}) == 1
    assert engine.pushed == [bytearray(tone(1.0, 24000) * 3)]


def test_without_turn_detection_an_item_is_what_was_committed() -> None:
    engine = ScriptedListener(last_words=[final("One.", 0.0, 0.5), final("Two.", 0.5, 1.0)])
    with serving(transcriber=engine, chosen=settings(dialects="openai")) as live, session(live) as connection:
        connection.session.update(session=transcription(None))
        until(connection, "session.updated")
        connection.input_audio_buffer.commit()
        assert until(connection, "error")[-1].error.code == "input_audio_buffer_commit_empty"
        items = []
        for _ in range(2):
            append(connection, tone(1.0, 24000))
            connection.input_audio_buffer.commit()
            items.append(until(connection, HEARD + "completed")[-1])
    assert [item.transcript for item in items] == ["One. Two.", "One. Two."]
    assert items[0].item_id != items[1].item_id
    assert items[0].usage.seconds == pytest.approx(1.0)
    assert len(engine.pushed) == 2


def test_what_was_cleared_is_heard_by_nobody() -> None:
    engine = ScriptedListener(last_words=[final("Kept.", 0.0, 0.5)])
    with serving(transcriber=engine, chosen=settings(dialects="openai")) as live, session(live) as connection:
        connection.session.update(session=transcription(None))
        append(connection, tone(0.5, 24000, 300))
        connection.input_audio_buffer.clear()
        until(connection, "input_audio_buffer.cleared")
        append(connection, tone(0.5, 24000, 600))
        connection.input_audio_buffer.commit()
        done = until(connection, HEARD + "completed")[-1]
    assert done.transcript == "Kept."
    assert done.usage.seconds == pytest.approx(0.5)
    assert engine.pushed[1] == bytearray(tone(0.5, 24000, 600))


def test_the_names_of_the_beta_are_known() -> None:
    engine = ScriptedListener(last_words=[final("Yes.", 0.0, 0.5)])
    with serving(transcriber=engine, chosen=settings(dialects="openai")) as live:
        url = live.base.replace("http", "ws", 1) + "/v1/realtime?intent=transcription"
        headers = {"Authorization": f"Bearer {SECRET}", "OpenAI-Beta": "realtime=v1"}
        with connect(url, additional_headers=headers, compression=None) as socket:
            assert json.loads(socket.recv(timeout=10))["type"] == "transcription_session.created"
            heard = {"input_audio_format": "g711_ulaw", "turn_detection": None}
            socket.send(json.dumps({"type": "transcription_session.update", "session": heard}))
            told = json.loads(socket.recv(timeout=10))
            assert told["type"] == "transcription_session.updated"
            assert told["session"]["input_audio_format"] == "g711_ulaw"
            audio = base64.b64encode(bytes([0x80, 0x00]) * 4000).decode()
            socket.send(json.dumps({"type": "input_audio_buffer.append", "audio": audio}))
            socket.send(json.dumps({"type": "input_audio_buffer.commit"}))
            kinds = [json.loads(socket.recv(timeout=10))["type"] for _ in range(4)]
    assert "conversation.item.created" in kinds
    assert engine.rates == [8000]
    assert len(engine.pushed[0]) == 16000


def test_a_wrong_event_is_answered_and_survived() -> None:
    engine = ScriptedListener(last_words=[final("Still here.", 0.0, 0.5)])
    with serving(transcriber=engine, chosen=settings(dialects="openai")) as live, session(live) as connection:
        connection.send({"type": "response.create", "event_id": "mine"})
        told = until(connection, "error")[-1].error
        assert (told.event_id, told.param) == ("mine", "type")
        connection.session.update(session=transcription(None, rate=1))
        assert "rate" in until(connection, "error")[-1].error.message
        connection.session.update(session=transcription(None, rate=16000))
        append(connection, tone(1.0, 16000))
        connection.input_audio_buffer.commit()
        assert until(connection, HEARD + "completed")[-1].transcript == "Still here."
    assert engine.rates == [16000]


def test_another_intent_and_another_key_are_refused() -> None:
    with serving(transcriber=ScriptedListener(), chosen=settings(dialects="openai")) as live:
        url = live.base.replace("http", "ws", 1) + "/v1/realtime"
        for query, key, status in (("?model=gpt-realtime", SECRET, 400), ("?intent=transcription", "other", 401)):
            with pytest.raises(InvalidStatus) as refused:
                connect(url + query, additional_headers={"Authorization": f"Bearer {key}"})
            assert refused.value.response.status_code == status
            assert "message" in json.loads(refused.value.response.body)["error"]


def test_a_browsers_key_comes_among_the_subprotocols() -> None:
    with serving(transcriber=ScriptedListener(), chosen=settings(dialects="openai")) as live:
        url = live.base.replace("http", "ws", 1) + "/v1/realtime?intent=transcription"
        protocols: Any = ["realtime", f"openai-insecure-api-key.{SECRET}"]
        with connect(url, subprotocols=protocols, compression=None) as socket:
            assert socket.subprotocol == "realtime"
            assert json.loads(socket.recv(timeout=10))["type"] == "session.created"


def test_partials_without_case_are_no_deltas() -> None:
    told = iter(
        [[partial("hello the", 0.2, 1.0)], [partial("hello there", 0.2, 2.0)], [final("hello there", 0.2, 2.8)]]
    )
    bare = ListeningCapabilities(punctuates=False, languages=("en-US",))
    engine = ScriptedListener(hear=lambda pcm: next(told, []), capabilities=bare, last_words=[])
    with serving(transcriber=engine, chosen=settings(dialects="openai")) as live, session(live) as connection:
        for _ in range(3):
            append(connection, tone(1.0, 24000))
        events = until(connection, HEARD + "completed")
    assert [event.delta for event in events if event.type == HEARD + "delta"] == ["Hello there."]
