"""Whether G.711 is companded to the very codes of everybody else, and how it sounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.case import Contender, at_most
from benchmarks.judging import Findings, Measure, QualityCase
from benchmarks.peers.bytewise import audioop
from benchmarks.signals import speech
from dsp import alaw_decode, alaw_encode, encode_pcm16, mulaw_decode, mulaw_encode

Codes = NDArray[np.uint8]
Pcm = NDArray[np.int16]
EVERY_SAMPLE: Pcm = np.arange(-32768, 32768).astype(np.int16)
EVERY_CODE: Codes = np.arange(256).astype(np.uint8)


@dataclass(frozen=True)
class Law:
    """One law of one contender."""

    encode: Callable[[Pcm], Codes]
    decode: Callable[[Codes], Pcm]


def _ours() -> dict[str, Law]:
    def samples(pcm: Pcm) -> NDArray[np.float32]:
        return pcm.astype(np.float32) / np.float32(32768)

    def pcm(samples: NDArray[np.float32]) -> Pcm:
        return np.frombuffer(encode_pcm16(samples), dtype="<i2")

    return {
        "ulaw": Law(lambda x: mulaw_encode(samples(x)), lambda codes: pcm(mulaw_decode(codes))),
        "alaw": Law(lambda x: alaw_encode(samples(x)), lambda codes: pcm(alaw_decode(codes))),
    }


def _reference(law: str) -> Law:
    encode, decode = (getattr(audioop(), name) for name in (f"lin2{law}", f"{law}2lin"))
    return Law(
        lambda pcm: np.frombuffer(encode(pcm.tobytes(), 2), dtype=np.uint8),
        lambda codes: np.frombuffer(decode(codes.tobytes(), 2), dtype="<i2"),
    )


def _judge(laws: dict[str, Law]) -> Findings:
    spoken = (speech(8000, 8.0, seed=931).samples * 32768).astype(np.int16)
    figures: dict[str, float] = {}
    for name, law in laws.items():
        reference = _reference(name)
        figures[f"{name} encode"] = _differences(law.encode(EVERY_SAMPLE), reference.encode(EVERY_SAMPLE))
        figures[f"{name} decode"] = _differences(law.decode(EVERY_CODE), reference.decode(EVERY_CODE))
        wrong = law.decode(law.encode(spoken)).astype(np.float64) - spoken
        figures[f"{name} snr"] = 10 * float(np.log10(np.square(spoken, dtype=np.float64).sum() / (wrong @ wrong)))
    return Findings(figures)


def _differences(ours: NDArray[np.generic], theirs: NDArray[np.generic]) -> float:
    return float(np.count_nonzero(ours != theirs))


CASES = (
    QualityCase(
        name="G.711",
        signal="all 65,536 samples and all 256 codes, then speech there and back",
        measures=tuple(
            measure
            for law, label in (("ulaw", "µ-law"), ("alaw", "A-law"))
            for measure in (
                Measure(f"{law} encode", f"{label} codes unlike audioop's", at_most(0), decimals=0),
                Measure(f"{law} decode", f"{label} samples unlike audioop's", at_most(0), decimals=0),
                Measure(f"{law} snr", f"{label} speech there and back, SNR dB"),
            )
        ),
        contenders=(
            Contender("dsp", "ours", _ours),
            Contender("audioop", "peer", lambda: {law: _reference(law) for law in ("ulaw", "alaw")}),
        ),
        judge=_judge,
    ),
)
