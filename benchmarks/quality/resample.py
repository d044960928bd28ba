"""How clean a change of rate is, and how long it takes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from benchmarks.case import Contender, at_most
from benchmarks.judging import Curve, Findings, Measure, QualityCase
from benchmarks.peers import resamplers
from benchmarks.quality._tones import Make, alias_band, group_delay, hear, latency, pass_band, sweep

RATES = (8000, 16000, 22050, 24000, 32000, 44100, 48000)
"""Hz, all that the endpoints know."""

CURVE_POINTS = 120
"""Tones of a response curve."""

RULER_DECIMALS = 4
"""Of every figure."""

LIVE = "dsp.LiveResampler"

MEASURES = (
    Measure("snr", "signal to noise, 997 Hz, dB"),
    Measure("ripple", "ripple up to 0.7 Nyquist, dB", decimals=3),
    Measure("image", "images and distortion, dB"),
    Measure("alias", "alias into the pass band, dB"),
    Measure("group", "group delay, ms", decimals=2),
    Measure("latency", "latency live, 20 ms frames, ms"),
    Measure("length", "length error, samples", decimals=0),
)
"""What is measured; the stages' promises are added where they stand."""

LIVE_PROMISES = {"ripple": at_most(0.05), "image": at_most(-85), "alias": at_most(-85), "group": at_most(2.0)}


def contenders() -> tuple[Contender, ...]:
    """Ours and everyone else who changes rates; each prepares a `Make`."""
    return (
        Contender(LIVE, "ours", lambda: resamplers.ours_live),
        Contender(
            "dsp.Resampler", "ours", lambda: resamplers.ours, "for synthesised audio; live latency does not concern it"
        ),
        Contender("soxr HQ", "peer", lambda: resamplers.soxr_stream),
        Contender("soxr QQ", "peer", lambda: partial(resamplers.soxr_stream, quality="QQ")),
        Contender("samplerate", "peer", lambda: resamplers.samplerate_stream, "converter sinc_medium"),
        Contender("scipy", "peer", lambda: resamplers.scipy_whole, "signal.resample_poly, which needs the whole file"),
        Contender(
            "scipy per block",
            "peer",
            lambda: resamplers.scipy_poly,
            "resample_poly has no stream: clicks at every joint",
        ),
        Contender("audioop", "peer", lambda: resamplers.ratecv, "ratecv: linear interpolation, as in pydub"),
    )


def measure(make: Make, in_rate: int, out_rate: int) -> Findings:
    """Everything about one pair of rates."""
    passed = sweep(make, in_rate, out_rate, pass_band(in_rate, out_rate))
    leaked = sweep(make, in_rate, out_rate, alias_band(in_rate, out_rate))
    clean = hear(make(in_rate, out_rate), 997.0, in_rate, out_rate)
    figures = {
        "snr": clean.tone_db - clean.rest_db,
        "ripple": max(abs(one.tone_db) for one in passed),
        "image": max(one.rest_db - one.tone_db for one in passed),
        "group": 1e3 * group_delay(make, in_rate, out_rate),
        "latency": 1e3 * latency(make, in_rate, out_rate),
        "length": _length_error(make, in_rate, out_rate),
    }
    if leaked:
        figures["alias"] = max(one.total_db for one in leaked)
    return Findings(_rounded(figures), _curves(make, in_rate, out_rate))


def _curves(make: Make, in_rate: int, out_rate: int) -> dict[str, Curve]:
    """What comes out over frequency: going down the aliases tell, going up the images."""
    tones = [float(hertz) for hertz in np.linspace(50, 0.495 * in_rate, CURVE_POINTS)]
    heard = sweep(make, in_rate, out_rate, tones)
    if out_rate > in_rate:
        return {"images": {"x": tones, "y": [one.rest_db for one in heard]}}
    band = {"x": [out_rate / 2, in_rate / 2], "y": [0.0, 0.0]}
    return {"response": {"x": tones, "y": [one.total_db for one in heard]}, "band": band}


def _length_error(make: Make, in_rate: int, out_rate: int) -> float:
    """Samples too many or too few; the group delay's worth at the end and either way of rounding are allowed."""
    count = 10 * in_rate // 7
    out = make(in_rate, out_rate).run(np.zeros(count, dtype=np.float32), in_rate // 50)
    exact = count * out_rate / in_rate + round(group_delay(make, in_rate, out_rate) * out_rate)
    return 0.0 if abs(len(out) - exact) < 1 else float(len(out) - round(exact))


def worst(make: Make) -> Findings:
    """The worst figure over all pairs of `RATES`."""
    figures: dict[str, float] = {}
    for in_rate, out_rate in ((one, other) for one in RATES for other in RATES if one != other):
        passed = sweep(make, in_rate, out_rate, pass_band(in_rate, out_rate, 8))
        leaked = sweep(make, in_rate, out_rate, alias_band(in_rate, out_rate, 8))
        found = {
            "ripple": max(abs(one.tone_db) for one in passed),
            "image": max(one.rest_db - one.tone_db for one in passed),
            "alias": max((one.total_db for one in leaked), default=-200.0),
            "group": 1e3 * group_delay(make, in_rate, out_rate),
            "length": abs(_length_error(make, in_rate, out_rate)),
        }
        figures = {key: max(figures.get(key, value), value) for key, value in found.items()}
    return Findings(_rounded(figures))


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    """To what the ruler can tell apart: a kernel of exactly 2 ms must not miss a bound of 2 ms by a rounding error."""
    return {key: round(value, RULER_DECIMALS) for key, value in figures.items()}


def _promised(measures: tuple[Measure, ...]) -> tuple[Measure, ...]:
    return tuple(replace(one, bound=LIVE_PROMISES.get(one.key), by=LIVE) for one in measures)


def _pair(in_rate: int, out_rate: int) -> QualityCase:
    return QualityCase(
        name=f"resample {in_rate / 1000:g}→{out_rate / 1000:g} k",
        signal="single tones at -6 dBFS, 20 ms at a time",
        measures=_promised(MEASURES),
        contenders=contenders(),
        judge=lambda make: measure(make, in_rate, out_rate),
    )


CASES = (
    _pair(8000, 16000),
    _pair(16000, 8000),
    _pair(24000, 8000),
    _pair(44100, 16000),
    QualityCase(
        name="resample, worst of all 42 pairs",
        signal="8, 16, 22.05, 24, 32, 44.1 and 48 kHz, each to each other",
        measures=tuple(one for one in _promised(MEASURES) if one.key not in ("snr", "latency")),
        contenders=contenders(),
        judge=worst,
    ),
)
