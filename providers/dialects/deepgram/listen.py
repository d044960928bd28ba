"""``WS /v1/listen``: live audio as Results.

::

    client                                      server
    ?encoding=linear16&sample_rate=&channels=   101
    audio                                  ──▶
                                           ◀──  Results: interim; final with speech_final
                                           ◀──  SpeechStarted, UtteranceEnd, where asked for
    KeepAlive                              ──▶  (nothing)
    Finalize                               ──▶
                                           ◀──  Results with from_finalize, one at least for each channel
    CloseStream, or an empty frame         ──▶
                                           ◀──  the last Results, Metadata, close 1000
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import msgspec
from starlette.websockets import WebSocket

import dsp
from providers.dialects.audio.decoding import expanded
from providers.dialects.deepgram import queries, wire
from providers.dialects.hearing import Hearing
from providers.dialects.services import Services
from providers.dialects.sockets import Session, frames, listening_place, raise_first
from providers.engines.base import Transcript
from providers.tasks import until_first

__all__ = ["open_listening", "utc_now"]


@asynccontextmanager
async def open_listening(services: Services, socket: WebSocket) -> AsyncGenerator[Session, None]:
    """The session of a live socket, with a recogniser for each channel.

    Raises
    ------
    BadRequest, AtCapacity, EngineError
    """
    query = queries.query_of_listening(socket.query_params)
    engine = services.listener(query.language)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(listening_place(services))
        session = _Listening(socket, query, engine.name)
        for channel in range(query.channels):
            heard = partial(session.heard, channel)
            hearing = Hearing(engine, query.rate, heard, punctuate=query.punctuate)
            await (await stack.enter_async_context(hearing)).open()
            session.hearings.append(hearing)
        yield session


class _Listening:
    """One live socket."""

    def __init__(self, socket: WebSocket, query: queries.ListenQuery, model: str) -> None:
        self._socket = socket
        self._query = query
        self._model = model
        self._id = str(uuid.uuid4())
        self._rest = b""
        """A part of a frame of the audio."""
        self._speaking = [False] * query.channels
        """Whether an utterance is open on a channel."""
        self._finalizing = False
        self._told = [False] * query.channels
        """Whether a final has gone out while finalizing."""
        self.hearings: list[Hearing] = []

    @property
    def audio(self) -> float:
        """Seconds received."""
        return self.hearings[0].seconds

    @property
    def behind(self) -> float:
        """Seconds that the recognisers have still to be given."""
        return max(hearing.behind for hearing in self.hearings)

    async def run(self) -> None:
        """Hear until the client closes the stream."""
        await until_first(self._read(), raise_first(*(hearing.failed for hearing in self.hearings)))

    async def last_words(self) -> None:
        """Send the last finals and the summary."""
        for hearing in self.hearings:
            await hearing.finalize()
        about = wire.metadata(self.audio, self._query.channels, request_id=self._id, created=utc_now())
        await self._send({"type": "Metadata", **about})

    async def fail(self, message: str) -> None:
        """Tell why the socket is about to close."""
        await self._send({"type": "Error", "variant": "NET-0000", "description": message})

    async def heard(self, channel: int, transcript: Transcript) -> None:
        """Send a transcript, and the events around it."""
        place = [channel, self._query.channels]
        if not self._speaking[channel] and self._query.vad_events:
            await self._send({"type": "SpeechStarted", "channel": place, "timestamp": round(transcript.start, 3)})
        self._speaking[channel] = not transcript.final
        if transcript.final or self._query.interim:
            await self._results(channel, transcript)
        if transcript.final and self._query.utterance_end:
            last = transcript.words[-1].end if transcript.words else transcript.end
            await self._send({"type": "UtteranceEnd", "channel": place, "last_word_end": round(last, 3)})

    async def _read(self) -> None:
        async for frame in frames(self._socket):
            if isinstance(frame, bytes):
                if not frame:
                    break
                await self._hear(frame)
                continue
            kind = wire.control(frame)
            if kind == "Finalize":
                await self._finalize()
            elif kind == "CloseStream":
                break
        await self.last_words()

    async def _hear(self, frame: bytes) -> None:
        """Hand whole frames of the audio to the recognisers."""
        query = self._query
        data = self._rest + frame
        width = query.channels * (2 if query.encoding == "linear16" else 1)
        cut = len(data) - len(data) % width
        self._rest, pcm = data[cut:], expanded(data[:cut], query.encoding)
        if not pcm:
            return
        parts = dsp.split_channels(pcm, query.channels) if query.channels > 1 else (pcm,)
        for hearing, part in zip(self.hearings, parts, strict=True):
            await hearing.push(part)

    async def _finalize(self) -> None:
        """Send what was said so far as finals, an empty one where nothing was: clients wait for it."""
        self._finalizing, self._told = True, [False] * self._query.channels
        for channel, hearing in enumerate(self.hearings):
            await hearing.finalize()
            if not self._told[channel]:
                await self._results(channel, Transcript("", final=True, start=hearing.seconds, end=hearing.seconds))
        self._finalizing = False

    async def _results(self, channel: int, transcript: Transcript) -> None:
        from_finalize = self._finalizing and transcript.final
        self._told[channel] = self._told[channel] or from_finalize
        message = wire.results(
            transcript,
            channel=channel,
            channels=self._query.channels,
            request_id=self._id,
            model=self._model,
            from_finalize=from_finalize,
        )
        await self._socket.send_text(message)

    async def _send(self, message: dict[str, object]) -> None:
        await self._socket.send_text(msgspec.json.encode(message).decode())


def utc_now() -> str:
    """The time, as the vendor writes it."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
