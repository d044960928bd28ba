"""Routes of Deepgram's dialect."""

from __future__ import annotations

from functools import partial

from starlette.routing import BaseRoute, Route, WebSocketRoute

from providers.dialects.deepgram import wire
from providers.dialects.deepgram.files import FileEndpoint
from providers.dialects.deepgram.listen import open_listening
from providers.dialects.deepgram.speak import KeyEndpoint, SpeakEndpoint
from providers.dialects.deepgram.speak_socket import open_speaking
from providers.dialects.services import Dialect, Services
from providers.dialects.sockets import DialectSocket

__all__ = ["DIALECT", "KEY_PATH", "LISTEN_PATH", "SPEAK_PATH", "routes"]

LISTEN_PATH = "/v1/listen"
SPEAK_PATH = "/v1/speak"
KEY_PATH = "/v1/auth/token"

DIALECT = Dialect("deepgram", wire.error_body)

_SUBPROTOCOLS = ("token", "bearer")
"""In front of a browser's key."""


def routes(services: Services) -> list[BaseRoute]:
    """Every path of the dialect."""
    listening = DialectSocket(services, DIALECT, partial(open_listening, services), _SUBPROTOCOLS)
    speaking = DialectSocket(services, DIALECT, partial(open_speaking, services), _SUBPROTOCOLS)
    return [
        WebSocketRoute(LISTEN_PATH, listening),
        Route(LISTEN_PATH, FileEndpoint(services, DIALECT), methods=["POST"]),
        WebSocketRoute(SPEAK_PATH, speaking),
        Route(SPEAK_PATH, SpeakEndpoint(services, DIALECT), methods=["POST"]),
        Route(KEY_PATH, KeyEndpoint(services, DIALECT), methods=["GET"]),
    ]
