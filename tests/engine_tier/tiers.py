"""An engine tier under a real uvicorn on a free loopback port, in a thread."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import uvicorn

from providers.engine_tier.app import create_tier
from providers.engines.base import SpeechToText, TextToSpeech


@contextlib.contextmanager
def tier(*, voice: TextToSpeech | None = None, transcriber: SpeechToText | None = None, key: str = "") -> Iterator[str]:
    """Serve until the block ends; yields the base URL."""
    app = create_tier(voice, transcriber, key=key)
    config = uvicorn.Config(
        app, log_level="critical", ws="websockets-sansio", lifespan="on", timeout_graceful_shutdown=1
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            deadline = time.monotonic() + 20
            while not server.started:
                assert thread.is_alive(), "the tier did not start"
                assert time.monotonic() < deadline, "the tier did not start in time"
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)
            assert not thread.is_alive()
