"""Routes of jambonz' dialect."""

from __future__ import annotations

from functools import partial

from starlette.routing import BaseRoute, Route, WebSocketRoute

from providers.dialects.jambonz import wire
from providers.dialects.jambonz.stt import open_recognition
from providers.dialects.jambonz.tts import TtsEndpoint
from providers.dialects.jambonz.tts_stream import open_stream
from providers.dialects.services import Dialect, Services
from providers.dialects.sockets import DialectSocket

__all__ = ["DIALECT", "STT_PATH", "TTS_PATH", "TTS_STREAM_PATH", "routes"]

STT_PATH = "/api/jambonz/stt"
TTS_PATH = "/api/jambonz/tts"
TTS_STREAM_PATH = "/api/jambonz/tts-stream"

DIALECT = Dialect("jambonz", wire.error_body)


def routes(services: Services) -> list[BaseRoute]:
    """Every path of the dialect."""
    return [
        WebSocketRoute(STT_PATH, DialectSocket(services, DIALECT, partial(open_recognition, services))),
        Route(TTS_PATH, TtsEndpoint(services, DIALECT), methods=["POST"]),
        WebSocketRoute(TTS_STREAM_PATH, DialectSocket(services, DIALECT, partial(open_stream, services))),
    ]
