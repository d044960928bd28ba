"""``talk --page``: a server of our own, and its page in the browser."""

from __future__ import annotations

import asyncio
import os
import sys

from providers.emulator.failures import EmulatorError
from providers.emulator.talk.own_server import own_server

_OPEN = (sys.executable, "-c", "from providers.cli import main; main()", "open", "--playground")


def open_own_page() -> None:
    """Start a server, open its page, and serve until Ctrl-C."""
    try:
        asyncio.run(_page())
    except KeyboardInterrupt:
        print("ended")


async def _page() -> None:
    print("starting a server of your own …", flush=True)
    async with own_server(page=True) as server:
        environ = os.environ | {"PROVIDERS_RUNTIME_DIR": server.runtime_folder}
        opened = await asyncio.create_subprocess_exec(*_OPEN, env=environ)
        if await opened.wait() != 0:
            raise EmulatorError("the page of the server could not be opened")
        print("Talk in the browser; Ctrl-C ends the server.", flush=True)
        await server.ended()
    raise EmulatorError("the server ended by itself")
