"""How much processor time a Deepgram call takes: 20 ms frames out, ten partials of 20 words a second in."""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from time import process_time_ns
from typing import Any, TypeAlias

from benchmarks.case import Contender, at_most
from benchmarks.vendors.case import Round, VendorCase
from benchmarks.vendors.stand_in import FRAMES_PER_PARTIAL, stand_in

RATE = 8000
"""Hz."""
SECONDS = 4
"""Of call per round."""
FRAME = bytes(2 * RATE // 50)

_Push: TypeAlias = Callable[[bytes], Awaitable[None]]
_Hear: TypeAlias = Callable[[], Awaitable[str]]
Opened: TypeAlias = Callable[[AsyncExitStack, str], Awaitable[tuple[_Push, _Hear]]]


async def _ours(stack: AsyncExitStack, url: str) -> tuple[_Push, _Hear]:
    from providers.engines.deepgram.listen import DeepgramListener, DeepgramListening

    listener = DeepgramListener(DeepgramListening(api_key="k", url=url))
    recognition = await stack.enter_async_context(listener.listen(rate=RATE))
    transcripts = aiter(recognition)

    async def hear() -> str:
        return (await anext(transcripts)).text

    return recognition.push, hear


async def _bare(stack: AsyncExitStack, url: str) -> tuple[_Push, _Hear]:
    from deepgram import AsyncDeepgramClient
    from deepgram.environment import DeepgramClientEnvironment

    environment = DeepgramClientEnvironment(base=url, production=url, agent=url, agent_rest=url)
    client = AsyncDeepgramClient(api_key="k", environment=environment)
    connecting = client.listen.v1.connect(
        model="nova-3", encoding="linear16", sample_rate=RATE, channels=1, interim_results=True
    )
    socket: Any = await stack.enter_async_context(connecting)

    async def hear() -> str:
        message = await socket.recv()
        text: str = message.channel.alternatives[0].transcript
        return text

    return socket.send_media, hear


def _prepared(opened: Opened) -> Callable[[], Round]:
    def prepare() -> Round:
        loop = asyncio.new_event_loop()
        stack = AsyncExitStack()
        far = ExitStack()
        atexit.register(far.close)
        atexit.register(
            lambda: loop.run_until_complete(stack.aclose())
        )  # runs first, and keeps the call open till then
        live, _ = far.enter_context(stand_in())
        push, hear = loop.run_until_complete(opened(stack, live))
        return lambda: loop.run_until_complete(_call(push, hear))

    return prepare


async def _call(push: _Push, hear: _Hear) -> float:
    started = process_time_ns()
    for _ in range(SECONDS * 50 // FRAMES_PER_PARTIAL):
        for _ in range(FRAMES_PER_PARTIAL):
            await push(FRAME)
            await asyncio.sleep(0)
        assert await hear()
    return (process_time_ns() - started) / 1e6 / SECONDS


CASES = (
    VendorCase(
        name="a Deepgram call",
        figure="ms of processor time per second of call",
        contenders=(
            Contender("providers", "ours", _prepared(_ours)),
            Contender("deepgram-sdk", "floor", _prepared(_bare), "its own connect and recv, the text looked up"),
        ),
        bound=at_most(1.5),
        against=lambda ours, bare: ours / bare,
        promise="× the bare client's",
    ),
)
