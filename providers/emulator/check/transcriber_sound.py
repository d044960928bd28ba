"""Rules T1 … T8 and T18: what the transcriber makes of the sound it gets."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable

from providers.emulator.audio_frames import frames, odd_frames
from providers.emulator.check.probe import Probe
from providers.emulator.check.probe_calls import alike, alone, baseline, end_of, ended, heard, spoken, words
from providers.emulator.check.rule import CheckRule, Verdict, verdict
from providers.emulator.protocol import Json
from providers.emulator.transcriber_client import CallRecord

_SAME = 0.75
"""Likeness of two transcripts of the same samples; recognisers in a cloud vary by a word."""


def _compared(record: CallRecord, expected: str) -> Verdict:
    text = record.text()
    fault = ended(record)
    if fault is None and alike(text, expected) < _SAME:
        fault = f"heard {text!r}, in a plain call {expected!r}"
    return verdict(fault, f"heard {text!r}")


async def _heard(probe: Probe) -> Verdict:
    record = await alone(probe, "customer")
    text = record.text()
    if words(text):
        return verdict(None, f"heard {text!r}")
    channels = sorted({line.heard.channel for line in record.lines})
    return verdict(
        ended(record) or f"{len(record.lines)} transcripts, no final of the customer {channels or ''}".rstrip()
    )


def _variant(*, channels: int = 2, extra: Json | None = None) -> Callable[[Probe], Awaitable[Verdict]]:
    async def judge(probe: Probe) -> Verdict:
        expected = await baseline(probe)
        record = await heard(probe, "customer", channels=channels, extra=extra)
        return _compared(record, expected)

    return judge


async def _misread(probe: Probe) -> CallRecord:
    """A call that says 16000 Hz and sends 8000: what a server hears that takes no notice of the rate."""
    return await probe.call(spoken(probe, "customer", rate=8000), ending=end_of(probe, "customer"))


async def _telephone_rate(probe: Probe) -> Verdict:
    expected = await baseline(probe)
    record = await heard(probe, "customer", rate=8000)
    text = record.text()
    if ended(record) or not words(text):
        return verdict(ended(record) or f"heard nothing, at 16000 Hz {expected!r}")
    # Without the upper half of speech a recogniser may understand little; that alone is no fault of the server.
    misread = (await probe.once("misread", lambda: _misread(probe))).text()
    ignored = alike(text, misread) >= _SAME and alike(text, misread) > alike(text, expected)
    shown = f"heard {text!r}, as speech at double speed is heard" if ignored else None
    return verdict(shown, f"heard {text!r}")


async def _odd_cuts(probe: Probe) -> Verdict:
    expected = await baseline(probe)
    record = await probe.call(list(odd_frames(spoken(probe, "customer"))), ending=end_of(probe, "customer"))
    return _compared(record, expected)


async def _channels_apart(probe: Probe) -> Verdict:
    expected, other = await baseline(probe), await baseline(probe, "assistant")
    both = ("customer", "assistant")
    record = await probe.call(spoken(probe, *both), ending=end_of(probe, *both))
    text = record.text()
    foreign = set(words(other)) - set(words(expected))
    mixed = [word for word in words(text) if word in foreign]
    if alike(text, other) > alike(text, expected):
        return verdict(f"the channels are swapped: the customer is heard as {text!r}")
    if len(mixed) > len(foreign) / 4:
        return verdict(f"the assistant's words are heard from the customer: {' '.join(mixed)!r}")
    return verdict(ended(record), f"heard {text!r}")


async def _deaf_to_the_assistant(probe: Probe) -> Verdict:
    await baseline(probe)
    record = await probe.call(spoken(probe, None, "assistant"), ending=end_of(probe, "assistant"))
    text = record.text()
    return verdict(ended(record) or (f"the customer, who is silent, is heard as {text!r}" if words(text) else None))


async def _silence(probe: Probe) -> Verdict:
    if probe.speech is not None:
        await baseline(probe)  # a server that hears nothing hears nothing in silence either
    seconds, rate = 3, 16000
    # Digital silence, then the last two bits of noise that a silent line really carries.
    hiss = random.Random(1).choices((b"\0\0", b"\1\0", b"\2\0", b"\xff\xff", b"\xfe\xff"), k=2 * seconds * rate)
    record = await probe.call(frames(bytes(4 * seconds * rate) + b"".join(hiss), rate))
    said = [line.heard.text for line in record.lines if words(line.heard.text)]
    return verdict(ended(record) or (f"silence is heard as {said[-1]!r}" if said else None))


async def _second_call(probe: Probe) -> Verdict:
    expected = await baseline(probe)
    record = await heard(probe, "customer")
    text = record.text()
    nothing = f"heard nothing, in the call before {expected!r}: its end ended the session that all calls share"
    return verdict(ended(record) or (None if words(text) else nothing), f"heard {text!r}")


RULES = (
    CheckRule("T1", "transcriber", "Speech of the customer comes back as a final.",
         "Without a final the assistant never answers; the call ends in silence.", _heard,
         first=True),
    CheckRule("T2", "transcriber", "A start at 8000 Hz is honoured.",
         "Audio read at a wrong rate is twice as fast: no word is recognised.",
         _telephone_rate),
    CheckRule("T3", "transcriber", "A start with one channel is honoured.",
         "Mono read as stereo loses every other sample.", _variant(channels=1)),
    CheckRule("T4", "transcriber", "Unknown fields in the start message are ignored.",
         "The platform adds fields without notice; a strict parser ends every call on that day.",
         _variant(extra={"callId": "x", "somethingNew": {"nested": [1, None]}})),
    CheckRule("T5", "transcriber", "However the audio is cut into frames, the transcript is the same.",
         "A frame that ends inside a sample swaps bytes or channels for the rest of the call.", _odd_cuts),
    CheckRule("T6", "transcriber", "The two channels are kept apart.",
         "The assistant hears its own words as the customer's, and answers itself.", _channels_apart),
    CheckRule("T7", "transcriber", "Nothing the assistant says is labelled as the customer's.",
         "The assistant interrupts itself without end.", _deaf_to_the_assistant),
    CheckRule("T8", "transcriber", "Silence yields no text.",
         "Invented words make the assistant answer a caller who said nothing.", _silence),
    CheckRule("T18", "transcriber", "A call after another call is heard too.",
         "One session for all calls ends with the first of them; no later caller is heard.", _second_call,
         first=True),
)  # fmt: skip
