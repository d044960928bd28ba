"""The list of engines, and what a probe of the embedded ones tells."""

from __future__ import annotations

import asyncio
import io

from rich.console import Console

from providers import engines_command, registry
from providers.settings import Settings


def find(listed: list[engines_command.Entry], kind: str, name: str) -> engines_command.Entry:
    (entry,) = [entry for entry in listed if (entry.kind, entry.name) == (kind, name)]
    return entry


def test_every_engine_is_listed_with_what_it_is() -> None:
    listed = engines_command.entries(Settings())
    assert {(entry.kind, entry.name) for entry in listed} >= {
        *(("voice", name) for name in registry.VOICES),
        *(("transcriber", name) for name in registry.TRANSCRIBERS),
    }
    assert find(listed, "voice", "espeak").rates == (22050,)
    assert find(listed, "transcriber", "pocketsphinx").word_times
    assert find(listed, "transcriber", "null").ready


def test_what_an_engine_needs_is_said_until_it_is_there() -> None:
    assert find(engines_command.entries(Settings()), "voice", "deepgram").state == "set --deepgram-api-key"
    assert find(engines_command.entries(Settings.of(deepgram_api_key="k")), "voice", "deepgram").ready
    assert find(engines_command.entries(Settings.of(openai_url="http://127.0.0.1:8880")), "voice", "openai").ready
    state = find(engines_command.entries(Settings()), "voice", "kokoro").state
    assert "--kokoro-model" in state


def test_a_probe_lets_each_ready_engine_say_or_hear_a_sentence() -> None:
    wanted = {("voice", "espeak"), ("voice", "openai"), ("transcriber", "null"), ("transcriber", "whisper")}
    listed = [entry for entry in engines_command.entries(Settings()) if (entry.kind, entry.name) in wanted]
    probed = asyncio.run(engines_command.probed(Settings(), listed))
    assert find(probed, "voice", "espeak").probe.startswith("first audio ")
    assert find(probed, "transcriber", "null").probe.startswith("lag ")
    assert find(probed, "voice", "openai").probe == ""
    assert find(probed, "transcriber", "whisper").probe == ""


def test_an_engine_that_fails_its_probe_says_why() -> None:
    chosen = Settings.of(openai_url="http://127.0.0.1:9", openai_api_key="hunter2")
    listed = [find(engines_command.entries(chosen), "voice", "openai")]
    (entry,) = asyncio.run(engines_command.probed(chosen, listed))
    assert entry.probe.startswith("failed: ")
    assert "hunter2" not in entry.probe


def test_the_tables_name_every_engine_and_what_is_missing() -> None:
    stream = io.StringIO()
    engines_command.show(engines_command.entries(Settings()), Console(file=stream, width=120))
    shown = stream.getvalue()
    assert "espeak" in shown
    assert "voice deepgram: set --deepgram-api-key" in shown
