"""Answers of the voice endpoint that several rules look at, and what must hold before they can be judged."""

from __future__ import annotations

import math

from providers.emulator.check.probe import RATE, Probe
from providers.emulator.check.response_faults import fault_of, without_header
from providers.emulator.check.rule import NotJudged
from providers.emulator.check.voice_signal import SoundingPart, end_difference, speech_in, variation, wrong_format
from providers.emulator.failures import EmulatorError
from providers.emulator.http_client import RecordedResponse

_STEADY = 1.0
"""dB of variation below which a sound is a steady tone and not speech."""
_SAME_LENGTH = 0.1
"""Share by which two answers of one recording differ at most."""
SAME_END = 2.0
"""dB between the ends of two answers below which the same words were said."""


async def plain_answer(probe: Probe) -> RecordedResponse:
    """The answer to the first plain voice request, made once."""
    return await probe.once("plain", lambda: probe.say(probe.texts.short()))


async def long_answer(probe: Probe) -> RecordedResponse:
    """The answer to a long text, asked for once."""
    return await probe.once("long", lambda: probe.say(probe.texts.long()))


async def need_audio(probe: Probe) -> RecordedResponse:
    """The plain answer, or `NotJudged`: without audio no other rule of the voice means anything."""
    try:
        response = await plain_answer(probe)
    except EmulatorError as fault:
        raise NotJudged(f"no plain voice request was answered (V18): {fault}") from fault
    fault_found = fault_of(response)
    if fault_found is not None:
        raise NotJudged(f"no plain voice request was answered with audio (V18): {fault_found}")
    return response


async def need_pcm(probe: Probe) -> RecordedResponse:
    """The plain answer as 16-bit mono PCM, or `NotJudged`."""
    response = await need_audio(probe)
    wrong = format_fault(response)
    if wrong is not None:
        raise NotJudged(f"the body is {wrong}, not 16-bit mono PCM (V2)")
    return response


async def need_speech(probe: Probe) -> SoundingPart:
    """The plain answer's sound, or `NotJudged` when nothing is said in it."""
    speech = speech_of_answer(await need_pcm(probe))
    nothing = await nothing_said(probe)
    if nothing is not None:
        raise NotJudged(f"{nothing} (V19)")
    return speech


async def nothing_said(probe: Probe) -> str | None:
    """Why the answers cannot be speech: a steady tone, or one recording for every text; None when they can."""
    speech = speech_of_answer(await need_pcm(probe))
    if variation(speech) < _STEADY:
        return "a steady tone: its colour never changes, so no word is said"
    long = speech_of_answer(await long_answer(probe))
    if abs(long.sounding - speech.sounding) < _SAME_LENGTH * speech.sounding and await ends_apart(probe) < SAME_END:
        return f"one recording for every text: a sentence and a long text both sound {speech.sounding:.1f} s"
    return None


async def ends_apart(probe: Probe) -> float:
    """Difference in dB of the last sounds of two texts that differ in their last words; infinite without audio."""
    return await probe.once("ends", lambda: _ends_apart(probe))


async def _ends_apart(probe: Probe) -> float:
    answers = [await probe.say(text) for text in probe.texts.same_begin()]
    if any(fault_of(response) for response in answers):
        return math.inf
    one, other = (speech_of_answer(response) for response in answers)
    return end_difference(one, other)


def speech_of_answer(response: RecordedResponse, rate: int = RATE) -> SoundingPart:
    """The sound in an answer's body."""
    return speech_in(without_header(response.body), rate)


def format_fault(response: RecordedResponse) -> str | None:
    """The format of a body that is not 16-bit mono PCM; None when it is. A WAV header alone does not count."""
    return wrong_format(without_header(response.body), RATE)


def lasting(response: RecordedResponse, rate: int) -> float:
    """Seconds of sound, the header of a WAV file not counted: that is another rule's business."""
    return len(without_header(response.body)) / 2 / rate
