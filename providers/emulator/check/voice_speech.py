"""Rules V18 … V23: whether the answer is speech, at a speaker's pace and level, as fast as it is played."""

from __future__ import annotations

import math

from providers.emulator.check.probe import RATE, Probe
from providers.emulator.check.probe_texts import SYLLABLES
from providers.emulator.check.response_faults import fault_of
from providers.emulator.check.rule import CheckRule, Verdict, best_of, verdict
from providers.emulator.check.voice_probes import (
    ends_apart,
    lasting,
    need_audio,
    need_pcm,
    need_speech,
    nothing_said,
    plain_answer,
    speech_of_answer,
)
from providers.emulator.check.voice_signal import clipped
from providers.emulator.formatting import decibels, seconds
from providers.emulator.protocol import encoded, voice_request
from providers.emulator.sound import level
from providers.emulator.voice_client import played

_SLOWEST, _FASTEST = 2.3, 6.5
"""Syllables a second. Voices read these sentences with 3.3 to 5.8; half and double speed lie outside."""
_FAINTEST = -36.0
"""dBFS (RMS of the audible parts). Speech of any vendor has −28 to −14."""
_CLIPPED = 0.01
"""Share of samples cut off flat; a loud voice that touches full scale now and then has a thousandth."""
_MESSAGE = "I am still here, and I would like to know how long it takes."


async def _answered(probe: Probe) -> Verdict:
    response = await plain_answer(probe)
    fault = fault_of(response)
    return verdict(fault, f"{lasting(response, RATE):.1f} s of audio, first byte after {seconds(response.first_byte)}")


async def _follows_the_text(probe: Probe) -> Verdict:
    nothing = await nothing_said(probe)
    apart = await ends_apart(probe)
    return verdict(nothing, "" if math.isinf(apart) else f"other last words are {apart:.1f} dB apart")


async def _pace(probe: Probe) -> Verdict:
    speech = await need_speech(probe)
    pace = SYLLABLES / speech.span
    shown = f"{pace:.1f} syllables a second"
    if pace > _FASTEST:
        return verdict(f"{shown}: faster than speech, so samples are missing or the rate is too low")
    if pace < _SLOWEST:
        return verdict(f"{shown}: slower than speech, so samples are doubled or the rate is too high")
    return verdict(None, shown)


async def _level(probe: Probe) -> Verdict:
    speech = speech_of_answer(await need_pcm(probe))
    loud, flat = level(speech.samples), clipped(speech)
    shown = f"{decibels(loud)}, {flat:.1%} of the samples cut off flat"
    return verdict(shown if loud < _FAINTEST or flat > _CLIPPED else None, shown)


async def _dead_air(probe: Probe) -> Verdict:
    await need_pcm(probe)
    response = await probe.say(probe.texts.long())
    fault = fault_of(response)
    if fault:
        return verdict(fault)
    heard = played(response, RATE)
    shown = f"{seconds(heard.stalled)} of dead air in {heard.duration:.1f} s"
    return verdict(shown if heard.stalled > probe.limits.dead_air else None, shown)


async def _large_body(probe: Probe) -> Verdict:
    await need_audio(probe)
    size = probe.limits.large_body
    message = voice_request(probe.texts.short(), RATE)
    said = {"role": "user", "message": _MESSAGE, "time": 1_790_000_000_000, "secondsFromStart": 1.5}
    message["artifact"] = {"messages": [said] * (size // len(encoded(said))), "transcript": ""}
    body = encoded({"message": message})
    fault = fault_of(await probe.ask("voice", body))
    return verdict(f"{fault}, to a body of {len(body) / 1e6:.1f} MB" if fault else None, f"{len(body) / 1e6:.1f} MB")


RULES = (
    CheckRule(
        "V18", "voice", "A plain voice request is answered with audio.",
        "The assistant is silent, or the platform switches to the fallback voice.", _answered, first=True,
    ),
    CheckRule(
        "V19", "voice", "What is heard follows the text.",
        "A tone, or one recording for every text, is not what the assistant said.", _follows_the_text,
    ),
    CheckRule(
        "V20", "voice", "The audio has the pace of a speaker.",
        "Samples that are left out or doubled make the voice too fast and high, or too slow and deep.", _pace,
    ),
    CheckRule(
        "V21", "voice", "The level suits a call: neither faint nor clipped.",
        "A faint voice is lost on a telephone line; a clipped one rattles.", _level,
    ),
    CheckRule(
        "V22", "voice", "The audio comes no slower than it is played.",
        "Whenever the next samples are late, the caller hears a gap in the middle of a word.",
        best_of(2, _dead_air), alone=True,
    ),
    CheckRule(
        "V23", "voice", "A request of two megabytes is served.",
        "Assistant, call and transcript ride along and grow through the call: with a limit of 100 kB the voice falls "
        "silent in the middle of it.", _large_body,
    ),
)  # fmt: skip
