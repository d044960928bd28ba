"""ElevenLabs Scribe realtime: partials without times, committed segments with word times."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from providers.engines.base import ListeningCapabilities, Transcript
from providers.engines.streaming.wire import Message, VendorFault, VendorSession, VendorWire, timed_words

_MODEL = "scribe_v2_realtime"
_NOTHING_TO_COMMIT = ("insufficient_audio_activity", "commit_throttled")
_REJECTED = ("auth_error", "quota_exceeded", "input_error", "unaccepted_terms", "chunk_size_exceeded")
_FAILED = (
    "error",
    "rate_limited",
    "queue_overflow",
    "resource_exhausted",
    "session_time_limit_exceeded",
    "transcriber_error",
)


class Scribe(VendorWire):
    """The wire of ``/v1/speech-to-text/realtime``."""

    name = "elevenlabs"
    key_setting = "ELEVENLABS_API_KEY"
    cloud = "wss://api.elevenlabs.io"
    capabilities = ListeningCapabilities(
        rates=(8000, 16000, 22050, 24000, 44100, 48000), partials=True, punctuates=True, word_times=True
    )

    def url(self, rate: int) -> str:
        """Address of one recognition; the vendor's own voice detection ends a segment."""
        options = self.options
        query: dict[str, Any] = {
            "model_id": options.model or _MODEL,
            "audio_format": f"pcm_{rate}",
            "commit_strategy": "vad",
            "include_timestamps": "true",
        }
        if options.language:
            query["language_code"] = options.language
        return f"{self.base}/v1/speech-to-text/realtime?{urlencode(query)}"

    def headers(self) -> Mapping[str, str]:
        """The key."""
        return {"xi-api-key": self.options.api_key}

    def session(self, rate: int) -> VendorSession:
        """A new session."""
        return _Session(rate)


class _Session(VendorSession):
    def __init__(self, rate: int) -> None:
        super().__init__()
        self._rate = rate
        self._sent = 0.0
        """Seconds of audio that the vendor was given: partials tell no times."""
        self._ending = False

    def audio(self, pcm: bytes) -> Message:
        self._sent += len(pcm) / 2 / self._rate
        return self._chunk(pcm, commit=False)

    def ending(self) -> Sequence[Message]:
        self._ending = True
        return (self._chunk(b"", commit=True),)

    def read(self, message: Mapping[str, Any]) -> Iterable[Transcript]:
        kind = message["message_type"]
        if kind == "partial_transcript":
            return self.partial(message["text"], start=self._heard_until, end=self._sent)
        if kind == "committed_transcript_with_timestamps":
            self.idle = self._ending
            spoken = [word for word in message["words"] if word.get("type", "word") == "word"]
            words = timed_words(spoken, text="text")
            start, end = (words[0].start, words[-1].end) if words else (self._heard_until, self._sent)
            return self.final(message["text"], start=start, end=end, words=words)
        if kind in _NOTHING_TO_COMMIT:
            self.over = self._ending
        elif kind in _REJECTED or kind in _FAILED:
            raise VendorFault(kind, retryable=kind not in _REJECTED)
        return ()

    def _chunk(self, pcm: bytes, *, commit: bool) -> str:
        return json.dumps(
            {
                "message_type": "input_audio_chunk",
                "audio_base_64": base64.b64encode(pcm).decode(),
                "commit": commit,
                "sample_rate": self._rate,
            }
        )
