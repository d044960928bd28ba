"""What the protocols use of uvicorn's classes, looked for in the version that is installed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState


def missing_parts(base: type[HttpToolsProtocol] | type[WebSocketsSansIOProtocol], needed: Iterable[str]) -> list[str]:
    """The names among those needed that an object of uvicorn's class lacks."""
    plain = base(
        config=Config(_no_application, http=HttpToolsProtocol, ws=WebSocketsSansIOProtocol, log_config=None),
        server_state=ServerState(),
        app_state={},
        _loop=_NO_LOOP,
    )
    return [name for name in needed if not hasattr(plain, name)]


async def _no_application(scope: Any, receive: Any, send: Any) -> None: ...


_NO_LOOP: Any = object()
"""Keeps the constructor from looking for a loop, before there is one."""
