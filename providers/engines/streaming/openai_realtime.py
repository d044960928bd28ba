"""OpenAI realtime transcription: 24 kHz, text that grows by pieces, no word times."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from providers.engines.base import ListeningCapabilities, Transcript
from providers.engines.streaming.wire import Message, VendorFault, VendorSession, VendorWire, seconds

_MODEL = "gpt-4o-mini-transcribe"
_RATE = 24000
_EMPTY = "input_audio_buffer_commit_empty"
_HEARD = "conversation.item.input_audio_transcription."


class OpenAIRealtime(VendorWire):
    """The wire of ``/v1/realtime?intent=transcription``."""

    name = "openai"
    key_setting = "OPENAI_API_KEY"
    cloud = "wss://api.openai.com"
    capabilities = ListeningCapabilities(rates=(_RATE,), partials=True, punctuates=True)
    resampled_to = _RATE

    def url(self, rate: int) -> str:
        """Address of every recognition."""
        return f"{self.base}/v1/realtime?intent=transcription"

    def headers(self) -> Mapping[str, str]:
        """The key."""
        return {"Authorization": f"Bearer {self.options.api_key}"}

    def session(self, rate: int) -> VendorSession:
        """A new session."""
        options = self.options
        transcription: dict[str, Any] = {"model": options.model or _MODEL}
        if options.language:
            transcription["language"] = options.language
        if options.keyterms:
            transcription["prompt"] = "Expect: " + ", ".join(options.keyterms)
        heard = {
            "format": {"type": "audio/pcm", "rate": _RATE},
            "transcription": transcription,
            "turn_detection": {"type": "server_vad"},
        }
        return _Session({"type": "session.update", "session": {"type": "transcription", "audio": {"input": heard}}})


class _Session(VendorSession):
    def __init__(self, update: Mapping[str, Any]) -> None:
        super().__init__()
        self._update = update
        self._text: dict[str, str] = {}
        """Text so far of each item that is not complete."""
        self._times: dict[str, tuple[float, float]] = {}
        self._sent = 0.0
        self._ending = False

    def opening(self) -> Sequence[Message]:
        return (json.dumps(self._update),)

    def audio(self, pcm: bytes) -> Message:
        self._sent += len(pcm) / 2 / _RATE
        return json.dumps({"type": "input_audio_buffer.append", "audio": base64.b64encode(pcm).decode()})

    def ending(self) -> Sequence[Message]:
        self._ending = True
        return (json.dumps({"type": "input_audio_buffer.commit"}),)

    def read(self, message: Mapping[str, Any]) -> Iterable[Transcript]:
        kind, item = message["type"], message.get("item_id", "")
        if kind == "error":
            return self._fault(message["error"])
        if kind == "input_audio_buffer.speech_started":
            self._times[item] = (seconds(message.get("audio_start_ms")) / 1000, self._sent)
        elif kind == "input_audio_buffer.speech_stopped":
            start, _ = self._times.get(item, (self._heard_until, 0.0))
            self._times[item] = (start, seconds(message.get("audio_end_ms")) / 1000)
        elif kind == "input_audio_buffer.committed":
            self._text.setdefault(item, "")
            self.idle = False
        elif kind == _HEARD + "delta":
            self._text[item] = self._text.get(item, "") + message["delta"]
            start, end = self._times.get(item, (self._heard_until, self._sent))
            return self.partial(self._text[item], start=start, end=end)
        elif kind in (_HEARD + "completed", _HEARD + "failed"):
            self._text.pop(item, None)
            self.idle = self._ending and not self._text
            start, end = self._times.pop(item, (self._heard_until, self._sent))
            return self.final(message.get("transcript", ""), start=start, end=end)
        return ()

    def _fault(self, error: Mapping[str, Any]) -> Iterable[Transcript]:
        if error.get("code") == _EMPTY:
            self.over = self._ending and not self._text
            return ()
        raise VendorFault(error.get("code"), retryable=error.get("type") != "invalid_request_error")
