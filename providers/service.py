"""Service: engines, metrics and application, built from the settings in the process that serves them."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from providers import assembly
from providers.app import create_app
from providers.assistant_blocks.blocks import overrides_of
from providers.calls.noting import also_noted
from providers.calls.registry import Calls
from providers.endpoints import Endpoints, call_capacity
from providers.engines.base import SpeechToText, TextToSpeech
from providers.errors import ProvidersError, one_line
from providers.operations.admission import Capacity
from providers.operations.metrics import Metrics
from providers.playground.endpoint import PLAYGROUND_PATH, Playground
from providers.playground.recording_pages import RecordingPages
from providers.playground.recordings import RecordingFolder
from providers.playground.stacks import Stacks, ready_engines
from providers.settings import Settings
from providers.settings.server import core_count

__all__ = ["Service", "share_of"]


@dataclass(frozen=True, slots=True)
class Service:
    """What one process serves."""

    app: Starlette
    voice: TextToSpeech
    transcriber: SpeechToText
    calls: Capacity

    @classmethod
    def of(cls, settings: Settings, *, calls: Calls | None = None) -> Service:
        """Build it. Nothing is started before the application's lifespan.

        ``calls`` is the registry of the server that this one is a part of; such a part has no playground of its own.
        """
        metrics = Metrics()
        if settings.telemetry.otel:
            from providers.operations import otel

            otel.configure()
            otel.export_registry(metrics.registry)
        voice = assembly.make_voice(settings, observe=also_noted(metrics.engines.observer("voice")))
        observed = also_noted(metrics.engines.observer("transcriber"))
        transcriber = assembly.make_transcriber(settings, observe=observed)
        transcriber = assembly.shadowed(transcriber, settings, metrics.shadow, observe=observed)
        prewarm = assembly.prewarming(settings, voice)
        app = create_app(
            settings,
            voice=voice,
            transcriber=transcriber,
            metrics=metrics,
            background=prewarm,
            overrides=overrides_of(settings),
            calls=calls,
        )
        if calls is None:
            _add_playground(app, settings)
        return cls(app, voice, transcriber, call_capacity(settings, transcriber))

    @property
    def endpoints(self) -> Endpoints:
        """The application's endpoints."""
        served: Endpoints = self.app.state.endpoints
        return served

    @property
    def fault(self) -> str:
        """Why the application did not start, in one sentence."""
        fault: BaseException | None = getattr(self.app.state, "fault", None)
        if fault is None:
            return "the server could not start"
        return str(fault) if isinstance(fault, ProvidersError) else f"an engine could not start: {one_line(fault)}"


def _add_playground(app: Starlette, settings: Settings) -> None:
    """Let pages make calls and replay recorded ones, where there is a page."""
    served: Endpoints = app.state.endpoints
    if settings.page.page == "off":
        return
    stacks = Stacks(settings, lambda chosen: Service.of(chosen, calls=served.calls).app, own=app)
    playground = Playground(settings, served.page, stacks, served.calls, served.drain, served.voice.engine.name)
    app.routes.append(WebSocketRoute(PLAYGROUND_PATH, playground))
    app.state.closing["playground"] = playground.aclose
    served.page.facts["playground"] = ready_engines(settings)
    if (folder := settings.recording.record) is None:
        return
    unlisted = Stacks(settings, lambda chosen: Service.of(chosen, calls=Calls()).app)
    recordings = RecordingPages(settings, served.page, RecordingFolder(folder), unlisted)
    app.routes.extend(recordings.routes())
    app.state.closing["recordings of the page"] = recordings.aclose
    served.page.facts["recordings"] = True


def share_of(settings: Settings, workers: int) -> Settings:
    """The settings of one worker: what is measured in cores of the machine is divided among them."""
    capacity = settings.pocketsphinx.capacity or 2 * core_count()
    return settings.replacing(pocketsphinx_capacity=max(1, capacity // workers))
