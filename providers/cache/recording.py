"""A finished utterance as bytes and back: int16 at its native rate, nothing but data.

Layout, little-endian: ``VPR1`` · rate in Hz (u32) · length of the words in bytes (u32) · words as JSON
``[[text, start, end], ...]`` · PCM.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from providers.engines.base import Chunk, Word

__all__ = ["Recording", "recording_of"]

_HEADER = struct.Struct("<4sII")
_MAGIC = b"VPR1"

_CHUNK = 4.0
"""Seconds per chunk: the audio is there, so it is handed over in pieces as large as a reader may want to hold."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One whole utterance."""

    pcm: bytes
    rate: int
    """Hz."""
    words: tuple[Word, ...] = ()

    @property
    def seconds(self) -> float:
        return len(self.pcm) / 2 / self.rate

    def encode(self) -> bytes:
        """The bytes that `decode` understands."""
        words = json.dumps([[word.text, word.start, word.end] for word in self.words]).encode() if self.words else b""
        return b"".join((_HEADER.pack(_MAGIC, self.rate, len(words)), words, self.pcm))

    @classmethod
    def decode(cls, stored: bytes) -> Recording | None:
        """Read a recording; None where the bytes are not one, whoever wrote them."""
        if len(stored) < _HEADER.size:
            return None
        magic, rate, length = _HEADER.unpack_from(stored)
        begin = _HEADER.size + length
        if magic != _MAGIC or not rate or begin > len(stored) or (len(stored) - begin) % 2:
            return None
        try:
            words = tuple(
                Word(str(text), float(start), float(end))
                for text, start, end in (json.loads(stored[_HEADER.size : begin]) if length else ())
            )
        except (ValueError, TypeError):
            return None
        return cls(stored[begin:], rate, words)

    def chunks(self) -> Iterator[Chunk]:
        """The recording as an engine would have said it."""
        step = 2 * round(_CHUNK * self.rate)
        yield Chunk(self.pcm[:step], self.rate, self.words)
        for begin in range(step, len(self.pcm), step):
            yield Chunk(self.pcm[begin : begin + step], self.rate)


def recording_of(chunks: Sequence[Chunk]) -> Recording | None:
    """Join a finished answer; None where it must not be kept: a stand-in's, an empty one, one cut inside a sample."""
    pcm = b"".join(chunk.pcm for chunk in chunks)
    if not pcm or len(pcm) % 2 or any(chunk.fallback_engine for chunk in chunks):
        return None
    return Recording(pcm, chunks[0].rate, tuple(word for chunk in chunks for word in chunk.words))
