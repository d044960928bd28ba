"""Normalisation of transcripts: no empty ones, no repetitions, finals with closing marks."""

from __future__ import annotations

from providers.engines.base import Transcript
from providers.transcriber.transcripts import TranscriptNormaliser


def hear(speaker: TranscriptNormaliser, text: str, *, final: bool = False) -> str | None:
    return speaker.normalise(Transcript(text, final))


def test_the_same_partial_is_sent_once() -> None:
    speaker = TranscriptNormaliser("customer", punctuate=False)
    assert hear(speaker, "one") == "one"
    assert hear(speaker, " one ") is None
    assert hear(speaker, "one two") == "one two"


def test_empty_transcripts_are_not_sent() -> None:
    speaker = TranscriptNormaliser("customer", punctuate=True)
    assert hear(speaker, "") is None
    assert hear(speaker, "  ") is None
    assert hear(speaker, "", final=True) is None


def test_a_final_gets_case_and_a_closing_mark_only_if_the_engine_gives_none() -> None:
    assert hear(TranscriptNormaliser("customer", punctuate=True), "i need a table", final=True) == "I need a table."
    assert hear(TranscriptNormaliser("customer", punctuate=False), "i need a table", final=True) == "i need a table"


def test_an_unfinished_final_gets_no_mark_in_the_language_of_the_engine() -> None:
    assert hear(TranscriptNormaliser("customer", punctuate=True), "i want to", final=True) == "I want to"
    assert hear(
        TranscriptNormaliser("customer", punctuate=True, languages=("de-DE",)), "ich komme mit der", final=True
    ) == ("Ich komme mit der")


def test_partials_stay_unchanged() -> None:
    assert hear(TranscriptNormaliser("customer", punctuate=True), "i need") == "i need"


def test_the_same_words_in_the_next_utterance_are_sent_again() -> None:
    speaker = TranscriptNormaliser("customer", punctuate=False)
    assert hear(speaker, "yes") == "yes"
    assert hear(speaker, "yes", final=True) == "yes"
    assert hear(speaker, "yes") == "yes"
    assert hear(speaker, "yes", final=True) == "yes"
