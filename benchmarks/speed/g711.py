"""G.711, both laws, both ways: float32 samples to codes and back."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.case import Contender, Frame, at_least
from benchmarks.peers.bytewise import audioop
from benchmarks.speed._blocks import MEMCPY, noise, on_numpy, pcm
from benchmarks.timing import Call, SpeedCase, Target
from dsp import alaw_decode, alaw_encode, mulaw_decode, mulaw_encode

NOTE = "G.711 between codes and int16; ours is between codes and float32"
LAWS = {"µ-law": ("ulaw", mulaw_encode, mulaw_decode), "A-law": ("alaw", alaw_encode, alaw_decode)}


def _encode(law: str) -> Callable[[Frame], Call]:
    encode = LAWS[law][1]

    def prepare(frame: Frame) -> Call:
        samples = noise(frame.samples)
        return lambda: encode(samples)

    return prepare


def _decode(law: str) -> Callable[[Frame], Call]:
    _, encode, decode = LAWS[law]

    def prepare(frame: Frame) -> Call:
        codes = encode(noise(frame.samples))
        return lambda: decode(codes)

    return prepare


def _encode_audioop(law: str) -> Callable[[Frame], Call]:
    def prepare(frame: Frame) -> Call:
        lin2law = getattr(audioop(), f"lin2{LAWS[law][0]}")
        data = pcm(frame)
        return lambda: lin2law(data, 2)

    return prepare


def _decode_audioop(law: str) -> Callable[[Frame], Call]:
    def prepare(frame: Frame) -> Call:
        name, encode, _ = LAWS[law]
        law2lin = getattr(audioop(), f"{name}2lin")
        codes = encode(noise(frame.samples)).tobytes()
        return lambda: law2lin(codes, 2)

    return prepare


def _cases(law: str) -> tuple[SpeedCase, SpeedCase]:
    encoding = SpeedCase(
        name=f"{law} encode",
        contenders=(
            Contender(f"dsp.{LAWS[law][1].__name__}", "ours", _encode(law)),
            on_numpy(_encode(law)),
            MEMCPY,
            Contender("audioop", "peer", _encode_audioop(law), NOTE),
        ),
        rate=8000,
        targets={
            "20 ms": [Target("× faster than", at_least(1), "audioop")],
            "1 MiB": [Target("× faster than", at_least(10), "audioop")],
        },
    )
    decoding = SpeedCase(
        name=f"{law} decode",
        contenders=(
            Contender(f"dsp.{LAWS[law][2].__name__}", "ours", _decode(law)),
            on_numpy(_decode(law)),
            MEMCPY,
            Contender("audioop", "peer", _decode_audioop(law), NOTE),
        ),
        rate=8000,
    )
    return encoding, decoding


CASES = (*_cases("µ-law"), *_cases("A-law"))
