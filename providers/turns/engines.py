"""Turn engines by name, those of other packages included, as the settings say.

Engines of other packages come in through the entry-point group ``vapi_providers.turns``: an entry point is a callable
that takes the `Settings` and returns a `TurnEngine`.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

from providers.errors import EngineUnavailable, SettingsError, one_line
from providers.installing import install_command
from providers.models.store import ModelStore
from providers.settings import Settings, names
from providers.settings.plugins import TURNS_GROUP
from providers.turns.acoustic import AcousticTurns
from providers.turns.base import TurnEngine
from providers.turns.decision import Turns, WeightedEngine
from providers.turns.recogniser import RecogniserTurns
from providers.turns.smart_turn import SmartTurn, shipped_weights
from providers.turns.text import TextTurns
from providers.turns.wait_function import UnusableWaitFunction, WaitFunction, wait_function
from providers.turns.waits import Waits

__all__ = ["DEFAULT_WAIT_FUNCTION", "make_turns", "turn_engines"]

DEFAULT_WAIT_FUNCTION = "20 + 500 * sqrt(x) + 2500 * x^3"
"""The platform's own default for English."""

_HEAVIEST = 10.0
"""Largest weight of an engine."""


def make_turns(settings: Settings) -> Turns:
    """Decisions about turns as the settings say; the engines are not started yet.

    Raises
    ------
    SettingsError
        An unknown engine, a weight that is none, a wait function that is none, a model that is not there.
    """
    chosen = settings.endpointing
    waits = Waits(
        chosen.punctuation_seconds,
        chosen.number_seconds,
        chosen.no_punctuation_seconds,
        chosen.dictation_seconds,
    )
    return Turns(_chosen(settings), waits, _wait_function(settings), always=bool(settings.turns.turn_wait_function))


def turn_engines() -> dict[str, Callable[[Settings], TurnEngine]]:
    """Makers of every turn engine by name; an engine of another package cannot take a built-in's name."""
    points = sorted(entry_points(group=TURNS_GROUP), key=lambda point: point.name)
    plugins = {point.name: partial(_plugged_in, point) for point in points if point.name not in _BUILT_IN}
    return {**_BUILT_IN, **plugins}


def _chosen(settings: Settings) -> list[WeightedEngine]:
    known, found = turn_engines(), []
    listed = names(settings.turns.turn_engines)
    if not listed:
        raise SettingsError(["--turn-engines: expected at least one engine, found none"])
    for entry in listed:
        name, _, weight = (part.strip() for part in entry.partition("="))
        if name not in known:
            near = get_close_matches(name, known, n=1)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise SettingsError([f"--turn-engines: expected engines of {', '.join(known)}, found {name!r}{meant}"])
        found.append(WeightedEngine(known[name](settings), _weight(name, weight)))
    return found


def _weight(name: str, text: str) -> float:
    if not text:
        return 1.0
    try:
        weight = float(text)
    except ValueError:
        weight = -1.0
    if not 0 <= weight <= _HEAVIEST:
        expected = f"expected a weight from 0 to {_HEAVIEST:g} after {name}="
        raise SettingsError([f"--turn-engines: {expected}, found {text!r}"])
    return weight


def _wait_function(settings: Settings) -> WaitFunction:
    try:
        return wait_function(settings.turns.turn_wait_function or DEFAULT_WAIT_FUNCTION)
    except UnusableWaitFunction as unusable:
        raise SettingsError([f"--turn-wait-function: {unusable}"]) from None


def _text(settings: Settings) -> TurnEngine:
    return TextTurns()


def _recogniser(settings: Settings) -> TurnEngine:
    return RecogniserTurns()


def _acoustic(settings: Settings) -> TurnEngine:
    chosen = settings.turns
    if find_spec("onnxruntime") is None:
        raise SettingsError([f"--turn-engines acoustic: {install_command('turns')}"])
    pulled = ModelStore.at(settings.models.folder).find("acoustic")
    weights = Path(chosen.turn_model) if chosen.turn_model else pulled or shipped_weights()
    if weights is None:
        hint = "run vapi-providers models pull smart-turn, or set --turn-model to an ONNX file of smart-turn v3"
        raise SettingsError([f"--turn-engines acoustic: expected a model, found none: {hint}"])
    return AcousticTurns(partial(SmartTurn, weights), workers=chosen.turn_workers)


_BUILT_IN: dict[str, Callable[[Settings], TurnEngine]] = {
    "text": _text,
    "acoustic": _acoustic,
    "recogniser": _recogniser,
}


def _plugged_in(point: EntryPoint, settings: Settings) -> TurnEngine:
    """The engine of another package.

    Raises
    ------
    EngineUnavailable
        The package does not import, its callable fails, or what that returns is no turn engine.
    """
    try:
        engine = point.load()(settings)
    except SettingsError:
        raise
    except (Exception, SystemExit) as error:
        raise EngineUnavailable(f"turn engine {point.name}: {one_line(error)}", engine=point.name) from error
    if not isinstance(engine, TurnEngine):
        found = f"expected a turn engine, found {type(engine).__name__}"
        raise EngineUnavailable(f"turn engine {point.name}: {found}", engine=point.name)
    return engine
