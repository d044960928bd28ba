"""Acknowledgement and interruption phrases."""

from __future__ import annotations

import pytest

from providers.emulator.conversation.text.phrases import Phrases, acknowledgements, interruptions


@pytest.mark.parametrize("said", ["Yeah.", "Uh huh", "uh-huh!", "I see, okay.", "I’m listening", "Yeah, okay. Got it."])
def test_acknowledgements_are_covered_by_the_published_list(said: str) -> None:
    assert acknowledgements(None).covers(said)


@pytest.mark.parametrize("said", ["", "…", "Yeah but", "I", "see", "right now", "okay so what"])
def test_more_than_acknowledgements_is_not_covered(said: str) -> None:
    assert not acknowledgements(None).covers(said)


@pytest.mark.parametrize("said", ["Stop!", "No, thanks", "Don't", "please WAIT a second", "well, actually"])
def test_interruptions_are_found_by_the_published_list(said: str) -> None:
    assert interruptions(None).matches(said)


@pytest.mark.parametrize("said", ["", "I know", "upper floor", "notice", "butter"])
def test_a_part_of_a_word_is_no_interruption(said: str) -> None:
    assert not interruptions(None).matches(said)


def test_a_list_of_the_plan_replaces_the_published_one() -> None:
    phrases = interruptions(["hold on", "等等"])
    assert phrases.matches("Could you hold on?")
    assert phrases.matches("请等等我")
    assert not phrases.matches("hold the line on")
    assert not phrases.matches("stop")
    assert not interruptions([]).matches("stop")
    assert not acknowledgements([]).covers("yeah")


def test_phrases_without_words_match_nothing() -> None:
    assert not Phrases(["", "!?"]).matches("anything !?")
    assert not Phrases(["", "!?"]).covers("!?")
