"""WAV files: the header of a stream whose end is not known, and a reader of the kinds that callers' systems write."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsp import Samples, alaw_decode, mulaw_decode
from providers.errors import BadRequest, TooLarge

__all__ = ["STREAM", "WavSound", "is_wav", "stream_header", "wav_sound"]

_PCM, _FLOAT, _ALAW, _MULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_KINDS = {(_PCM, 8), (_PCM, 16), (_PCM, 24), (_PCM, 32), (_FLOAT, 32), (_FLOAT, 64), (_ALAW, 8), (_MULAW, 8)}
STREAM = 0xFFFFFFFF
"""Size of a chunk whose end is not known when it begins."""
_MOST_CHANNELS = 8
_RATES = range(4000, 192_001)


@dataclass(frozen=True, slots=True, eq=False)
class WavSound:
    """Sound of a file."""

    frames: Samples
    """float32, (frames, channels)."""
    rate: int
    """Hz."""


def is_wav(data: bytes) -> bool:
    """Whether this is the beginning of a WAV file."""
    return data[:4] == b"RIFF" and data[8:12] == b"WAVE"


def stream_header(rate: int, encoding: str = "linear16") -> bytes:
    """The header of mono sound that has no known end; readers take what comes until there is no more.

    Parameters
    ----------
    encoding
        linear16, mulaw or alaw.
    """
    kind, width = {"linear16": (_PCM, 2), "mulaw": (_MULAW, 1), "alaw": (_ALAW, 1)}[encoding]
    form = struct.pack("<HHIIHH", kind, 1, rate, width * rate, width, 8 * width)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", STREAM)
    return b"RIFF" + struct.pack("<I", STREAM) + b"WAVE" + chunks


def wav_sound(data: bytes, *, longest: float) -> WavSound:
    """The sound of a WAV file.

    Parameters
    ----------
    longest
        Seconds.

    Raises
    ------
    BadRequest, TooLarge
        It is broken, empty, of another kind, or too long.
    """
    chunks = _chunks(data)
    if b"fmt " not in chunks or b"data" not in chunks:
        raise BadRequest("file: expected a WAV file with the chunks 'fmt ' and 'data', found one without")
    kind, channels, rate, bits = _format(chunks[b"fmt "])
    width = channels * bits // 8
    body = chunks[b"data"]
    body = body[: len(body) // width * width]
    if not body:
        raise BadRequest("file: expected sound, found none")
    if len(body) / width / rate > longest:
        raise TooLarge(f"file: expected at most {longest:g} s of sound, found {len(body) / width / rate:.0f} s")
    frames = _samples(body, kind, bits).reshape(-1, channels)
    if not np.isfinite(frames).all():
        raise BadRequest("file: expected finite samples, found NaN or infinity")
    return WavSound(frames, rate)


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """The first chunk of each name; a size that runs past the end (a stream's placeholder) means "all the rest"."""
    found: dict[bytes, bytes] = {}
    place = 12
    while place + 8 <= len(data) and len(found) < 64:
        name, size = struct.unpack_from("<4sI", data, place)
        found.setdefault(name, data[place + 8 : place + 8 + size])
        place += 8 + size + (size & 1)
    return found


def _format(chunk: bytes) -> tuple[int, int, int, int]:
    """Kind, channels, rate (Hz) and bits of one sample."""
    if len(chunk) < 16:
        raise BadRequest("file: expected a WAV file with a whole 'fmt ' chunk, found a part of one")
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if kind == _EXTENSIBLE and len(chunk) >= 26:
        (kind,) = struct.unpack_from("<H", chunk, 24)
    if (kind, bits) not in _KINDS:
        raise BadRequest(f"file: expected WAV as integers, floats, µ-law or A-law, found format {kind}, {bits} bit")
    if not 1 <= channels <= _MOST_CHANNELS or rate not in _RATES:
        expected = f"1 to {_MOST_CHANNELS} channels at {_RATES.start} to {_RATES.stop - 1} Hz"
        raise BadRequest(f"file: expected WAV with {expected}, found {channels} at {rate}")
    return kind, channels, rate, bits


def _samples(body: bytes, kind: int, bits: int) -> Samples:
    if kind == _FLOAT:
        return np.frombuffer(body, "<f4" if bits == 32 else "<f8").astype(np.float32)
    if kind in (_MULAW, _ALAW):
        codes = np.frombuffer(body, np.uint8)
        return mulaw_decode(codes) if kind == _MULAW else alaw_decode(codes)
    return _integers(body, bits).astype(np.float32) * np.float32(1 / (1 << (bits - 1)))


def _integers(body: bytes, bits: int) -> NDArray[np.generic]:
    if bits == 8:  # the only unsigned width of the format
        return np.frombuffer(body, np.uint8).astype(np.int16) - np.int16(128)
    if bits == 24:
        four = np.zeros((len(body) // 3, 4), np.uint8)
        four[:, 1:] = np.frombuffer(body, np.uint8).reshape(-1, 3)
        return four.view("<i4")[:, 0] >> 8
    return np.frombuffer(body, "<i2" if bits == 16 else "<i4")
