"""A voice that hums: all that a speaking engine needs."""

from collections.abc import AsyncGenerator
from typing import Any

import numpy as np

from dsp import encode_pcm16
from providers.engines.base import Chunk, SpeakingCapabilities, Utterance


class Hum:
    name = "hum"
    capabilities = SpeakingCapabilities(rates=(16000,))

    def __init__(self, settings: Any) -> None: ...

    async def start(self) -> None: ...

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        if utterance.text.strip():
            time = np.arange(1000 * len(utterance.text)) / 16000
            yield Chunk(encode_pcm16((0.2 * np.sin(2 * np.pi * 150 * time)).astype(np.float32)), 16000)

    async def aclose(self) -> None: ...
