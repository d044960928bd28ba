"""A speaking engine whose library runs in worker processes: the `TextToSpeech` in front of a `VoicePool`."""

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
    """The engine.

    Parameters
    ----------
    name
        Of the engine.
    module
        Whose ``main`` is the voice's fork server.
    options
        Of the engine, as the worker processes get them.
    pool
        Bounds of the processes.
    known
        What is known of the voice before it is loaded.
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
        """What the voice says of itself when it is loaded; constant from then on."""
        return self._pool.capabilities or self._known

    async def start(self) -> None:
        """Load the voice in its worker processes."""
        await self._pool.start()

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        """Speak in a worker process; closing the generator stops it at its next block."""
        sentence = Sentence(without_controls(utterance.text).encode(errors="replace").decode(), utterance.voice)
        async with aclosing(self._pool.speak(sentence)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def aclose(self) -> None:
        """End the worker processes."""
        await self._pool.aclose()
