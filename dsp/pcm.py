"""Conversion between bytes of signed 16-bit PCM and float32 samples.

*pcm* is ``bytes`` of int16 little-endian samples, interleaved when there is more than one channel. Scale 32768 both
ways, `dsp.stage.SCALE`, so that every int16 value survives the round trip; an array of int16 has the same scale
wherever `dsp` takes samples.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp import backends
from dsp.errors import SignalError
from dsp.stage import FLOAT32, INT16, SCALE, SILENCE, Samples, float_run, valid_samples

Pcm: TypeAlias = "bytes | bytearray | memoryview | NDArray[np.int16]"
"""int16 LE samples as bytes, a view of bytes, or an array or view of int16."""

UINT16 = np.dtype("<u2")

LARGEST = np.float32(32767 / 32768)
"""The largest sample that 16 bits hold."""

ROUNDING = np.float32(384)
"""1.5 * 2**8: float32 numbers of this size lie 2**-15 apart, so adding it rounds a sample to 16 bits (half to even)
and leaves the integer in the low half of the sum's bit pattern."""

BLOCK = 16384
"""Samples worked on at a time, so that intermediate results stay in the second-level cache."""


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

    def feed(self, pcm: Pcm) -> Samples:
        """Decode the next bytes.

        Parameters
        ----------
        pcm : bytes-like, or an array or view of int16
            int16 LE mono, any length.

        Returns
        -------
        numpy.ndarray, shape (n,), float32, [-1, 1)

        Raises
        ------
        SignalError
            Neither bytes nor int16.
        """
        if not isinstance(pcm, bytes):
            pcm = pcm_bytes(pcm)
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

        Returns
        -------
        numpy.ndarray, shape (0,), float32

        Raises
        ------
        SignalError
            The stream ended in the middle of a sample: the sender cut it off.
        """
        if self._carry:
            self._carry = b""
            raise SignalError("pcm: expected whole 16-bit samples, found half a sample at the end")
        return SILENCE.copy()


def pcm_bytes(pcm: Pcm) -> bytes:
    r"""The bytes of PCM in any of its forms.

    Parameters
    ----------
    pcm : bytes-like, or an array or view of int16
        A view may have strides; its bytes are those of its items in order.

    Returns
    -------
    bytes
        The same object where it was bytes already.

    Raises
    ------
    SignalError
        Neither bytes nor int16 LE: a list, a number, or an array of float32, whose bytes are no PCM.

    Examples
    --------
    >>> import numpy as np
    >>> pcm_bytes(np.array([1, 2], dtype=np.int16).data)
    b'\x01\x00\x02\x00'
    """
    if isinstance(pcm, (bytes, bytearray)):
        return bytes(pcm)
    if isinstance(pcm, (memoryview, np.ndarray)):
        array = np.asarray(pcm)
        if array.dtype == INT16 or array.dtype.itemsize == 1:
            return array.tobytes()
        raise SignalError(f"pcm: expected bytes or int16, found {array.dtype}")
    raise SignalError(f"pcm: expected bytes or int16, found {type(pcm).__name__}")


def decode_pcm16(pcm: Pcm) -> Samples:
    """Decode whole int16 LE mono PCM; `PcmDecoder` in one call, and the inverse of `encode_pcm16`.

    Parameters
    ----------
    pcm : bytes-like, or an array or view of int16
        Whole samples.

    Returns
    -------
    numpy.ndarray, shape (n,), float32, [-1, 1)

    Raises
    ------
    SignalError
        Half a sample at the end, or neither bytes nor int16.

    Examples
    --------
    >>> decode_pcm16(bytes([0x00, 0x40, 0x00, 0xC0])).tolist()
    [0.5, -0.5]
    """
    decoder = PcmDecoder()
    samples = decoder.feed(pcm)
    decoder.flush()
    return samples


def encode_pcm16(samples: ArrayLike) -> bytes:
    """Encode samples as int16 LE: scale 32768, round half to even, clip.

    Parameters
    ----------
    samples : array_like, shape (n,), float32, float64 or int16
        Nominally in [-1, 1); what lies outside is clipped. int16 comes out as it is.

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
