"""``simulate`` as a user calls it: the examples, good and bad servers, reports and exit codes."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from click.testing import CliRunner, Result
from starlette.responses import Response

from dsp import encode_pcm16
from providers.emulator.commands import simulate
from providers.emulator.simulation.reading import read_scenario
from providers.emulator.simulation.virtual_run import run_virtual
from providers.emulator.wav import parse_clip, wav_bytes
from tests.emulator.broken_servers import Deaf
from tests.emulator.good_server import SECRET, GoodServer
from tests.emulator.serving import served
from tests.emulator.tones import spoken

EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "scenarios").glob("*.yaml"))

TONES = """
assistant: {firstMessage: "Alpha.", startSpeakingPlan: {waitSeconds: 0.1}}
model: {replies: ["Golf hotel."], delay: 0.05}
caller:
  - {wav: line.wav, text: charlie delta, after: 0.2}
  - {hangup: true}
longest: 6
expect:
  - heard: charlie delta
  - said: golf hotel
  - reply_within: 3
  - finals: one each
  - ended: customer-ended-call
"""


class SilentVoice(GoodServer):
    """Every answer is 200, and half a second of silence."""

    async def voice(self, message: dict[str, object]) -> Response:
        return Response(bytes(self.rate(message)), media_type="application/octet-stream")


@pytest.fixture
def tones(tmp_path: Path) -> Path:
    (tmp_path / "line.wav").write_bytes(wav_bytes(encode_pcm16(spoken("charlie delta", 16000)), 16000))
    path = tmp_path / "tones.yaml"
    path.write_text(TONES, encoding="utf-8")
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(simulate, [str(argument) for argument in arguments])


def live(url: str, *arguments: str | Path) -> Result:
    return run(*arguments, "--url", url, "--secret", SECRET)


def test_there_are_ten_examples() -> None:
    assert len(EXAMPLES) >= 10


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_holds_in_virtual_time(path: Path) -> None:
    result = run(path, "--virtual")
    assert result.exit_code == 0, result.output
    assert result.output.startswith("✓")


def test_a_virtual_take_is_the_same_every_time() -> None:
    scenario = read_scenario(EXAMPLES[0])
    first, second = run_virtual(scenario, 1), run_virtual(scenario, 2)
    assert first.events == second.events
    assert first.played == second.played


def test_a_scenario_is_held_with_a_real_server(good_url: str, tones: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = live(good_url, tones, "--out", out, "--json", tmp_path / "report.json")
    assert result.exit_code == 0, result.output
    report = msgspec.json.decode((tmp_path / "report.json").read_bytes())
    assert report["schema"] == "vapi-providers/simulate/1"
    assert report["summary"]["latency"]["turnCount"] == 1
    assert {"avgTurn", "avgTranscriber", "avgEndpointing", "avgModel", "avgVoice"} <= set(report["summary"]["latency"])
    clip = parse_clip((out / "tones-1.wav").read_bytes())
    assert len(clip.channels) == 2
    assert all(abs(channel).max() > 0.1 for channel in clip.channels)
    events = msgspec.json.decode((out / "tones-1.json").read_bytes())["events"]
    assert [event["kind"] for event in events if event["kind"] == "turn-ended"] == ["turn-ended"]


def test_a_deaf_transcriber_fails_for_its_deafness(tones: Path, tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    with served(Deaf().app()) as url:
        result = live(url, tones, "--junit", junit)
    assert result.exit_code == 1
    assert "heard: charlie delta: the transcriber's finals were “”" in result.output.replace("\n", " ")
    suite = ElementTree.parse(junit).getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    failure = suite[0].find("failure")
    assert failure is not None
    assert "heard: charlie delta" in str(failure.text)


def test_a_silent_voice_fails_for_its_silence(tones: Path) -> None:
    with served(SilentVoice().app()) as url:
        result = live(url, tones)
    assert result.exit_code == 1
    assert "said: golf hotel: the voice's answers hold silence alone" in result.output.replace("\n", " ")


def test_what_the_network_does_reaches_real_calls(good_url: str, tones: Path) -> None:
    """The first voice request is refused, and the transcriber's socket is lost before anything was said."""
    faults = "faults: {voice: {requests: [1], status: 503}, transcriber: {cut_at: 0.3}}\n"
    expect = "expect:\n  - event: voice-failed\n  - event: transcriber-lost\n  - not_said: alpha\n"
    path = tones.with_name("faults.yaml")
    path.write_text(TONES.partition("expect:")[0] + faults + expect, encoding="utf-8")
    result = live(good_url, path)
    assert result.exit_code == 1  # a voice without a fallback ends the call before the transcriber is lost
    assert "event: transcriber-lost: it did not happen" in result.output.replace("\n", " ")
    assert "voice-failed:" not in result.output


def test_a_flaky_scenario_says_how_often_it_held(tmp_path: Path) -> None:
    path = tmp_path / "never.yaml"
    path.write_text("caller: [{hangup: true}]\nassistant: {firstMessage: Hi.}\nexpect: [{said: hello}]\n", "utf-8")
    result = run(path, "--virtual", "--repeat", "3", "--html", tmp_path / "page.html")
    assert result.exit_code == 1
    assert "0 of 3 takes" in result.output
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "0 of 1 scenario hold" in page
    assert "<svg" in page
    assert "<script" not in page


@pytest.mark.parametrize(
    ("text", "told"),
    [("caller: 3\n", "caller: expected array"), ("caller: []\nassistant: {voice: {chunkPlan: 3}}\n", "chunkPlan: ")],
)
def test_a_wrong_file_is_one_line_and_exit_code_2(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text, "utf-8")
    result = run(path, "--virtual")
    assert result.exit_code == 2
    assert told in result.output
    assert "Traceback" not in result.output


def test_without_a_server_real_time_says_what_to_start(tones: Path) -> None:
    result = run(tones)
    assert result.exit_code == 2
    assert "serve" in result.output
