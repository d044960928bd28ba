"""What a body's samples show of speech: how they are coded, whether they change, their pace, level and end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsp import Samples, mulaw_decode
from providers.emulator.sound import decoded, noise_share

_BELOW_PEAK = 30.0
"""dB below the loudest 20 ms to which sound counts as speech."""
_QUIETEST = 1e-7
"""Mean square of the quietest block that counts as sound: −70 dBFS."""
_EDGES = np.array([150, 300, 450, 600, 800, 1000, 1300, 1600, 2000, 2500, 3000, 3600], np.float64)
"""Hz. Bands in which vowels differ; all are within a telephone's reach."""
_NOISE = 0.5
"""Share of loud blocks that sound like noise when bytes are read in a wrong format; speech has a fifth at most."""
_LOPSIDED = 0.1
"""Ratio of two powers that are equal in one channel, and far apart where two channels are interleaved."""
_QUIET_STEPS = 64
"""Steps of 16 bits below which a sample says nothing about its bytes: silence looks alike in most formats."""
_ONE_DISTRIBUTION, _ONE_SIGN = 0.3, 0.75
"""Distance of the two bytes' histograms, and share of pairs of one sign: µ-law has 0.0 and 0.9, PCM 1.3 and 0.5."""
_FULL = 0.999
_FLAT_RUN = 3
"""Equal samples in a row at the peak that no wave of a voice has."""
_FEW_SAMPLES = 2000


@dataclass(frozen=True, slots=True)
class SoundingPart:
    """Where the sound of an answer lies."""

    samples: Samples
    """float32 mono ``(n,)``, from the first to the last sound."""
    rate: int
    """Hz."""
    sounding: float
    """Seconds with sound, pauses left out."""

    @property
    def span(self) -> float:
        """Seconds from the first to the last sound."""
        return len(self.samples) / self.rate


def speech_in(pcm: bytes, rate: int) -> SoundingPart:
    """The sound of an answer without the silence around it."""
    samples = decoded(pcm)
    block = max(1, rate // 50)
    blocks = samples[: len(samples) // block * block].astype(np.float64).reshape(-1, block)
    powers = np.einsum("ij,ij->i", blocks, blocks) / block
    if not len(powers) or powers.max() < _QUIETEST:
        return SoundingPart(samples[:0], rate, 0.0)
    loud = np.flatnonzero(powers > max(powers.max() * 10 ** (-_BELOW_PEAK / 10), _QUIETEST))
    return SoundingPart(samples[loud[0] * block : (loud[-1] + 1) * block], rate, len(loud) * block / rate)


def wrong_format(body: bytes, rate: int) -> str | None:
    """The format a body has that is not 16-bit little-endian mono; None when it is, or when no other fits better."""
    samples = decoded(body)
    if len(samples) < _FEW_SAMPLES:
        return None
    if _interleaved(samples):
        return "two interleaved channels"
    if _single_bytes(body):
        return "8-bit µ-law" if _sounds(_mulaw(body), rate) else "samples of 8 bits"
    if noise_share(samples, rate) > _NOISE:
        return next((name for name, read in _READINGS.items() if _sounds(read(body), rate)), None)
    return None


def variation(speech: SoundingPart) -> float:
    """How much the colour of the sound changes in time, dB: 0 for a steady tone, 4 for a melody, 7 for speech."""
    bands = _bands(speech)
    if len(bands) < 2:
        return 0.0
    shares = 10 * np.log10(bands / bands.sum(1, keepdims=True) + 1e-3)
    return float(shares.std(0).mean())


def end_difference(one: SoundingPart, other: SoundingPart, share: float = 0.12) -> float:
    """How much the last ``share`` of two answers differs in colour, dB: 0 for the same words, 5 and more for others."""
    colours = [_colour(speech, share) for speech in (one, other)]
    return float(np.sqrt(np.mean(np.square(colours[0] - colours[1]))))


def clipped(speech: SoundingPart) -> float:
    """Share of the samples that are cut off flat at the top, 0 … 1."""
    level = np.abs(speech.samples)
    if not len(level) or not level.max():
        return 0.0
    peak = level >= min(_FULL, float(level.max()))
    flat = peak[2:] & peak[1:-1] & peak[:-2]
    return float(flat.mean()) if len(flat) >= _FLAT_RUN else 0.0


def _colour(speech: SoundingPart, share: float) -> NDArray[np.float64]:
    last = SoundingPart(speech.samples[round(len(speech.samples) * (1 - share)) :], speech.rate, 0.0)
    bands = _bands(last)
    mean = bands.mean(0) if len(bands) else np.ones(len(_EDGES) - 1)
    colour: NDArray[np.float64] = 10 * np.log10(mean / mean.sum() + 1e-4)
    return colour


def _bands(speech: SoundingPart) -> NDArray[np.float64]:
    """Power of each 50 ms in each band, ``(blocks, bands)``; quiet blocks are left out."""
    size = speech.rate // 20
    blocks = speech.samples[: len(speech.samples) // size * size].reshape(-1, size) * np.hanning(size)
    power = np.square(np.abs(np.fft.rfft(blocks, axis=1)))
    places = np.searchsorted(np.fft.rfftfreq(size, 1 / speech.rate), _EDGES)
    bands = np.stack([power[:, low:high].sum(1) for low, high in zip(places[:-1], places[1:], strict=True)], 1)
    total = bands.sum(1)
    loud: NDArray[np.float64] = bands[total > max(total.max(initial=0.0) * 1e-3, 1e-9)]
    return loud


def _interleaved(samples: Samples) -> bool:
    """True when every second sample is a channel of its own."""
    pairs = samples[: len(samples) // 2 * 2].astype(np.float64).reshape(-1, 2)
    left, right = np.square(pairs).mean(0)
    within = np.square(pairs[:, 1] - pairs[:, 0]).mean()
    between = np.square(pairs[1:, 0] - pairs[:-1, 1]).mean()
    return bool(_apart(left, right) or _apart(within, between))


def _apart(one: float, other: float) -> bool:
    return min(one, other) < _LOPSIDED * max(one, other)


def _sounds(samples: Samples, rate: int) -> bool:
    """True for samples that could be a voice: finite, within full scale and not noise."""
    if not len(samples) or not np.isfinite(samples).all() or np.abs(samples).max() > 2.0:
        return False
    return np.abs(samples).max() > 0.01 and noise_share(samples, rate) < _NOISE


def _single_bytes(body: bytes) -> bool:
    """True when each byte is a sample: both bytes of a pair have one distribution, and mostly one sign."""
    pairs = np.frombuffer(body, np.uint8, count=len(body) // 2 * 2).reshape(-1, 2)
    loud = pairs[np.abs(pairs.copy().view("<i2")[:, 0].astype(np.int32)) > _QUIET_STEPS]
    if len(loud) < _FEW_SAMPLES:
        return False
    low, high = (np.bincount(loud[:, side] >> 3, minlength=32) / len(loud) for side in (0, 1))
    same_sign = float(((loud[:, 0] ^ loud[:, 1]) < 128).mean())
    return bool(np.abs(low - high).sum() < _ONE_DISTRIBUTION and same_sign > _ONE_SIGN)


def _mulaw(body: bytes) -> Samples:
    return mulaw_decode(np.frombuffer(body, np.uint8))


def _floats(body: bytes) -> Samples:
    return np.frombuffer(body, "<f4", count=len(body) // 4)


def _swapped(body: bytes) -> Samples:
    return np.frombuffer(body, ">i2", count=len(body) // 2).astype(np.float32) / np.float32(32768)


_READINGS: dict[str, Callable[[bytes], Samples]] = {
    "32-bit floats": _floats,
    "16-bit samples of the other byte order": _swapped,
}
"""Formats that sound like noise when they are read as 16-bit little-endian."""
