"""The server as one Starlette application: its endpoints, its lifespan, and what an error looks like outside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette

from providers import endpoints
from providers.assembly import make_authenticator
from providers.calls.registry import Calls
from providers.engines.base import SpeechToText, TextToSpeech
from providers.error_responses import HANDLED, respond
from providers.operations.background import BackgroundTasks, close_all, log_failure
from providers.operations.garbage import collect_when_idle
from providers.operations.loop_watch import watch
from providers.operations.metrics import Metrics
from providers.settings import Settings

__all__ = ["create_app"]


def create_app(
    settings: Settings,
    *,
    voice: TextToSpeech,
    transcriber: SpeechToText,
    metrics: Metrics | None = None,
    background: Callable[[], Coroutine[Any, Any, None]] | None = None,
    overrides: Callable[[], dict[str, Any]] | None = None,
    calls: Calls | None = None,
) -> Starlette:
    """Build the application around two engines, which its lifespan starts and closes.

    ``background`` is started when the engines are warm and ends with the server. ``overrides`` makes the blocks of an
    assistant that name this server, for answers to assistant requests. ``calls`` is the registry of another server,
    which closes it.
    """
    metrics = metrics or Metrics()
    authenticator = make_authenticator(settings)
    served = endpoints.build(settings, voice, transcriber, authenticator, metrics, overrides=overrides, calls=calls)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        tasks = BackgroundTasks()
        tasks.start("garbage", collect_when_idle(lambda: served.busy))
        tasks.start("drain", served.drain.run())
        try:
            await _start(app, voice, transcriber, served)
            tasks.start("loop watch", watch(served.gate.load, served.looked))
            served.ops.ready = True
            if background is not None:
                tasks.start("prewarming", background())
            yield
        finally:
            served.ops.ready = False
            await close_all(**{name: close() for name, close in app.state.closing.items()})
            await tasks.aclose()
            await _close(voice, transcriber, served, with_calls=calls is None)

    app = Starlette(routes=served.routes(), lifespan=lifespan)
    app.state.endpoints = served
    app.state.closing = {}  # what else is closed with it, by name
    app.router.redirect_slashes = False  # a redirect would repeat the query, and the token in it
    for kind in HANDLED:
        app.add_exception_handler(kind, respond)  # type: ignore[arg-type]  # None is allowed, and not in the annotation
    app.state.refused = metrics.server.refused
    return app


async def _start(app: Starlette, voice: TextToSpeech, transcriber: SpeechToText, served: endpoints.Endpoints) -> None:
    """Start all engines; the first failure is raised, and kept in the app's state for the command line to show."""
    # All are waited for: an engine that is closed while it starts could leave processes behind.
    outcomes = await asyncio.gather(voice.start(), transcriber.start(), served.turns.start(), return_exceptions=True)
    failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    for later in failures[1:]:
        log_failure("starting an engine", later)
    if failures:
        app.state.fault = failures[0]
        raise failures[0]
    await served.call_pages.open()


async def _close(
    voice: TextToSpeech, transcriber: SpeechToText, served: endpoints.Endpoints, *, with_calls: bool
) -> None:
    """Close what the application has; not the registry of calls where it is another server's."""
    await served.stop()
    await close_all(voice=voice.aclose(), transcriber=transcriber.aclose(), turns=served.turns.aclose())
    await close_all(forward=served.server_url.aclose())
    if with_calls:
        await close_all(recordings=served.calls.aclose())
