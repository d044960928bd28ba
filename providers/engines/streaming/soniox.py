"""Soniox real-time: sixty languages, tokens that become final one by one, an end token after each utterance."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from providers.engines.base import ListeningCapabilities, Transcript, Word
from providers.engines.streaming.wire import Message, VendorFault, VendorSession, VendorWire, seconds

_MODEL = "stt-rt-v5"
_ENDS = ("<end>", "<fin>")
_BAD_REQUEST = range(400, 500)


class Soniox(VendorWire):
    """The wire of ``/transcribe-websocket``."""

    name = "soniox"
    key_setting = "SONIOX_API_KEY"
    cloud = "wss://stt-rt.soniox.com"
    capabilities = ListeningCapabilities(partials=True, punctuates=True, word_times=True)

    def url(self, rate: int) -> str:
        """Address of every recognition."""
        return f"{self.base}/transcribe-websocket"

    def headers(self) -> Mapping[str, str]:
        """The key. The vendor rejects one that comes in the first message as well."""
        return {"Authorization": f"Bearer {self.options.api_key}"} if self.options.api_key else {}

    def session(self, rate: int) -> VendorSession:
        """A new session."""
        options = self.options
        config: dict[str, Any] = {
            "model": options.model or _MODEL,
            "audio_format": "pcm_s16le",
            "num_channels": 1,
            "sample_rate": rate,
            "enable_endpoint_detection": True,
        }
        if options.language:
            config["language_hints"] = [options.language]
        if options.keyterms:
            config["context"] = {"terms": list(options.keyterms)}
        return _Session(config)


class _Session(VendorSession):
    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__()
        self._config = config
        self._finished: list[Word] = []
        """Final pieces of the open utterance; a piece that begins a word has a space before it."""

    def opening(self) -> Sequence[Message]:
        return (json.dumps(self._config),)

    def ending(self) -> Sequence[Message]:
        return (json.dumps({"type": "finalize"}), "")

    def keep_alive(self) -> Message | None:
        return json.dumps({"type": "keepalive"})

    def read(self, message: Mapping[str, Any]) -> Iterable[Transcript]:
        if (code := message.get("error_code")) is not None:
            raise VendorFault(message.get("error_type"), retryable=code not in _BAD_REQUEST or code in (408, 429))
        self.over = bool(message.get("finished"))
        return self._heard(message.get("tokens") or [])

    def _heard(self, tokens: Sequence[Mapping[str, Any]]) -> Iterator[Transcript]:
        """Finals of the utterances that end in these tokens, then the utterance so far."""
        in_flight: list[Word] = []
        for token in tokens:
            if token["text"] in _ENDS:
                yield from self._told(self._finished, final=True)
                self._finished = []
                continue
            piece = Word(token["text"], seconds(token.get("start_ms")) / 1000, seconds(token.get("end_ms")) / 1000)
            (self._finished if token["is_final"] else in_flight).append(piece)
        if tokens:
            yield from self._told(self._finished + in_flight, final=False)

    def _told(self, pieces: Sequence[Word], *, final: bool) -> Iterator[Transcript]:
        words = _joined(pieces)
        text = "".join(piece.text for piece in pieces)
        start, end = (words[0].start, words[-1].end) if words else (0.0, 0.0)
        if final:
            yield from self.final(text, start=start, end=end, words=words, turn="done")
        else:
            yield from self.partial(text, start=start, end=end, words=words, turn="open")


def _joined(pieces: Sequence[Word]) -> tuple[Word, ...]:
    """Words of pieces: one begins where a piece begins with a space."""
    words: list[Word] = []
    for piece in pieces:
        if words and not piece.text.startswith(" "):
            last = words[-1]
            words[-1] = Word(last.text + piece.text.rstrip(), last.start, max(last.end, piece.end))
        elif piece.text.strip():
            start = max(piece.start, words[-1].end if words else 0.0)
            words.append(Word(piece.text.strip(), start, max(start, piece.end)))
    return tuple(words)
