"""Background tasks: each failure is logged once and disturbs nothing else."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any

import pytest

from providers.app import create_app
from providers.engines.null import Null
from providers.errors import EngineError
from providers.operations.background import BackgroundTasks, close_all
from tests.fakes import ScriptedVoice
from tests.live import settings


def failures(stream: io.StringIO) -> list[tuple[str, str]]:
    events: list[dict[str, Any]] = [json.loads(line) for line in stream.getvalue().splitlines()]
    return [(event["task"], event["error"]) for event in events if event["event"] == "background task failed"]


async def fail(error: Exception) -> None:
    raise error


def test_a_task_that_fails_is_logged_once_and_the_others_go_on(logged: io.StringIO) -> None:
    async def scenario() -> bool:
        tasks = BackgroundTasks()
        forever = asyncio.Event()
        still_running = asyncio.Event()

        async def steady() -> None:
            still_running.set()
            await forever.wait()

        tasks.start("broken", fail(ValueError("no such phrase")))
        tasks.start("steady", steady())
        await asyncio.wait_for(still_running.wait(), 5)
        await asyncio.sleep(0)
        await tasks.aclose()
        return True

    assert asyncio.run(scenario())
    assert failures(logged) == [("broken", "ValueError: no such phrase")]


def test_a_cancelled_task_is_no_failure(logged: io.StringIO) -> None:
    async def scenario() -> None:
        tasks = BackgroundTasks()
        tasks.start("waiting", asyncio.sleep(3600))
        await asyncio.sleep(0)
        await tasks.aclose()

    asyncio.run(scenario())
    assert failures(logged) == []


def test_one_engine_that_does_not_close_keeps_no_other_from_closing(logged: io.StringIO) -> None:
    async def scenario() -> bool:
        closed = asyncio.Event()

        async def close() -> None:
            closed.set()

        await close_all(voice=fail(OSError("disk full")), transcriber=close())
        return closed.is_set()

    assert asyncio.run(scenario())
    assert failures(logged) == [("closing voice", "OSError: disk full")]


class Unclosable(ScriptedVoice):
    async def aclose(self) -> None:
        raise EngineError("will not go")


def test_the_application_logs_what_fails_beside_its_requests(logged: io.StringIO) -> None:
    app = create_app(settings(), voice=Unclosable(), transcriber=Null(), background=lambda: fail(KeyError("phrase")))

    async def scenario() -> None:
        async with app.router.lifespan_context(app):
            await asyncio.sleep(0)

    asyncio.run(scenario())
    assert failures(logged) == [("prewarming", "KeyError: 'phrase'"), ("closing voice", "EngineError: will not go")]


class Unstartable(ScriptedVoice):
    async def start(self) -> None:
        raise EngineError("no model")


class DeafAndUnstartable(Null):
    async def start(self) -> None:
        raise EngineError("no ear")


def test_of_two_engines_that_cannot_start_one_is_raised_and_the_other_logged(logged: io.StringIO) -> None:
    app = create_app(settings(), voice=Unstartable(), transcriber=DeafAndUnstartable())

    async def scenario() -> None:
        async with app.router.lifespan_context(app):
            raise AssertionError("it started")

    with pytest.raises(EngineError, match="no model"):
        asyncio.run(scenario())
    assert failures(logged) == [("starting an engine", "EngineError: no ear")]
