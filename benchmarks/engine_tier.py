"""What an engine tier costs: first audio through it and without it, and the calls that its proxy carries in time.

    python -m benchmarks.engine_tier --speak http://127.0.0.1:8000/speak --listen http://127.0.0.1:8000/listen

First audio is taken in turns with the same engine in this process. The calls are silent, of a tier whose recogniser is
``null`` (one final per second of audio): what is late is late by the proxy and the wire.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time

import click

from providers.engines.base import TextToSpeech, Utterance
from providers.engines.deepgram.listen import DeepgramListener, DeepgramListening
from providers.engines.espeak.engine import Espeak
from providers.engines.http.openai_speech import OpenAISpeaker, OpenAISpeaking

RATE = 16000
TEXT = "Thank you, your table is booked for seven o'clock."
_MESSAGE = 0.1
"""Seconds of audio in one message."""


async def first_audio(engine: TextToSpeech) -> float:
    """Seconds from the request to the first chunk."""
    began = time.perf_counter()
    stream = engine.synthesize(Utterance(TEXT, 24000))
    try:
        await anext(stream)
        return time.perf_counter() - began
    finally:
        await stream.aclose()


async def added_first_audio(url: str, rounds: int) -> dict[str, float]:
    """Median first audio here and through the tier, ms."""
    here, there = Espeak(), OpenAISpeaker(OpenAISpeaking(url=url))
    await here.start()
    await there.start()
    try:
        pairs = [(await first_audio(here), await first_audio(there)) for _ in range(rounds)][1:]
    finally:
        await here.aclose()
        await there.aclose()
    own, tier = (statistics.median(times) * 1000 for times in zip(*pairs, strict=True))
    added = statistics.median((far - near) * 1000 for near, far in pairs)
    return {"here_ms": round(own, 1), "tier_ms": round(tier, 1), "added_ms": round(added, 1)}


async def lateness(listener: DeepgramListener, seconds: int) -> list[float]:
    """One call in real time: how long after its audio was sent each final came, s."""
    late: list[float] = []
    async with listener.listen(rate=RATE) as recognition, asyncio.TaskGroup() as tasks:
        began = time.perf_counter()

        async def read() -> None:
            ends = (transcript.end async for transcript in recognition if transcript.final)
            late.extend([time.perf_counter() - began - end async for end in ends])

        tasks.create_task(read())
        for message in range(round(seconds / _MESSAGE)):
            await asyncio.sleep(max(0.0, began + (message + 1) * _MESSAGE - time.perf_counter()))
            await recognition.push(bytes(2 * round(_MESSAGE * RATE)))
        await recognition.finish()
    return late


async def carried(url: str, calls: int, seconds: int) -> dict[str, float]:
    """Lateness of so many calls at once, ms."""
    listener = DeepgramListener(DeepgramListening(url=url, open_timeout=20.0))
    found = await asyncio.gather(*(lateness(listener, seconds) for _ in range(calls)))
    late = sorted(1000 * each for one in found for each in one)
    return {
        "calls": calls,
        "messages_per_s": round(calls / _MESSAGE),
        "late_p50_ms": round(late[len(late) // 2], 1),
        "late_p99_ms": round(late[int(len(late) * 0.99)], 1),
    }


@click.command()
@click.option("--speak", metavar="URL", help="Base URL of the tier's voice, which is espeak.")
@click.option("--listen", metavar="URL", help="Base URL of the tier's recogniser, which is null.")
@click.option("--calls", default="8,16,32", show_default=True, help="Numbers of calls at once.")
@click.option("--seconds", default=6, show_default=True, help="Length of each call, s.")
@click.option("--rounds", default=40, show_default=True, help="Utterances each way.")
def main(speak: str | None, listen: str | None, calls: str, seconds: int, rounds: int) -> None:
    """Measure an engine tier; prints one JSON line for each figure."""
    if speak:
        click.echo(json.dumps(asyncio.run(added_first_audio(speak, rounds))))
    for count in map(int, calls.split(",")) if listen else ():
        click.echo(json.dumps(asyncio.run(carried(listen or "", count, seconds))))


if __name__ == "__main__":
    main()
