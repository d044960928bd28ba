"""Deepgram's live socket on a bad day: refused opens, half-open sockets, and a cut every few seconds.

It speaks the vendor's wire on a real loopback socket and understands tone words, so that lost, doubled and late words
can be counted from the audio alone. It shares no code with the engine that it is used against.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import numpy as np
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from providers.engines.base import Transcript
from tests.engines.tone_words import ToneRecogniser

REFUSED = 1 / 4
"""Share of opens that are refused: one half with 429, the other by a close with 1011 right after the upgrade."""
HALF_OPEN = 1 / 7
"""Share of the other sockets that take audio and answer nothing, half of them from the start."""
CUT_AFTER = 5.0
"""Seconds after which every socket is cut without a close frame."""


class FlakyDeepgram:
    """The vendor for one call.

    Parameters
    ----------
    seed
        Of the faults.
    speed
        How many times faster than real time the call is; the vendor's times shrink with it.
    shows_progress
        Whether empty results come while nothing is said, as the vendor sends them.
    """

    def __init__(self, seed: int, *, speed: float = 1.0, shows_progress: bool = False) -> None:
        self._random = random.Random(seed)
        self._speed = speed
        self._shows_progress = shows_progress
        self.url = ""
        self.refused = 0
        self.closed = 0
        self.half_open = 0
        self.cut = 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[FlakyDeepgram]:
        """Listen on a free port."""
        serving = serve(
            self._serve,
            "127.0.0.1",
            0,
            process_request=self._admit,
            compression=None,
            close_timeout=0.05,
            ping_interval=None,
        )
        async with serving as server:
            self.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield self
            for connection in list(server.connections):
                connection.transport.abort()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if self._random.random() < REFUSED / 2:
            self.refused += 1
            return connection.respond(HTTPStatus.TOO_MANY_REQUESTS, "")
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        if self._random.random() < REFUSED / (2 - REFUSED):
            self.closed += 1
            await connection.close(1011, "NET-0000")
            return
        mute_after = float("inf")
        if self._random.random() < HALF_OPEN:
            self.half_open += 1
            mute_after = self._random.choice([0.0, self._random.uniform(0.0, CUT_AFTER)])
        lifetime = float("inf") if mute_after < CUT_AFTER else CUT_AFTER
        timer = None
        loop = asyncio.get_running_loop()
        if lifetime < float("inf"):
            timer = loop.call_later(lifetime / self._speed, self._abort, connection)
        try:
            with suppress(ConnectionClosed):
                await self._hear(connection, loop.time() + mute_after / self._speed)
        finally:
            if timer is not None:
                timer.cancel()

    def _abort(self, connection: ServerConnection) -> None:
        self.cut += 1
        connection.transport.abort()

    async def _hear(self, connection: ServerConnection, mute_at: float) -> None:
        assert connection.request is not None
        query = parse_qs(urlsplit(connection.request.path).query)
        assert query["encoding"] == ["linear16"]
        rate = int(query["sample_rate"][0])
        recogniser = ToneRecogniser()
        heard = shown = 0.0
        async for message in connection:
            mute = asyncio.get_running_loop().time() >= mute_at
            if isinstance(message, str):
                if json.loads(message)["type"] == "CloseStream" and not mute:
                    for told in recogniser.flush():
                        await connection.send(_results(told))
                    await connection.send(json.dumps({"type": "Metadata", "duration": heard, "channels": 1}))
                    return
                continue
            heard += len(message) / 2 / rate
            for told in recogniser.feed(np.frombuffer(message, dtype="<i2")):
                shown = heard
                if not mute:
                    await connection.send(_results(told))
            if self._shows_progress and not mute and heard - shown >= 1.0 and not recogniser.listening:
                shown = heard
                await connection.send(_results(Transcript("", False, 0, heard - 1.0, heard)))


def _results(told: Transcript) -> str:
    words = [
        {"word": word.text, "start": word.start, "end": word.end, "confidence": 0.9, "punctuated_word": word.text}
        for word in told.words
    ]
    return json.dumps(
        {
            "type": "Results",
            "channel_index": [0, 1],
            "start": told.start,
            "duration": told.end - told.start,
            "is_final": told.final,
            "speech_final": told.final,
            "from_finalize": False,
            "channel": {"alternatives": [{"transcript": told.text, "confidence": 0.9, "words": words}]},
        }
    )
