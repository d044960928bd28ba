"""The calls that transcriber rules look at, and how their transcripts are compared."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from providers.emulator.audio_frames import Piece, frames, interleaved
from providers.emulator.check.probe import CALL_RATE, CallEnding, CallShape, Probe
from providers.emulator.check.rule import NotJudged
from providers.emulator.protocol import Json
from providers.emulator.speech import ProbeSpeech
from providers.emulator.transcriber_client import CallRecord


def words(text: str) -> list[str]:
    """A text as bare words, so that case and punctuation do not count."""
    return re.findall(r"[^\W_]+", text.lower())


def alike(one: str, other: str) -> float:
    """How much of two texts is the same words in the same order, 0 … 1."""
    return SequenceMatcher(None, words(one), words(other), autojunk=False).ratio()


def speech_of(probe: Probe) -> ProbeSpeech:
    """The probes' speech, or `NotJudged`."""
    if probe.speech is None:
        raise NotJudged("no speech: install the extra 'local', or give --customer-wav and --assistant-wav")
    return probe.speech


def spoken(
    probe: Probe, customer: str | None, assistant: str | None = None, *, rate: int = CALL_RATE, channels: int = 2
) -> list[Piece]:
    """Frames in which each channel is one of the speakers, or silent."""
    speech = speech_of(probe)
    sides = [speech.pcm(who, rate) if who else b"" for who in (customer, assistant)]
    pcm = interleaved(*sides) if channels == 2 else sides[0]
    return list(frames(pcm, rate, channels))


def end_of(probe: Probe, *speakers: str, later: float = 0.0) -> CallEnding:
    """The end of a call in which these speak, the first of them as the customer, ``later`` seconds after its begin."""
    spans = {who: speech_of(probe).spans(who) for who in speakers}
    after = max(span.end for found in spans.values() for span in found)
    return CallEnding(later + after, len(spans[speakers[0]]))


async def heard(
    probe: Probe, who: str, *, rate: int = CALL_RATE, channels: int = 2, extra: Json | None = None
) -> CallRecord:
    """A call in which one speaker speaks on the customer's channel and the other channel is silent."""
    pieces = spoken(probe, who, rate=rate, channels=channels)
    return await probe.call(pieces, CallShape(rate, channels, extra), ending=end_of(probe, who))


async def alone(probe: Probe, who: str) -> CallRecord:
    """That call, made once for all rules: how this recogniser hears this speaker with nothing else going on."""
    speech_of(probe)
    return await probe.once(f"alone:{who}", lambda: heard(probe, who))


async def baseline(probe: Probe, who: str = "customer") -> str:
    """What the recogniser makes of one speaker; `NotJudged` when it hears nothing, which is rule T1's business."""
    text = (await alone(probe, who)).text()
    if not words(text):
        raise NotJudged("no final of the customer came in a plain call (T1)")
    return text


def ended(record: CallRecord) -> str | None:
    """Why a call that should have gone on did not; None when it did."""
    if record.finished:
        return None
    return f"the server ended the call with {record.close_code} {record.close_reason}".rstrip()
