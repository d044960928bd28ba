"""Structured logs: one event per line, JSON for machines, colours on a terminal; never a body, a secret or a query."""

from __future__ import annotations

import logging
import sys
from typing import Literal, TextIO

import structlog

_OURS = {
    "ASGI callable returned without completing response.",
    "ASGI callable returned without completing handshake.",
}
"""Uvicorn's words for an answer that is cut off, and an upgrade that is refused, on purpose."""


def configure(kind: Literal["auto", "json", "console"], level: str, stream: TextIO = sys.stderr) -> None:
    """Set up logging for the process; called by ``serve``, never on import."""
    threshold = getattr(logging, level.upper())
    console = kind == "console" or (kind == "auto" and stream.isatty())
    renderer = structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=True,
    )
    _quiet_uvicorn()


def _quiet_uvicorn() -> None:
    """Uvicorn's own lines about sockets hold the query string, and with it the token: only its warnings pass."""
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").setLevel(logging.CRITICAL)
    # What was done on purpose has an event of its own.
    logging.getLogger("uvicorn.error").addFilter(lambda record: record.getMessage() not in _OURS)
