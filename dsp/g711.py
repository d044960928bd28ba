"""G.711, the telephone network's 8-bit companding: float32 samples to uint8 codes and back, by table.

The tables follow ITU-T G.711 (11/88) as the ITU's software tool library G.191 and the C code in wide use spell it:
16-bit samples, of which µ-law looks at the upper 14 bits and A-law at the upper 13. Samples are rounded to 16 bits
exactly as `dsp.pcm.encode_pcm16` does it, so that ``mulaw_encode(x)`` equals companding the PCM of ``x``.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsp import backends
from dsp.errors import SignalError
from dsp.pcm import ROUNDING, clipped
from dsp.stage import FLOAT32, Samples, float_run

Codes: TypeAlias = NDArray[np.uint8]
"""G.711 code words, shape (n,)."""

BLOCK = 32768
"""Samples worked on at a time: the scratch memory (12 bytes each) stays in the second-level cache."""

PCM = np.arange(-32768, 32768, dtype=np.int32)
"""The 16-bit samples in the order of the encoders' tables."""

UINT8 = np.dtype(np.uint8)

LOWEST = (ROUNDING - np.float32(1)).view(np.uint32)
"""The bit pattern of the lowest sample plus `ROUNDING`; those of the other samples follow it one by one."""


def _mulaw_codes() -> Codes:
    value = PCM >> 2
    magnitude = np.minimum(np.abs(value), 8159 - 1) + 33  # beyond 8158 the code no longer changes
    segment = np.searchsorted(2 ** np.arange(6, 14) - 1, magnitude)
    code = segment << 4 | (magnitude >> (segment + 1)) & 0xF
    return np.asarray(code ^ np.where(value < 0, 0x7F, 0xFF), dtype=np.uint8)


def _mulaw_samples() -> Samples:
    code = ~np.arange(256, dtype=np.int32)
    magnitude = (((code & 0xF) << 3) + 0x84 << ((code & 0x70) >> 4)) - 0x84
    return np.asarray(np.where(code & 0x80, -magnitude, magnitude) / 32768, dtype=np.float32)


def _alaw_codes() -> Codes:
    value = PCM >> 3
    magnitude = np.where(value < 0, -value - 1, value)
    segment = np.searchsorted(2 ** np.arange(5, 13) - 1, magnitude)
    code = segment << 4 | (magnitude >> np.maximum(segment, 1)) & 0xF
    return np.asarray(code ^ np.where(value < 0, 0x55, 0xD5), dtype=np.uint8)


def _alaw_samples() -> Samples:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment = (code & 0x70) >> 4
    step = ((code & 0xF) << 4) + np.where(segment > 0, 0x108, 0x8)
    magnitude = step << np.maximum(segment - 1, 0)
    return np.asarray(np.where(code & 0x80, magnitude, -magnitude) / 32768, dtype=np.float32)


MULAW_CODES, ALAW_CODES = _mulaw_codes(), _alaw_codes()
MULAW_SAMPLES, ALAW_SAMPLES = _mulaw_samples(), _alaw_samples()


def mulaw_encode(samples: ArrayLike) -> Codes:
    """Compand samples by the µ-law, G.711 table 2.

    Parameters
    ----------
    samples : array_like, shape (n,), float32, float64 or int16
        Nominally in [-1, 1); what lies outside is clipped. Any rate; the telephone network's is 8000 Hz.

    Returns
    -------
    numpy.ndarray, shape (n,), uint8
        Code words as they travel: inverted, 0xFF for zero. Delay: 0 samples.

    Raises
    ------
    SignalError
        See `dsp.stage.valid_samples`.

    Examples
    --------
    >>> mulaw_encode([0.0, 0.5, -0.5, 2.0])
    array([255, 143,  15, 128], dtype=uint8)
    """
    return _encode(samples, MULAW_CODES)


def mulaw_decode(codes: ArrayLike) -> Samples:
    """Expand µ-law code words; the inverse of `mulaw_encode` up to the companding's own rounding.

    Parameters
    ----------
    codes : array_like, shape (n,), uint8; or bytes

    Returns
    -------
    numpy.ndarray, shape (n,), float32, [-0.981, 0.981]
        Each a multiple of 1/32768. Delay: 0 samples.

    Raises
    ------
    SignalError
        Not one-dimensional, or not uint8.

    Examples
    --------
    >>> mulaw_decode(bytes([255, 143, 15])).tolist()
    [0.0, 0.5115966796875, -0.5115966796875]
    """
    return _decode(codes, MULAW_SAMPLES)


def alaw_encode(samples: ArrayLike) -> Codes:
    """Compand samples by the A-law, G.711 table 1.

    Parameters
    ----------
    samples : array_like, shape (n,), float32, float64 or int16
        Nominally in [-1, 1); what lies outside is clipped. Any rate; the telephone network's is 8000 Hz.

    Returns
    -------
    numpy.ndarray, shape (n,), uint8
        Code words as they travel: even bits inverted, 0xD5 for the smallest positive value. Delay: 0 samples.

    Raises
    ------
    SignalError
        See `dsp.stage.valid_samples`.

    Examples
    --------
    >>> alaw_encode([0.0, 0.5, -0.5, 2.0])
    array([213, 165,  58, 170], dtype=uint8)
    """
    return _encode(samples, ALAW_CODES)


def alaw_decode(codes: ArrayLike) -> Samples:
    """Expand A-law code words; the inverse of `alaw_encode` up to the companding's own rounding.

    Parameters
    ----------
    codes : array_like, shape (n,), uint8; or bytes

    Returns
    -------
    numpy.ndarray, shape (n,), float32, [-0.985, 0.985]
        Each a multiple of 1/32768, none of them zero: the A-law has no zero. Delay: 0 samples.

    Raises
    ------
    SignalError
        Not one-dimensional, or not uint8.

    Examples
    --------
    >>> alaw_decode(bytes([213, 165])).tolist()
    [0.000244140625, 0.515625]
    """
    return _decode(codes, ALAW_SAMPLES)


def _encode(samples: ArrayLike, table: Codes) -> Codes:
    native = backends.native
    if native is not None and isinstance(samples, np.ndarray):
        codes = np.empty(samples.size, UINT8)
        if native.compand(table is ALAW_CODES, samples, codes):
            return codes
    array = float_run(samples)
    codes = np.empty(array.size, UINT8)
    for start in range(0, array.size, BLOCK):
        block = slice(start, start + BLOCK)
        # No index is out of range, and "wrap" finds that out fastest; "raise" would write to a copy first.
        table.take(_indices(array[block], start), out=codes[block], mode="wrap")
    return codes


def _indices(block: Samples, start: int) -> NDArray[np.uint32]:
    """Round to 16 bits and count from the lowest sample up."""
    indices = (block + ROUNDING).view(np.uint32)
    indices -= LOWEST
    # One look at the integers finds NaN, infinity and what is to be clipped, for all of them count as more.
    if np.maximum.reduce(indices) >= len(PCM):
        return _indices(clipped(block, start), start)
    return indices


def _decode(codes: ArrayLike, table: Samples) -> Samples:
    native = backends.native
    if native is not None and isinstance(codes, bytes):
        samples = np.empty(len(codes), FLOAT32)
        native.expand(table is ALAW_SAMPLES, codes, samples)
        return samples
    array = np.frombuffer(codes, UINT8) if isinstance(codes, (bytes, bytearray, memoryview)) else np.asarray(codes)
    if array.ndim != 1:
        raise SignalError(f"codes: expected shape (n,), found {array.shape}")
    if array.dtype != UINT8:
        raise SignalError(f"codes: expected dtype uint8, found {array.dtype}")
    if native is not None and array.flags.c_contiguous:
        samples = np.empty(array.size, FLOAT32)
        native.expand(table is ALAW_SAMPLES, array, samples)
        return samples
    return table.take(array, mode="clip")
