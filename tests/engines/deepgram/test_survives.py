"""A call on Deepgram's real wire whose sockets are cut: with the replay every word comes once and in order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence

import numpy as np
import pytest

from providers.engines.base import Transcript
from providers.engines.deepgram.listen import DeepgramListener, DeepgramListening
from providers.reconnect.options import ReconnectOptions
from providers.reconnect.reconnecting import Reconnecting
from tests.engines.imitations.deepgram_live import DeepgramLive, Refusal, Session
from tests.engines.tone_words import RATE, WORDS, Spoken, ToneRecogniser, interleaved

BLOCK = 0.05
"""Seconds per push."""


class ToneDeepgram:
    """The script of a vendor that understands tone words; its first sessions end as they are told.

    Parameters
    ----------
    ends
        One for each of the first sessions: how it ends, and after how many seconds of audio. ``partial`` cuts it right
        behind the next interim result.
    """

    def __init__(self, ends: Sequence[tuple[str, float]]) -> None:
        self._ends = list(ends)

    async def __call__(self, session: Session) -> None:
        how, after = self._ends.pop(0) if self._ends else ("", float("inf"))
        ears = [ToneRecogniser(channel) for channel in range(session.channels)]
        async for frame in session.frames():
            if not isinstance(frame, bytes):
                if frame["type"] == "CloseStream":
                    return await self._finish(session, ears)
                continue
            for channel, samples in enumerate(np.frombuffer(frame, dtype="<i2").reshape(-1, session.channels).T):
                for told in ears[channel].feed(samples):
                    await self._tell(session, told)
                    if how == "partial" and session.seconds >= after and not told.final:
                        return session.abort()
            if how and how != "partial" and session.seconds >= after:
                return await self._end(session, how)

    async def _finish(self, session: Session, ears: Sequence[ToneRecogniser]) -> None:
        for ear in ears:
            for told in ear.flush():
                await self._tell(session, told)
        await session.metadata()

    async def _tell(self, session: Session, told: Transcript) -> None:
        words = [(word.text, word.start, word.end) for word in told.words]
        await session.results(
            told.text,
            start=told.start,
            duration=told.end - told.start,
            is_final=told.final,
            speech_final=told.final,
            channel=told.channel,
            words=words,
        )

    async def _end(self, session: Session, how: str) -> None:
        if how == "cut":
            return session.abort()
        await session.close(1011, "NET-0000") if how == "close" else await session.send({"type": "Error"})


async def called(seed: int) -> tuple[list[list[str]], list[list[str]]]:
    """What was said and what was heard, per channel."""
    draw = random.Random(seed)
    channels = draw.choice([1, 1, 2])
    speakers = [_spoken(draw) for _ in range(channels)]
    pcm = interleaved([speaker.pcm() for speaker in speakers])
    # The first end comes before the second word does, so that there is always something to survive.
    ends = [
        (draw.choice(["cut", "close", "error", "partial"]), draw.uniform(0.0, 2.5 if number else 0.25))
        for number in range(draw.randint(1, 3))
    ]
    refusals = [Refusal(draw.choice([429, 500, 503]), {"Retry-After": "0"})] * draw.choice([0, 0, 1])
    heard: list[list[str]] = [[] for _ in range(channels)]
    async with DeepgramLive(ToneDeepgram(ends), refusals=refusals) as vendor:
        listener = DeepgramListener(DeepgramListening(api_key="k", url=vendor.url))
        replay = Reconnecting(listener, options=ReconnectOptions(base=0.01, patience=20.0, full=20.0))
        async with asyncio.timeout(30), replay.listen(rate=RATE, channels=channels) as recognition:

            async def talk() -> None:
                step = int(BLOCK * RATE) * 2 * channels
                for begin in range(0, len(pcm), step):
                    await recognition.push(pcm[begin : begin + step])
                    await asyncio.sleep(0.001)
                await recognition.finish()

            talker = asyncio.create_task(talk())
            async for transcript in recognition:
                if transcript.final:
                    heard[transcript.channel] += transcript.text.split()
            await talker
        await replay.aclose()
        await vendor.all_gone()
        assert len(vendor.sessions) > 1
    return [[str(word) for word in speaker.words] for speaker in speakers], heard


def _spoken(draw: random.Random) -> Spoken:
    words = tuple(draw.randrange(WORDS) for _ in range(draw.randint(4, 9)))
    return Spoken(words, tuple(draw.choice([0.1, 0.1, 0.5]) for _ in words))


@pytest.mark.parametrize("seed", range(24))
def test_every_word_comes_once_and_in_order(seed: int) -> None:
    said, heard = asyncio.run(called(seed))
    assert heard == said
