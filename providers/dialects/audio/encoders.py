"""Encoders of PCM that comes in blocks: bare, WAV, G.711, and what FFmpeg's encoders compress."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol

import dsp
from providers.dialects.audio.wav import stream_header
from providers.errors import BadRequest
from providers.installing import install_command

__all__ = ["COMPRESSED", "Encoder", "can_compress", "encoder"]


class Encoder(Protocol):
    """Encoder of one stream of mono int16 PCM."""

    media_type: str
    heavy: bool
    """Whether its work belongs into a thread."""

    def feed(self, pcm: bytes) -> bytes:
        """Encode the next whole samples; what comes out may lag behind."""
        ...

    def flush(self) -> bytes:
        """The end of the stream."""
        ...


@dataclass(slots=True)
class _Mapped:
    """Sample by sample, behind a header."""

    media_type: str
    convert: Callable[[bytes], bytes] = bytes
    header: bytes = b""
    heavy: bool = False

    def feed(self, pcm: bytes) -> bytes:
        header, self.header = self.header, b""
        return header + self.convert(pcm)

    def flush(self) -> bytes:
        return b""


@dataclass(frozen=True, slots=True)
class _Codec:
    media_type: str
    container: str
    codec: str
    rates: tuple[int, ...]
    """Hz that the codec knows; the last one is taken for any other."""
    options: tuple[tuple[str, str], ...] = ()
    bit_rate: int | None = None


_COMPANDED: dict[str, Callable[[bytes], bytes]] = {
    "mulaw": lambda pcm: dsp.mulaw_encode(dsp.decode_pcm16(pcm)).tobytes(),
    "alaw": lambda pcm: dsp.alaw_encode(dsp.decode_pcm16(pcm)).tobytes(),
}

COMPRESSED = {
    # Without a header at the front that could only be filled in at the end.
    "mp3": _Codec(
        "audio/mpeg",
        "mp3",
        "libmp3lame",
        (8000, 12000, 16000, 22050, 32000, 44100, 48000, 24000),
        (("write_xing", "0"), ("id3v2_version", "0")),
        64_000,
    ),
    "opus": _Codec(
        "audio/ogg", "ogg", "libopus", (8000, 12000, 16000, 24000, 48000), (("page_duration", "100000"),), 32_000
    ),
    "aac": _Codec("audio/aac", "adts", "aac", (8000, 16000, 22050, 32000, 44100, 48000, 24000), (), 64_000),
    "flac": _Codec("audio/flac", "flac", "flac", ()),
}
"""Compressed formats by name."""


def can_compress() -> bool:
    """Whether the encoders are installed."""
    return find_spec("av") is not None


def encoder(name: str, rate: int, *, field: str) -> Encoder:
    """The encoder of a format: pcm, wav, mulaw, alaw, the last two with ".wav" too, or one of `COMPRESSED`.

    Parameters
    ----------
    rate
        Hz of the PCM.
    field
        What the dialect calls the format, for an error.

    Raises
    ------
    BadRequest
        No such format, or its encoder is not installed.
    """
    match name:
        case "pcm":
            return _Mapped("audio/pcm")
        case "wav":
            return _Mapped("audio/wav", header=stream_header(rate))
        case "mulaw" | "alaw":
            return _Mapped(f"audio/{name}", convert=_COMPANDED[name])
        case "mulaw.wav" | "alaw.wav":
            law = name.removesuffix(".wav")
            return _Mapped("audio/wav", convert=_COMPANDED[law], header=stream_header(rate, law))
    if name not in COMPRESSED:
        raise BadRequest(f"{field}: expected pcm, wav, mulaw, alaw, {', '.join(COMPRESSED)}, found another one")
    if not can_compress():
        raise BadRequest(f"{field}: expected pcm or wav, found {name}, which needs: {install_command('audio')}")
    return _Compressed(COMPRESSED[name], rate)


class _Compressed:
    """Stream through one of FFmpeg's encoders."""

    heavy = True

    def __init__(self, codec: _Codec, rate: int) -> None:
        import av

        self.media_type = codec.media_type
        self._rate = rate
        self._sink = _Sink()
        self._frame = av.AudioFrame
        self._container: Any = av.open(self._sink, "w", format=codec.container, options=dict(codec.options))
        out_rate = rate if not codec.rates or rate in codec.rates else codec.rates[-1]
        self._stream = self._container.add_stream(codec.codec, rate=out_rate, layout="mono")
        if codec.bit_rate is not None:
            self._stream.bit_rate = codec.bit_rate
        self._resampler = av.AudioResampler(format=self._stream.format, layout="mono", rate=out_rate)

    def feed(self, pcm: bytes) -> bytes:
        if pcm:
            frame = self._frame(format="s16", layout="mono", samples=len(pcm) // 2)
            frame.planes[0].update(pcm)
            frame.sample_rate = self._rate
            self._encode(frame)
        return self._sink.taken()

    def flush(self) -> bytes:
        self._encode(None)
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._sink.taken()

    def _encode(self, frame: Any) -> None:
        for made in self._resampler.resample(frame):
            self._container.mux(self._stream.encode(made))


class _Sink(io.RawIOBase):
    """File that only grows, and gives away what was written."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written += data
        return len(data)

    def taken(self) -> bytes:
        """What was written since the last time."""
        written, self._written = bytes(self._written), bytearray()
        return written
