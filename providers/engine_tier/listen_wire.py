"""Deepgram's live ``/v1/listen`` from the server's side: query and controls in, results out.

::

    client                                      server
    ?encoding=linear16&sample_rate=&channels=   101
    audio frames                           ──▶
                                           ◀──  Results: interim; final with speech_final
    KeepAlive, Finalize                    ──▶  (nothing)
    CloseStream                            ──▶
                                           ◀──  the last Results, Metadata, close 1000

Every final of an engine ends an utterance: it is one result with ``is_final`` and ``speech_final``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from providers.engines.base import Transcript, Word
from providers.errors import BadRequest

LISTEN_PATH = "/v1/listen"
MOST_CHANNELS = 2
_RATES = range(8000, 48001)


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """Audio of one socket."""

    rate: int
    """Hz."""
    channels: int
    interim: bool
    """Whether the client wants partials."""


class _Control(msgspec.Struct):
    type: str = ""


def read_query(query: Mapping[str, str]) -> AudioFormat:
    """The audio format of an upgrade's query.

    Raises
    ------
    BadRequest
        Other audio than bare linear16 with 8,000 to 48,000 Hz and one or two channels.
    """
    if (encoding := query.get("encoding")) != "linear16":
        raise BadRequest(f"encoding: expected linear16, found {(encoding or 'none')[:40]}")
    rate, channels = _number(query, "sample_rate"), _number(query, "channels", default=1)
    if rate not in _RATES:
        raise BadRequest(f"sample_rate: expected 8000 to 48000, found {rate}")
    if not 1 <= channels <= MOST_CHANNELS:
        raise BadRequest(f"channels: expected 1 or 2, found {channels}")
    if channels > 1 and query.get("multichannel") != "true":
        raise BadRequest("multichannel: expected true with two channels, which are never mixed")
    return AudioFormat(rate, channels, query.get("interim_results") == "true")


def is_close(text: str) -> bool:
    """Whether a text frame ends the audio; unknown ones are ignored."""
    try:
        return msgspec.json.decode(text, type=_Control).type == "CloseStream"
    except msgspec.DecodeError:
        return False


def results(transcript: Transcript, *, channel: int, channels: int) -> str:
    """One Results message."""
    best = {"transcript": transcript.text, "confidence": 1.0, "words": [_word(word) for word in transcript.words]}
    return _encoded(
        {
            "type": "Results",
            "channel_index": [channel, channels],
            "start": transcript.start,
            "duration": max(transcript.end - transcript.start, 0.0),
            "is_final": transcript.final,
            "speech_final": transcript.final,
            "from_finalize": False,
            "channel": {"alternatives": [best]},
            "metadata": {
                "request_id": "",
                "model_uuid": "",
                "model_info": {"name": "", "version": "", "arch": ""},
            },
        }
    )


def metadata(seconds: float, channels: int) -> str:
    """The message before the close: so much audio was heard."""
    return _encoded(
        {
            "type": "Metadata",
            "transaction_key": "deprecated",
            "request_id": "",
            "sha256": "",
            "created": "",
            "duration": seconds,
            "channels": channels,
        }
    )


def failure(description: str) -> str:
    """The message before a socket is closed with 1011."""
    return _encoded({"type": "Error", "variant": "NET-0000", "description": description})


def _word(word: Word) -> dict[str, Any]:
    plain = word.text.strip(".,?!").lower()
    return {"word": plain, "punctuated_word": word.text, "start": word.start, "end": word.end, "confidence": 1.0}


def _number(query: Mapping[str, str], name: str, *, default: int | None = None) -> int:
    given = query.get(name)
    if given is None and default is not None:
        return default
    if given is None or not (given.isascii() and given.isdigit() and len(given) <= 6):
        raise BadRequest(f"{name}: expected a whole number, found {'none' if given is None else 'something else'}")
    return int(given)


def _encoded(message: dict[str, Any]) -> str:
    return msgspec.json.encode(message).decode()
