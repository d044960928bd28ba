"""Routes of OpenAI's dialect."""

from __future__ import annotations

from functools import partial

from starlette.routing import BaseRoute, Route, WebSocketRoute

from providers.dialects.openai import wire
from providers.dialects.openai.models import ModelsEndpoint
from providers.dialects.openai.realtime import open_transcription
from providers.dialects.openai.speech import SpeechEndpoint
from providers.dialects.openai.transcriptions import TranscriptionsEndpoint
from providers.dialects.services import Dialect, Services
from providers.dialects.sockets import DialectSocket

__all__ = ["DIALECT", "MODELS_PATH", "REALTIME_PATH", "SPEECH_PATH", "TRANSCRIPTIONS_PATH", "routes"]

SPEECH_PATH = "/v1/audio/speech"
TRANSCRIPTIONS_PATH = "/v1/audio/transcriptions"
MODELS_PATH = "/v1/models"
REALTIME_PATH = "/v1/realtime"

DIALECT = Dialect("openai", wire.error_body)

_SUBPROTOCOLS = ("realtime",)


def routes(services: Services) -> list[BaseRoute]:
    """Every path of the dialect."""
    models = ModelsEndpoint(services, DIALECT)
    return [
        Route(SPEECH_PATH, SpeechEndpoint(services, DIALECT), methods=["POST"]),
        Route(TRANSCRIPTIONS_PATH, TranscriptionsEndpoint(services, DIALECT), methods=["POST"]),
        Route(MODELS_PATH, models, methods=["GET"]),
        Route(f"{MODELS_PATH}/{{model}}", models, methods=["GET"]),
        WebSocketRoute(
            REALTIME_PATH, DialectSocket(services, DIALECT, partial(open_transcription, services), _SUBPROTOCOLS)
        ),
    ]
