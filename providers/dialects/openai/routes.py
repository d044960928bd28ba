"""Routes of OpenAI's dialect."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from providers.dialects.openai import wire
from providers.dialects.openai.models import ModelsEndpoint
from providers.dialects.openai.speech import SpeechEndpoint
from providers.dialects.openai.transcriptions import TranscriptionsEndpoint
from providers.dialects.services import Dialect, Services

__all__ = ["DIALECT", "MODELS_PATH", "REALTIME_PATH", "SPEECH_PATH", "TRANSCRIPTIONS_PATH", "routes"]

SPEECH_PATH = "/v1/audio/speech"
TRANSCRIPTIONS_PATH = "/v1/audio/transcriptions"
MODELS_PATH = "/v1/models"
REALTIME_PATH = "/v1/realtime"

DIALECT = Dialect("openai", wire.error_body)


def routes(services: Services) -> list[BaseRoute]:
    """Every path of the dialect."""
    models = ModelsEndpoint(services, DIALECT)
    return [
        Route(SPEECH_PATH, SpeechEndpoint(services, DIALECT), methods=["POST"]),
        Route(TRANSCRIPTIONS_PATH, TranscriptionsEndpoint(services, DIALECT), methods=["POST"]),
        Route(MODELS_PATH, models, methods=["GET"]),
        Route(f"{MODELS_PATH}/{{model}}", models, methods=["GET"]),
    ]
