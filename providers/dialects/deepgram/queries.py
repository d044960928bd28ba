"""Queries of Deepgram's URLs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from providers.errors import BadRequest
from providers.rates import EXPECTED_RATE, checked_rate

__all__ = ["FileQuery", "ListenQuery", "SpeakQuery", "query_of_file", "query_of_listening", "query_of_speech"]

_ENCODINGS = ("linear16", "mulaw", "alaw")
_MOST_CHANNELS = 2
_NOT_SERVED = (
    "callback", "detect_entities", "detect_language", "diarize", "intents", "redact", "replace", "search", "sentiment",
    "summarize", "topics", "translate",
)  # fmt: skip
"""What changes an answer and no engine here does; it is refused, because an answer without it would look complete."""

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ListenQuery:
    """What a live socket hears, and what it wants to be told."""

    encoding: str
    rate: int
    """Hz."""
    channels: int
    language: str | None
    interim: bool
    punctuate: bool
    vad_events: bool
    utterance_end: bool


@dataclass(frozen=True, slots=True)
class FileQuery:
    """How a file is heard."""

    encoding: str
    """Empty where the file says itself what it is."""
    rate: int
    """Hz, of headerless samples."""
    channels: int
    language: str | None
    multichannel: bool
    punctuate: bool
    utterances: bool


@dataclass(frozen=True, slots=True)
class SpeakQuery:
    """How a text is spoken."""

    format: str
    """Name of an encoder."""
    rate: int
    """Hz."""
    voice: str | None


def query_of_listening(query: Values) -> ListenQuery:
    """The query of a live socket.

    Raises
    ------
    BadRequest
    """
    _refuse_unserved(query)
    encoding = query.get("encoding", "")
    if encoding not in _ENCODINGS:
        raise BadRequest(f"encoding: expected {', '.join(_ENCODINGS)}, found {'another one' if encoding else 'none'}")
    channels = _channels(query)
    if channels > 1 and not _yes(query, "multichannel"):
        raise BadRequest("multichannel: expected true with two channels, which are never mixed")
    return ListenQuery(
        encoding=encoding,
        rate=_rate(query, 8000 if encoding != "linear16" else None),
        channels=channels,
        language=_language(query),
        interim=_yes(query, "interim_results"),
        punctuate=_yes(query, "punctuate") or _yes(query, "smart_format"),
        vad_events=_yes(query, "vad_events"),
        utterance_end=bool(query.get("utterance_end_ms", "")),
    )


def query_of_file(query: Values) -> FileQuery:
    """The query of an uploaded file.

    Raises
    ------
    BadRequest
    """
    _refuse_unserved(query)
    encoding = query.get("encoding", "")
    bare = encoding in _ENCODINGS
    return FileQuery(
        encoding=encoding if bare else "",
        rate=_rate(query, 8000 if encoding != "linear16" else None) if bare else 0,
        channels=_channels(query) if bare else 1,
        language=_language(query),
        multichannel=_yes(query, "multichannel"),
        punctuate=_yes(query, "punctuate") or _yes(query, "smart_format"),
        utterances=_yes(query, "utterances"),
    )


def query_of_speech(query: Values, *, live: bool) -> SpeakQuery:
    """The query of a text to speak.

    Parameters
    ----------
    live
        Whether the audio goes out on a socket, bare.

    Raises
    ------
    BadRequest
    """
    if query.get("callback", ""):
        raise BadRequest("callback: expected none, found one")
    encoding = query.get("encoding", "") or ("linear16" if live else "mp3")
    container = query.get("container", "") or ("none" if live else "wav")
    default = {"mulaw": 8000, "alaw": 8000, "opus": 48000}.get(encoding, 24000)
    if live and encoding not in _ENCODINGS:
        raise BadRequest(f"encoding: expected {', '.join(_ENCODINGS)} on a socket, found another one")
    form = encoding
    if encoding in _ENCODINGS:
        if container not in ("none", "wav"):
            raise BadRequest("container: expected none or wav, found another one")
        law = "" if encoding == "linear16" else encoding
        form = (f"{law}.wav" if law else "wav") if container == "wav" else law or "pcm"
    return SpeakQuery(form, _rate(query, default), query.get("model", "")[:256] or None)


def _refuse_unserved(query: Values) -> None:
    for name in _NOT_SERVED:
        if query.get(name, "").lower() not in ("", "false"):
            raise BadRequest(f"{name}: expected none or false, found a wish that is not served here")


def _language(query: Values) -> str | None:
    """The language; "multi" is whatever the engine hears."""
    language = query.get("language", "")[:35]
    return None if language in ("", "multi") else language


def _yes(query: Values, name: str) -> bool:
    return query.get(name, "").lower() == "true"


def _channels(query: Values) -> int:
    given = query.get("channels", "") or "1"
    if given not in ("1", "2"):
        raise BadRequest(f"channels: expected 1 to {_MOST_CHANNELS}, found something else")
    return int(given)


def _rate(query: Values, default: int | None) -> int:
    given = query.get("sample_rate", "") or ("" if default is None else str(default))
    digits = given.isascii() and given.isdigit() and len(given) <= 6
    checked = checked_rate(int(given)) if digits else None
    if checked is None:
        raise BadRequest(f"sample_rate: expected {EXPECTED_RATE}, found {given if digits else 'something else'}")
    return checked
