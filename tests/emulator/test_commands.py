"""``say`` and ``call``, typed as a user types them, against a real server."""

import json
import os
import subprocess
import sys
import time
import wave
from pathlib import Path

import click
import numpy as np
import pytest
import trustme
from click.testing import CliRunner, Result

from dsp import encode_pcm16
from providers import runtime
from providers.emulator.commands import call, say
from providers.emulator.wav import wav_bytes, write_wav
from tests.emulator.good_server import SECRET
from tests.emulator.load.stand_ins import early_hints
from tests.emulator.tones import spoken


def run(command: click.Command, *words: str) -> Result:
    return CliRunner().invoke(command, list(words))


def publish(url: str) -> None:
    """Let a server be found on this machine."""
    runtime.publish(
        runtime.RunningServer(
            url=url, secret=SECRET, pid=os.getpid(), folder=str(Path.cwd()), started=time.time(),
            voice="tone", transcriber="tones",
        )
    )  # fmt: skip


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Three words at 44.1 kHz in both channels of a stereo file."""
    pcm = encode_pcm16(spoken("alpha bravo charlie", 44100))
    stereo = np.repeat(np.frombuffer(pcm, "<i2"), 2).tobytes()
    (tmp_path / "clip.wav").write_bytes(wav_bytes(stereo, 44100, channels=2))
    return tmp_path / "clip.wav"


def test_say_saves_what_the_server_spoke(good_url: str, tmp_path: Path) -> None:
    out = tmp_path / "hello.wav"
    result = run(say, "alpha bravo", "--rate", "8000", "--out", str(out), "--url", good_url, "--secret", SECRET)
    assert result.exit_code == 0, result.output
    with wave.open(str(out)) as file:
        assert (file.getframerate(), file.getnchannels()) == (8000, 1)
        assert file.readframes(10**6) == encode_pcm16(spoken("alpha bravo", 8000))
    for shown in ("first byte", "first audible", "real-time factor", "level", "█"):
        assert shown in result.output


def test_say_again_and_again_gives_a_latency_table(good_url: str) -> None:
    result = run(say, "alpha", "--repeat", "3", "--quiet", "--url", good_url, "--secret", SECRET)
    assert result.exit_code == 0, result.output
    assert [line.split()[0] for line in result.output.splitlines()[:7]] == "run 1 2 3 p50 p95 max".split()


def test_say_finds_the_running_server_and_its_secret(good_url: str) -> None:
    publish(good_url)
    result = run(say, "alpha", "--quiet")
    assert result.exit_code == 0
    assert f"{good_url} (voice tone, transcriber tones; started in " in result.output


def test_the_secret_of_the_running_server_goes_nowhere_else(good_url: str) -> None:
    publish("http://127.0.0.1:1")
    result = run(say, "alpha", "--quiet", "--url", good_url)
    assert result.exit_code == 2
    assert "HTTP 401" in result.output


def test_no_running_server_is_one_line() -> None:
    result = run(say, "alpha")
    assert result.exit_code == 2
    assert result.output.count("\n") == 1
    assert "vapi-providers serve" in result.output


def test_a_refusal_shows_what_the_server_said(good_url: str) -> None:
    result = run(say, "alpha", "--voice", "nobody", "--url", good_url, "--secret", SECRET)
    assert result.exit_code == 2
    assert "HTTP 400: the server did not answer as asked: no such voice" in result.output


def test_call_shows_partials_and_finals_with_their_lag(good_url: str, clip: Path) -> None:
    result = run(call, "--customer", str(clip), "--url", good_url, "--secret", SECRET)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert [line.split("customer")[1].strip() for line in lines[1:4]] == [
        "alpha …",
        "alpha bravo …",
        "alpha bravo charlie …",
    ]
    assert "Alpha bravo charlie.  (" in lines[4]
    assert "after the speech" in lines[4]
    assert lines[5].startswith("1 final, 3 partials")


def test_call_lets_the_server_speak_the_customers_part(good_url: str) -> None:
    result = run(call, "--say", "delta echo", "--odd-frames", "--rate", "8000", "--url", good_url, "--secret", SECRET)
    assert result.exit_code == 0, result.output
    assert "Delta echo." in result.output


def test_the_assistants_part_is_on_the_other_channel(good_url: str, clip: Path, tmp_path: Path) -> None:
    write_wav(tmp_path / "other.wav", encode_pcm16(spoken("kilo lima", 16000)), 16000)
    words = ("--customer", str(clip), "--assistant", str(tmp_path / "other.wav"))
    result = run(call, *words, "--url", good_url, "--secret", SECRET)
    assert "Alpha bravo charlie." in result.output
    assert "kilo" not in result.output


def test_a_repeated_clip_is_one_call_with_as_many_finals(good_url: str, clip: Path) -> None:
    result = run(call, "--customer", str(clip), "--repeat", "2", "--url", good_url, "--secret", SECRET)
    assert "2 finals" in result.output


def test_a_dropped_line_ends_before_the_clip(good_url: str, clip: Path) -> None:
    result = run(call, "--customer", str(clip), "--drop-after", "0.4", "--url", good_url, "--secret", SECRET)
    assert result.exit_code == 0
    assert "0 finals" in result.output


@pytest.mark.parametrize("words", [(), ("--say", "x", "--mic")])
def test_call_wants_exactly_one_source(words: tuple[str, ...]) -> None:
    result = run(call, *words)
    assert result.exit_code == 2
    assert "expected one of --customer FILE, --say TEXT and --mic" in result.output


@pytest.mark.parametrize("command", [say, call])
def test_every_way_not_to_reach_a_server_is_one_clear_line(
    command: click.Command, good_url: str, tls_url: str, clip: Path
) -> None:
    source = ("alpha",) if command is say else ("--customer", str(clip))
    plain, tls = (url.partition("://")[2] for url in (good_url, tls_url))
    for url, complaint in [
        ("http://127.0.0.1:1", "connection refused: no server listens on this port"),
        (f"https://{plain}", "TLS error: the server speaks plain HTTP here"),
        (tls_url, "TLS error: unable to get local issuer certificate (SSL_CERT_FILE"),
        (f"http://{tls}", "if it speaks TLS, use https://"),
        (f"ws://{plain}", "--url: expected http://host:port"),
        (f"{good_url}/elsewhere", "HTTP 40"),
    ]:
        result = run(command, *source, "--url", url, "--secret", "hush")
        assert result.exit_code == 2, (url, result.output)
        assert complaint in result.output.splitlines()[-1]
        assert "hush" not in result.output


def test_a_trusted_certificate_is_accepted(
    tls_url: str, authority: tuple[trustme.CA, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority[1]))
    result = run(say, "alpha", "--quiet", "--url", tls_url, "--secret", SECRET)
    assert result.exit_code == 0, result.output


def test_say_writes_json_and_nothing_else_to_standard_output(good_url: str) -> None:
    publish(good_url)
    result = run(say, "alpha", "--quiet", "--repeat", "2", "--json", "-")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["schema"] == "vapi-providers/say/1"
    assert (report["voice"], report["rate"]) == (f"{good_url}/api/custom-voice", 24000)
    first, second = report["responses"]
    assert first["connect"] > 0
    assert second["connect"] is None
    assert 0 < first["firstByte"] <= first["total"]
    assert first["bytes"] == round(24000 * first["sound"]) * 2
    assert SECRET not in result.output
    assert "first audible" in result.stderr


def test_call_writes_json_and_nothing_else_to_standard_output(good_url: str, clip: Path) -> None:
    result = run(call, "--customer", str(clip), "--json", "-", "--url", good_url, "--secret", SECRET)
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["schema"] == "vapi-providers/call/1"
    assert (report["finals"], report["partials"], report["unmatched"], report["closeCode"]) == (1, 3, 0, None)
    last = report["transcripts"][-1]
    assert (last["text"], last["final"], last["channel"]) == ("Alpha bravo charlie.", True, "customer")
    assert 0.2 < last["lag"] < 5


def test_json_goes_to_a_file_too(good_url: str, clip: Path, tmp_path: Path) -> None:
    words = ("--json", str(tmp_path / "x.json"), "--url", good_url, "--secret", SECRET)
    assert run(say, "alpha", "--quiet", *words).exit_code == 0
    assert json.loads((tmp_path / "x.json").read_text())["schema"] == "vapi-providers/say/1"
    result = run(say, "alpha", "--quiet", "--json", str(tmp_path / "no" / "x.json"), *words[2:])
    assert result.exit_code == 2
    assert "No such file" in result.output


@pytest.mark.parametrize("command", ["say", "check"])
def test_a_reader_that_leaves_early_ends_no_command(command: str, good_url: str, tmp_path: Path) -> None:
    """Standard output is a pipe whose reader is gone: the work is done, and the exit code is the command's own."""
    words = ["alpha", "--out", str(tmp_path / "x.wav")] if command == "say" else ["--only", "E1", "--only", "A1"]
    code = f"from providers.emulator.commands import {command}; {command}()"
    reading, writing = os.pipe()
    os.close(reading)
    line = [sys.executable, "-c", code, *words, "--url", good_url, "--secret", SECRET]
    with subprocess.Popen(line, stdout=writing, stderr=subprocess.PIPE, text=True) as child:
        os.close(writing)
        _, errors = child.communicate(timeout=60)
    assert (child.returncode, errors) == (0, "")
    if command == "say":
        assert (tmp_path / "x.wav").stat().st_size > 44


def test_the_first_byte_that_say_shows_is_the_servers_alone(tmp_path: Path) -> None:
    """The server takes 300 ms: neither the start of the command nor connecting may add to it."""
    with early_hints(0.3) as url:
        base = url.removesuffix("/voice")
        code = "from providers.emulator.commands import say; say()"
        line = [sys.executable, "-c", code, "alpha", "--quiet", "--json", "-", "--url", base]
        done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=True)
    [first] = json.loads(done.stdout)["responses"]
    assert 0.3 <= first["firstByte"] < 0.33
