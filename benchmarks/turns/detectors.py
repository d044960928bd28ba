"""Detectors that the turns are judged by: the platform's text rules, silence, words, sound, both."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec.structs import replace

from benchmarks.turns.material import Pause, Turn
from providers.turns.acoustic import AcousticTurns
from providers.turns.base import TurnEngine, TurnQuestion
from providers.turns.decision import Turns, WeightedEngine
from providers.turns.smart_turn import SoundModel
from providers.turns.state import Hearing
from providers.turns.text import TextTurns
from providers.turns.wait_function import wait_function
from providers.turns.waits import Waits

_NUMBER = re.compile(r"(?:\d|\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|hundred|thousand))\W*$", re.I)
_MARK = re.compile(r"[.!?…。！？]\W*$")


def platform_text(turn: Turn, pause: Pause) -> float:
    """Seconds of the platform's plan with its defaults: 0.5 s after a number, 0.1 after a mark, 1.5 after the rest."""
    if _NUMBER.search(pause.text):
        return 0.5
    return 0.1 if _MARK.search(pause.text) else 1.5


def silence(turn: Turn, pause: Pause) -> float:
    """One score for every pause."""
    return 0.0


def question(turn: Turn, pause: Pause) -> TurnQuestion:
    """What the server would know in a pause."""
    hearing = Hearing(speaking=False, silence=0.0, done=pause.done)
    return TurnQuestion(pause.text, turn.question, (turn.language,), hearing)


def no_model() -> SoundModel:
    """Nothing: the judgements are in the material."""
    raise AssertionError("the sound model is not asked here")


TEXT = TextTurns()
SOUND = AcousticTurns(no_model)


def text(turn: Turn, pause: Pause) -> float:
    """Log-odds of the words."""
    return _odds(TEXT, turn, pause)


def sound(turn: Turn, pause: Pause) -> float:
    """Log-odds of the sound."""
    return _odds(SOUND, turn, pause)


def sound_later(turn: Turn, pause: Pause) -> float:
    """Log-odds of the sound at the latest of `LOOKS`."""
    later = pause.later[-1] if pause.later else pause.done
    return _odds(SOUND, turn, replace(pause, done=later))


def fused(turn: Turn, pause: Pause) -> float:
    """Log-odds of both, with the engines' own weights."""
    return text(turn, pause) + sound(turn, pause)


def _odds(engine: TurnEngine, turn: Turn, pause: Pause) -> float:
    opinion = engine.opinion(question(turn, pause))
    return opinion.log_odds if opinion is not None else 0.0


SERVED: Mapping[str, Turns] = {
    "text": Turns([WeightedEngine(TEXT)], Waits(), wait_function("200 + 8000 * x")),
    "text,acoustic": Turns(
        [WeightedEngine(TEXT), WeightedEngine(SOUND)], Waits(), wait_function("20 + 500 * sqrt(x) + 2500 * x^3")
    ),
}


def served(engines: str, turn: Turn, pause: Pause) -> float:
    """Seconds of silence that the server's own answer means, with these engines and its defaults."""
    return SERVED[engines].target(question(turn, pause)).seconds
