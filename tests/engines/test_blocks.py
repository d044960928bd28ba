"""Audio in blocks of one length: nothing is lost, nothing is reordered, and the cut of the input does not matter."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from providers.engines.blocks import InBlocks
from tests.fakes import ScriptedListener


@given(pieces=st.lists(st.binary(max_size=40), max_size=20), block=st.integers(1, 64))
def test_all_audio_arrives_in_whole_blocks_and_the_rest_at_the_end(pieces: list[bytes], block: int) -> None:
    sizes: list[int] = []
    engine = ScriptedListener(hear=lambda pcm: sizes.append(len(pcm)) or [])  # type: ignore[func-returns-value]

    async def scenario() -> None:
        async with engine.listen(rate=16000) as recognition:
            blocks = InBlocks(recognition, block)
            for piece in pieces:
                await blocks.push(piece)
            await blocks.finish()

    asyncio.run(scenario())
    audio = b"".join(pieces)
    assert bytes(engine.pushed[0]) == audio
    assert all(size % block == 0 for size in sizes[:-1])
    assert len(sizes) <= len(audio) // block + 1
