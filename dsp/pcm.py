"""Signed 16-bit PCM on the outside, float32 on the inside: the only module that knows both.

*pcm* is ``bytes`` of int16 little-endian samples, interleaved when there is more than one channel. Scale 32768 both
ways, so that every int16 value survives the round trip.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dsp.errors import ParameterError, SignalError
from dsp.stage import SILENCE, Samples, valid_samples

SCALE = 32768.0
"""int16 counts per full scale."""


class PcmDecoder:
    """Bytes of int16 LE mono, cut anywhere, to float32 samples.

    A byte that is half a sample is carried into the next call. Delay: 0 samples.

    Examples
    --------
    >>> decoder = PcmDecoder()
    >>> decoder.feed(bytes([0x00, 0x40, 0x00]))
    array([0.5], dtype=float32)
    >>> decoder.feed(bytes([0xC0]))
    array([-0.5], dtype=float32)
    >>> decoder.flush()
    array([], dtype=float32)
    """

    def __init__(self) -> None:
        self._carry = b""

    def feed(self, pcm: bytes) -> Samples:
        """Decode the next bytes.

        Returns
        -------
        numpy.ndarray, shape (n,), float32, [-1, 1)
        """
        if self._carry:
            pcm = self._carry + pcm
        whole = len(pcm) & ~1
        self._carry = bytes(pcm[whole:])
        samples = np.frombuffer(pcm, dtype="<i2", count=whole // 2).astype(np.float32)
        samples *= np.float32(1 / SCALE)
        return samples

    def flush(self) -> Samples:
        """End the stream.

        Raises
        ------
        SignalError
            The stream ended in the middle of a sample: the sender cut it off.
        """
        if self._carry:
            self._carry = b""
            raise SignalError("pcm: expected whole 16-bit samples, found half a sample at the end")
        return SILENCE.copy()


def encode_pcm16(samples: Samples) -> bytes:
    """Encode float32 samples as int16 LE: scale 32768, round half to even, clip.

    Parameters
    ----------
    samples : numpy.ndarray, shape (n,), float32
        Nominally in [-1, 1); what lies outside is clipped.

    Returns
    -------
    bytes
        Length 2 n.

    Raises
    ------
    SignalError
        See `dsp.stage.valid_samples`.

    Examples
    --------
    >>> import numpy as np
    >>> encode_pcm16(np.array([0.5, -1.0, 2.0], dtype=np.float32)).hex(" ", 2)
    '0040 0080 ff7f'
    """
    scaled = valid_samples(samples) * np.float32(SCALE)
    np.rint(scaled, out=scaled)
    np.clip(scaled, -32768.0, 32767.0, out=scaled)
    return scaled.astype("<i2").tobytes()


def split_channels(pcm: bytes, channels: int = 2) -> tuple[bytes, ...]:
    """Take interleaved PCM apart.

    Parameters
    ----------
    pcm : bytes
        Whole frames: ``len(pcm)`` is a multiple of ``2 * channels``.
    channels : int
        At least 1.

    Returns
    -------
    tuple of bytes
        One mono PCM string per channel, in channel order.

    Raises
    ------
    SignalError
        Not whole frames.

    Examples
    --------
    >>> split_channels(b"LlRrLlRr")
    (b'LlLl', b'RrRr')
    """
    if channels < 1:
        raise ParameterError(f"channels: expected at least 1, found {channels}")
    if len(pcm) % (2 * channels):
        raise SignalError(f"pcm: expected a multiple of {2 * channels} bytes, found {len(pcm)}")
    interleaved = np.frombuffer(pcm, dtype="<i2")
    return tuple(interleaved[channel::channels].tobytes() for channel in range(channels))


def join_channels(channels: Sequence[bytes]) -> bytes:
    """Interleave mono PCM strings of equal length; the inverse of `split_channels`.

    Raises
    ------
    SignalError
        Lengths differ, or are odd.

    Examples
    --------
    >>> join_channels([b"LlLl", b"RrRr"])
    b'LlRrLlRr'
    """
    lengths = {len(channel) for channel in channels}
    if len(lengths) != 1 or lengths.pop() % 2:
        found = ", ".join(str(len(channel)) for channel in channels)
        raise SignalError(f"channels: expected equal, even lengths in bytes, found {found or 'none'}")
    joined = np.empty((len(channels[0]) // 2, len(channels)), dtype="<i2")
    for index, channel in enumerate(channels):
        joined[:, index] = np.frombuffer(channel, dtype="<i2")
    return joined.tobytes()
