"""Audio of a vendor's response: bare PCM as requested, or WAV with its own rate.

Bare PCM carries no rate, and some compatible servers answer WAV where PCM was requested, often with another
rate than the documented one. Played as PCM, its header is a click and its rate a wrong pitch.
"""

from __future__ import annotations

import struct

from providers.errors import EngineError

_LONGEST_HEADER = 1 << 16
"""Bytes before the ``data`` chunk; a longer header is an error."""
_UNKNOWN_LENGTHS = (0, 0x7FFFFFFF)
"""Lengths that writers of a streamed WAV put in its header: zero, or the largest number, signed or unsigned."""
_PCM, _EXTENSIBLE = 0x0001, 0xFFFE
_CONTAINERS = {b"OggS": "Ogg", b"fLaC": "FLAC", b"ID3\x03": "MP3", b"ID3\x04": "MP3"}
_RATES = range(4000, 192001)
"""Hz."""


class ResponseAudio:
    """Decoder for a response: bytes in, cut anywhere; whole 16-bit mono samples out.

    Half a sample at the end is dropped.

    Parameters
    ----------
    rate
        Hz of bare PCM.
    engine
        Name of the engine, for errors.

    Examples
    --------
    >>> audio = ResponseAudio(24000, engine="openai")
    >>> audio.feed(b"abc"), audio.feed(b"d")
    (b'ab', b'cd')
    """

    def __init__(self, rate: int, *, engine: str) -> None:
        self.rate = rate
        """Hz; true once `feed` has returned audio."""
        self._engine = engine
        self._held = b""
        self._in_header = True
        self._left: int | None = None

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes; return the samples they complete, perhaps none.

        Raises
        ------
        EngineError
            The response is neither PCM nor 16-bit mono WAV.
        """
        if self._held:
            data = self._held + data
            self._held = b""
        if self._in_header:
            body = self._after_header(data)
            if body is None:
                self._held = data
                return b""
            data = body
            self._in_header = False
        if self._left is not None:
            data = data[: self._left]
        if len(data) & 1:
            self._held = data[-1:]
            data = data[:-1]
        if self._left is not None:
            self._left -= len(data)
        return data

    def flush(self) -> bytes:
        """End the response: a started header that is too short for one was PCM."""
        held, self._held = self._held, b""
        if self._in_header and not held.startswith(b"RIFF"):
            return held[: len(held) & ~1]
        return b""

    def _after_header(self, data: bytes) -> bytes | None:
        if container := _CONTAINERS.get(data[:4]):
            raise self._error(f"{container}")
        if data[:4] != b"RIFF"[: len(data)]:
            return data
        if len(data) < 12:
            return None
        if data[8:12] != b"WAVE":
            return data
        return self._after_chunks(data)

    def _after_chunks(self, data: bytes) -> bytes | None:
        position = 12
        while len(data) >= position + 8:
            kind, size = data[position : position + 4], int.from_bytes(data[position + 4 : position + 8], "little")
            position += 8
            if kind == b"data":
                known = size not in _UNKNOWN_LENGTHS and size < 0xFFFFF000
                self._left = size & ~1 if known else None
                return data[position:]
            if kind == b"fmt ":
                if len(data) < position + size:
                    break
                self._read_format(data[position : position + size])
            position += size + (size & 1)
        if len(data) > _LONGEST_HEADER:
            raise self._error("WAV without audio")
        return None

    def _read_format(self, chunk: bytes) -> None:
        if len(chunk) < 16:
            raise self._error("WAV with a broken header")
        kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
        if kind == _EXTENSIBLE and len(chunk) >= 26:
            kind = int.from_bytes(chunk[24:26], "little")
        if (kind, channels, bits) != (_PCM, 1, 16) or rate not in _RATES:
            raise self._error(f"WAV of format {kind} with {channels} channels of {bits} bits at {rate} Hz")
        self.rate = rate

    def _error(self, found: str) -> EngineError:
        return EngineError(
            f"{self._engine} answer: expected PCM or WAV, 16-bit mono, found {found}",
            engine=self._engine,
            retryable=False,
        )
