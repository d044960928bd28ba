"""Decoder of compressed uploads, in a process of its own: a file that breaks the library breaks no call.

``python -m providers.dialects.audio.decoder SECONDS CHANNELS`` reads a file from its standard input and writes one line
of JSON, ``{"rate": …, "channels": …}`` or ``{"error": …}``, and then int16 PCM, interleaved.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

LOWEST, HIGHEST = 8000, 16000
"""Hz; a higher rate tells recognisers of speech nothing more."""
_CPU_SECONDS, _MEMORY_BYTES = 120, 4 * 1024**3


class Refused(Exception):
    """A file that is not decoded; the message is for its sender."""


def main(arguments: list[str], source: BinaryIO, sink: BinaryIO) -> None:
    """Decode one file."""
    longest, most_channels = float(arguments[0]), int(arguments[1])
    try:
        rate, channels, pcm = decode(source.read(), longest=longest, most_channels=most_channels)
    except Refused as refused:
        sink.write(json.dumps({"error": str(refused)}).encode() + b"\n")
        return
    sink.write(json.dumps({"rate": rate, "channels": channels}).encode() + b"\n")
    sink.write(pcm)


def decode(data: bytes, *, longest: float, most_channels: int) -> tuple[int, int, bytes]:
    """Rate (Hz), channels and interleaved PCM of a file.

    Raises
    ------
    Refused
    """
    import av

    try:
        with av.open(io.BytesIO(data), metadata_errors="ignore") as container:
            if not container.streams.audio:
                raise Refused("file: expected sound, found a file without")
            stream = container.streams.audio[0]
            rate = min(max(stream.rate or HIGHEST, LOWEST), HIGHEST)
            channels = min(stream.channels, most_channels)
            width, pcm = 2 * channels, bytearray()
            for block in _blocks(container, stream, rate, "stereo" if channels == 2 else "mono"):
                pcm += block
                if len(pcm) > longest * rate * width:
                    raise Refused(f"file: expected at most {longest:g} s of sound, found more")
    except av.FFmpegError:
        raise Refused("file: expected sound in a known format, found something else or a part of it") from None
    if not pcm:
        raise Refused("file: expected sound, found none")
    return rate, channels, bytes(pcm)


def _blocks(container: Any, stream: Any, rate: int, layout: str) -> Iterator[bytes]:
    import av

    width = 4 if layout == "stereo" else 2
    resampler = av.AudioResampler(format="s16", layout=layout, rate=rate)
    for frame in container.decode(stream):
        for made in resampler.resample(frame):
            yield bytes(made.planes[0])[: made.samples * width]
    for made in resampler.resample(None):
        yield bytes(made.planes[0])[: made.samples * width]


def _bound() -> None:
    """Let the system end a decoder that takes too much."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))


if __name__ == "__main__":
    _bound()
    main(sys.argv[1:], sys.stdin.buffer, sys.stdout.buffer)
