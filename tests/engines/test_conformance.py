"""Engines through the one suite: those of vendors, with their imitation behind them, and the embedded ones."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable

from providers.engines.base import SpeechToText, TextToSpeech
from providers.engines.deepgram.listen import DeepgramListener, DeepgramListening
from providers.engines.deepgram.speak import DeepgramSpeaker, DeepgramSpeaking
from providers.engines.espeak.engine import Espeak
from providers.engines.http.openai_speech import OpenAISpeaker, OpenAISpeaking
from providers.engines.null import Null
from providers.engines.tone import Tone
from tests.engines.conformance import ListeningCase, ListeningConformance, SpeakingCase, SpeakingConformance, kept
from tests.engines.imitations.deepgram_live import DeepgramLive, one_word_per_second
from tests.engines.imitations.hostile_socket import BEHAVIOURS, Behaviour, hostile_server
from tests.engines.imitations.http_voice import HttpVoice, Script, deepgram_speak, openai_speech


class _Voice:
    """A speaking engine with its vendor behind it."""

    def __init__(self, script: Script, engine: Callable[[str], TextToSpeech]) -> None:
        self._script = script
        self._engine = engine
        self._vendor: HttpVoice | None = None

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[TextToSpeech]:
        async with HttpVoice(self._script) as self._vendor:
            engine = self._engine(self._vendor.url)
            try:
                yield engine
            finally:
                await engine.aclose()

    async def idle(self) -> None:
        """Every exchange has been answered to its end, or its client is gone."""
        assert self._vendor is not None
        for exchange in self._vendor.exchanges:
            await exchange.over.wait()


class _Listener:
    """A listening engine with its vendor behind it."""

    def __init__(self) -> None:
        self._vendor = DeepgramLive(one_word_per_second)

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[SpeechToText]:
        async with DeepgramLive(one_word_per_second, key="k") as self._vendor:
            yield DeepgramListener(DeepgramListening(api_key="k", url=self._vendor.url))

    async def idle(self) -> None:
        await self._vendor.all_gone()

    async def lose(self) -> None:
        for session in self._vendor.sessions:
            session.abort()


def _hostile(behaviour: Behaviour) -> Callable[[], contextlib.AbstractAsyncContextManager[SpeechToText]]:
    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[SpeechToText]:
        async with hostile_server(behaviour) as place:
            options = DeepgramListening(api_key="k", url=f"ws://{place}", open_timeout=2.0, finish_timeout=0.5)
            yield DeepgramListener(options)

    return opened


_deepgram = _Voice(deepgram_speak, lambda url: DeepgramSpeaker(DeepgramSpeaking(api_key="k", url=url)))
_openai = _Voice(openai_speech, lambda url: OpenAISpeaker(OpenAISpeaking(api_key="k", url=url)))
_listener = _Listener()


class TestDeepgramSpeaking(SpeakingConformance):
    case = SpeakingCase(opened=_deepgram.opened, idle=_deepgram.idle)


class TestOpenAISpeaking(SpeakingConformance):
    case = SpeakingCase(opened=_openai.opened, idle=_openai.idle)


class TestTone(SpeakingConformance):
    case = SpeakingCase(opened=lambda: kept(Tone()))


class TestEspeak(SpeakingConformance):
    case = SpeakingCase(opened=lambda: kept(Espeak()), deterministic=False)


class TestNull(ListeningConformance):
    case = ListeningCase(opened=lambda: kept(Null()), speech=lambda rate: bytes(6 * rate), every_channel=False)


class TestDeepgramListening(ListeningConformance):
    case = ListeningCase(
        opened=_listener.opened,
        speech=lambda rate: bytes(2 * 5 * rate),
        idle=_listener.idle,
        lose=_listener.lose,
        hostile=[_hostile(behaviour) for behaviour in BEHAVIOURS.values()],
    )
