"""Deepgram as a speaking engine: Aura over the streaming REST endpoint, through the vendor's SDK."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from providers.engines.base import Chunk, SpeakingCapabilities, Utterance
from providers.engines.deepgram.client import (
    CLOUD,
    KEY_PATH,
    KEY_SETTING,
    NAME,
    authorization,
    base_urls,
    require_key,
)
from providers.engines.http.client import VendorClient, check_key, failure, sendable
from providers.engines.http.response_audio import ResponseAudio
from providers.engines.vendor_errors import key_problems, range_problems, vendor_error
from providers.errors import EngineError, EngineUnavailable, SettingsError, UnknownVoice
from providers.rates import suitable_rate

if TYPE_CHECKING:
    from deepgram import AsyncDeepgramClient
    from deepgram.core.api_error import ApiError

RATES = (8000, 16000, 24000, 32000, 48000)
"""Hz of the vendor; 22,050 and 44,100 are resampled from the next higher rate."""

LONGEST_TEXT = 2000
"""Characters per request."""

_EXAMPLES = ("aura-2-thalia-en", "aura-2-orion-en", "aura-2-celeste-es", "aura-2-viktoria-de", "aura-2-agathe-fr")
_FIXED = ("encoding", "container", "sample_rate")


@dataclass(frozen=True, slots=True)
class DeepgramSpeaking:
    """Options of the speaking engine."""

    api_key: str = field(default="", repr=False)
    url: str = CLOUD
    """Base of the vendor or of a self-hosted Deepgram; http, https, ws or wss."""
    voice: str = "aura-2-thalia-en"
    """Model name; each model is one voice."""
    speed: float | None = None
    """Factor, 1 is the voice's own speed; None omits it, because not every voice supports it."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """More query parameters."""
    open_timeout: float = 5.0
    """Seconds for a connection to open."""
    idle_timeout: float = 10.0
    """Seconds without a byte after which the request fails."""
    keep_warm: float = 45.0
    """Seconds without a request after which one is made, to keep a connection open for the next call; 0 disables it."""
    connections: int = 256

    def __post_init__(self) -> None:
        faults = range_problems(NAME, self, positive=("open_timeout", "idle_timeout", "connections"))
        faults += [f"deepgram extra: {name} is set from the call's audio" for name in _FIXED if name in self.extra]
        faults += key_problems(self.api_key, KEY_SETTING)
        if not self.voice:
            faults.append("deepgram voice: expected the name of a model, found nothing")
        if faults:
            raise SettingsError(faults)
        base_urls(self.url)


class DeepgramSpeaker:
    """The speaking engine; its HTTP client connects before the first call."""

    name = NAME

    def __init__(self, options: DeepgramSpeaking) -> None:
        self._options = options
        self._http: VendorClient | None = None
        self._client: AsyncDeepgramClient | None = None

    @property
    def capabilities(self) -> SpeakingCapabilities:
        """Five rates; voices are model names, about a hundred."""
        return SpeakingCapabilities(rates=RATES, voices=_EXAMPLES, streaming=True, normalises_text=True)

    async def start(self) -> None:
        """Load the SDK (0.2 s), open a connection and check the key.

        Raises
        ------
        EngineUnavailable
            The SDK is not installed, there is no key, or the vendor rejects it.
        """
        options = self._options
        self._connected()
        assert self._http is not None
        url = base_urls(options.url)[0] + KEY_PATH
        headers = authorization(options.api_key)
        await check_key(self._http, url, headers, engine=NAME, key=KEY_SETTING)
        self._http.keep_warm(url, headers, every=options.keep_warm)

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        """Speak one utterance; closing the generator closes the connection."""
        if len(utterance.text) > LONGEST_TEXT:
            found = f"expected at most {LONGEST_TEXT} characters, found {len(utterance.text)}"
            raise EngineError(f"deepgram text: {found}", engine=NAME, retryable=False)
        rate = native_rate(utterance.rate)
        audio = ResponseAudio(rate, engine=NAME)
        voice = utterance.voice or self._options.voice
        silent = True
        try:
            async with aclosing(self._stream(utterance.text, voice, rate)) as stream:
                async for data in stream:
                    if pcm := audio.feed(data):
                        silent = False
                        yield Chunk(pcm, audio.rate)
        except httpx.RequestError as error:
            raise failure(NAME, error) from None
        except _api_error() as error:
            raise _refused(error, voice) from None
        except ValueError:
            # The SDK cannot decode an error body that is not in its declared encoding.
            raise EngineError("deepgram refused the request with an unreadable answer", engine=NAME) from None
        if rest := audio.flush():
            yield Chunk(rest, audio.rate)
        elif silent:
            raise EngineError("deepgram answered without audio", engine=NAME)

    async def aclose(self) -> None:
        """Close the client's connections."""
        http, self._http, self._client = self._http, None, None
        if http is not None:
            await http.aclose()

    def _stream(self, text: str, voice: str, rate: int) -> AsyncGenerator[bytes, None]:
        options = self._options
        # An async generator, which the SDK declares as an iterator.
        stream: AsyncGenerator[bytes, None] = self._connected().speak.v1.audio.generate(
            text=sendable(text),
            model=sendable(voice),
            encoding="linear16",
            container="none",
            sample_rate=rate,
            speed=options.speed,
            request_options={"additional_query_parameters": dict(options.extra)},
        )
        return stream

    def _connected(self) -> AsyncDeepgramClient:
        if self._client is None:
            options = self._options
            require_key(options.api_key, options.url)
            self._client, self._http = _client(options)
        return self._client


def native_rate(wanted: int) -> int:
    """The lowest of the vendor's rates that is not below the wanted one.

    Examples
    --------
    >>> [native_rate(rate) for rate in (8000, 22050, 24000, 44100, 96000)]
    [8000, 24000, 24000, 48000, 48000]
    """
    return suitable_rate(RATES, wanted)


def _client(options: DeepgramSpeaking) -> tuple[AsyncDeepgramClient, VendorClient]:
    try:
        from deepgram import AsyncDeepgramClient
        from deepgram.environment import DeepgramClientEnvironment
    except ImportError:
        raise EngineUnavailable("deepgram needs its SDK: pip install 'deepgram-sdk>=7.17,<8'", engine=NAME) from None
    http = VendorClient(
        open_timeout=options.open_timeout, idle_timeout=options.idle_timeout, connections=options.connections
    )
    rest, live = base_urls(options.url)
    # The SDK requires a key; a self-hosted Deepgram ignores it.
    environment = DeepgramClientEnvironment(base=rest, production=live, agent=live, agent_rest=rest)
    return AsyncDeepgramClient(api_key=options.api_key or "none", environment=environment, httpx_client=http), http


def _api_error() -> type[ApiError]:
    from deepgram.core.api_error import ApiError

    return ApiError


def _refused(error: ApiError, voice: str) -> EngineError:
    status = error.status_code or 500
    body: dict[str, Any] = error.body if isinstance(error.body, dict) else {}
    if status in (400, 404) and "model" in str(body.get("err_msg", "")).lower():
        return UnknownVoice(voice, engine=NAME, examples=_EXAMPLES)
    return vendor_error(NAME, status, error.headers or {}, code=body.get("err_code"), key=KEY_SETTING)
