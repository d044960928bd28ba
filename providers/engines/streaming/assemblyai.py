"""AssemblyAI universal streaming: turns with word times, formatted in a second message."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from providers.engines.base import ListeningCapabilities, Transcript
from providers.engines.streaming.wire import Message, Turn, VendorFault, VendorSession, VendorWire, seconds, timed_words

_ENGLISH, _MULTILINGUAL = "universal-streaming-english", "universal-streaming-multilingual"
_MILLISECOND = 0.001


class AssemblyAI(VendorWire):
    """The wire of ``/v3/ws``."""

    name = "assemblyai"
    key_setting = "ASSEMBLYAI_API_KEY"
    cloud = "wss://streaming.assemblyai.com"
    capabilities = ListeningCapabilities(partials=True, punctuates=True, word_times=True)

    def url(self, rate: int) -> str:
        """Address of one recognition; another language than English needs the multilingual model."""
        options = self.options
        english = (options.language or "en").lower().startswith("en")
        query: dict[str, Any] = {
            "sample_rate": rate,
            "encoding": "pcm_s16le",
            "format_turns": "true",
            "speech_model": options.model or (_ENGLISH if english else _MULTILINGUAL),
        }
        if options.keyterms:
            query["keyterms_prompt"] = json.dumps(options.keyterms)
        return f"{self.base}/v3/ws?{urlencode(query)}"

    def headers(self) -> Mapping[str, str]:
        """The key."""
        return {"Authorization": self.options.api_key}

    def session(self, rate: int) -> VendorSession:
        """A new session."""
        return _Session()


class _Session(VendorSession):
    def ending(self) -> Sequence[Message]:
        return (json.dumps({"type": "Terminate"}),)

    def keep_alive(self) -> Message | None:
        return json.dumps({"type": "KeepAlive"})

    def read(self, message: Mapping[str, Any]) -> Iterable[Transcript]:
        kind = message["type"]
        if kind == "Error":
            raise VendorFault(message.get("error_code"))
        self.over = kind == "Termination"
        if kind != "Turn":
            return ()
        words = timed_words(message["words"], text="text", unit=_MILLISECOND)
        start, end = (words[0].start, words[-1].end) if words else (0.0, 0.0)
        sure = seconds(message.get("end_of_turn_confidence"))
        if message["end_of_turn"] and message["turn_is_formatted"]:
            return self.final(message["transcript"], start=start, end=end, words=words, turn="done", confidence=sure)
        # The transcript holds finished words alone; those in flight stand in the list.
        text = " ".join(word.text for word in words)
        turn: Turn = "eager" if message["end_of_turn"] else "open"
        return self.partial(text, start=start, end=end, words=words, turn=turn, confidence=sure)
