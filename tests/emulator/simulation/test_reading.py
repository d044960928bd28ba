"""Scenario files: what is read, and what each fault says."""

from __future__ import annotations

from pathlib import Path

import pytest

from providers.emulator.failures import EmulatorError
from providers.emulator.simulation.reading import read_scenario


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "one.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_scenario_without_a_name_has_its_files(tmp_path: Path) -> None:
    scenario = read_scenario(written(tmp_path, "caller:\n  - say: press *9 & wait\n"))
    assert (scenario.name, scenario.caller[0].say) == ("one", "press *9 & wait")


def test_an_assistant_of_the_platforms_is_taken_as_it_is(tmp_path: Path) -> None:
    text = "assistant: {firstMessage: Hello., someNewField: 3, voice: {provider: 11labs, voiceId: x}}\ncaller: []\n"
    assert read_scenario(written(tmp_path, text)).assistant.first_message == "Hello."


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("caller: 3", ":1: caller: expected array, found int"),
        ("a: [", ":1: expected YAML: "),
        ("name: x", ": scenario: object missing required field caller"),
        ("caller:\n  - say: a\n    after: x\n", ":3: caller[0].after: expected float | null, found str"),
        ("caller:\n  - say: a\n    after: -1\n", ":3: caller[0].after: expected float >= 0.0, found -1"),
        ("caller:\n  - say: a\n  - sey: b\n", ":3: caller[1].sey: expected a known field, found this one"),
        ("caller:\n  - after: 1\n", ":2: caller[0]: expected one of say, wav, silence, hangup, found none"),
        (
            "caller:\n  - say: a\n    hangup: true\n",
            ":2: caller[0]: expected one of say, wav, silence, hangup, found say",
        ),
        ("caller:\n  - say: a\n    after: 1\n    interrupt: 2\n", ":2: caller[0]: expected one of after, interrupt"),
        ("caller:\n  - wav: none.wav\n", ":2: caller[0].wav: expected a file beside the scenario, found none named"),
        ("caller: []\nexpect:\n  - heard: a\n    said: b\n", ":3: expect[0]: expected one key, found heard, said"),
        ("caller: []\nassistant: {startSpeakingPlan: {waitSeconds: 9}}", "waitSeconds: expected float <= 5.0, found 9"),
        ("caller: &a []\nexpect: *a\n", "expected YAML without aliases"),
    ],
)
def test_a_fault_names_file_line_and_field(tmp_path: Path, text: str, told: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(EmulatorError) as fault:
        read_scenario(path)
    assert str(fault.value).startswith(str(path))
    assert told in str(fault.value)


def test_a_file_that_is_no_text_or_too_large_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EmulatorError, match="expected UTF-8, found byte 0xff at 0"):
        read_scenario(path)
    path.write_bytes(b"#" * (1 << 20) + b"\n")
    with pytest.raises(EmulatorError, match="expected at most 1048576 bytes, found 1048577"):
        read_scenario(path)
    with pytest.raises(EmulatorError, match="No such file"):
        read_scenario(tmp_path / "two.yaml")
