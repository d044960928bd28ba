"""One interface for every library that takes audio piece by piece."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from dsp import Samples, encode_pcm16


def to_native(samples: Samples, *, pcm: bool) -> Any:
    """Bytes of int16, or the samples themselves."""
    return encode_pcm16(samples) if pcm else samples


def to_float32(answer: Any, *, pcm: bool) -> Samples:
    """What was answered in that form, as samples."""
    if pcm:
        return np.frombuffer(answer, dtype="<i2").astype(np.float32) / np.float32(32768)
    return np.asarray(answer, dtype=np.float32)


@dataclass(frozen=True)
class Stream:
    """A stage, ours or a peer's, in use; ``feed`` takes what `native` makes of samples."""

    feed: Callable[[Any], Any]
    finish: Callable[[], Any] | None = None
    """Hands out the tail; None if it has none."""
    pcm: bool = False
    """Whether it takes and gives bytes of int16 rather than float32."""

    def native(self, samples: Samples) -> Any:
        """The samples in the form that ``feed`` takes, so that the conversion is not on its bill."""
        return to_native(samples, pcm=self.pcm)

    def float32(self, answer: Any) -> Samples:
        """What ``feed`` answered, as samples."""
        return to_float32(answer, pcm=self.pcm)

    def run(self, samples: Samples, size: int) -> Samples:
        """Everything that comes out when ``samples`` go in ``size`` at a time."""
        pieces = [samples[at : at + size] for at in range(0, len(samples), size)]
        out = [self.float32(self.feed(self.native(piece))) for piece in pieces]
        if self.finish is not None:
            out.append(self.float32(self.finish()))
        return np.concatenate(out)


def in_blocks(process: Callable[[bytes], bytes], size: int) -> Callable[[bytes], bytes]:
    """Let a function of blocks of ``size`` bytes be fed any number of bytes; the rest waits for the next call."""
    carry = b""

    def feed(pcm: bytes) -> bytes:
        nonlocal carry
        pcm = carry + pcm if carry else pcm
        whole = len(pcm) - len(pcm) % size
        carry = pcm[whole:]
        return b"".join([process(pcm[at : at + size]) for at in range(0, whole, size)])

    return feed
