"""Deepgram Flux: English or multilingual, announces the end of a turn, also eagerly.

Its events become the turn of a transcript: an eager end is a partial that may still be taken back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from providers.engines.base import ListeningCapabilities, Transcript
from providers.engines.streaming.wire import Message, Turn, VendorFault, VendorSession, VendorWire, seconds

_ENGLISH, _MULTILINGUAL = "flux-general-en", "flux-general-multi"
_TURNS: Mapping[str, Turn] = {
    "StartOfTurn": "open",
    "Update": "open",
    "EagerEndOfTurn": "eager",
    "TurnResumed": "open",
    "EndOfTurn": "done",
}


class Flux(VendorWire):
    """The wire of ``/v2/listen``."""

    name = "flux"
    key_setting = "DEEPGRAM_API_KEY"
    cloud = "wss://api.deepgram.com"
    capabilities = ListeningCapabilities(rates=(8000, 16000, 24000, 44100, 48000), partials=True, punctuates=True)
    chunk = 0.08

    def url(self, rate: int) -> str:
        """Address of one recognition; another language than English needs the multilingual model."""
        options = self.options
        english = (options.language or "en").lower().startswith("en")
        query: dict[str, Any] = {
            "model": options.model or (_ENGLISH if english else _MULTILINGUAL),
            "encoding": "linear16",
            "sample_rate": rate,
            "eager_eot_threshold": 0.5,
        }
        if not english:
            query["language_hint"] = options.language
        if options.keyterms:
            query["keyterm"] = options.keyterms
        return f"{self.base}/v2/listen?{urlencode(query, doseq=True)}"

    def headers(self) -> Mapping[str, str]:
        """The key; none for a self-hosted server without one."""
        return {"Authorization": f"Token {self.options.api_key}"} if self.options.api_key else {}

    def session(self, rate: int) -> VendorSession:
        """A new session."""
        return _Session()


class _Session(VendorSession):
    def ending(self) -> Sequence[Message]:
        return (json.dumps({"type": "CloseStream"}),)

    def read(self, message: Mapping[str, Any]) -> Iterable[Transcript]:
        if message["type"] in ("Error", "FatalError"):
            raise VendorFault(message.get("code"))
        if message["type"] != "TurnInfo":
            return ()
        turn = _TURNS[message["event"]]
        tell = self.final if turn == "done" else self.partial
        return tell(
            message["transcript"],
            start=seconds(message.get("audio_window_start")),
            end=seconds(message.get("audio_window_end")),
            turn=turn,
            confidence=seconds(message.get("end_of_turn_confidence")),
        )
