"""Structured logs: one event per line, JSON for machines, colours on a terminal; never a body, a secret or a query.

What libraries log through the standard library's ``logging`` comes out in the same lines, warnings and errors only:
uvicorn's information about sockets holds the query string, and with it the token.
"""

from __future__ import annotations

import atexit
import logging
import sys
from collections.abc import Callable
from typing import Any, Literal, TextIO

import structlog

from providers.operations.log_queue import LogQueue

_CUT_ON_PURPOSE = "ASGI callable returned without completing response."
"""Uvicorn's words for a body that ends without its last chunk, which tells the platform that audio is missing; the
endpoint logs why."""


def configure(
    kind: Literal["auto", "json", "console"], level: str, stream: TextIO = sys.stderr
) -> Callable[[], object]:
    """Set up logging for the process; called by ``serve``, never on import. Returns what writes the lines that wait.

    Lines go through a queue, and what still waits at exit is written then. A stream without a file descriptor, which
    nothing can block, is written at once.
    """
    threshold = getattr(logging, level.upper())
    console = kind == "console" or (kind == "auto" and stream.isatty())
    renderer = structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        renderer,
    ]
    target = _queued(stream, processors)
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(target),
        cache_logger_on_first_use=True,
    )
    _take_over(logging.getLogger())
    logging.getLogger("uvicorn.access").setLevel(logging.CRITICAL)
    return target.drain if isinstance(target, LogQueue) else target.flush


def _queued(stream: TextIO, processors: list[Any]) -> Any:
    """The stream behind a queue, where it can block."""

    def lost(lines: int) -> str:
        event: Any = {"event": "log lines lost", "lines": lines}
        for process in processors:
            event = process(None, "warning", event)
        return f"{event}\n"

    try:
        stream.fileno()
    except OSError:
        return stream
    queue = LogQueue(stream, lost)
    atexit.register(queue.drain)
    return queue


def _take_over(root: logging.Logger) -> None:
    """Send what reaches the root logger to structlog."""
    for handler in [handler for handler in root.handlers if isinstance(handler, _ToStructlog)]:
        root.removeHandler(handler)
    root.addHandler(_ToStructlog())
    for name in ("uvicorn", "uvicorn.error", "asyncio"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.WARNING)
        logger.propagate = True
        logger.handlers.clear()


class _ToStructlog(logging.Handler):
    """Handler that hands records of other libraries to structlog."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._log = structlog.get_logger()

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage().strip()
        if message == _CUT_ON_PURPOSE:
            return
        try:
            self._log.log(record.levelno, "library", logger=record.name, message=message, exc_info=record.exc_info)
        except Exception:
            self.handleError(record)
