"""The server as one Starlette application: its routes and its lifespan."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route, WebSocketRoute

from providers.assembly import make_authenticator
from providers.auth import Authenticator
from providers.endpointing.endpoint import CustomEndpointing
from providers.endpointing.rules import Waits
from providers.engines.base import SpeechToText, TextToSpeech
from providers.error_responses import HANDLED, respond
from providers.inbound import Inbound
from providers.operations.admission import Admission
from providers.operations.background import BackgroundTasks, close_all, log_failure
from providers.operations.garbage import collect_when_idle
from providers.operations.health import Ops
from providers.operations.metrics import Metrics
from providers.settings import Settings
from providers.transcriber.conditioning import ConditioningOptions
from providers.transcriber.endpoint import CustomTranscriber
from providers.transcriber.flow import CallOptions
from providers.voice.endpoint import CustomVoice
from providers.voice.options import VoiceOptions

VOICE_PATH = "/api/custom-voice"
TRANSCRIBER_PATH = "/api/custom-transcriber"
ENDPOINTING_PATH = "/api/custom-endpointing"


def create_app(
    settings: Settings,
    *,
    voice: TextToSpeech,
    transcriber: SpeechToText,
    metrics: Metrics | None = None,
    background: Callable[[], Coroutine[Any, Any, None]] | None = None,
) -> Starlette:
    """Build the application around two engines, which its lifespan starts and closes.

    ``background`` runs beside the requests from the moment the engines are warm, and ends with the server.
    """
    metrics = metrics or Metrics()
    authenticator = make_authenticator(settings)
    inbound = Inbound(authenticator, settings.server.max_body_bytes)
    admission = Admission(_places(settings, transcriber))
    ops = Ops(admission, authenticator, metrics)
    routes: list[BaseRoute] = [
        Route(VOICE_PATH, _voice_endpoint(settings, voice, inbound, metrics), methods=["POST"]),
        Route(ENDPOINTING_PATH, _endpointing_endpoint(settings, inbound, metrics).__call__, methods=["POST"]),
        WebSocketRoute(
            TRANSCRIBER_PATH, _transcriber_endpoint(settings, transcriber, authenticator, admission, metrics)
        ),
        Route("/healthz", ops.healthz),
        Route("/readyz", ops.readyz),
        Route("/metrics", ops.metricsz),
    ]

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        tasks = BackgroundTasks()
        tasks.start("loop watch", metrics.watch_loop())
        tasks.start("garbage", collect_when_idle(lambda: admission.active > 0))
        try:
            await _start(app, voice, transcriber)
            ops.ready = True
            if background is not None:
                tasks.start("prewarming", background())
            yield
        finally:
            ops.ready = False
            await tasks.aclose()
            await close_all(voice=voice.aclose(), transcriber=transcriber.aclose())

    app = Starlette(routes=routes, lifespan=lifespan)
    app.router.redirect_slashes = False  # a redirect would repeat the query, and the token in it
    for kind in HANDLED:
        app.add_exception_handler(kind, respond)  # type: ignore[arg-type]  # None is allowed, and not in the annotation
    return app


async def _start(app: Starlette, voice: TextToSpeech, transcriber: SpeechToText) -> None:
    """Start both engines; the first failure is raised, and kept in the app's state for the command line to show."""
    # Both are waited for: an engine that is closed while it starts could leave processes behind.
    outcomes = await asyncio.gather(voice.start(), transcriber.start(), return_exceptions=True)
    failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    for later in failures[1:]:
        log_failure("starting the transcriber", later)
    if failures:
        app.state.fault = failures[0]
        raise failures[0]


def _places(settings: Settings, transcriber: SpeechToText) -> int:
    """Calls at once: the setting, or what the engine can hear if that is less."""
    capacity = transcriber.capabilities.capacity
    if capacity is None:
        return settings.transcriber.max_calls
    per_call = 2 if settings.transcriber.channels == "both" and transcriber.capabilities.channels < 2 else 1
    return max(1, min(settings.transcriber.max_calls, capacity // per_call))


def _voice_endpoint(settings: Settings, engine: TextToSpeech, inbound: Inbound, metrics: Metrics) -> CustomVoice:
    bounds = settings.voice
    options = VoiceOptions(
        lookahead=bounds.lookahead_seconds,
        first_audio=bounds.first_audio_seconds,
        next_audio=bounds.next_audio_seconds,
        pauses=bounds.pause_seconds,
        loudness=bounds.loudness,
    )
    return CustomVoice(engine, inbound, metrics, options, bounds.max_text_chars)


def _transcriber_endpoint(
    settings: Settings, engine: SpeechToText, authenticator: Authenticator, admission: Admission, metrics: Metrics
) -> CustomTranscriber:
    options = CallOptions(
        both=settings.transcriber.channels == "both",
        swap=settings.transcriber.swap_channels,
        buffer=settings.transcriber.audio_buffer_seconds,
        conditioning=ConditioningOptions(echo=settings.transcriber.echo, denoise=settings.transcriber.denoise),
    )
    return CustomTranscriber(engine, authenticator, admission, metrics, options)


def _endpointing_endpoint(settings: Settings, inbound: Inbound, metrics: Metrics) -> CustomEndpointing:
    waits = Waits(
        settings.endpointing.punctuation_seconds,
        settings.endpointing.number_seconds,
        settings.endpointing.no_punctuation_seconds,
    )
    return CustomEndpointing(inbound, metrics, waits)
