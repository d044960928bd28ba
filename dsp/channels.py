"""Channels of interleaved PCM: split apart, and joined."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dsp import backends
from dsp.errors import ParameterError, SignalError
from dsp.pcm import UINT16, Pcm, pcm_bytes
from dsp.stage import INT16

UINT32 = np.dtype("<u4")

BULK = 16384
"""Bytes from which on the set-up of the bulk channel split, some 4 us, pays for itself."""


def split_channels(pcm: Pcm, channels: int = 2) -> tuple[bytes, ...]:
    """Split interleaved PCM into its channels.

    Parameters
    ----------
    pcm : bytes-like, or an array or view of int16
        Whole frames: a multiple of ``2 * channels`` bytes.
    channels : int
        At least 1.

    Returns
    -------
    tuple of bytes
        One mono PCM string per channel, in channel order.

    Raises
    ------
    SignalError
        Not whole frames, or neither bytes nor int16.
    ParameterError
        ``channels`` is below 1.

    Examples
    --------
    >>> split_channels(b"LlRrLlRr")
    (b'LlLl', b'RrRr')
    """
    if channels < 1:
        raise ParameterError(f"channels: expected at least 1, found {channels}")
    if not isinstance(pcm, bytes):
        pcm = pcm_bytes(pcm)  # the length of a view of int16 counts samples
    if len(pcm) % (2 * channels):
        raise SignalError(f"pcm: expected a multiple of {2 * channels} bytes, found {len(pcm)}")
    native = backends.native
    if channels == 2 and native is not None:
        return native.split(pcm)
    if channels == 2 and len(pcm) >= BULK:
        return _split_bulk(pcm)
    interleaved = np.frombuffer(pcm, dtype=INT16)
    if channels == 2:
        return interleaved[0::2].tobytes(), interleaved[1::2].tobytes()
    return tuple(interleaved[channel::channels].tobytes() for channel in range(channels))


def _split_bulk(pcm: bytes) -> tuple[bytes, bytes]:
    """Narrow 32-bit words to their low halves, which numpy does with vector instructions, unlike strided copies.

    A frame's low half is its left sample; shifted by one sample, the low half is the right sample.
    """
    frames = len(pcm) // 4
    channel = np.empty(frames, dtype=UINT16)
    np.copyto(channel, np.frombuffer(pcm, dtype=UINT32), casting="unsafe")
    left = channel.tobytes()
    np.copyto(channel[:-1], np.frombuffer(pcm, dtype=UINT32, count=frames - 1, offset=2), casting="unsafe")
    channel[-1:] = np.frombuffer(pcm, dtype=UINT16, offset=4 * frames - 2)
    return left, channel.tobytes()


def join_channels(channels: Sequence[Pcm]) -> bytes:
    """Interleave mono PCM strings of equal length; the inverse of `split_channels`.

    Parameters
    ----------
    channels : sequence of bytes-like, or of arrays or views of int16
        int16 LE mono each, at least one.

    Returns
    -------
    bytes
        int16 LE, the channels' samples in turns.

    Raises
    ------
    SignalError
        None given, lengths that differ or are odd, or neither bytes nor int16.

    Examples
    --------
    >>> join_channels([b"LlLl", b"RrRr"])
    b'LlRrLlRr'
    """
    strings = [pcm_bytes(channel) for channel in channels]
    lengths = {len(string) for string in strings}
    if len(lengths) != 1 or lengths.pop() % 2:
        found = ", ".join(str(len(string)) for string in strings)
        raise SignalError(f"channels: expected equal, even lengths in bytes, found {found or 'none'}")
    joined = np.empty((len(strings[0]) // 2, len(strings)), dtype=INT16)
    for index, channel in enumerate(strings):
        joined[:, index] = np.frombuffer(channel, dtype=INT16)
    return joined.tobytes()
