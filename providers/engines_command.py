"""``vapi-providers engines``: what speaks, what listens, what each needs, and how fast each one really is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

from providers import engine_probe, registry
from providers.engine_entry import EngineEntry
from providers.errors import ProvidersError, one_line
from providers.settings import Settings

_PROBE_SECONDS = 20.0
"""Longest wait for one engine's probe."""


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
        """Whether nothing is missing."""
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
                    result, said = await engine_probe.say(voices[entry.name].make(settings))
                    speech = said if entry.name != "tone" and not speech else speech
                else:
                    result = await engine_probe.hear(transcribers[entry.name].make(settings), speech)
            found.append(replace(entry, probe=result))
        except TimeoutError:
            found.append(replace(entry, probe=f"failed: no answer within {_PROBE_SECONDS:g} s"))
        except engine_probe.StartError as error:
            found.append(replace(entry, state=str(error)))
        except ProvidersError as error:
            found.append(replace(entry, probe=f"failed: {error}"))
        except Exception as error:  # an engine of another package may raise anything
            found.append(replace(entry, probe=f"failed: {one_line(error)}"))
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


def _entry(kind: Literal["voice", "transcriber"], name: str, made: EngineEntry[Any], settings: Settings) -> Entry:
    state = made.missing(settings) or "ready"
    try:
        can = made.make(settings).capabilities
        streaming = can.streaming if kind == "voice" else can.partials
        return Entry(kind, name, state, can.rates, can.languages, streaming, can.word_times)
    except ProvidersError as error:
        state = str(error)
    except Exception as error:  # an engine of another package may raise anything
        state = f"cannot be used: {one_line(error)}"
    return Entry(kind, name, state, (), (), streaming=False, word_times=False)


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
