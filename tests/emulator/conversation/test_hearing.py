"""The words of a turn, by themselves."""

from __future__ import annotations

from providers.emulator.conversation.hearing import Hearing
from providers.emulator.conversation.virtual_parts import CallerLine, Heard
from tests.emulator.conversation.scenes import assistant, played, replies, said_by


def test_a_partial_replaces_the_one_before_and_a_final_stays() -> None:
    hearing = Hearing()
    assert hearing.hear("I", 1.0, final=False)
    assert hearing.hear("eye want", 1.5, final=False)
    assert hearing.text == "eye want"
    assert hearing.hear("I want a table.", 2.0, final=True)
    assert hearing.hear("For", 2.5, final=False)
    assert hearing.text == "I want a table. For"
    assert hearing.began == 1.0


def test_after_a_turn_an_utterance_counts_with_what_it_adds() -> None:
    hearing = Hearing()
    hearing.hear("I want", 1.0, final=False)
    assert hearing.take() == "I want"
    assert not hearing.hear("I want", 1.1, final=False)
    assert hearing.brings_more("I want a table")
    assert hearing.hear("I want a table", 1.2, final=False)
    assert hearing.take() == "a table"
    assert not hearing.hear("I want a table.", 2.0, final=True)
    assert hearing.last_text == "a table."
    assert hearing.hear("Yes.", 3.0, final=True)
    assert hearing.take() == "Yes."


def test_a_turn_that_had_not_ended_gets_its_words_back() -> None:
    hearing = Hearing()
    hearing.hear("Good evening.", 0.5, final=True)
    hearing.hear("I what", 1.0, final=False)
    hearing.take()
    hearing.restore()
    hearing.hear("I want a table", 1.2, final=False)
    assert hearing.text == "Good evening. I want a table"
    assert hearing.began == 0.5


def test_an_utterance_whose_final_never_came_does_not_swallow_the_next_one() -> None:
    hearing = Hearing()
    hearing.hear("I want a table for two", 1.0, final=False)
    hearing.take()
    assert hearing.hear("Hello?", 9.0, final=False)
    assert hearing.text == "Hello?"


def test_another_transcriber_begins_another_utterance() -> None:
    hearing = Hearing()
    hearing.hear("I want", 1.0, final=False)
    hearing.lose()
    hearing.hear("a table", 2.0, final=False)
    assert hearing.text == "I want a table"


def test_a_slow_transcriber_that_revises_its_words_leaves_one_message() -> None:
    """Each partial comes after the wait for the one before is over."""
    heard = (
        Heard(1.0, "I what", False),
        Heard(2.7, "I want to", False),
        Heard(4.4, "I want a table", False),
        Heard(4.5, "I want a table.", True),
    )
    line = CallerLine("I want a table.", at=1.0, seconds=0.9, heard=heard)
    record = played(assistant(), [line], model=replies("One.", "Two.", "For how many?"), until=15.0)
    assert said_by(record, "user") == ["I want a table."]
    assert said_by(record, "assistant") == ["For how many?"]


def test_a_final_that_corrects_the_words_of_an_answered_turn_corrects_the_history() -> None:
    heard = (Heard(1.0, "I what a table", False), Heard(3.0, "I want a table.", True))
    line = CallerLine("I want a table.", at=1.0, seconds=0.9, heard=heard)
    record = played(assistant(), [line], model=replies("For how many?"), until=15.0)
    assert said_by(record, "user") == ["I want a table."]
    assert said_by(record, "assistant") == ["For how many?"]
    assert record.messages("conversation-update")[-1]["messagesOpenAIFormatted"][0]["content"] == "I want a table."
