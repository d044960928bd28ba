"""The engine tier as one ASGI application: the voice, the recogniser, or both."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from providers import assembly, settings
from providers.engine_tier.listen_socket import ListenSocket
from providers.engine_tier.listen_wire import LISTEN_PATH
from providers.engine_tier.speech import SPEECH_PATH, Speech
from providers.engines.base import SpeechToText, TextToSpeech

KEY_VARIABLE = "ENGINE_TIER_KEY"
"""Key that the server sends as ``DEEPGRAM_API_KEY`` and ``OPENAI_API_KEY``; without it the tier is open."""

_ALLOY = {"alloy": ""}
"""The server's default name of a voice is the engine's default voice."""


def create_tier(voice: TextToSpeech | None, transcriber: SpeechToText | None, *, key: str = "") -> Starlette:
    """Application around engines, which its lifespan starts and closes."""
    engines = [engine for engine in (voice, transcriber) if engine is not None]

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        for engine in engines:
            await engine.start()
        try:
            yield
        finally:
            for engine in engines:
                await engine.aclose()

    routes: list[Route | WebSocketRoute] = [
        Route("/healthz", _alive),
        # What the vendors' clients ask to learn whether their key is accepted.
        Route("/v1/auth/token", _guarded(_accepted, key)),
        Route("/v1/models", _guarded(_accepted, key)),
    ]
    if voice is not None:
        routes.append(Route(SPEECH_PATH, _guarded(Speech(voice, _ALLOY).serve, key), methods=["POST"]))
    if transcriber is not None:
        routes.append(WebSocketRoute(LISTEN_PATH, _guarded_socket(ListenSocket(transcriber), key)))
    return Starlette(routes=routes, lifespan=lifespan)


def from_environment(environ: Mapping[str, str], *, speaks: bool = True, listens: bool = True) -> Starlette:
    """Application of the engines that ``PROVIDERS_VOICE`` and ``PROVIDERS_TRANSCRIBER`` name, with their settings.

    Raises
    ------
    SettingsError
        A setting cannot be used.
    """
    chosen = settings.load({}, environ, folder=Path.cwd())
    voice = assembly.make_voice(chosen) if speaks else None
    transcriber = assembly.make_transcriber(chosen) if listens else None
    return create_tier(voice, transcriber, key=environ.get(KEY_VARIABLE, ""))


async def _alive(request: Request) -> Response:
    return PlainTextResponse("ok")


async def _accepted(request: Request) -> Response:
    return JSONResponse({"object": "list", "data": []})


def _guarded(serve: Callable[[Request], Awaitable[Response]], key: str) -> Callable[[Request], Awaitable[Response]]:
    async def served(request: Request) -> Response:
        if not _allowed(request, key):
            error = {"message": "expected the key of the engine tier, found none", "type": "invalid_request_error"}
            return JSONResponse({"error": error}, 401)
        return await serve(request)

    return served


def _guarded_socket(endpoint: ListenSocket, key: str) -> Callable[[WebSocket], Awaitable[None]]:
    async def served(socket: WebSocket) -> None:
        if _allowed(socket, key):
            await endpoint.serve(socket)
        elif "websocket.http.response" in socket.scope.get("extensions", {}):
            await socket.send_denial_response(JSONResponse({"err_code": "INVALID_AUTH"}, 401))
        else:
            await socket.close()

    return served


def _allowed(connection: HTTPConnection, key: str) -> bool:
    """Whether a request has the key: OpenAI's clients send ``Bearer``, Deepgram's ``Token``."""
    scheme, _, given = connection.headers.get("authorization", "").partition(" ")
    return not key or (scheme.lower() in {"bearer", "token"} and hmac.compare_digest(given.encode(), key.encode()))
