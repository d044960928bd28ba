"""``say``: one text, spoken by the server, played or saved, and measured.

The JSON is stable: fields are added, never renamed or removed, while ``schema`` says ``vapi-providers/say/1``. Times
are in seconds; ``firstByte`` counts from the moment the request is sent, and ``connect`` is null on a kept connection::

    {"schema": "vapi-providers/say/1", "voice": "http://…/api/custom-voice", "rate": 24000,
     "responses": [{"connect": 0.001, "firstByte": 0.004, "firstAudible": 0.01, "total": 0.02,
                    "sound": 1.9, "stalled": 0.0, "bytes": 91200, "level": -20.1, "peak": -3.2}, …]}     dBFS
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from providers.emulator.audio_device import play
from providers.emulator.failures import EmulatorError, bare, refusal
from providers.emulator.formatting import count, decibels, percentile, seconds
from providers.emulator.http_client import HttpClient, RecordedResponse, post
from providers.emulator.output import save_json
from providers.emulator.protocol import voice_body
from providers.emulator.sound import decoded, level, peak, waveform
from providers.emulator.targets import Targets
from providers.emulator.voice_client import Playback, played
from providers.emulator.wav import write_wav

SCHEMA = "vapi-providers/say/1"


@dataclass(frozen=True, slots=True)
class SayRequest:
    """What to say, and how often."""

    text: str
    rate: int
    """Hz."""
    voice: str | None = None
    repeat: int = 1
    out: Path | None = None
    """WAV file to save to, instead of playing."""
    quiet: bool = False
    """Do not play."""
    timeout: float = 20.0
    """Seconds without a byte; 20 is the platform's default."""


@dataclass(frozen=True, slots=True)
class SpokenResponse:
    """One response and how it plays."""

    answer: RecordedResponse
    playback: Playback


async def speech(targets: Targets, saying: SayRequest) -> list[SpokenResponse]:
    """Ask for the text ``repeat`` times over one connection.

    Raises
    ------
    EmulatorError
        No connection, another status than 200, or a body that broke off.
    """
    if targets.voice is None:
        raise EmulatorError("the server has no voice endpoint")
    said = []
    async with HttpClient(timeout=saying.timeout) as client:
        for _ in range(saying.repeat):
            body = voice_body(saying.text, saying.rate, voice=saying.voice)
            answer = await post(client, targets.voice, body, credentials=targets.credentials)
            if answer.status != 200:
                raise refusal(targets.voice, answer.status, answer.body)
            if not answer.complete:
                got = f"{len(answer.body)} bytes"
                raise EmulatorError(f"the server broke off after {got}: its engine failed while it spoke")
            said.append(SpokenResponse(answer, played(answer, saying.rate)))
    return said


def say(targets: Targets, saying: SayRequest, console: Console, *, json_file: Path | None) -> None:
    """Speak, show, and play or save."""
    said = asyncio.run(speech(targets, saying))
    last = said[-1]
    if saying.repeat > 1:
        console.print(latencies(said))
    show(last, saying.rate, console)
    save_json(json_file, report(targets, saying, said))
    if saying.out is not None:
        write_wav(saying.out, last.answer.body, saying.rate)
        console.print(f"saved to {saying.out}", markup=False, highlight=False)
    elif not saying.quiet and last.answer.body:
        player = play(last.answer.body, saying.rate)
        console.print(f"played by {player}" if player else "no player on this machine: --out FILE saves the audio")


def show(said: SpokenResponse, rate: int, console: Console) -> None:
    """One response in six lines."""
    samples = decoded(said.answer.body)
    playback = said.playback
    if not len(samples):
        console.print("the server answered with no audio")
        return
    factor = said.answer.total / playback.duration
    console.print(f"[bold]{playback.duration:.2f} s[/] of sound at {rate} Hz in {count(len(samples), 'sample')}")
    if said.answer.connect is not None:
        console.print(f"connected in      {seconds(said.answer.connect)}")
    console.print(f"first byte        {seconds(said.answer.first_byte)}")
    console.print(f"first audible     {seconds(playback.first_audible)}")
    console.print(f"real-time factor  {factor:.4f} ({1 / factor:.0f} × faster than it plays)")
    console.print(f"level             {decibels(level(samples))}, peak {decibels(peak(samples))}")
    if playback.stalled > 0.001:
        console.print(f"[yellow]dead air          {seconds(playback.stalled)}[/] while playing as it arrives")
    console.print(waveform(samples), style="cyan", highlight=False)


def latencies(said: list[SpokenResponse]) -> Table:
    """A table of all runs with their median and worst."""
    table = Table("run", "first byte", "first audible", "whole answer", "sound", box=None)
    columns = [
        [item.answer.first_byte or 0.0 for item in said],
        [item.playback.first_audible or 0.0 for item in said],
        [item.answer.total for item in said],
        [item.playback.duration for item in said],
    ]
    for index, row in enumerate(zip(*columns, strict=True), start=1):
        table.add_row(str(index), *(seconds(value) for value in row))
    for name, share in (("p50", 0.5), ("p95", 0.95), ("max", 1.0)):
        table.add_row(name, *(seconds(percentile(column, share)) for column in columns), style="bold")
    return table


def report(targets: Targets, saying: SayRequest, said: list[SpokenResponse]) -> dict[str, Any]:
    """All responses by the schema above."""
    return {
        "schema": SCHEMA,
        "voice": bare(targets.voice or ""),
        "rate": saying.rate,
        "responses": [_as_data(item) for item in said],
    }


def _as_data(said: SpokenResponse) -> dict[str, Any]:
    samples = decoded(said.answer.body)
    levels = {"level": level(samples), "peak": peak(samples)}
    times = {
        "connect": said.answer.connect,
        "firstByte": said.answer.first_byte,
        "firstAudible": said.playback.first_audible,
        "total": said.answer.total,
        "sound": said.playback.duration,
        "stalled": said.playback.stalled,
    }
    rounded = {name: None if value is None else round(value, 6) for name, value in times.items()}
    shown = {name: None if math.isinf(value) else round(value, 2) for name, value in levels.items()}
    return rounded | {"bytes": len(said.answer.body)} | shown
