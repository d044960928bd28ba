"""Any server with OpenAI's ``/v1/audio/speech`` as a speaking engine: OpenAI, Kokoro-FastAPI, speaches, vLLM-omni.

It requests bare PCM. PCM has no rate, so ``native_rate`` is the server's rate; if a server answers WAV instead, the
WAV's rate is used. Fields that a server needs beyond the common ones go into ``extra``:
``{"stream": True}`` for vLLM-omni (OpenAI itself refuses it), ``{"sample_rate": 24000}`` for speaches.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from providers.engines.base import Chunk, SpeakingCapabilities, Utterance
from providers.engines.http.client import VendorClient, check_key, failure, sendable
from providers.engines.http.response_audio import ResponseAudio
from providers.engines.vendor_errors import key_problems, range_problems, vendor_error
from providers.errors import EngineError, EngineUnavailable, SettingsError, UnknownVoice

NAME = "openai"
KEY_SETTING = "OPENAI_API_KEY"
CLOUD = "https://api.openai.com"

_EXAMPLES = ("alloy", "ash", "coral", "nova", "sage", "shimmer")
_FIXED = ("input", "voice", "response_format")
_LONGEST_ERROR = 1 << 16
"""Bytes of an error body that are read to find its code."""


@dataclass(frozen=True, slots=True)
class OpenAISpeaking:
    """Options of the speaking engine."""

    api_key: str = field(default="", repr=False)
    url: str = CLOUD
    """Base of the server, with or without its ``/v1``."""
    model: str = "gpt-4o-mini-tts"
    voice: str = "alloy"
    native_rate: int = 24000
    """Hz of the server's bare PCM."""
    speed: float = 1.0
    """Factor, 0.25 … 4; sent only if not 1."""
    instructions: str = ""
    """Description of how the voice should sound, for models that support it."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """More fields of the body; they replace those made here."""
    open_timeout: float = 5.0
    """Seconds for a connection to open."""
    idle_timeout: float = 10.0
    """Seconds without a byte after which the request fails."""
    keep_warm: float = 45.0
    """Seconds without a request after which one is made, to keep a connection open for the next call; 0 disables it."""
    connections: int = 256

    def __post_init__(self) -> None:
        faults = range_problems(NAME, self, positive=("speed", "open_timeout", "idle_timeout", "connections"))
        faults += [f"openai extra: {name} is set for every utterance" for name in _FIXED if name in self.extra]
        faults += key_problems(self.api_key, KEY_SETTING)
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            found = f"{parts.scheme}://{parts.hostname}" if parts.hostname else repr(self.url[:40])
            faults.append(f"openai url: expected http or https and a host, found {found}")
        if not 8000 <= self.native_rate <= 48000:
            faults.append(f"openai native_rate: expected 8000 to 48000 Hz, found {self.native_rate}")
        if faults:
            raise SettingsError(faults)

    @property
    def base(self) -> str:
        """The base URL with its ``/v1``."""
        return self.url.rstrip("/").removesuffix("/v1") + "/v1"


class OpenAISpeaker:
    """The speaking engine; its HTTP client connects before the first call."""

    name = NAME

    def __init__(self, options: OpenAISpeaking) -> None:
        self._options = options
        self._http: VendorClient | None = None

    @property
    def capabilities(self) -> SpeakingCapabilities:
        """The configured rate; voices and languages depend on the server."""
        cloud = self._options.url.startswith(CLOUD)
        examples = _EXAMPLES if cloud else (self._options.voice,)
        return SpeakingCapabilities(
            rates=(self._options.native_rate,), voices=examples, streaming=True, normalises_text=cloud
        )

    async def start(self) -> None:
        """Open a connection and check the key.

        Raises
        ------
        EngineUnavailable
            There is no key for OpenAI's own server, or the server rejects the key.
        """
        http = self._connected()
        url = f"{self._options.base}/models"
        await check_key(http, url, self._headers, engine=NAME, key=KEY_SETTING)
        http.keep_warm(url, self._headers, every=self._options.keep_warm)

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        """Speak one utterance; closing the generator closes the connection."""
        options = self._options
        voice = utterance.voice or options.voice
        audio = ResponseAudio(options.native_rate, engine=NAME)
        body = self._body(utterance.text, voice)
        silent = True
        try:
            url = f"{options.base}/audio/speech"
            async with self._connected().stream("POST", url, json=body, headers=self._headers) as answer:
                await self._check(answer, voice)
                async for data in answer.aiter_bytes():
                    if pcm := audio.feed(data):
                        silent = False
                        yield Chunk(pcm, audio.rate)
        except httpx.RequestError as error:
            raise failure(NAME, error) from None
        if rest := audio.flush():
            yield Chunk(rest, audio.rate)
        elif silent:
            raise EngineError("openai answered without audio", engine=NAME)

    async def aclose(self) -> None:
        """Close the client's connections."""
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._options.api_key}"} if self._options.api_key else {}

    def _connected(self) -> VendorClient:
        options = self._options
        if not options.api_key and options.base == f"{CLOUD}/v1":
            raise EngineUnavailable(f"openai has no key: set {KEY_SETTING}", engine=NAME)
        if self._http is None:
            self._http = VendorClient(
                open_timeout=options.open_timeout, idle_timeout=options.idle_timeout, connections=options.connections
            )
        return self._http

    def _body(self, text: str, voice: str) -> dict[str, Any]:
        options = self._options
        body: dict[str, Any] = {
            "model": options.model,
            "input": sendable(text),
            "voice": sendable(voice),
            "response_format": "pcm",
        }
        if options.speed != 1.0:
            body["speed"] = options.speed
        if options.instructions:
            body["instructions"] = options.instructions
        return {**body, **options.extra}

    async def _check(self, answer: httpx.Response, voice: str) -> None:
        if answer.status_code != 200:
            said = _error(await _beginning(answer))
            if answer.status_code in (400, 404, 422) and _blames_voice(said):
                raise UnknownVoice(voice, engine=NAME, examples=self.capabilities.voices)
            code = said.get("code") or said.get("error") or said.get("type")
            raise vendor_error(NAME, answer.status_code, answer.headers, code=code, key=KEY_SETTING)
        kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind == "application/json" or kind.startswith("text/"):
            raise EngineError(f"openai answer: expected audio, found {kind}", engine=NAME, retryable=False)


async def _beginning(answer: httpx.Response) -> bytes:
    body = b""
    async for data in answer.aiter_bytes():
        body += data
        if len(body) > _LONGEST_ERROR:
            break
    return body


def _error(body: bytes) -> dict[str, Any]:
    """The error object: OpenAI's ``error``, Kokoro-FastAPI's ``detail``, or the first of FastAPI's list."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if isinstance(found, dict):
        found = found.get("error") or found.get("detail") or found
    if isinstance(found, list) and found:
        found = found[0]
    return found if isinstance(found, dict) else {"message": found}


def _blames_voice(said: dict[str, Any]) -> bool:
    place = said.get("param") or said.get("loc") or said.get("message")
    return "voice" in str(place).lower()
