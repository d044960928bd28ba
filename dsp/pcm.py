"""Conversion between signed 16-bit PCM and float32 samples; the only module that does it.

*pcm* is ``bytes`` of int16 little-endian samples, interleaved when there is more than one channel. Scale 32768 both
ways, so that every int16 value survives the round trip.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dsp import backends
from dsp.errors import ParameterError, SignalError
from dsp.stage import FLOAT32, SILENCE, Samples, float_run, valid_samples

SCALE = 32768.0
"""int16 counts per full scale."""

INT16, UINT16, UINT32 = np.dtype("<i2"), np.dtype("<u2"), np.dtype("<u4")

LARGEST = np.float32(32767 / 32768)
"""The largest sample that 16 bits hold."""

ROUNDING = np.float32(384)
"""1.5 * 2**8: float32 numbers of this size lie 2**-15 apart, so adding it rounds a sample to 16 bits (half to even)
and leaves the integer in the low half of the sum's bit pattern."""

BLOCK = 16384
"""Samples worked on at a time, so that intermediate results stay in the second-level cache."""

BULK = 16384
"""Bytes from which on the set-up of the bulk channel split, some 4 us, pays for itself."""


class PcmDecoder:
    """Decoder from bytes of int16 LE mono, cut anywhere, to float32 samples.

    A byte that is half a sample is carried into the next call; that byte is all the memory it needs.

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

    @property
    def delay(self) -> float:
        """Samples; always 0."""
        return 0.0

    def feed(self, pcm: bytes | bytearray | memoryview) -> Samples:
        """Decode the next bytes.

        Parameters
        ----------
        pcm : bytes-like
            int16 LE mono, any length.

        Returns
        -------
        numpy.ndarray, shape (n,), float32, [-1, 1)
        """
        if not isinstance(pcm, bytes):
            pcm = bytes(pcm)  # of a view of int16, the length would count samples
        if self._carry:
            pcm = self._carry + pcm
        self._carry = bytes(pcm[-1:]) if len(pcm) % 2 else b""
        native = backends.native
        if native is not None:
            samples = np.empty(len(pcm) // 2, FLOAT32)
            native.decode(pcm, samples)
            return samples
        samples = np.frombuffer(pcm, dtype=INT16, count=len(pcm) // 2).astype(np.float32)
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
    native = backends.native
    if native is not None and (pcm := native.encode(samples)) is not None:
        return pcm
    array = float_run(samples)
    if array.size <= BLOCK:
        return _encode_block(array)
    return b"".join(_encode_block(array[start : start + BLOCK], start) for start in range(0, array.size, BLOCK))


def _encode_block(samples: Samples, start: int = 0) -> bytes:
    rounded = clipped(samples, start) + ROUNDING
    return rounded.view(np.uint32).astype(UINT16).tobytes()


def clipped(samples: Samples, start: int = 0) -> Samples:
    """Clip to what 16 bits hold; the same memory where nothing is to be clipped, a SignalError if not finite.

    ``start`` is the index of the first sample in the run it was taken from, for the error.
    """
    # Both comparisons are false for NaN, so that finite values that fit are recognised by two quick passes.
    if not samples.size or (np.minimum.reduce(samples) >= -1 and np.maximum.reduce(samples) <= LARGEST):
        return samples
    return np.clip(valid_samples(samples, start=start), np.float32(-1), LARGEST)


def split_channels(pcm: bytes | bytearray | memoryview, channels: int = 2) -> tuple[bytes, ...]:
    """Split interleaved PCM into its channels.

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
    native = backends.native
    if channels == 2 and native is not None:
        return native.split(pcm)
    if channels == 2 and len(pcm) >= BULK:
        return _split_bulk(pcm)
    interleaved = np.frombuffer(pcm, dtype=INT16)
    if channels == 2:
        return interleaved[0::2].tobytes(), interleaved[1::2].tobytes()
    return tuple(interleaved[channel::channels].tobytes() for channel in range(channels))


def _split_bulk(pcm: bytes | bytearray | memoryview) -> tuple[bytes, bytes]:
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
    joined = np.empty((len(channels[0]) // 2, len(channels)), dtype=INT16)
    for index, channel in enumerate(channels):
        joined[:, index] = np.frombuffer(channel, dtype=INT16)
    return joined.tobytes()
