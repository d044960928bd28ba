"""Turn engines chosen by the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from providers.errors import EngineUnavailable, SettingsError
from providers.settings import Settings
from providers.turns.base import Reason, TurnQuestion
from providers.turns.engines import make_turns


def chosen(**values: object) -> list[tuple[str, float]]:
    return [(one.engine.name, one.weight) for one in make_turns(Settings.of(**values)).engines]


def test_the_engines_are_those_listed_in_their_order_with_their_weights() -> None:
    assert chosen() == [("recogniser", 1.0), ("text", 1.0)]
    assert chosen(turn_engines="text=0.5, recogniser = 2") == [("text", 0.5), ("recogniser", 2.0)]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("", "expected at least one engine, found none"),
        ("txet", "expected engines of text, acoustic, recogniser, found 'txet'; did you mean text?"),
        ("text=much", "expected a weight from 0 to 10 after text=, found 'much'"),
        ("text=11", "expected a weight from 0 to 10 after text=, found '11'"),
        ("text=nan", "expected a weight from 0 to 10 after text=, found 'nan'"),
    ],
)
def test_a_wrong_list_is_told_what_was_expected(value: str, told: str) -> None:
    with pytest.raises(SettingsError) as error:
        chosen(turn_engines=value)
    assert error.value.faults[0].endswith(told)


def test_a_wait_function_that_is_none_is_told_at_start() -> None:
    with pytest.raises(SettingsError, match="--turn-wait-function: expected"):
        make_turns(Settings.of(turn_wait_function="200 +"))


def test_the_acoustic_engine_without_weights_tells_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"--turn-engines acoustic: .*(pip install|--turn-model)"):
        make_turns(Settings.of(turn_engines="acoustic"))


_PLUGIN = """
from providers.turns.base import Opinion, Reason

class Polite:
    name = "polite"
    def __init__(self, settings): ...
    async def start(self): ...
    def opinion(self, question, /):
        return Opinion(5.0, Reason.PLUGIN) if question.user.endswith("over") else None
    async def aclose(self): ...

def raising(settings):
    raise RuntimeError("no licence")

def hollow(settings):
    return object()

def picky(settings):
    from providers.errors import SettingsError
    raise SettingsError(["--polite: expected yes, found no"])
"""


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with turn engines, as an installer leaves it on the path."""
    record = tmp_path / "politeness-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: politeness\nVersion: 1.0\n")
    names = {"polite": "Polite", "raising": "raising", "hollow": "hollow", "picky": "picky"}
    points = "".join(f"{name} = politeness:{found}\n" for name, found in names.items())
    (record / "entry_points.txt").write_text(f"[vapi_providers.turns]\n{points}")
    (tmp_path / "politeness.py").write_text(_PLUGIN)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("plugins")
def test_an_engine_of_another_package_is_found_by_its_entry_point() -> None:
    turns = make_turns(Settings.of(turn_engines="polite,text"))
    assert [one.engine.name for one in turns.engines] == ["polite", "text"]
    answer = turns.decide(TurnQuestion("over and over"))
    assert (answer.reason, answer.seconds < 0.2) == (Reason.PLUGIN, True)
    assert turns.decide(TurnQuestion("Done.")).reason is Reason.PUNCTUATION


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("raising", "turn engine raising: RuntimeError: no licence"),
        ("hollow", "turn engine hollow: expected a turn engine, found object"),
    ],
)
def test_an_engine_of_another_package_that_is_none_is_named(name: str, told: str) -> None:
    with pytest.raises(EngineUnavailable) as error:
        make_turns(Settings.of(turn_engines=name))
    assert str(error.value) == told


@pytest.mark.usefixtures("plugins")
def test_an_engine_of_another_package_may_refuse_the_settings() -> None:
    with pytest.raises(SettingsError, match="--polite: expected yes, found no"):
        make_turns(Settings.of(turn_engines="picky"))


def test_the_seconds_are_the_settings() -> None:
    turns = make_turns(Settings.of(endpointing_dictation_seconds=4.0, endpointing_number_seconds=0.9))
    asked = "What is your phone number?"
    assert [turns.decide(TurnQuestion(text, asked)).seconds for text in ("five five", "555 123 4567")] == [4.0, 0.9]
