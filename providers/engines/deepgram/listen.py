"""Deepgram as a listening engine, over the live v1 WebSocket; one socket for a stereo call.

Its messages are read by the models of the vendor's SDK. The socket is opened here, because the SDK's own ``connect``
uses the deprecated ``websockets.legacy``, offers compression for audio that does not compress, loses the Retry-After of
an error, and has no options for the open and close time-outs: it takes 30 s to leave a half-open socket.
`providers.engines.deepgram.results` merges results into utterances.

The vendor closes a socket (1011, NET-0001) after 10 s without audio or its own KeepAlive message; a WebSocket ping does
not count. This engine does not reconnect: a lost socket is an `EngineError`, on push and on iteration.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

import httpx
from websockets.asyncio.client import ClientConnection

from providers.engines.base import ListeningCapabilities
from providers.engines.deepgram.client import (
    CLOUD,
    KEY_PATH,
    KEY_SETTING,
    NAME,
    authorization,
    base_urls,
    require_key,
)
from providers.engines.deepgram.session import DeepgramSession, load_sdk
from providers.engines.http.client import check_key
from providers.engines.streaming.recognition import AudioFormer, SocketRecognition
from providers.engines.vendor_errors import key_problems
from providers.engines.vendor_socket import VendorName, hang_up, open_socket
from providers.errors import EngineError, SettingsError

_VENDOR = VendorName(NAME, KEY_SETTING, code_header="dg-error")
_FIXED = ("encoding", "sample_rate", "channels", "multichannel")


@dataclass(frozen=True, slots=True)
class DeepgramListening:
    """Options of the listening engine."""

    api_key: str = field(default="", repr=False)
    url: str = CLOUD
    """Base of the vendor or of a self-hosted Deepgram; http, https, ws or wss."""
    model: str = "nova-3"
    language: str | None = None
    """BCP 47 tag, or ``multi``; None is the vendor's default."""
    endpointing_ms: int = 300
    """Milliseconds of silence that end an utterance; 0 disables it."""
    utterance_end_ms: int = 1000
    """Milliseconds between words that end an utterance in noise, at least 1000; 0 disables it."""
    smart_format: bool = True
    keyterms: tuple[str, ...] = ()
    """Words to expect (Nova-3)."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """More query parameters; they replace those made here."""
    block_ms: int = 0
    """Milliseconds of audio in one message; 0 sends what comes. A gateway with a cost for each message asks for 100."""
    keep_alive: float = 4.0
    """Seconds without audio after which a KeepAlive is sent; the vendor gives up after 10."""
    open_timeout: float = 5.0
    """Seconds from the first packet to an open socket."""
    send_timeout: float = 5.0
    """Seconds one push may wait for a vendor that does not read."""
    finish_timeout: float = 5.0
    """Seconds from the last audio to the last transcript."""

    def __post_init__(self) -> None:
        faults = [
            f"deepgram {name}: expected more than 0 seconds, found {value}"
            for name in ("keep_alive", "open_timeout", "send_timeout", "finish_timeout")
            if not (value := getattr(self, name)) > 0
        ]
        faults += key_problems(self.api_key, KEY_SETTING)
        if not self.model:
            faults.append("deepgram model: expected a name, found nothing")
        if self.endpointing_ms < 0:
            faults.append(f"deepgram endpointing_ms: expected 0 or more, found {self.endpointing_ms}")
        if not 0 <= self.block_ms <= 500:
            faults.append(f"deepgram block_ms: expected 0 to 500, found {self.block_ms}")
        if self.utterance_end_ms and self.utterance_end_ms < 1000:
            faults.append(f"deepgram utterance_end_ms: expected 0 or at least 1000, found {self.utterance_end_ms}")
        faults += [f"deepgram extra: {name} is set from the call's audio" for name in _FIXED if name in self.extra]
        if faults:
            raise SettingsError(faults)
        base_urls(self.url)


def listen_url(options: DeepgramListening, *, rate: int, channels: int) -> str:
    """The URL of one recognition, with its options and audio format."""
    query: dict[str, str | tuple[str, ...]] = {
        "model": options.model,
        "encoding": "linear16",
        "sample_rate": str(rate),
        "channels": str(channels),
        "interim_results": "true",
        "punctuate": "true",
        "smart_format": str(options.smart_format).lower(),
        "endpointing": str(options.endpointing_ms or "false"),
    }
    if channels > 1:
        query["multichannel"] = "true"
    if options.language:
        query["language"] = options.language
    if options.utterance_end_ms:
        query["utterance_end_ms"] = str(options.utterance_end_ms)
    if options.keyterms:
        query["keyterm"] = options.keyterms
    query.update(options.extra)
    return f"{base_urls(options.url)[1]}/v1/listen?{urlencode(query, doseq=True)}"


class DeepgramListener:
    """The listening engine; every recognition has its own socket."""

    name = NAME

    def __init__(self, options: DeepgramListening) -> None:
        self._options = options

    @property
    def capabilities(self) -> ListeningCapabilities:
        """Any rate, one or two channels, interim results, case and punctuation, word times."""
        languages = (self._options.language,) if self._options.language else ()
        return ListeningCapabilities(languages=languages, channels=2, partials=True, punctuates=True, word_times=True)

    def with_options(self, *, model: str | None = None, language: str | None = None) -> DeepgramListener:
        """Return the engine with another model or language for one call; it is not started or closed."""
        options = self._options
        changed = replace(options, model=model or options.model, language=language or options.language)
        return DeepgramListener(changed)

    async def start(self) -> None:
        """Load the SDK (0.2 s) and check the key.

        Raises
        ------
        EngineUnavailable
            The SDK is not installed, there is no key, or the vendor rejects it.
        """
        options = self._options
        require_key(options.api_key, options.url)
        load_sdk()
        async with httpx.AsyncClient(timeout=options.open_timeout) as http:
            url = base_urls(options.url)[0] + KEY_PATH
            await check_key(http, url, authorization(options.api_key), engine=NAME, key=KEY_SETTING)

    @asynccontextmanager
    async def listen(self, *, rate: int, channels: int = 1) -> AsyncIterator[SocketRecognition]:
        """Open one socket; leaving the context closes it within 50 ms, even if the vendor does not answer."""
        session = DeepgramSession(channels, load_sdk())
        connection = await self._open(rate, channels)
        former = AudioFormer(rate, rate, chunk=self._options.block_ms / 1000, channels=channels)
        recognition = SocketRecognition(NAME, connection, session, former, self._options)
        try:
            await recognition.open()
            yield recognition
        finally:
            recognition.leave()
            await hang_up(connection)

    async def aclose(self) -> None:
        """Do nothing: a recognition frees its own socket."""

    async def _open(self, rate: int, channels: int) -> ClientConnection:
        options = self._options
        if channels not in (1, 2):
            raise EngineError(f"channels: expected 1 or 2, found {channels}", engine=NAME, retryable=False)
        require_key(options.api_key, options.url)
        url = listen_url(options, rate=rate, channels=channels)
        return await open_socket(_VENDOR, url, authorization(options.api_key), open_timeout=options.open_timeout)
