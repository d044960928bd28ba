"""Decisions: the opinions of several engines, the plan's seconds, the silence that has passed."""

from __future__ import annotations

from dataclasses import replace

import pytest
import structlog

from providers.turns.acoustic import AcousticTurns
from providers.turns.base import Opinion, Reason, TurnQuestion, log_odds, probability
from providers.turns.decision import Turns, WeightedEngine
from providers.turns.recogniser import RecogniserTurns
from providers.turns.smart_turn import SoundModel
from providers.turns.state import Hearing, RecogniserTurn
from providers.turns.text import TextTurns
from providers.turns.wait_function import wait_function
from providers.turns.waits import Waits

WAIT = wait_function("1000 * x")
PAUSE = Hearing(speaking=False, silence=0.0)


class Says:
    """Engine with one opinion."""

    name = "says"

    def __init__(self, odds: float | None, reason: Reason = Reason.PLUGIN) -> None:
        self._opinion = None if odds is None else Opinion(odds, reason)

    async def start(self) -> None: ...

    def opinion(self, question: TurnQuestion, /) -> Opinion | None:
        return self._opinion

    async def aclose(self) -> None: ...


class Breaks(Says):
    """Engine that fails."""

    def opinion(self, question: TurnQuestion, /) -> Opinion | None:
        raise KeyError("secret words")


def turns(*engines: WeightedEngine, always: bool = False) -> Turns:
    return Turns(engines or (WeightedEngine(TextTurns()),), Waits(), WAIT, always=always)


def test_the_words_alone_give_the_seconds_of_the_plan() -> None:
    answer = turns().decide(TurnQuestion("Done."), replace(Waits(), punctuation=0.3))
    assert (answer.seconds, answer.reason, answer.done) == (0.3, Reason.PUNCTUATION, None)


def test_the_silence_that_has_passed_is_taken_off() -> None:
    def seconds(silence: float) -> float:
        return turns().decide(TurnQuestion("Well I", hearing=replace(PAUSE, silence=silence))).seconds

    assert [round(seconds(passed), 3) for passed in (0.0, 0.4, 1.5, 9.0)] == [1.5, 1.1, 0.0, 0.0]


def test_a_speaking_caller_is_waited_for_whatever_the_words_say() -> None:
    answer = turns().decide(TurnQuestion("Done.", hearing=Hearing(speaking=True, silence=None)))
    assert (answer.seconds, answer.reason) == (1.5, Reason.SPEAKING)


def test_a_driven_turn_follows_the_transcriber() -> None:
    held = turns().decide(TurnQuestion("Well I", hearing=replace(PAUSE, driven="held")))
    released = turns().decide(TurnQuestion("Well I", hearing=replace(PAUSE, driven="released")))
    assert (held.seconds, held.reason) == (2.0, Reason.HELD)
    assert (released.seconds, released.reason) == (0.0, Reason.DRIVEN)


def test_where_a_sound_model_listens_the_words_alone_end_no_driven_turn_before_it_has_judged() -> None:
    def no_model() -> SoundModel:
        raise AssertionError("nothing is judged here")

    both = turns(WeightedEngine(TextTurns()), WeightedEngine(AcousticTurns(no_model)))
    assert both.target(TurnQuestion("Done.", hearing=replace(PAUSE, silence=0.1))).seconds == 0.4
    assert both.target(TurnQuestion("Done.", hearing=replace(PAUSE, done=0.999))).seconds < 0.4
    assert both.target(TurnQuestion("Done.")).seconds == 0.1, "no sound is heard"
    assert both.decide(TurnQuestion("Done.", hearing=PAUSE)).seconds == 0.1, "an answer waits for nothing"
    assert turns().target(TurnQuestion("Done.", hearing=PAUSE)).seconds == 0.1


def test_log_odds_are_weighted_and_added_and_the_strongest_names_the_reason() -> None:
    two = turns(WeightedEngine(Says(2.0, Reason.SOUND_DONE), 0.5), WeightedEngine(Says(-3.0)))
    answer = two.decide(TurnQuestion("x"))
    assert answer.done == pytest.approx(probability(2.0 * 0.5 - 3.0))
    assert answer.seconds == pytest.approx(1 - probability(-2.0))
    assert answer.reason is Reason.PLUGIN


def test_the_wait_function_of_the_request_beats_the_servers() -> None:
    answer = turns(WeightedEngine(Says(0.0))).decide(TurnQuestion("x"), None, wait_function("4000 * x"))
    assert answer.seconds == 2.0


def test_a_chosen_wait_function_also_decides_by_the_words_alone() -> None:
    answer = turns(always=True).decide(TurnQuestion("Done."))
    assert answer.done is not None
    assert answer.seconds == pytest.approx(1 - answer.done)


def test_a_wait_function_without_a_value_at_this_place_leaves_the_servers_own() -> None:
    gap = wait_function("9000 * sqrt((x - 0.3) * (x - 0.4))")
    answer = turns(WeightedEngine(Says(log_odds(0.65)))).decide(TurnQuestion("x"), None, gap)
    assert answer.seconds == pytest.approx(0.35)


def test_a_dictated_number_is_awaited_whatever_the_sound_says() -> None:
    both = turns(WeightedEngine(Says(6.0, Reason.SOUND_DONE)), WeightedEngine(TextTurns()))
    asked = TurnQuestion("five five five", "What is your phone number?")
    answer = both.decide(asked)
    assert (answer.seconds, answer.reason) == (2.5, Reason.DIGITS)
    longer = both.decide(asked, None, wait_function("9000"))
    assert longer.seconds == 9.0


def test_without_any_opinion_the_longest_of_the_plan_is_waited() -> None:
    assert turns(WeightedEngine(Says(None))).decide(TurnQuestion("Done.")).seconds == 1.5


def test_an_engine_that_fails_is_left_out_and_logged_once_without_words() -> None:
    broken = turns(WeightedEngine(Breaks(0.0)), WeightedEngine(TextTurns()))
    with structlog.testing.capture_logs() as events:
        answers = [broken.decide(TurnQuestion("Done.")).seconds for _ in range(3)]
    assert answers == [0.1] * 3
    assert [(event["event"], event["engine"]) for event in events] == [("turn engine failed", "says")]


@pytest.mark.parametrize(
    ("turn", "confidence", "reason"),
    [
        ("done", None, Reason.RECOGNISER_DONE),
        ("eager", None, Reason.RECOGNISER_DONE),
        ("open", None, Reason.RECOGNISER_OPEN),
        ("eager", 0.2, Reason.RECOGNISER_OPEN),
    ],
)
def test_the_recognisers_signal_is_an_opinion(turn: RecogniserTurn, confidence: float | None, reason: Reason) -> None:
    hearing = replace(PAUSE, recogniser=turn, recogniser_confidence=confidence)
    opinion = RecogniserTurns().opinion(TurnQuestion("x", hearing=hearing))
    assert opinion is not None
    assert opinion.reason is reason
    if confidence is not None:
        assert opinion.log_odds == log_odds(confidence)
    assert RecogniserTurns().opinion(TurnQuestion("x", hearing=PAUSE)) is None
