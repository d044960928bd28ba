"""The tone engine: audio as long as its text, with a tone for each word."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from providers.emulator.sound import decoded
from providers.engines.base import Utterance
from providers.engines.tone import Tone


def said(text: str, rate: int = 24000) -> bytes:
    async def collect() -> bytes:
        return b"".join([chunk.pcm async for chunk in Tone().synthesize(Utterance(text, rate))])

    return asyncio.run(collect())


@pytest.mark.parametrize("text", ["", " ", "   " * 40, "one", "one two  three\n", "x" * 100, "a " * 300])
@pytest.mark.parametrize("rate", [8000, 22050, 48000])
def test_it_is_as_long_as_its_text(text: str, rate: int) -> None:
    assert len(said(text, rate)) == 2 * round(Tone().seconds(text) * rate)


def test_words_of_one_length_have_different_tones() -> None:
    one, other = (decoded(said(f"say {word} now")) for word in ("cat", "cow"))
    middle = slice(round(0.3 * 24000), round(0.4 * 24000))
    strongest = [int(np.abs(np.fft.rfft(samples[middle])).argmax()) for samples in (one, other)]
    assert strongest[0] != strongest[1]


def test_no_word_clicks() -> None:
    samples = decoded(said("one two three four five six seven eight nine ten"))
    steepest = 0.25 * 2 * np.pi * 770 / 24000
    assert np.abs(np.diff(samples)).max() < 1.1 * steepest
