"""Speaking engine whose library runs in worker processes: a `TextToSpeech` over a `VoicePool`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from providers.engines.base import Chunk, SpeakingCapabilities, Utterance
from providers.engines.processes.voice_child import Sentence, encode_options
from providers.engines.processes.voice_pool import PoolOptions, VoicePool
from providers.text.controls import without_controls

UNKNOWN = SpeakingCapabilities()


class WorkerVoice:
    """Speaking engine in worker processes.

    Parameters
    ----------
    name
        Name of the engine.
    module
        Module whose ``main`` is the voice's fork server.
    options
        Options of the engine, sent to the worker processes.
    pool
        Limits of the processes.
    known
        Capabilities of the voice before it is loaded.
    """

    def __init__(
        self,
        name: str,
        module: str,
        options: Any,
        *,
        pool: PoolOptions,
        known: SpeakingCapabilities = UNKNOWN,
    ) -> None:
        self._name = name
        self._known = known
        self._pool = VoicePool(module, encode_options(options), engine=name, limits=pool)

    @property
    def name(self) -> str:
        """Name of the engine."""
        return self._name

    @property
    def capabilities(self) -> SpeakingCapabilities:
        """Capabilities that the voice reports when it is loaded; constant from then on."""
        return self._pool.capabilities or self._known

    async def start(self) -> None:
        """Load the voice in its worker processes."""
        await self._pool.start()

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        """Speak in a worker process; closing the generator stops the synthesis at its next block."""
        sentence = Sentence(without_controls(utterance.text).encode(errors="replace").decode(), utterance.voice)
        async with aclosing(self._pool.speak(sentence)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def aclose(self) -> None:
        """End the worker processes."""
        await self._pool.aclose()
