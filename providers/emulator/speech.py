"""What the probes say: two people with different words, from files or from the installed embedded engine."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dsp import Samples, encode_pcm16
from providers.emulator.sound import Span, speech_spans
from providers.emulator.wav import mono, parse_clip, read_clip, resampled

_CUSTOMER = ("I would like to book a table for seven people.", "My number is four two nine.")
_ASSISTANT = ("Our kitchen is closed on Monday.", "Please call again in the evening.")
_PAUSE = 1.2
"""Seconds between the sentences: long enough for any recogniser to end an utterance."""
SOURCE_RATE = 24000
VOICE = "en-us+f5"
"""The embedded engine's voice that the embedded recogniser understands best …"""
_PACE = ("--wpm", "150")
"""… at this pace."""
CLEAR_VOICE = "en-us+klatt4"
"""A voice of which it understands more where sentences are of any kind: 12 of 25 everyday ones word by word."""
_SYNTHESIS_TIMEOUT = 30.0
"""Seconds."""


@dataclass(frozen=True, slots=True, eq=False)
class ProbeSpeech:
    """Both speakers, float32 mono at one rate."""

    customer: Samples
    assistant: Samples
    rate: int
    """Hz."""

    def pcm(self, who: str, rate: int) -> bytes:
        """One speaker as PCM at a rate."""
        samples = self.customer if who == "customer" else self.assistant
        return encode_pcm16(resampled(samples, self.rate, rate))

    def spans(self, who: str) -> list[Span]:
        """Where one speaker speaks."""
        return speech_spans(self.customer if who == "customer" else self.assistant, self.rate)


async def probe_speech(customer: Path | None, assistant: Path | None) -> ProbeSpeech | None:
    """Speech from files where given, else synthesised; None when there is neither for one of the two."""
    sides = [
        mono(read_clip(file), SOURCE_RATE) if file is not None else await _synthesised(sentences)
        for file, sentences in ((customer, _CUSTOMER), (assistant, _ASSISTANT))
    ]
    if sides[0] is None or sides[1] is None:
        return None
    return ProbeSpeech(sides[0], sides[1], SOURCE_RATE)


async def _synthesised(sentences: tuple[str, ...]) -> Samples | None:
    parts = await asyncio.gather(*(sentence(text) for text in sentences))
    pause = np.zeros(round(_PAUSE * SOURCE_RATE), np.float32)
    joined: list[Samples] = []
    for part in parts:
        if part is None:
            return None
        joined += [part, pause]
    return np.concatenate(joined[:-1])


async def sentence(text: str, voice: str = VOICE) -> Samples | None:
    """One sentence by the embedded engine, in a process of its own: the emulator must not share code with a server."""
    command = (sys.executable, "-m", "providers.engines.espeak", "--voice", voice, *_PACE, "--", text)
    silent = asyncio.subprocess.DEVNULL
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=silent)
    try:
        wav, _ = await asyncio.wait_for(child.communicate(), _SYNTHESIS_TIMEOUT)
    except TimeoutError:
        return None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    return mono(parse_clip(wav), SOURCE_RATE) if child.returncode == 0 else None
