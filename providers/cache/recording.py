"""Storage format of a finished utterance: int16 at its native rate.

Layout, little-endian: ``VPR2`` · rate in Hz (u32) · bytes of the words (u32) · bytes of the PCM (u32) · CRC-32 of rate,
words and PCM (u32) · words as JSON ``[[text, start, end], ...]`` · PCM.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from providers.engines.base import Chunk, Word

__all__ = ["Recording", "recording_of"]

_HEADER = struct.Struct("<4sIIII")
_MAGIC = b"VPR2"

_LOWEST_RATE, _HIGHEST_RATE = 4000, 192000
"""Hz; the rates of engines."""

_CHUNK = 4.0
"""Seconds per chunk; the audio exists already, so its size is bounded only by what a reader holds."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One whole utterance."""

    pcm: bytes
    rate: int
    """Hz."""
    words: tuple[Word, ...] = ()

    @property
    def seconds(self) -> float:
        """Duration."""
        return len(self.pcm) / 2 / self.rate

    def encode(self) -> bytes:
        """The bytes that `decode` understands."""
        words = msgspec.json.encode([(word.text, word.start, word.end) for word in self.words]) if self.words else b""
        header = _HEADER.pack(_MAGIC, self.rate, len(words), len(self.pcm), _checksum(self.rate, words, self.pcm))
        return b"".join((header, words, self.pcm))

    @classmethod
    def decode(cls, stored: bytes) -> Recording | None:
        """Read a recording; None where the bytes are something else, incomplete or damaged."""
        if len(stored) < _HEADER.size:
            return None
        magic, rate, words_size, pcm_size, checksum = _HEADER.unpack_from(stored)
        if magic != _MAGIC or not _LOWEST_RATE <= rate <= _HIGHEST_RATE or pcm_size % 2:
            return None
        payload = stored[_HEADER.size :]
        if len(payload) != words_size + pcm_size or _checksum(rate, payload) != checksum:
            return None
        try:
            words = msgspec.json.decode(payload[:words_size] or b"[]", type=list[tuple[str, float, float]])
        except (msgspec.MsgspecError, RecursionError):
            return None
        return cls(payload[words_size:], rate, tuple(Word(*word) for word in words))

    def chunks(self) -> Iterator[Chunk]:
        """The recording as chunks of an engine."""
        step = 2 * round(_CHUNK * self.rate)
        yield Chunk(self.pcm[:step], self.rate, self.words)
        for begin in range(step, len(self.pcm), step):
            yield Chunk(self.pcm[begin : begin + step], self.rate)


def recording_of(chunks: Sequence[Chunk]) -> Recording | None:
    """Join a finished synthesis; None if it is a fallback engine's, empty, or ends in half a sample."""
    pcm = b"".join(chunk.pcm for chunk in chunks)
    if not pcm or len(pcm) % 2 or any(chunk.fallback_engine for chunk in chunks):
        return None
    return Recording(pcm, chunks[0].rate, tuple(word for chunk in chunks for word in chunk.words))


def _checksum(rate: int, *parts: bytes) -> int:
    checksum = rate
    for part in parts:
        checksum = zlib.crc32(part, checksum)
    return checksum
