"""WAV files of any rate, width and number of channels, in and out.

Written by the standard library; read here, because its reader knows integers alone: recordings of calls are µ-law.
"""

from __future__ import annotations

import io
import struct
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsp import Resampler, Samples, alaw_decode, mulaw_decode
from providers.emulator.failures import EmulatorError

_PCM, _FLOAT, _ALAW, _MULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_FORMATS = {
    (_PCM, 8), (_PCM, 16), (_PCM, 24), (_PCM, 32), (_FLOAT, 32), (_FLOAT, 64), (_MULAW, 8), (_ALAW, 8),
}  # fmt: skip
_LARGEST = 512 * 1024 * 1024
"""Bytes of a file that is still read: an hour of 48 kHz stereo is 660 MB and no probe."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """Sound from a file: one float32 array per channel, all of one length."""

    channels: tuple[Samples, ...]
    rate: int
    """Hz."""

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.channels[0]) / self.rate


@dataclass(frozen=True, slots=True)
class _Format:
    kind: int
    channels: int
    rate: int
    bits: int


def read_clip(path: Path) -> Clip:
    """Read a WAV file; `EmulatorError` names the file, what was expected and what is there."""
    try:
        if path.stat().st_size > _LARGEST:
            raise EmulatorError(f"{path}: expected at most {_LARGEST} bytes, found {path.stat().st_size}")
        data = path.read_bytes()
    except OSError as fault:
        raise EmulatorError(f"{path}: {fault.strerror or fault}") from fault
    return parse_clip(data, str(path))


def parse_clip(data: bytes, name: str = "WAV") -> Clip:
    """Take a WAV file apart; ``name`` is what an error calls it."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise EmulatorError(f"{name}: expected a WAV file (RIFF … WAVE), found {data[:4]!r}")
    chunks = _chunks(data)
    if b"fmt " not in chunks or b"data" not in chunks:
        raise EmulatorError(f"{name}: expected the chunks 'fmt ' and 'data', found {sorted(chunks)}")
    form = _format(chunks[b"fmt "], name)
    width = form.channels * form.bits // 8
    body = chunks[b"data"]
    samples = _samples(body[: len(body) // width * width], form)
    if not len(samples):
        raise EmulatorError(f"{name}: expected sound, found an empty file")
    if not np.isfinite(samples).all():
        raise EmulatorError(f"{name}: expected finite samples, found NaN or infinity")
    frames = samples.reshape(-1, form.channels)
    return Clip(tuple(np.ascontiguousarray(frames[:, i]) for i in range(form.channels)), form.rate)


def mono(clip: Clip, rate: int) -> Samples:
    """A clip as one channel at another rate; several channels are averaged."""
    mixed: Samples = sum(clip.channels[1:], clip.channels[0]) / np.float32(len(clip.channels))
    return resampled(mixed, clip.rate, rate)


def resampled(samples: Samples, in_rate: int, out_rate: int) -> Samples:
    """A whole clip at another rate."""
    resampler = Resampler(in_rate, out_rate)
    return np.concatenate([resampler.feed(samples), resampler.flush()])


def wav_bytes(pcm: bytes, rate: int, *, channels: int = 1) -> bytes:
    """PCM as a WAV file."""
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(pcm)
    return made.getvalue()


def write_wav(path: Path, pcm: bytes, rate: int) -> None:
    """Save mono PCM as a WAV file."""
    try:
        path.write_bytes(wav_bytes(pcm, rate))
    except OSError as error:
        raise EmulatorError(f"{path}: {error.strerror or error}") from error


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """The first chunk of each name; a size that runs past the end (a stream's placeholder) means "all the rest"."""
    found: dict[bytes, bytes] = {}
    place = 12
    while place + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, place)
        found.setdefault(name, data[place + 8 : place + 8 + size])
        place += 8 + size + (size & 1)
    return found


def _format(chunk: bytes, name: str) -> _Format:
    if len(chunk) < 16:
        raise EmulatorError(f"{name}: expected a 'fmt ' chunk of at least 16 bytes, found {len(chunk)}")
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if kind == _EXTENSIBLE and len(chunk) >= 26:
        (kind,) = struct.unpack_from("<H", chunk, 24)
    if (kind, bits) not in _FORMATS:
        expected = "8, 16, 24 or 32 bit integers, floats, µ-law or A-law"
        raise EmulatorError(f"{name}: expected {expected}, found format {kind}, {bits} bit")
    if not 1 <= channels <= 64 or not 1000 <= rate <= 768_000:
        raise EmulatorError(f"{name}: expected 1 … 64 channels at 1000 … 768000 Hz, found {channels} at {rate}")
    return _Format(kind, channels, rate, bits)


def _samples(body: bytes, form: _Format) -> Samples:
    if form.kind == _FLOAT:
        return np.frombuffer(body, "<f4" if form.bits == 32 else "<f8").astype(np.float32)
    if form.kind in (_MULAW, _ALAW):
        codes = np.frombuffer(body, np.uint8)
        return mulaw_decode(codes) if form.kind == _MULAW else alaw_decode(codes)
    scale = np.float32(1 / (1 << (form.bits - 1)))
    return _integers(body, form.bits).astype(np.float32) * scale


def _integers(body: bytes, bits: int) -> NDArray[np.generic]:
    if bits == 8:  # the only unsigned width of the format
        return np.frombuffer(body, np.uint8).astype(np.int16) - np.int16(128)
    if bits == 24:
        three = np.frombuffer(body, np.uint8).reshape(-1, 3)
        four = np.zeros((len(three), 4), np.uint8)
        four[:, 1:] = three
        return four.view("<i4")[:, 0] >> 8
    return np.frombuffer(body, "<i2" if bits == 16 else "<i4")
