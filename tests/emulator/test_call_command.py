"""A call as it is shown: partials rewrite one line, finals stay, lag is counted from the speech."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from pathlib import Path

from rich.console import Console

from dsp import encode_pcm16
from providers.emulator.call_command import CallSpeech, Display
from providers.emulator.protocol import ReceivedTranscript
from providers.emulator.transcriber_client import CallRecord, TimedTranscript
from providers.emulator.wav import write_wav
from tests.emulator.good_server import SECRET
from tests.emulator.tones import spoken

SPEECH = CallSpeech(encode_pcm16(spoken("alpha bravo", 16000)), b"", 16000)
"""Ends at 0.46 s."""


def shown(*lines: TimedTranscript, terminal: bool, width: int = 60) -> str:
    out = io.StringIO()
    display = Display(Console(file=out, force_terminal=terminal, color_system=None, width=width), SPEECH)
    record = CallRecord()
    for line in lines:
        record.lines.append(line)
        display.show(record)
    return out.getvalue()


def heard(text: str, at: float, *, final: bool = False) -> TimedTranscript:
    return TimedTranscript(ReceivedTranscript(text, "customer", final), at)


def test_on_a_terminal_partials_rewrite_one_line_until_the_final() -> None:
    text = shown(heard("alpha", 0.3), heard("alpha bravo", 0.5), heard("Alpha bravo.", 0.8, final=True), terminal=True)
    assert text.count("\n") == 1
    assert text.split("\r\x1b[2K") == [
        "",
        "   0.30 s  customer   alpha …",
        "   0.50 s  customer   alpha bravo …",
        "   0.80 s  customer   Alpha bravo.  (340.0 ms after the speech)\n",
    ]


def test_a_partial_longer_than_the_line_keeps_its_newest_words() -> None:
    text = shown(heard("alpha " * 20 + "omega", 0.3), terminal=True, width=40)
    assert "\n" not in text
    assert text.endswith("alpha omega …")
    assert len(text.rpartition("\x1b[2K")[2]) < 40


def test_elsewhere_every_transcript_is_a_line() -> None:
    text = shown(heard("alpha", 0.3), heard("Alpha.", 0.8, final=True), terminal=False)
    assert text.splitlines() == [
        "   0.30 s  customer   alpha …",
        "   0.80 s  customer   Alpha.  (340.0 ms after the speech)",
    ]


def test_ctrl_c_hangs_up_and_leaves_the_summary(good_url: str, tmp_path: Path) -> None:
    write_wav(tmp_path / "x.wav", encode_pcm16(spoken("alpha " * 100, 16000)), 16000)
    code = "from providers.emulator.commands import call; call()"
    command = [sys.executable, "-u", "-c", code, "--customer", str(tmp_path / "x.wav"), "--url", good_url]
    with subprocess.Popen(
        [*command, "--secret", SECRET], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline().startswith("calling ws://")
        assert "alpha …" in child.stdout.readline()
        child.send_signal(signal.SIGINT)
        rest, errors = child.communicate(timeout=20)
    assert child.returncode == 0, errors
    assert "0 finals, " in rest.splitlines()[-1]
    assert "Traceback" not in errors
