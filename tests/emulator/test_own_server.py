"""Our own server passes its own rules, with an engine that hears tones so that calls need no real time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from dsp import PcmDecoder
from providers.emulator.check.rule import Outcome
from providers.emulator.check.rule_set import RULES, chosen
from providers.emulator.check.run import Judgement, check
from providers.emulator.credentials import SentCredentials
from providers.emulator.targets import targets_at
from providers.engines.base import ListeningCapabilities, Transcript
from providers.engines.espeak.engine import Espeak
from tests.emulator.check.judging import QUICK, two_speakers
from tests.emulator.tones import ToneListener
from tests.live import SECRET, serving


class ToneEars:
    """A listening engine for the language of tones."""

    name = "tones"
    capabilities = ListeningCapabilities(partials=True, punctuates=True)

    async def start(self) -> None:
        """Nothing to warm."""

    @asynccontextmanager
    async def listen(self, *, rate: int, channels: int = 1) -> AsyncGenerator[Hearing, None]:
        yield Hearing(rate)

    async def aclose(self) -> None:
        """Nothing to free."""


class Hearing:
    def __init__(self, rate: int) -> None:
        self._decoder = PcmDecoder()
        self._listener = ToneListener(rate)
        self._heard: asyncio.Queue[Transcript | None] = asyncio.Queue()

    async def push(self, pcm: bytes, /) -> None:
        for text, final in self._listener.feed(self._decoder.feed(pcm)):
            self._heard.put_nowait(Transcript(text, final))

    async def finish(self) -> None:
        self._heard.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[Transcript]:
        while (transcript := await self._heard.get()) is not None:
            yield transcript


def test_no_rule_fails_on_our_own_server() -> None:
    judgement = Judgement(RULES)
    with serving(transcriber=ToneEars()) as live:
        targets = targets_at(live.base, SentCredentials(secret=SECRET))
        asyncio.run(check(targets, judgement, limits=replace(QUICK, flood=12 << 20), speech=two_speakers()))
    odd = {item.rule.id: item.verdict for item in judgement.results() if item.verdict.outcome is not Outcome.PASSED}
    # T17 looks at the memory of a server's own process, and this one shares its process with the test.
    assert set(odd) == {"T17"}, odd
    assert odd["T17"].outcome is Outcome.NOT_JUDGED


def test_no_rule_of_the_voice_fails_on_the_embedded_voice() -> None:
    judgement = Judgement(chosen(("voice", "endpointing", "A1", "A2", "A3"), ()))
    with serving(voice=Espeak()) as live:
        targets = replace(targets_at(live.base, SentCredentials(secret=SECRET)), transcriber=None)
        asyncio.run(check(targets, judgement, limits=replace(QUICK, flood=12 << 20), speech=None))
    odd = [item for item in judgement.results() if item.verdict.outcome is not Outcome.PASSED]
    assert not odd, odd
