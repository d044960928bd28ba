"""The schema of a log line, against the lines of a served server and against the events in the code."""

from __future__ import annotations

import ast
import io
import json
import logging
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from websockets.exceptions import InvalidStatus

import providers
from providers.engines.base import Transcript
from providers.engines.events import EngineEvent
from providers.errors import EngineError
from providers.operations import logs
from providers.operations.background import log_failure
from providers.operations.metrics import Metrics
from tests.fakes import LOUD, ScriptedListener, ScriptedVoice
from tests.live import serving, settings, start

jsonschema_rs = pytest.importorskip("jsonschema_rs", reason="schemathesis, of the extra test, brings it")

SCHEMA: dict[str, Any] = json.loads(files("providers.log_lines").joinpath("schema.json").read_text())
LEVELS = {"debug", "info", "warning", "error", "exception", "log"}


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def faults(found: list[dict[str, Any]]) -> list[str]:
    judge = jsonschema_rs.validator_for(SCHEMA)
    return [f"{line}: {error.message}" for line in found for error in judge.iter_errors(line)]


def test_the_schema_is_a_valid_one() -> None:
    jsonschema_rs.meta.validate(SCHEMA)


def test_every_line_of_a_served_server_fits(logged: io.StringIO) -> None:
    def hear(pcm: bytes) -> list[Transcript]:
        return [Transcript("Hello.", final=True, end=0.1)]

    voice = ScriptedVoice()
    with serving(voice=voice, transcriber=ScriptedListener(hear), chosen=settings(max_calls=1)) as live:
        live.say("Hi", call={"id": "call-7"})
        live.voice({"type": "other"})
        live.voice({"type": "voice-request"})
        live.voice({}, headers={"X-Vapi-Secret": "wrong"})
        live.endpointing({"type": "call.endpointing.request", "messages": [{"role": "user", "message": "It is 5"}]})
        voice.script = [EngineError("broken")]
        live.say("Hi again")
        voice.script = [LOUD, EngineError("broken")]
        with pytest.raises(httpx.RemoteProtocolError):
            live.say("And again")
        with live.call() as call:
            call.send(start(16000, 1))
            call.send(bytes(6400))
            call.recv(5)
            with pytest.raises(InvalidStatus), live.call():
                raise AssertionError("it was let in")
    Metrics().engines.observer("voice")(EngineEvent("failed", "deepgram", "closed"))
    log_failure("garbage", ValueError("broken"))
    logging.getLogger("uvicorn.error").error("a library's words")
    found = lines(logged)
    events = {line["event"] for line in found}
    assert events >= {
        "voice",
        "call",
        "endpointing",
        "refused",
        "ignored",
        "engine",
        "library",
        "background task failed",
    }
    assert faults(found) == []
    (call_line,) = [line for line in found if line["event"] == "call"]
    assert call_line["call"]


def test_what_is_not_in_the_schema_does_not_fit() -> None:
    line = {"timestamp": "2026-01-01T00:00:00Z", "level": "info", "event": "hung up", "path": "/", "during": "body"}
    assert faults([line]) == []
    for wrong in ({"event": "new"}, {"text": "a transcript"}, {"during": 1}, {"level": "loud"}):
        assert faults([{**line, **wrong}]) != [], wrong


def test_a_voice_request_and_what_happens_in_it_carry_the_calls_id(logged: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(call_id="call-7"):
        Metrics().engines.observer("voice")(EngineEvent("took-over", "espeak", "closed"))
    (line,) = lines(logged)
    assert line["call_id"] == "call-7"
    assert faults([line]) == []


def test_the_line_about_lost_lines_fits(logged: io.StringIO) -> None:
    structlog.get_logger().warning("log lines lost", lines=3)
    assert faults(lines(logged)) == []
    assert logs is not None


def test_every_event_of_the_code_is_in_the_schema_and_the_other_way_round() -> None:
    known = set(SCHEMA["properties"]["event"]["enum"])
    assert {event["title"] for event in SCHEMA["oneOf"]} == known
    assert all(event["description"] for event in SCHEMA["oneOf"])
    root = Path(providers.__file__).parent
    # The emulator prints for the person who started it; it writes none of the server's lines.
    server = [path for path in root.rglob("*.py") if "emulator" not in path.relative_to(root).parts]
    written = {name for path in server for name in _events(path)} | {"log lines lost"}
    assert written - known == set(), "add them to providers/log_lines/schema.json"
    assert known - written == set(), "no line has them any more"


def _events(path: Path) -> set[str]:
    """Names of the events that a module logs."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS):
            continue
        owner = node.func.value
        name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
        if name in {"log", "_log"}:
            texts = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            found |= set(texts[:1])
    return found
