"""Speaking engine over a vendor's streaming socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from providers.engines.base import Chunk, SpeakingCapabilities, Utterance, Word
from providers.engines.http.client import sendable
from providers.engines.streaming_voices.sockets import WarmSockets
from providers.engines.streaming_voices.wire import Spoken, VoiceFault, VoiceSession, VoiceWire
from providers.engines.vendor_errors import error_code
from providers.engines.vendor_socket import VendorName, hang_up
from providers.errors import EngineBusy, EngineError, EngineUnavailable, UnknownVoice

__all__ = ["StreamingSpeaker"]

_UNREADABLE = (msgspec.MsgspecError, LookupError, TypeError, ValueError, AttributeError, RecursionError)


class StreamingSpeaker:
    """The speaking engine of one vendor."""

    def __init__(self, wire: VoiceWire) -> None:
        self._wire = wire
        self._sockets: WarmSockets | None = None

    @property
    def name(self) -> str:
        """The vendor's name."""
        return self._wire.name

    @property
    def capabilities(self) -> SpeakingCapabilities:
        """What the vendor can do; its voices are ids, and the account's own among them."""
        return self._wire.capabilities

    async def start(self) -> None:
        """Check the options, and open the socket of the default voice at the rate of a telephone.

        Raises
        ------
        EngineUnavailable
            There is no key, or the vendor rejects it.
        """
        wire = self._wire
        await self._connected().keep_ready(wire.url(wire.voice, wire.rate_for(_USUAL_RATE)))

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        """Speak one utterance; closing the generator closes its socket, and the vendor stops."""
        wire, sockets = self._wire, self._connected()
        if len(utterance.text) > wire.longest_text:
            found = f"expected at most {wire.longest_text} characters, found {len(utterance.text)}"
            raise EngineError(f"{self.name} text: {found}", engine=self.name, retryable=False)
        rate, voice = wire.rate_for(utterance.rate), sendable(utterance.voice or wire.voice)
        url = wire.url(voice, rate)
        session = wire.session(sendable(utterance.text), voice, rate)
        exchange = _Exchange(wire, session, voice)
        connection, spoken = await self._asked(sockets, url, exchange)
        joined = _Joined(rate)
        try:
            while not spoken.over:
                for chunk in joined.feed(spoken):
                    yield chunk
                spoken = await exchange.next(connection)
            for chunk in (*joined.feed(spoken), *joined.flush()):
                yield chunk
        except BaseException:  # the caller left, or the vendor failed: what it still sends is nobody's
            await hang_up(connection)
            raise
        await sockets.give_back(url, connection)
        if joined.silent:
            raise EngineError(f"{self.name} answered without audio", engine=self.name)

    async def aclose(self) -> None:
        """Close the idle sockets."""
        sockets, self._sockets = self._sockets, None
        if sockets is not None:
            await sockets.aclose()

    def _connected(self) -> WarmSockets:
        wire = self._wire
        wire.checked()
        if self._sockets is None:
            vendor = VendorName(self.name, wire.key_setting)
            self._sockets = WarmSockets(vendor, wire.headers(), open_timeout=wire.options.open_timeout)
        return self._sockets

    async def _asked(self, sockets: WarmSockets, url: str, exchange: _Exchange) -> tuple[ClientConnection, Spoken]:
        """A socket with the request on it, and the first message of its answer.

        A vendor may end an idle socket just when it is taken: the request is then sent once more, on a new one.
        """
        connection = sockets.take(url)
        if connection is not None:
            try:
                return connection, await exchange.begin(connection)
            except ConnectionClosed:
                pass
            except BaseException:
                await hang_up(connection)
                raise
        connection = await sockets.open(url)
        try:
            return connection, await exchange.begin(connection)
        except BaseException as error:
            await hang_up(connection)
            if isinstance(error, ConnectionClosed):
                raise exchange.farewell(error) from None
            raise


_USUAL_RATE = 8000
"""Hz that a telephone call asks for."""


class _Exchange:
    """One utterance's messages on a socket, with the vendor's errors as `EngineError`."""

    def __init__(self, wire: VoiceWire, session: VoiceSession, voice: str) -> None:
        self._wire = wire
        self._session = session
        self._voice = voice

    async def begin(self, connection: ClientConnection) -> Spoken:
        """Send the request and return what the first message brings.

        Raises
        ------
        ConnectionClosed
            The socket closed before any message.
        EngineError
            The vendor reported an error or fell silent.
        """
        try:
            async with asyncio.timeout(self._wire.options.idle_timeout):
                for message in self._session.request():
                    await connection.send(message)
        except TimeoutError:
            raise self._failure("did not take the text") from None
        return await self._receive(connection)

    async def next(self, connection: ClientConnection) -> Spoken:
        """What the next message brings.

        Raises
        ------
        EngineError
            The vendor reported an error, fell silent, or closed the socket before the end.
        """
        try:
            return await self._receive(connection)
        except ConnectionClosed as closed:
            raise self.farewell(closed) from None

    def farewell(self, closed: ConnectionClosed) -> EngineError:
        """The error of a close frame; 1008 rejects what was sent, so a retry would fail as well."""
        code = closed.rcvd.code if closed.rcvd else 1006
        return self._failure(f"closed the socket with {code}", retryable=code != 1008)

    async def _receive(self, connection: ClientConnection) -> Spoken:
        patience = self._wire.options.idle_timeout
        try:
            async with asyncio.timeout(patience):
                raw = await connection.recv()
        except TimeoutError:
            raise self._failure(f"fell silent for {patience:g} s") from None
        try:
            message: Any = msgspec.json.decode(raw)
            return self._session.read(message) if isinstance(message, dict) else Spoken()
        except VoiceFault as fault:
            raise self._fault(fault) from None
        except _UNREADABLE:
            return Spoken()  # of no shape that can be read: ignored

    def _fault(self, fault: VoiceFault) -> EngineError:
        name, own = self._wire.name, error_code(fault.code)
        if fault.kind == "voice":
            return UnknownVoice(self._voice, engine=name, examples=self._wire.capabilities.voices)
        if fault.kind == "credential":
            told = f" ({own})" if own else ""
            return EngineUnavailable(
                f"{name} refused the credential{told}: check {self._wire.key_setting}", engine=name
            )
        if fault.kind == "busy":
            return EngineBusy(f"{name} takes no more requests for now" + (f" ({own})" if own else ""), engine=name)
        return self._failure("reported an error", fault.code, retryable=fault.kind == "vendor")

    def _failure(self, what: str, code: object = None, *, retryable: bool = True) -> EngineError:
        own = error_code(code)
        message = f"{self._wire.name} {what} ({own})" if own else f"{self._wire.name} {what}"
        return EngineError(message, engine=self._wire.name, retryable=retryable)


class _Joined:
    """Chunks of an utterance's messages.

    The last sample stays behind until more comes: a vendor may tell the times of words after their audio, and a chunk
    holds some audio.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._held = b""
        self._words: list[Word] = []
        self.silent = True
        """Whether no whole sample has come."""

    def feed(self, spoken: Spoken) -> list[Chunk]:
        """Take one message's audio and words in."""
        self._words += spoken.words
        pcm = self._held + spoken.pcm
        whole = max(len(pcm) - 2, 0) & ~1
        self._held = pcm[whole:]
        self.silent = self.silent and len(pcm) < 2
        return [self._chunk(pcm[:whole])] if whole else []

    def flush(self) -> list[Chunk]:
        """The last sample, with the words that came late; half a sample is dropped."""
        pcm = self._held[: len(self._held) & ~1]
        self._held = b""
        return [self._chunk(pcm)] if pcm else []

    def _chunk(self, pcm: bytes) -> Chunk:
        words, self._words = tuple(self._words), []
        return Chunk(pcm, self._rate, words)
