"""What the calls of a load say: sentences of the embedded engine, files, or a noise with the rhythm of speech."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dsp import Samples
from providers.emulator.failures import EmulatorError
from providers.emulator.load.script import ConversationSpeech
from providers.emulator.sound import speech_spans
from providers.emulator.speech import SOURCE_RATE, sentence
from providers.emulator.wav import mono, read_clip

CUSTOMER = (
    "I would like to book a table.",
    "Please cancel my appointment on Monday.",
    "Where is the nearest train station?",
    "The weather was very cold today.",
    "Can you send the bill again?",
    "My brother lives in another city.",
    "What time does your office open?",
    "She wants a small black coffee.",
)
"""Sentences that share few words, without numbers, which recognisers write in many ways."""
_ASSISTANT = ("Our kitchen is closed on Sunday.", "Thank you, goodbye.")
_AT_ONCE = 4
"""Processes of the engine."""
_EDGE = 0.1
"""Seconds that are kept around a stretch of speech."""

_RATE = 16000
_SYLLABLE = 0.2
"""Seconds."""


async def load_speech(customer: Path | None, assistant: Path | None) -> ConversationSpeech:
    """Files where given, else the embedded engine; without one, the noise."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def said(text: str) -> Samples | None:
        async with places:
            return await sentence(text)

    async def side(file: Path | None, texts: Sequence[str]) -> list[Samples]:
        if file is not None:
            found = utterances_of(mono(read_clip(file), SOURCE_RATE), SOURCE_RATE)
            if not found:
                raise EmulatorError(f"{file}: expected speech, found silence")
            return found
        made = await asyncio.gather(*(said(text) for text in texts))
        return [clip for clip in made if clip is not None]

    sides = await asyncio.gather(side(customer, CUSTOMER), side(assistant, _ASSISTANT))
    if not sides[0] or not sides[1]:
        return babble()
    texts = CUSTOMER if customer is None and len(sides[0]) == len(CUSTOMER) else ()
    return ConversationSpeech(sides[0], sides[1], SOURCE_RATE, texts)


def utterances_of(samples: Samples, rate: int) -> list[Samples]:
    """The stretches of speech of a recording, each with a little silence around it."""
    edge = round(_EDGE * rate)
    spans = [(round(span.start * rate), round(span.end * rate)) for span in speech_spans(samples, rate)]
    return [samples[max(0, start - edge) : end + edge] for start, end in spans]


def babble(seed: int = 1) -> ConversationSpeech:
    """Two voices of pulses with formants, five syllables a second: recognisers find no words in it."""
    dice = np.random.default_rng(seed)
    return ConversationSpeech([_voice(dice, 14, 210.0)], [_voice(dice, 16, 120.0)], _RATE, speech=False)


def _voice(dice: np.random.Generator, syllables: int, pitch: float) -> Samples:
    time = np.arange(round(_SYLLABLE * _RATE)) / _RATE
    envelope = np.sin(np.pi * time / _SYLLABLE) ** 0.5
    parts = []
    for _ in range(syllables):
        formants = dice.uniform((300, 900, 2200), (800, 2000, 3000))
        tone = sum(
            np.exp(-(((pitch * k - formants[:, None]) / 150.0) ** 2)).sum() * np.sin(2 * np.pi * pitch * k * time)
            for k in range(1, 24)
        )
        parts.append(envelope * tone)
    joined = np.concatenate(parts)
    scaled: Samples = (0.3 * joined / np.abs(joined).max()).astype(np.float32)
    return scaled
