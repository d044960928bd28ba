"""``vapi-providers models``, and engines that find what was pulled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from providers import registry
from providers.cli import main
from providers.models.catalogue import CATALOGUE, Model, named
from providers.models.store import ModelStore
from providers.settings import Settings


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["models", *arguments, "--models-folder", str(folder)])


def placed(folder: Path, model: Model) -> None:
    """Files of the right names and sizes, with nothing in them."""
    for file in model.files:
        path = folder / model.name / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            stream.truncate(file.size)


def test_the_list_tells_size_licence_errors_and_what_is_here(tmp_path: Path) -> None:
    placed(tmp_path, named("whisper-tiny.en"))
    listed = {model["name"]: model for model in json.loads(run(tmp_path, "list", "--json").output)}
    assert listed.keys() == CATALOGUE.keys()
    assert [name for name, model in listed.items() if model["pulled"]] == ["whisper-tiny.en"]
    shown = run(tmp_path, "list").output
    for part in ("whisper-base", "150 MB", "5.0 %", "licence: MIT", "pulled", "Piper itself is GPL-3.0"):
        assert part in shown


def test_an_unknown_name_is_told_the_known_ones(tmp_path: Path) -> None:
    found = run(tmp_path, "pull", "whisper-huge")
    assert found.exit_code == 1
    assert "expected one of whisper-base, whisper-tiny.en" in found.output


def test_path_and_remove_of_what_was_not_pulled_say_so(tmp_path: Path) -> None:
    assert "vapi-providers models pull piper-joe" in run(tmp_path, "path", "piper-joe").output
    assert run(tmp_path, "remove", "piper-joe").exit_code == 1
    placed(tmp_path, named("piper-joe"))
    assert run(tmp_path, "path", "piper-joe").output.strip() == str(tmp_path / "piper-joe" / "en_US-joe-medium.onnx")
    assert run(tmp_path, "remove", "piper-joe").exit_code == 0
    assert not (tmp_path / "piper-joe").exists()


def test_verify_finds_what_is_not_the_catalogues(tmp_path: Path) -> None:
    assert run(tmp_path, "verify").output == "no model is pulled\n"
    placed(tmp_path, named("smart-turn"))
    found = run(tmp_path, "verify")
    assert found.exit_code == 1
    assert "smart-turn: smart-turn-v3.2-cpu.onnx: another content than the catalogue's" in found.output
    assert "piper-joe: MODEL_CARD: missing" in run(tmp_path, "verify", "piper-joe").output


def test_an_engine_finds_its_pulled_model(tmp_path: Path) -> None:
    chosen = Settings.of(models_folder=str(tmp_path))
    missing = {"whisper": registry.TRANSCRIBERS["whisper"].missing, "piper": registry.VOICES["piper"].missing}
    for name, model in (("whisper", "whisper-base"), ("piper", "piper-joe")):
        assert f"vapi-providers models pull {model}" in missing[name](chosen)
        placed(tmp_path, named(model))
        assert "--" not in missing[name](chosen)


def test_the_better_model_of_an_engine_is_found_first(tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    assert store.find("whisper") is None
    placed(tmp_path, named("whisper-tiny.en"))
    assert store.find("whisper") == tmp_path / "whisper-tiny.en"
    placed(tmp_path, named("whisper-base"))
    assert store.find("whisper") == tmp_path / "whisper-base"


def test_half_of_a_model_is_none(tmp_path: Path) -> None:
    placed(tmp_path, named("whisper-base"))
    (tmp_path / "whisper-base" / "model.bin").unlink()
    assert ModelStore(tmp_path).find("whisper") is None


@pytest.mark.parametrize("model", CATALOGUE.values(), ids=CATALOGUE)
def test_every_entry_is_complete(model: Model) -> None:
    assert model.licence
    assert model.files
    assert not model.entry or model.entry in {file.name for file in model.files}
    for file in model.files:
        assert len(file.sha256) == 64
        assert file.size > 0
        assert file.parts
        assert Path(file.name).name == file.name, "no file leaves its folder"
