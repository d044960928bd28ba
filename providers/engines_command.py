"""``vapi-providers engines``: what speaks, what listens, what each needs, and how fast each one really is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

from dsp import PcmDecoder, Resampler, encode_pcm16
from providers import registry
from providers.engines.base import SpeechToText, TextToSpeech, Utterance
from providers.errors import EngineError, ProvidersError
from providers.settings import Settings

SENTENCE = "Your table is booked for seven."
PROBE_RATE = 16000
"""Hz."""
_PROBE_SECONDS = 20.0
"""Longest wait for one engine's probe."""
_FRAME = 0.02
"""Seconds of audio per push, as a call sends it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One engine as the list shows it."""

    kind: Literal["voice", "transcriber"]
    name: str
    state: str
    """``ready``, or what to install or set."""
    rates: tuple[int, ...]
    """Hz; empty is any."""
    languages: tuple[str, ...]
    """Empty depends on voice or model."""
    streaming: bool
    """Voice: audio leaves before the utterance is whole. Transcriber: there are partials."""
    word_times: bool
    probe: str = ""
    """What a probe measured, or why it failed."""

    @property
    def ready(self) -> bool:
        return self.state == "ready"


def entries(settings: Settings) -> list[Entry]:
    """Every engine, built in or plugged in, without starting any."""
    return [
        *(_entry("voice", name, made, settings) for name, made in registry.voices().items()),
        *(_entry("transcriber", name, made, settings) for name, made in registry.transcribers().items()),
    ]


async def probed(settings: Settings, listed: Iterable[Entry]) -> list[Entry]:
    """Let each ready engine say or hear one sentence; one after the other, so that they do not slow each other down."""
    voices, transcribers = registry.voices(), registry.transcribers()
    found = []
    speech = b""
    for entry in listed:
        if not entry.ready:
            found.append(entry)
            continue
        try:
            async with asyncio.timeout(_PROBE_SECONDS):
                if entry.kind == "voice":
                    result, heard = await _say(voices[entry.name].make(settings))
                    speech = heard if entry.name != "tone" and not speech else speech
                else:
                    result = await _hear(transcribers[entry.name].make(settings), speech)
        except TimeoutError:
            result = f"failed: no answer within {_PROBE_SECONDS:g} s"
        except ProvidersError as error:
            result = f"failed: {error}"
        found.append(Entry(**{**asdict(entry), "probe": result}))
    return found


def show(listed: Iterable[Entry], console: Console) -> None:
    """Two tables for people."""
    rows = list(listed)
    for kind, streaming in (("voice", "streams"), ("transcriber", "partials")):
        table = Table(title=f"{kind}s", title_justify="left", box=None, padding=(0, 2, 0, 0))
        columns = ["name", "state", "rates", "languages", streaming, "word times"]
        with_probe = any(entry.probe for entry in rows)
        for column in [*columns, *(["probe"] if with_probe else [])]:
            table.add_column(column, overflow="fold", no_wrap=column in ("name", "state"))
        for entry in rows:
            if entry.kind == kind:
                table.add_row(*_cells(entry), *([entry.probe] if with_probe else []))
        console.print(table)
        console.print()
    wanting = [entry for entry in rows if not entry.ready]
    if wanting:
        console.print("to get the others ready:")
        for entry in wanting:
            console.print(f"  {entry.kind} {entry.name}: {entry.state}", markup=False, highlight=False, soft_wrap=True)


def as_json(listed: Iterable[Entry]) -> list[dict[str, Any]]:
    """For machines."""
    return [asdict(entry) for entry in listed]


def _entry(
    kind: Literal["voice", "transcriber"], name: str, made: registry.EngineEntry[Any], settings: Settings
) -> Entry:
    state = made.missing(settings) or "ready"
    try:
        capabilities = made.make(settings).capabilities
    except ProvidersError as error:
        return Entry(kind, name, str(error), (), (), False, False)
    streaming = capabilities.streaming if kind == "voice" else capabilities.partials
    return Entry(kind, name, state, capabilities.rates, capabilities.languages, streaming, capabilities.word_times)


def _cells(entry: Entry) -> list[str]:
    languages = ", ".join(entry.languages[:4]) + (f" … ({len(entry.languages)})" if len(entry.languages) > 4 else "")
    return [
        entry.name,
        "[green]ready[/]" if entry.ready else "not ready",
        ", ".join(map(str, entry.rates)) or "any",
        languages or "any",
        "yes" if entry.streaming else "no",
        "yes" if entry.word_times else "no",
    ]


async def _say(engine: TextToSpeech) -> tuple[str, bytes]:
    """First audio of one sentence, and the sentence at the probe's rate."""
    try:
        await engine.start()
        begun = time.perf_counter()
        first = 0.0
        decoder, resampler, pcm = PcmDecoder(), None, b""
        async with aclosing(engine.synthesize(Utterance(SENTENCE, PROBE_RATE))) as chunks:
            async for chunk in chunks:
                first = first or time.perf_counter() - begun
                resampler = resampler or Resampler(chunk.rate, PROBE_RATE)
                pcm += encode_pcm16(resampler.feed(decoder.feed(chunk.pcm)))
        if resampler is None:
            raise EngineError("expected speech, found none")
        pcm += encode_pcm16(resampler.flush())
        return f"first audio {1000 * first:.1f} ms, {len(pcm) / 2 / PROBE_RATE:.1f} s of speech", pcm
    finally:
        await engine.aclose()


async def _hear(engine: SpeechToText, speech: bytes) -> str:
    """What is heard of the sentence, pushed in real time, and how long after its end the final comes."""
    if not speech:
        return "not probed: no voice is ready to speak to it"
    finals: list[str] = []
    last = 0.0
    try:
        await engine.start()
        async with engine.listen(rate=PROBE_RATE) as recognition:

            async def listen() -> None:
                nonlocal last
                async for transcript in recognition:
                    if transcript.final:
                        finals.append(transcript.text)
                        last = time.perf_counter()

            listening = asyncio.create_task(listen())
            ended = await _play(recognition.push, speech)
            await recognition.finish()
            await listening
    finally:
        await engine.aclose()
    if not finals:
        return "heard nothing"
    return f"lag {1000 * max(0.0, last - ended):.0f} ms: {' '.join(finals)!r}"


async def _play(push: Any, speech: bytes) -> float:
    """Push speech as a call sends it; the time at which it ended."""
    size = 2 * round(_FRAME * PROBE_RATE)
    begun = time.perf_counter()
    for index, at in enumerate(range(0, len(speech), size)):
        await push(speech[at : at + size])
        await asyncio.sleep(max(0.0, begun + (index + 1) * _FRAME - time.perf_counter()))
    return time.perf_counter()
