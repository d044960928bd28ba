"""Cartesia: one context for each utterance, audio and word times in messages of their own."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from providers.engines.base import SpeakingCapabilities, Word
from providers.engines.streaming.wire import seconds
from providers.engines.streaming_voices.wire import FaultKind, Spoken, VoiceFault, VoiceSession, VoiceWire, in_order

_VERSION = "2026-03-01"
"""Version of the API; from this one on errors are objects with a code."""

_MODEL = "sonic-3"
_RATES = (8000, 16000, 22050, 24000, 44100, 48000)
_BAD_REQUEST = range(400, 500)


class Cartesia(VoiceWire):
    """The wire of ``/tts/websocket``."""

    name = "cartesia"
    key_setting = "CARTESIA_API_KEY"
    cloud = "wss://api.cartesia.ai"
    default_voice = "a0e99841-438c-4a64-b679-ae501e7d6091"
    capabilities = SpeakingCapabilities(
        rates=_RATES, voices=(default_voice,), streaming=True, word_times=True, normalises_text=True
    )

    def url(self, voice: str, rate: int) -> str:
        """Address of every utterance."""
        return f"{self.base}/tts/websocket"

    def headers(self) -> Mapping[str, str]:
        """The key and the version of the API."""
        key = {"Authorization": f"Bearer {self.options.api_key}"} if self.options.api_key else {}
        return {**key, "Cartesia-Version": _VERSION}

    def session(self, text: str, voice: str, rate: int) -> VoiceSession:
        """A new utterance."""
        request: dict[str, Any] = {
            "model_id": self.options.model or _MODEL,
            "transcript": text,
            "voice": {"mode": "id", "id": voice},
            "output_format": {"container": "raw", "encoding": "pcm_s16le", "sample_rate": rate},
            "context_id": uuid.uuid4().hex,
            "continue": False,
            "add_timestamps": True,
        }
        if self.options.language:
            request["language"] = self.options.language.partition("-")[0]
        return _Session(request)


class _Session(VoiceSession):
    def __init__(self, request: Mapping[str, Any]) -> None:
        self._request = request
        self._last_start = 0.0

    def request(self) -> Sequence[str]:
        return (json.dumps(self._request),)

    def read(self, message: Mapping[str, Any]) -> Spoken:
        if message.get("context_id", self._request["context_id"]) != self._request["context_id"]:
            return Spoken()
        kind = message["type"]
        if kind == "error":
            raise VoiceFault(_fault_of(message), message.get("error_code"))
        if kind == "chunk":
            return Spoken(base64.b64decode(message["data"]), over=message.get("done") is True)
        if kind == "timestamps":
            return Spoken(words=self._words(message["word_timestamps"]))
        return Spoken(over=kind == "done")

    def _words(self, times: Mapping[str, Any]) -> tuple[Word, ...]:
        told = zip(times["words"], times["start"], times["end"], strict=True)
        words = [Word(text.strip(), seconds(start), seconds(end)) for text, start, end in told if text.strip()]
        ordered = in_order(words, after=self._last_start)
        self._last_start = ordered[-1].start if ordered else self._last_start
        return ordered


def _fault_of(message: Mapping[str, Any]) -> FaultKind:
    status = message.get("status_code")
    if status in (401, 403):
        return "credential"
    if status == 429:
        return "busy"
    if status not in _BAD_REQUEST:
        return "vendor"
    told = f"{message.get('error_code')} {message.get('title')}".lower()
    return "voice" if "voice" in told else "request"
