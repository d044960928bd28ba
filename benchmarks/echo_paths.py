"""Calls with a known echo: seeded paths from the assistant's channel to the customer's, and what a canceller scores.

The customer's channel is the customer plus the echo, both known, so that how much echo is gone and how much of the
customer is left can be measured apart from each other, for ours and for anybody else's canceller.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.signals import Floats, Samples, speech

TAIL = 0.4
"""Seconds of a room's impulse response after the direct sound."""
EARLY_GAP = 0.002
"""Seconds between the direct sound and the first reflection."""
EMPHASIS = 0.9
"""First-order pre-emphasis before the customer's loss is measured: without it the lowest formant alone would decide."""
FAR_VOICE, NEAR_VOICE = "en-us+f2", "en-gb-x-rp+m7"


@dataclass(frozen=True, slots=True)
class EchoPath:
    """The way from the assistant's channel to the customer's."""

    delay: float
    """Seconds until the direct sound."""
    level: float
    """RMS of the echo over RMS of the far channel; 0.3 to 0.65 were met in the field."""
    reverberation: float = 0.0
    """Seconds in which the room falls by 60 dB; 0 is a line without a room."""
    tail: float = 0.5
    """RMS of the reverberation over that of the direct sound."""
    drive: float = 0.0
    """How hard the loudspeaker is driven into tanh, as a multiple of full scale; 0 is linear."""
    seed: int = 1


PATHS = (
    EchoPath(0.0, 0.65),
    EchoPath(0.01, 0.5, 0.2),
    EchoPath(0.02, 0.3),
    EchoPath(0.045, 0.65, 0.3),
    EchoPath(0.11, 0.4, 0.4),
    EchoPath(0.15, 0.65),
    EchoPath(0.2, 0.3, 0.25),
    EchoPath(0.257, 0.5, 0.3),
    EchoPath(0.3, 0.65, 0.4),
    EchoPath(0.3, 0.3),
)
"""What the issue asks for: 0 to 300 ms, 0.3 to 0.65, lines and rooms."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One call: the assistant speaks throughout, the customer from ``talk_from`` on."""

    rate: int
    """Hz."""
    near: Samples
    """The customer alone."""
    far: Samples
    """The assistant's channel."""
    heard: Samples
    """The customer's channel: the customer and the echo."""
    talk_from: float
    """Seconds."""


def impulse_response(path: EchoPath, rate: int) -> Floats:
    """The linear part of the path: a direct sound of 1 and decaying noise behind it."""
    direct = round(path.delay * rate)
    response = np.zeros(direct + round(TAIL * rate))
    if path.reverberation > 0:
        time = np.arange(response.size - direct) / rate
        room = np.random.default_rng(path.seed).standard_normal(time.size) * 10 ** (-3 * time / path.reverberation)
        room[: round(EARLY_GAP * rate)] = 0
        response[direct:] = room * (path.tail / np.sqrt(np.square(room).sum()))
    response[direct] += 1
    return response


def echo_of(far: Samples, rate: int, path: EchoPath) -> Samples:
    """What comes back of the far channel along the path, as long as the far channel."""
    source = far.astype(np.float64)
    if path.drive > 0:
        source = np.tanh(source * path.drive) / path.drive
    response = impulse_response(path, rate)
    size = 1 << (source.size + response.size - 1).bit_length()
    back = np.fft.irfft(np.fft.rfft(source, size) * np.fft.rfft(response, size), size)[: far.size]
    loudness = np.sqrt(np.square(far, dtype=np.float64).mean() / max(float(np.square(back).mean()), 1e-20))
    return np.asarray(back * (path.level * loudness), dtype=np.float32)


def drifted(samples: Samples, ppm: float) -> Samples:
    """What a clock plays that runs slow by so many parts per million; interpolated with a windowed sinc."""
    at = np.arange(samples.size) * (1 + ppm * 1e-6)
    whole = np.floor(at).astype(np.intp)
    taps = np.arange(-31, 33)
    window = np.kaiser(66, 8)[1:-1]
    padded = np.pad(samples.astype(np.float64), 64)
    index = np.minimum(whole[:, None] + taps + 64, padded.size - 1)
    return np.asarray((padded[index] * np.sinc(taps - (at - whole)[:, None]) * window).sum(axis=1), dtype=np.float32)


def jumped(samples: Samples, at: int, count: int) -> Samples:
    """The samples with all that follows place ``at`` later by ``count``, earlier where negative, as long as before."""
    later = np.concatenate([samples[:at], np.zeros(max(count, 0), dtype=np.float32), samples[at - min(count, 0) :]])
    padded = np.pad(later, (0, max(samples.size - later.size, 0)))[: samples.size]
    return np.asarray(padded, dtype=np.float32)


def scene(rate: int, path: EchoPath, *, seconds: float = 12.0, talk_from: float = 6.0, seed: int = 1) -> Scene:
    """A call over the path; both sides speak at the same level, so the echo is 4 to 10 dB below the customer."""
    far = speech(rate, seconds + 1, seed=seed, voice=FAR_VOICE).samples
    far = far[np.flatnonzero(far)[0] :][: round(seconds * rate)]
    near = np.zeros_like(far)
    start = round(talk_from * rate)
    if start < near.size:
        near[start:] = speech(rate, seconds - talk_from, seed=seed + 1, voice=NEAR_VOICE).samples[: near.size - start]
    return Scene(rate, near, far, near + echo_of(far, rate, path), talk_from)


def erle_db(call: Scene, cleaned: Samples, start: float, stop: float) -> float:
    """Echo return loss enhancement: how much weaker the echo is, in dB, from ``start`` to ``stop`` seconds.

    ``cleaned`` is aligned with the call. Meaningful where the customer is silent; at most 100 dB.
    """
    span = slice(round(start * call.rate), round(stop * call.rate))
    before, after = (float(np.square(x[span], dtype=np.float64).sum()) for x in (call.heard, cleaned))
    return 10 * float(np.log10(max(before, 1e-20) / max(after, 1e-10 * before, 1e-20)))


def near_damage_db(call: Scene, cleaned: Samples) -> float:
    """What the customer loses in dB: the share of the clean, pre-emphasised customer that is in the cleaned channel.

    It is a projection, so left-over echo does not count as customer. ``cleaned`` is aligned with the call.
    """
    near, left = (_emphasised(x[round(call.talk_from * call.rate) :]) for x in (call.near, cleaned))
    share = float(near @ left) / float(near @ near)
    return -20 * float(np.log10(max(share, 1e-5)))


def near_snr_db(call: Scene, cleaned: Samples) -> float:
    """The customer over everything else in the cleaned channel, dB, while both speak; ``cleaned`` is aligned."""
    span = slice(round(call.talk_from * call.rate), None)
    near = call.near[span].astype(np.float64)
    wrong = cleaned[span].astype(np.float64) - near
    return 10 * float(np.log10((near @ near) / max(float(wrong @ wrong), 1e-20)))


def aligned(call: Scene, cleaned: Samples, *, most: float = 0.1) -> Samples:
    """Undo a canceller's delay, which is found by correlation, up to ``most`` seconds; same length as the call."""
    size = 1 << (2 * call.near.size).bit_length()
    match = np.fft.irfft(np.conj(np.fft.rfft(call.near, size)) * np.fft.rfft(cleaned, size), size)
    late = int(match[: round(most * call.rate)].argmax())
    shifted = np.zeros_like(call.near)
    rest = cleaned[late : late + shifted.size]
    shifted[: rest.size] = rest
    return shifted


def _emphasised(samples: Samples) -> Floats:
    wide = samples.astype(np.float64)
    return wide[1:] - EMPHASIS * wide[:-1]
