"""Endpoints built from the settings, and the list of routes to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import structlog
from starlette.routing import BaseRoute, Route, WebSocketRoute

import dsp
from providers.access_tokens import AccessTokens
from providers.auth import Authenticator
from providers.calls.endpoint import CallPages
from providers.calls.recording import Recorder
from providers.calls.registry import Calls
from providers.calls.shared import redis_hearing
from providers.dialect_endpoints import Dialects, make_dialects
from providers.endpointing.endpoint import CustomEndpointing
from providers.engines.base import SpeechToText, TextToSpeech
from providers.inbound import Inbound
from providers.oauth.endpoint import TokenEndpoint
from providers.operations.admission import Capacity, call_limiter, voice_limiter
from providers.operations.call_gate import CallGate, GateLimits
from providers.operations.drain import Drain
from providers.operations.health import Ops
from providers.operations.loop_watch import LoopLoad
from providers.operations.metrics import Metrics
from providers.operations.shared_metrics import workers_folder
from providers.pages.page import PageAccess, app_routes, page_access
from providers.pages.routes import operations, page_routes
from providers.paths import CALLS_PATH, ENDPOINTING_PATH, SERVER_URL_PATH, TOKEN_PATH, TRANSCRIBER_PATH, VOICE_PATH
from providers.server_url.assembly import make_server_url
from providers.server_url.endpoint import ServerUrl
from providers.settings import Settings
from providers.transcriber import suppression
from providers.transcriber.conditioning import ConditioningOptions
from providers.transcriber.endpoint import CustomTranscriber, upgrade_required
from providers.transcriber.flow import CallOptions
from providers.transcriber.turns import TurnOptions
from providers.turns.decision import Turns
from providers.turns.engines import make_turns
from providers.voice.endpoint import CustomVoice
from providers.voice.options import VoiceOptions
from providers.voice.prefetch import VoicePrefetch

log = structlog.get_logger()

STALL = 0.1
"""Seconds for which the loop was held that a call's events tell of."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Endpoints of one server."""

    voice: CustomVoice
    endpointing: CustomEndpointing
    transcriber: CustomTranscriber
    ops: Ops
    gate: CallGate
    calls: Calls
    turns: Turns
    server_url: ServerUrl
    page: PageAccess
    call_pages: CallPages
    dialects: Dialects

    @property
    def drain(self) -> Drain:
        """How the server ends."""
        return self.ops.drain

    @property
    def busy(self) -> bool:
        """Whether a caller is served now."""
        return self.voice.places.active > 0 or self.gate.places.active > 0

    def looked(self, late: float) -> None:
        """Take note that the loop was late by so many seconds."""
        self.gate.look(late)
        if late >= STALL:
            self.calls.stall(late)

    def routes(self) -> list[BaseRoute]:
        """Every path of the server."""
        pages = self.call_pages
        return [
            Route(VOICE_PATH, self.voice, methods=["POST"]),
            Route(ENDPOINTING_PATH, self.endpointing.__call__, methods=["POST"]),
            Route(SERVER_URL_PATH, self.server_url, methods=["POST"]),
            WebSocketRoute(TRANSCRIBER_PATH, self.transcriber),
            Route(TRANSCRIBER_PATH, upgrade_required, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
            Route("/healthz", self.ops.healthz),
            Route("/readyz", self.ops.readyz),
            Route("/metrics", self.ops.metricsz),
            Route("/drain", self.ops.drainz, methods=["POST"]),
            Route(CALLS_PATH, pages.list),
            Route(f"{CALLS_PATH}/{{id}}", pages.one),
            Route(f"{CALLS_PATH}/{{id}}/events", pages.events),
            *self._token_routes(),
            *app_routes(self.page),
            *self.dialects.routes(),
            *page_routes(
                operations(
                    VOICE_PATH,
                    ENDPOINTING_PATH,
                    token=TOKEN_PATH if self._tokens else None,
                    dialects=self.dialects.names,
                ),
                self.ops.authenticator,
            ),
        ]

    async def stop(self) -> None:
        """End what goes on without a caller: speech that was begun ahead, and what other workers are told."""
        if self.voice.prefetch is not None:
            await self.voice.prefetch.aclose()
        await self.call_pages.aclose()

    @property
    def _tokens(self) -> AccessTokens | None:
        return self.ops.authenticator.access_tokens

    def _token_routes(self) -> list[BaseRoute]:
        """The token endpoint, where there are clients."""
        return [Route(TOKEN_PATH, TokenEndpoint(self._tokens).__call__, methods=["POST"])] if self._tokens else []


def build(
    settings: Settings,
    voice: TextToSpeech,
    transcriber: SpeechToText,
    authenticator: Authenticator,
    metrics: Metrics,
    *,
    overrides: Callable[[], dict[str, Any]] | None = None,
    calls: Calls | None = None,
) -> Endpoints:
    """Build the endpoints around two engines.

    ``overrides`` makes the blocks of an assistant that name this server; ``calls`` is another server's registry.
    """
    inbound = Inbound(authenticator, settings.server.max_body_bytes)
    gate = _gate(settings, transcriber, metrics)
    part, calls = calls is not None, calls or _calls(settings, metrics)
    turns = make_turns(settings)
    if turns.sound is not None:
        turns.sound.on_judged = metrics.endpointing.judged
    _describe(settings, voice, transcriber, metrics)
    drain = Drain(notice=settings.server.drain_notice_seconds, limit=settings.server.drain_seconds)
    drain.on_begin.append(lambda: metrics.server.draining.set(1))
    speaking = replace(_voice(settings, voice, inbound, metrics, calls), drain=drain)
    endpointing = CustomEndpointing(inbound, metrics, calls, turns)
    server_url = make_server_url(
        settings.server_url, inbound, calls, metrics, overrides=overrides, speech=speaking.prefetch,
        elsewhere={"voice-request": speaking.serve, "call.endpointing.request": endpointing.serve},
    )  # fmt: skip
    page = page_access(settings, authenticator, voice=voice.name, transcriber=transcriber.name)
    return Endpoints(
        speaking,
        endpointing,
        replace(_transcriber(settings, transcriber, authenticator, gate, metrics, calls, turns), drain=drain),
        Ops(gate, authenticator, metrics, drain=drain),
        gate,
        calls,
        turns,
        server_url,
        page,
        CallPages(calls, page.authenticator, drain, workers=None if part else workers_folder()),
        make_dialects(settings, speaking, transcriber, gate),
    )


def _describe(settings: Settings, voice: TextToSpeech, transcriber: SpeechToText, metrics: Metrics) -> None:
    """Tell the metrics what is served."""
    metrics.voice.limit.set(settings.voice.max_voices)
    metrics.engines.configured("voice", voice.name.split(","))
    metrics.engines.configured("transcriber", transcriber.name.split(","))


def call_capacity(settings: Settings, transcriber: SpeechToText) -> Capacity:
    """Tell how many calls are served at once: the setting, or what the engine can hear if that is less."""
    most = settings.transcriber.max_calls
    hears = transcriber.capabilities.capacity
    twice = settings.transcriber.channels == "both" and transcriber.capabilities.channels < 2
    calls = most if hears is None else max(1, hears // 2 if twice else hears)
    if calls >= most:
        return Capacity(most, "--max-calls")
    each = ", two for each call" if twice else ""
    note = f" {transcriber.capabilities.capacity_note}".rstrip()
    return Capacity(calls, f"{transcriber.name} hears {hears} at once{each}{note}")


def _calls(settings: Settings, metrics: Metrics) -> Calls:
    folder = settings.recording.record
    recorder = None if folder is None else Recorder(folder, longest=settings.recording.record_seconds)
    chosen = settings.calls
    return Calls(
        finished=chosen.finished,
        events=chosen.events,
        on_join=metrics.calls.joined,
        recorder=recorder,
        shared=redis_hearing(chosen.redis_url) if chosen.redis_url else None,
        all_sockets=workers_folder() is None,
    )


def _gate(settings: Settings, transcriber: SpeechToText, metrics: Metrics) -> CallGate:
    chosen = settings.transcriber
    capacity = call_capacity(settings, transcriber)
    metrics.calls.limit.set(capacity.limit)
    limits = GateLimits(chosen.max_loop_lag_seconds, chosen.max_backlog_seconds, chosen.max_loop_share)
    return CallGate(call_limiter(capacity), LoopLoad(), limits, metrics.server)


def _voice(settings: Settings, engine: TextToSpeech, inbound: Inbound, metrics: Metrics, calls: Calls) -> CustomVoice:
    chosen = settings.voice
    options = VoiceOptions(
        word_frames=settings.voice.word_frames,
        lookahead=chosen.lookahead_seconds,
        first_audio=chosen.first_audio_seconds,
        next_audio=chosen.next_audio_seconds,
        write=chosen.write_seconds,
        pauses=chosen.pause_seconds,
        clean_text=chosen.clean_text,
        loudness=chosen.loudness,
    )
    places = voice_limiter(chosen.max_voices, patience=chosen.voice_queue_seconds)
    made = CustomVoice(engine, inbound, places, metrics, calls, options, chosen.max_text_chars)
    if not settings.server_url.prefetch_voice:
        return made
    prefetch = VoicePrefetch(
        engine,
        options,
        made.share,
        room=lambda begun: places.active + begun < chosen.max_voices,
        patience=settings.server_url.prefetch_seconds,
        on_end=metrics.voice.prefetched,
        max_text_chars=chosen.max_text_chars,
    )
    return replace(made, prefetch=prefetch)


def conditioning_options(settings: Settings) -> ConditioningOptions:
    """The steps between a call's audio and its recogniser; a missing package is told at the start."""
    chosen, denoising = settings.transcriber, settings.denoising
    suppression.require(denoising.smart)
    if not chosen.denoise:
        return ConditioningOptions(chosen.echo, denoising.smart)
    if denoising.smart == "off":
        log.warning("denoising without a smart stage", setting="denoise_smart")
    plan = dsp.FourierDenoisingPlan(
        media_detection_enabled=denoising.media_detection,
        static_threshold_db=denoising.static_threshold_db,
        baseline_offset_db=denoising.baseline_offset_db,
        window_size_ms=1000 * denoising.window_seconds,
        baseline_percentile=denoising.baseline_percentile,
    )
    return ConditioningOptions(chosen.echo, denoising.smart, plan)


def _transcriber(
    settings: Settings,
    engine: SpeechToText,
    authenticator: Authenticator,
    gate: CallGate,
    metrics: Metrics,
    calls: Calls,
    turns: Turns,
) -> CustomTranscriber:
    chosen = settings.transcriber
    options = CallOptions(
        both=chosen.channels == "both",
        swap=chosen.swap_channels,
        buffer=chosen.audio_buffer_seconds,
        conditioning=conditioning_options(settings),
        turns=TurnOptions(turns, drive=settings.turns.turns == "drive", longest_hold=settings.turns.turn_hold_seconds),
    )
    return CustomTranscriber(engine, authenticator, gate, metrics, calls, options)
