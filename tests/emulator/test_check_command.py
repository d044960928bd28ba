"""``check``, typed as a user types it: exit codes, lines, JSON, HTML, and every way not to get that far."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from dsp import encode_pcm16
from providers.emulator import check_command as checking
from providers.emulator.check.limits import Limits
from providers.emulator.check.rule import Outcome
from providers.emulator.check.rule_set import RULES, chosen
from providers.emulator.check.run import Judgement
from providers.emulator.check.run import check as judge
from providers.emulator.commands import check
from providers.emulator.credentials import SentCredentials
from providers.emulator.speech import probe_speech
from providers.emulator.targets import chosen_targets, targets_at
from providers.emulator.wav import write_wav
from tests.emulator.good_server import SECRET
from tests.emulator.tones import spoken


def run(*words: str) -> Result:
    return CliRunner().invoke(check, list(words))


@pytest.fixture
def wavs(tmp_path: Path) -> tuple[str, ...]:
    for name, text in (("customer", "alpha bravo"), ("assistant", "kilo lima")):
        write_wav(tmp_path / f"{name}.wav", encode_pcm16(spoken(text, 16000)), 16000)
    return "--customer-wav", str(tmp_path / "customer.wav"), "--assistant-wav", str(tmp_path / "assistant.wav")


def test_a_server_without_fault_exits_zero_and_reports_in_plain_lines(good_url: str) -> None:
    result = run("--only", "E", "--only", "A1", "--url", good_url, "--secret", SECRET)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert [line.split()[:2] for line in lines[:-1]] == [["passed", rule] for rule in "E1 A1 E2 E3 E4 E5 E6".split()]
    assert lines[-1].startswith("7 passed, 0 failed, 0 not judged in ")


def test_a_rule_that_fails_exits_one_and_says_why(good_url: str) -> None:
    result = run("--only", "A3", "--url", good_url, "--secret", "wrong")
    assert result.exit_code == 1
    assert "failed     A3   The voice endpoint opens to the right credential. (HTTP 401" in result.output


def test_what_cannot_be_judged_is_neither_passed_nor_failed(good_url: str) -> None:
    result = run(
        "--only", "A3", "--only", "V2", "--only", "E1", "--endpointing-url", f"{good_url}/api/custom-endpointing"
    )
    assert result.exit_code == 1  # E1: no credential was given
    assert (
        "not judged V2   The body is bare 16-bit mono PCM, without a header. (no address of the voice endpoint)"
        in result.output
    )


def test_without_speech_nothing_is_said_about_recognition(good_url: str) -> None:
    judgement = Judgement(chosen(("transcriber",), ()))
    targets = targets_at(good_url, SentCredentials(secret=SECRET))
    asyncio.run(judge(targets, judgement, limits=Limits(speed=12.0), speech=None))
    outcomes = {item.rule.id: item.verdict.outcome for item in judgement.results()}
    assert {rule for rule, outcome in outcomes.items() if outcome is Outcome.PASSED} == {"T8"}
    assert judgement.count(Outcome.FAILED) == 0


def test_one_voice_given_and_none_installed_is_no_speech(
    wavs: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert asyncio.run(probe_speech(Path(wavs[1]), None)) is None
    assert asyncio.run(probe_speech(Path(wavs[1]), Path(wavs[3]))) is not None


def test_the_json_keeps_to_its_schema(good_url: str, tmp_path: Path) -> None:
    out = tmp_path / "x.json"
    run("--only", "E1", "--only", "V16", "--url", f"{good_url}", "--secret", SECRET, "--json", str(out))
    report = json.loads(out.read_text())
    assert report.pop("started").endswith("+00:00")
    assert report.pop("seconds") > 0
    assert all(rule.pop("seconds") >= 0 for rule in report["rules"])
    known = {rule.id: rule for rule in RULES}
    assert report == {
        "schema": "vapi-providers/check/1",
        "interrupted": False,
        "endpoints": {
            "voice": f"{good_url}/api/custom-voice",
            "transcriber": f"{good_url.replace('http', 'ws')}/api/custom-transcriber",
            "endpointing": f"{good_url}/api/custom-endpointing",
        },
        "summary": {"passed": 2, "failed": 0, "advice": 0, "notJudged": 0},
        "rules": [
            {
                "id": name,
                "group": known[name].group,
                "title": known[name].title,
                "reason": known[name].reason,
                "outcome": "passed",
                "evidence": evidence,
                "notes": [],
            }
            for name, evidence in (
                ("E1", ""),
                (
                    "V16",
                    "an unknown voice gets HTTP 400, sampleRate 1 gets HTTP 400, "
                    "a text that is an object gets HTTP 400",
                ),
            )
        ],
    }


def test_the_page_stands_alone_and_holds_no_token(good_url: str, tmp_path: Path) -> None:
    out = tmp_path / "x.html"
    targets = ("--voice-url", f"{good_url}/api/custom-voice?voice=<b>&token=hush", "--token", "also-hush")
    run("--only", "A3", *targets, "--html", str(out))
    page = out.read_text()
    assert page.startswith("<!doctype html>")
    for foreign in ("http://www", "https://", "<script", "<link", "src=", "hush", "<b>"):
        assert foreign not in page
    assert "The voice endpoint opens to the right credential." in page


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--url", "http://127.0.0.1:1"), "http://127.0.0.1:1/api/custom-voice: connection refused: no server listens"),
        (
            ("--transcriber-url", "https://h/x?token=hush"),
            "expected wss:// or ws://, found 'https://h/x': write wss://h/x",
        ),
        (("--voice-url", "ws://h/x"), "--voice-url: expected https:// or http://, found 'ws://h/x': write http://h/x"),
        (("--endpointing-url", "h:80"), "--endpointing-url: expected https:// or http://, found 'h:80'"),
        (("--transcriber-url", "ws://127.0.0.1:1/x"), "ws://127.0.0.1:1/x: connection refused: no server listens"),
        (("--url", "http://h", "--voice-url", "http://h"), "expected --url, or endpoints one by one, found both"),
        (("--only", "Q"), "; or a letter: A, E, T, V; found 'Q'"),
    ],
)
def test_what_cannot_be_reached_is_one_clear_line(words: tuple[str, ...], complaint: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert complaint in result.output.replace("\n", " ")
    assert "hush" not in result.output


def test_a_terminal_gets_a_table_of_what_matters(good_url: str) -> None:
    shown = io.StringIO()
    targets = targets_at(good_url, SentCredentials(secret="wrong"))
    wanted = checking.CheckRequest(chosen(("A1", "A3"), ()), Limits())
    code = checking.run(targets, wanted, Console(file=shown, force_terminal=True, color_system=None, width=160))
    assert code == 1
    text = " ".join(shown.getvalue().split())
    assert "✓ A1 The voice endpoint is closed to a caller without a credential. HTTP 401" in text
    assert "✗ A3 The voice endpoint opens to the right credential. HTTP 401" in text
    assert "Otherwise every call falls back, or ends." in text
    assert "1 passed, 1 failed, 0 not judged in" in text


def test_the_process_of_a_local_server_is_found(good_url: str) -> None:
    found = chosen_targets(None, SentCredentials(), voice=f"{good_url}/api/custom-voice")
    assert found.pid == os.getpid()
    assert chosen_targets(None, SentCredentials(), voice="https://example.com/v").pid is None
    assert chosen_targets(None, SentCredentials(), voice=f"{good_url}/v", pid=7).pid == 7


def test_a_tls_error_is_one_clear_line(tls_url: str) -> None:
    result = run("--url", tls_url, "--secret", SECRET)
    assert result.exit_code == 2
    assert "TLS error: unable to get local issuer certificate" in result.output


def test_ctrl_c_leaves_the_partial_report(good_url: str, wavs: tuple[str, ...], tmp_path: Path) -> None:
    out = tmp_path / "x.json"
    command = [
        sys.executable,
        "-c",
        "from providers.emulator.commands import check; check()",
        "--only",
        "A1",
        "--only",
        "T15",
        *wavs,
    ]
    command += ["--url", good_url, "--secret", SECRET, "--json", str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        child.send_signal(signal.SIGINT)
        rest, errors = child.communicate(timeout=20)
    assert first.startswith("passed     A1")
    assert child.returncode == 130
    assert "1 passed, 0 failed, 1 not judged in" in rest
    assert rest.rstrip().endswith("interrupted")
    assert "Traceback" not in errors
    report = json.loads(out.read_text())
    assert report["interrupted"] is True
    assert [rule["outcome"] for rule in report["rules"]] == ["passed", "not judged"]


COMMAND = (sys.executable, "-c", "from providers.emulator.commands import check; check()")


def test_json_on_standard_output_is_alone_there(good_url: str) -> None:
    command = [*COMMAND, "--only", "E1", "--only", "A1", "--url", good_url, "--secret", SECRET, "--json", "-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0
    assert json.loads(done.stdout)["summary"]["passed"] == 2
    assert "passed     A1" in done.stderr


def test_a_reader_that_has_seen_enough_costs_neither_verdict_nor_report(good_url: str, tmp_path: Path) -> None:
    out = tmp_path / "x.json"
    command = [*COMMAND, "--only", "E", "--only", "V18", "--url", good_url, "--secret", SECRET, "--json", str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline().startswith("passed     E1")
        child.stdout.close()
        assert child.stderr is not None
        assert child.stderr.read() == ""
        assert child.wait(timeout=30) == 0
    assert json.loads(out.read_text())["summary"]["passed"] == 7


def test_what_failed_stands_at_the_top_of_the_page(good_url: str, tmp_path: Path) -> None:
    out = tmp_path / "x.html"
    run("--only", "A1", "--only", "A3", "--url", good_url, "--secret", "wrong", "--html", str(out))
    page = out.read_text()
    assert page.index("<h2>Failed</h2>") < page.index("A3") < page.index("<h2>Authentication</h2>") < page.index("A1")
