"""Who speaks to the assistant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import numpy as np
import pytest

from dsp import decode_pcm16, encode_pcm16
from providers.emulator.conversation.commands import ConversationEvent
from providers.emulator.talk.callers import Floor, MicrophoneCaller, RecordedCaller, SpokenLines
from providers.emulator.talk.lines import given_lines
from providers.emulator.wav import write_wav

RATE = 16000


def event(kind: str, **detail: object) -> ConversationEvent:
    return ConversationEvent(0.0, kind, dict(detail))


async def is_free(floor: Floor) -> bool:
    waiting = asyncio.ensure_future(floor.free())
    await asyncio.sleep(0)
    done = waiting.done()
    waiting.cancel()
    return done


def test_the_floor_is_free_once_the_assistant_has_finished() -> None:
    async def conversation() -> list[bool]:
        floor = Floor(greets=False)
        found = [await is_free(floor)]
        for kind in ("turn-ended", "answer-cancelled", "speech-started", "speech-stopped"):
            floor.take(event(kind))
            found.append(await is_free(floor))
        floor.claim()
        return [*found, await is_free(floor)]

    assert asyncio.run(conversation()) == [True, False, False, False, True, False]


def test_a_greeting_has_the_floor_from_the_start_and_a_failed_model_gives_it_back() -> None:
    async def conversation() -> tuple[bool, bool]:
        floor = Floor(greets=True)
        before = await is_free(floor)
        floor.take(event("model-done", error="HTTP 401"))
        return before, await is_free(floor)

    assert asyncio.run(conversation()) == (False, True)


def test_lines_are_spoken_in_turn_with_the_embedded_voice() -> None:
    pytest.importorskip("espeakng_loader", reason="needs espeak, of the extra local")
    floor = Floor(greets=True)
    heard: list[bytes] = []

    async def conversation() -> None:
        caller = SpokenLines(given_lines(["-5 degrees.", "  "]), RATE, floor)
        speaking = asyncio.ensure_future(caller.speak(heard.append))
        await asyncio.sleep(0)
        assert not heard
        floor.take(event("speech-stopped"))
        while not heard:
            await asyncio.sleep(0.02)
        while not floor._busy:
            await asyncio.sleep(0.02)
        floor.take(event("speech-stopped"))
        await speaking

    asyncio.run(conversation())
    spoken = decode_pcm16(b"".join(heard))
    assert 0.5 < len(spoken) / RATE < 3
    assert np.abs(spoken).max() > 0.05


def test_a_recording_is_played_at_the_rate_of_the_call(tmp_path: Path) -> None:
    tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(2400) / 8000)).astype(np.float32)
    write_wav(tmp_path / "tone.wav", encode_pcm16(tone), 8000)
    floor = Floor(greets=False)
    heard: list[bytes] = []

    async def conversation() -> None:
        speaking = asyncio.ensure_future(RecordedCaller(tmp_path / "tone.wav", RATE, floor).speak(heard.append))
        while not floor._busy:
            await asyncio.sleep(0.02)
        floor.take(event("speech-stopped"))
        await speaking

    asyncio.run(conversation())
    assert len(b"".join(heard)) == 2 * 4800
    assert {len(piece) for piece in heard} == {640}


def test_what_the_loudspeaker_plays_is_taken_out_of_the_microphone() -> None:
    rng = np.random.default_rng(3)
    far = (0.2 * rng.standard_normal(6 * RATE)).astype(np.float32)
    near = (0.5 * np.concatenate([np.zeros(800, np.float32), far[:-800]])).astype(np.float32)
    played = [encode_pcm16(far[at : at + 320]) for at in range(0, len(far), 320)]
    recorded = [encode_pcm16(near[at : at + 320]) for at in range(0, len(near), 320)]
    heard: list[bytes] = []

    async def blocks(rate: int) -> AsyncGenerator[bytes, None]:
        for frame, block in zip(played, recorded, strict=True):
            caller.heard(frame)
            yield block

    caller = MicrophoneCaller(RATE, blocks)
    asyncio.run(caller.speak(heard.append))
    left = decode_pcm16(b"".join(heard))[4 * RATE :]
    echo = near[4 * RATE :]
    assert np.sqrt(np.mean(left**2)) < 0.1 * np.sqrt(np.mean(echo**2))
