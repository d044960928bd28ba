"""The audio of a call: stereo frames of 20 ms, cut as asked, each due at its own moment of one clock."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from dsp import join_channels

FRAMES_PER_SECOND = 50
"""Vapi's own guidance for its transports: 20 ms a frame."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that goes over the socket: audio, a text message or nothing for a while."""

    payload: bytes | str
    lasts: float
    """Seconds until the next piece is due."""


def interleaved(customer: bytes, assistant: bytes | None = None) -> bytes:
    """Customer on channel 0, assistant on channel 1; the shorter one ends in silence."""
    other = assistant or b""
    length = max(len(customer), len(other))
    return join_channels([customer.ljust(length, b"\0"), other.ljust(length, b"\0")])


def frames(pcm: bytes, rate: int, channels: int = 2) -> Iterator[Piece]:
    """Cut PCM into frames of 20 ms; where a rate does not divide, lengths alternate so that time never drifts."""
    width = 2 * channels
    total = len(pcm) // width
    count = -(-total * FRAMES_PER_SECOND // rate)
    for index in range(count):
        start, end = index * rate // FRAMES_PER_SECOND, (index + 1) * rate // FRAMES_PER_SECOND
        yield Piece(pcm[start * width : end * width], 1 / FRAMES_PER_SECOND)


def odd_frames(pieces: Iterable[Piece], seed: int = 1) -> Iterator[Piece]:
    """The same bytes at the same pace, cut where no sample and no stereo frame ends."""
    dice = random.Random(seed)
    carry = b""
    for piece in pieces:
        if isinstance(piece.payload, str):
            yield piece
            continue
        data = carry + piece.payload
        cut = max(1, len(data) - dice.randrange(1, 40)) | 1
        carry = data[cut:]
        yield Piece(data[:cut], piece.lasts)
    if carry:
        yield Piece(carry, 0.0)


def quiet(seconds: float, rate: int, channels: int = 2) -> Iterator[Piece]:
    """Silence that is sent, as on an open line."""
    return frames(bytes(round(seconds * rate) * 2 * channels), rate, channels)


def awaited(
    finished: Callable[[float], bool], rate: int, channels: int = 2, *, begin: float, longest: float
) -> Iterator[Piece]:
    """Silence after speech, until ``finished`` says so of the seconds of audio sent, ``longest`` seconds at most."""
    for index, piece in enumerate(quiet(longest, rate, channels)):
        if finished(begin + index * piece.lasts):
            return
        yield piece


def pause(seconds: float) -> Piece:
    """Nothing at all for a while: a gap on the network."""
    return Piece(b"", seconds)


async def paced(
    pieces: Iterable[Piece],
    *,
    speed: float = 1.0,
    clock: Callable[[], float] = time.perf_counter,
) -> AsyncGenerator[bytes | str, None]:
    """Hand out each piece when it is due by the clock, not by the piece before it: late ones catch up at once."""
    due = clock()
    for piece in pieces:
        wait = due - clock()
        if wait > 0:
            await asyncio.sleep(wait)
        if piece.payload:
            yield piece.payload
        due += piece.lasts / speed


def duration(pieces: Sequence[Piece]) -> float:
    """Seconds."""
    return sum(piece.lasts for piece in pieces)
