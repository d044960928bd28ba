"""The default stack in a process of its own, with a watch on how long its loop is held.

A stall is processor time of the loop's thread between two looks that were due a millisecond apart, so that a busy
machine, which wakes the loop late, is not counted. It is answered as JSON for every line on standard input.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time

import psutil

from providers import server
from providers.app import create_app
from providers.assembly import make_transcriber, make_voice
from providers.operations import logs
from providers.settings import Settings

_EVERY = 0.001
"""Seconds between two looks."""


class Watch:
    """The longest stall so far, s."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            due = time.monotonic() + _EVERY
            used = time.thread_time()
            await asyncio.sleep(_EVERY)
            late = time.monotonic() - due
            self.longest = max(self.longest, min(late, time.thread_time() - used))

    def report(self) -> str:
        """The longest stall since the last report, and the memory of the process tree, MiB."""
        longest, self.longest = self.longest, 0.0
        process = psutil.Process()
        return json.dumps({"stall_ms": longest * 1e3, "rss_mib": process.memory_info().rss / 2**20})


def main() -> None:
    """Serve with the settings of the one argument, a JSON object, until a signal."""
    settings = Settings.of(port=0, no_auth=True, **json.loads(sys.argv[1]))
    logs.configure("json", "error")
    watch = Watch()
    app = create_app(settings, voice=make_voice(settings), transcriber=make_transcriber(settings), background=watch.run)

    def answer() -> None:
        for _ in sys.stdin:
            print(watch.report(), flush=True)

    threading.Thread(target=answer, daemon=True).start()
    server.run(app, settings, server.bind(settings), announce=lambda url: print(url, flush=True))


if __name__ == "__main__":
    main()
