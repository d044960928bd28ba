"""Background tasks of the server: owned, ended with it, and never failing in silence."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

__all__ = ["BackgroundTasks", "close_all", "log_failure"]

log = structlog.get_logger()


class BackgroundTasks:
    """Tasks that run while requests are served. One that fails is logged, once, and disturbs no other."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine until it ends or the server does; ``name`` is for the log."""
        self._tasks.append(asyncio.create_task(_logged(name, work), name=name))

    async def aclose(self) -> None:
        """Cancel what still runs and wait for it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def close_all(**closing: Coroutine[Any, Any, None]) -> None:
    """Wait for several ``aclose`` calls by name; a failure is logged and does not keep the others from closing."""
    await asyncio.gather(*(_logged(f"closing {name}", work) for name, work in closing.items()))


def log_failure(name: str, error: BaseException) -> None:
    """Log what failed outside a request, with its traceback."""
    log.error("background task failed", task=name, error=f"{type(error).__name__}: {error}", exc_info=error)


async def _logged(name: str, work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as error:
        log_failure(name, error)
