"""Streaming vendors through the suite of every listening engine."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable

from providers.engines.base import SpeechToText
from providers.engines.streaming.listener import StreamingListener
from providers.engines.streaming.wire import VendorOptions
from tests.engines.conformance import ListeningCase, ListeningConformance
from tests.engines.imitations.hostile_socket import BEHAVIOURS, Behaviour, hostile_server
from tests.engines.imitations.streaming_vendors import KEY, StreamingVendor
from tests.engines.streaming_cases import VENDORS


class _Opened:
    """An engine with its vendor behind it."""

    def __init__(self, name: str) -> None:
        self._ours, self._theirs = VENDORS[name]
        self._vendor = StreamingVendor(self._theirs)

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[SpeechToText]:
        async with StreamingVendor(self._theirs).serving() as self._vendor:
            yield StreamingListener(self._ours(VendorOptions(api_key=KEY, url=self._vendor.url)))

    async def idle(self) -> None:
        await self._vendor.all_gone()

    async def lose(self) -> None:
        await self._vendor.lose()

    def hostile(self, behaviour: Behaviour) -> Callable[[], contextlib.AbstractAsyncContextManager[SpeechToText]]:
        @contextlib.asynccontextmanager
        async def opened() -> AsyncIterator[SpeechToText]:
            async with hostile_server(behaviour) as place:
                options = VendorOptions(api_key=KEY, url=f"ws://{place}", open_timeout=2.0, finish_timeout=0.5)
                yield StreamingListener(self._ours(options))

        return opened


def _case(name: str) -> ListeningCase:
    vendor = _Opened(name)
    return ListeningCase(
        opened=vendor.opened,
        speech=lambda rate: bytes(2 * 5 * rate),
        idle=vendor.idle,
        lose=vendor.lose,
        hostile=[vendor.hostile(behaviour) for behaviour in BEHAVIOURS.values()],
    )


class TestFlux(ListeningConformance):
    case = _case("flux")


class TestAssemblyAI(ListeningConformance):
    case = _case("assemblyai")


class TestSoniox(ListeningConformance):
    case = _case("soniox")


class TestElevenLabs(ListeningConformance):
    case = _case("elevenlabs")


class TestOpenAIRealtime(ListeningConformance):
    case = _case("openai")
