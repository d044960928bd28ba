"""ElevenLabs: a socket for each voice, one context for each utterance, the times of its characters beside the audio."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from providers.engines.base import SpeakingCapabilities, Word
from providers.engines.streaming.wire import seconds
from providers.engines.streaming_voices.wire import FaultKind, Spoken, VoiceFault, VoiceSession, VoiceWire, in_order

_MODEL = "eleven_flash_v2_5"
_RATES = (8000, 16000, 22050, 24000)
"""Hz of every plan; higher ones are resampled."""
_IDLE = 180
"""Seconds after which the vendor ends an idle socket; its longest."""

_CREDENTIAL = {"invalid_api_key", "missing_permissions", "needs_authorization", "unauthorized"}
_BUSY = {
    "concurrent_limit_exceeded",
    "max_active_conversations",
    "rate_limit_exceeded",
    "rate_limited",
    "system_busy",
    "too_many_concurrent_requests",
}
_VENDOR = {"internal_error", "internal_server_error", "server_error", "timeout"}


class ElevenLabs(VoiceWire):
    """The wire of ``/v1/text-to-speech/VOICE/multi-stream-input``."""

    name = "elevenlabs"
    key_setting = "ELEVENLABS_API_KEY"
    cloud = "wss://api.elevenlabs.io"
    default_voice = "JBFqnCBsd6RMkjVDRZzb"
    capabilities = SpeakingCapabilities(
        rates=_RATES, voices=(default_voice,), streaming=True, word_times=True, normalises_text=True
    )

    def url(self, voice: str, rate: int) -> str:
        """Address of a voice; whole sentences come, so the vendor need not wait for more text."""
        query = {
            "model_id": self.options.model or _MODEL,
            "output_format": f"pcm_{rate}",
            "auto_mode": "true",
            "inactivity_timeout": _IDLE,
        }
        if self.options.language:
            query["language_code"] = self.options.language.partition("-")[0]
        return f"{self.base}/v1/text-to-speech/{quote(voice, safe='')}/multi-stream-input?{urlencode(query)}"

    def headers(self) -> Mapping[str, str]:
        """The key."""
        return {"xi-api-key": self.options.api_key} if self.options.api_key else {}

    def session(self, text: str, voice: str, rate: int) -> VoiceSession:
        """A new utterance."""
        return _Session(text, rate)


class _Session(VoiceSession):
    def __init__(self, text: str, rate: int) -> None:
        self._text = text
        self._context = uuid.uuid4().hex
        self._bytes_per_second = 2 * rate
        self._given = 0
        """Bytes of audio so far: the times of a message count from its own audio."""
        self._word = ""
        """The word that the next message may continue."""
        self._span = (0.0, 0.0)
        """Its start and end in seconds."""

    def request(self) -> Sequence[str]:
        context = {"context_id": self._context}
        return (
            json.dumps({"text": " ", **context}),
            json.dumps({"text": f"{self._text.rstrip()} ", **context, "flush": True}),
            json.dumps({**context, "close_context": True}),
        )

    def read(self, message: Mapping[str, Any]) -> Spoken:
        if message.get("error") is not None:
            raise VoiceFault(_fault_of(message), message["error"])
        if message.get("contextId", self._context) != self._context:
            return Spoken()
        pcm = base64.b64decode(message.get("audio") or "")
        words = tuple(self._words(message.get("alignment") or message.get("normalizedAlignment") or {}))
        self._given += len(pcm)
        over = message.get("isFinal") is True
        return Spoken(pcm, words + tuple(self._ended()) if over else words, over=over)

    def _words(self, alignment: Mapping[str, Any]) -> Iterator[Word]:
        """Words that end within a message; the last one may go on in the next."""
        origin = self._given / self._bytes_per_second
        starts, lengths = alignment.get("charStartTimesMs") or (), alignment.get("charDurationsMs") or ()
        for char, start, length in zip(alignment.get("chars") or (), starts, lengths, strict=True):
            if char.isspace():
                yield from self._ended()
                continue
            begun = origin + seconds(start) / 1000
            self._span = (self._span[0] if self._word else begun, begun + seconds(length) / 1000)
            self._word += char

    def _ended(self) -> Iterator[Word]:
        if self._word:
            yield from in_order([Word(self._word, *self._span)], after=0.0)
        self._word = ""


def _fault_of(message: Mapping[str, Any]) -> FaultKind:
    code = str(message["error"]).lower()
    if code in _CREDENTIAL:
        return "credential"
    if code in _BUSY:
        return "busy"
    if code.startswith("voice"):
        return "voice"
    return "vendor" if code in _VENDOR or message.get("code") not in (1003, 1007, 1008) else "request"
