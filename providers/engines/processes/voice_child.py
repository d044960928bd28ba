"""Code of a worker process of an embedded voice: a native library speaks one sentence after the other.

On its socket, after the process id of `fork_child`::

    worker → server   "R" + JSON of `SpeakingCapabilities`: the library is loaded
                      "A" + rate in Hz (4 bytes) + length of the words (4 bytes) + JSON of the words + PCM
                      "D" the sentence is done, also after a cancel
                      "E" + JSON of `Failure`: the sentence, or the loading, has failed
    server → worker   "S" + JSON of `Sentence`
                      "C" cancel the sentence; ignored without one
"""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from providers.engines.base import Chunk, SpeakingCapabilities
from providers.engines.processes.fork_child import receive_frame, send_frame
from providers.errors import EngineError, EngineUnavailable, UnknownVoice

READY, AUDIO, DONE, ERROR = b"R", b"A", b"D", b"E"
SENTENCE, CANCEL = b"S", b"C"
AUDIO_HEAD = struct.Struct("<II")

LARGEST_AUDIO = 256 * 1024
"""Bytes of PCM in one frame."""

_Options = TypeVar("_Options")

Sink = Callable[[Chunk], bool]
"""Sends a chunk to the server; returns False when the library must stop."""


class Sentence(msgspec.Struct, frozen=True):
    """Sentence for a worker process."""

    text: str
    voice: str | None = None


class Kind(Enum):
    """Kind of a worker's failure."""

    UNKNOWN_VOICE = "unknown voice"
    UNAVAILABLE = "unavailable"
    ENGINE = "engine"


class Failure(msgspec.Struct, frozen=True):
    """Failure as it is sent to the server. The message never quotes the text."""

    kind: Kind
    message: str
    retryable: bool = True
    examples: tuple[str, ...] = ()


class VoiceLibrary(Protocol):
    """Loaded voice; it blocks and is used by one thread."""

    @property
    def capabilities(self) -> SpeakingCapabilities:
        """Capabilities of the voice."""
        ...

    def speak(self, sentence: Sentence, sink: Sink, cancelled: Callable[[], bool]) -> None:
        """Speak one sentence; stop when ``cancelled`` returns True or ``sink`` returns False.

        Raises
        ------
        UnknownVoice
            There is no such voice; raised before the first chunk.
        """


def encode_options(options: Any) -> bytes:
    """Encode an engine's options for its worker processes."""
    return msgspec.json.encode(options, enc_hook=str)


def decode_options(options: bytes, kind: type[_Options]) -> _Options:
    """Decode the options in a worker process."""
    return msgspec.json.decode(options, type=kind, dec_hook=lambda wanted, value: _path(wanted, value))


def _path(wanted: type, value: object) -> Path:
    assert issubclass(wanted, Path), wanted
    return Path(str(value))


def serve(link: socket.socket, load: Callable[[], VoiceLibrary]) -> None:
    """Load the voice and speak sentences until the server closes the socket."""
    link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * LARGEST_AUDIO)
    try:
        library = load()
    except Exception as error:
        send_frame(link, ERROR, msgspec.json.encode(_failure(error)))
        return
    send_frame(link, READY, msgspec.json.encode(library.capabilities))
    while frame := receive_frame(link):
        if frame[:1] == SENTENCE:
            _speak(link, library, msgspec.json.decode(frame[1:], type=Sentence))


def _speak(link: socket.socket, library: VoiceLibrary, sentence: Sentence) -> None:
    control = _CancelWatch(link)
    try:
        library.speak(sentence, lambda chunk: _send_audio(link, chunk, control), control.cancelled)
    except OSError:
        raise
    except Exception as error:
        send_frame(link, ERROR, msgspec.json.encode(_failure(error)))
        return
    send_frame(link, DONE)


def _send_audio(link: socket.socket, chunk: Chunk, control: _CancelWatch) -> bool:
    words = msgspec.json.encode(chunk.words) if chunk.words else b""
    for begin in range(0, len(chunk.pcm), LARGEST_AUDIO):
        if control.cancelled():
            return False
        head = AUDIO_HEAD.pack(chunk.rate, len(words))
        send_frame(link, AUDIO, head, words, chunk.pcm[begin : begin + LARGEST_AUDIO])
        words = b""
    return not control.cancelled()


class _CancelWatch:
    """Non-blocking check for the server's cancel or the end of its socket."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._seen = False

    def cancelled(self) -> bool:
        if not self._seen and select.select([self._link], [], [], 0)[0]:
            frame = receive_frame(self._link)
            self._seen = frame is None or frame == CANCEL
        return self._seen


def _failure(error: Exception) -> Failure:
    if isinstance(error, UnknownVoice):
        return Failure(Kind.UNKNOWN_VOICE, error.voice, examples=error.examples)
    if isinstance(error, EngineUnavailable):
        return Failure(Kind.UNAVAILABLE, str(error))
    if isinstance(error, EngineError):
        return Failure(Kind.ENGINE, str(error), error.retryable)
    # Not the library's message: some quote the text.
    return Failure(Kind.ENGINE, f"failed with {type(error).__name__}")
