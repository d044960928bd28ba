"""What a newcomer says first, ``call --say "I would like to book a table."``, is heard word by word."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from providers.emulator.call_command import _CLEAR_VOICES
from providers.engines.espeak.engine import Espeak
from providers.engines.pocketsphinx.engine import Sphinx
from providers.voice.flow import speak
from providers.voice.wire import VoiceRequest

VOICE = _CLEAR_VOICES["espeak"]
"""What the command takes. Of espeak's 106 voices of American English seven are heard right at the default 175 words a
minute; the default voice ``en-us`` is not one of them."""


@pytest.mark.parametrize("text", ["I would like to book a table.", "I would like to book a table for two people."])
def test_the_first_sentence_is_heard_word_by_word(text: str) -> None:
    async def scenario() -> list[str]:
        voice, ear = Espeak(), Sphinx()
        try:
            await asyncio.gather(voice.start(), ear.start())
            async with aclosing(speak(VoiceRequest(text, 16000, VOICE, ""), voice)) as blocks:
                pcm = b"".join([block async for block in blocks])
            async with ear.listen(rate=16000) as recognition:
                await recognition.push(pcm + bytes(2 * 16000))
                await recognition.finish()
                return [transcript.text async for transcript in recognition if transcript.final]
        finally:
            await asyncio.gather(voice.aclose(), ear.aclose())

    assert asyncio.run(scenario()) == [text.lower().rstrip(".")]
