"""Several recognitions of one stream made one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from providers.engines.base import Transcript, Word
from providers.reconnect.merge import Merge, shifted


def final(text: str, start: float, end: float, *, words: bool = False, channel: int = 0) -> Transcript:
    parts = text.split()
    step = (end - start) / max(len(parts), 1)
    timed = tuple(Word(part, start + n * step, start + (n + 1) * step) for n, part in enumerate(parts))
    return Transcript(text, True, channel, start, end, timed if words else ())


def partial(text: str, start: float, end: float, *, words: bool = False) -> Transcript:
    told = final(text, start, end, words=words)
    return Transcript(text, False, 0, start, end, told.words)


def test_a_first_transcript_passes_unchanged() -> None:
    told = final("one two", 0.0, 1.0, words=True)
    assert Merge(1).admit(told, sent=1.0) == told


def test_shifting_moves_every_time() -> None:
    moved = shifted(Transcript("a", True, 1, 1.0, 2.0, (Word("a", 1.25, 1.5),)), 10.0)
    assert moved == Transcript("a", True, 1, 11.0, 12.0, (Word("a", 11.25, 11.5),))


def test_words_that_are_out_are_not_said_again() -> None:
    merge = Merge(1)
    merge.admit(final("one two", 0.0, 1.0, words=True), sent=1.0)
    again = merge.admit(final("one two three four", 0.0, 2.0, words=True), sent=2.0)
    assert again is not None
    assert (again.text, again.start, again.end) == ("three four", 1.0, 2.0)
    assert merge.admit(final("three four", 1.0, 2.0, words=True), sent=2.0) is None
    assert merge.settled(0) == 2.0


def test_a_word_belongs_to_the_side_of_the_border_its_middle_is_on() -> None:
    merge = Merge(1)
    merge.admit(final("one", 0.0, 1.0), sent=1.0)
    told = Transcript("one two", True, 0, 0.5, 2.0, (Word("one", 0.5, 1.25), Word("two", 0.9, 1.5)))
    news = merge.admit(told, sent=2.0)
    assert news is not None
    assert news.text == "two"


def test_without_word_times_start_and_end_are_trusted() -> None:
    merge = Merge(1)
    merge.admit(final("one two", 0.0, 1.0), sent=1.0)
    assert merge.admit(final("one two", 0.0, 1.0), sent=1.5) is None
    assert merge.admit(final("three", 1.0, 1.5), sent=1.5) == final("three", 1.0, 1.5)


def test_formatting_survives_when_every_word_is_news() -> None:
    told = Transcript("It is $5.", True, 0, 0.0, 1.0, (Word("it", 0, 0.2), Word("is", 0.2, 0.4), Word("five", 0.5, 1)))
    news = Merge(1).admit(told, sent=1.0)
    assert news is not None
    assert news.text == "It is $5."


def test_channels_do_not_know_each_other() -> None:
    merge = Merge(2)
    merge.admit(final("one", 0.0, 1.0, channel=0), sent=1.0)
    assert merge.admit(final("one", 0.0, 1.0, channel=1), sent=1.0) is not None


def test_a_transcript_cannot_reach_beyond_what_was_sent() -> None:
    merge = Merge(1)
    merge.admit(final("one", 0.0, 99.0), sent=1.0)
    assert merge.settled(0) == 1.0


def test_an_engine_without_times_has_settled_what_it_was_given() -> None:
    merge = Merge(1)
    assert merge.admit(Transcript("one", True), sent=1.0) is not None
    assert merge.admit(Transcript("two", True), sent=2.0) is not None
    assert merge.settled(0) == 2.0


def test_an_empty_final_settles_silence() -> None:
    merge = Merge(1)
    news = merge.admit(final("", 0.0, 3.0), sent=3.0)
    assert news is not None
    assert merge.settled(0) == 3.0


def test_what_was_only_partial_when_its_audio_went_is_made_final_up_to_there() -> None:
    merge = Merge(1)
    merge.admit(partial("one two three four", 0.0, 4.0, words=True), sent=4.0)
    rescued = merge.rescue(0, before=2.5)
    assert rescued is not None
    assert (rescued.text, rescued.final, rescued.end) == ("one two three", True, 3.0), "half of three is gone"
    assert merge.settled(0) == 3.0
    assert merge.rescue(0, before=2.5) is None


def test_a_partial_without_word_times_is_rescued_whole_and_one_that_can_be_heard_again_is_not() -> None:
    merge = Merge(1)
    merge.admit(partial("one two", 1.0, 2.0), sent=2.0)
    assert merge.rescue(0, before=1.0) is None
    rescued = merge.rescue(0, before=1.5)
    assert rescued == final("one two", 1.0, 2.0)


@st.composite
def recognitions(draw: st.DrawFn) -> list[tuple[float, list[Transcript]]]:
    """Several recognitions of the words 0, 1, 2 … of one second each, every one from an arbitrary point on."""
    told: list[tuple[float, list[Transcript]]] = []
    settled = 0
    words = draw(st.booleans())
    for _ in range(draw(st.integers(1, 5))):
        # Without word times an overlap cannot be told apart: there the replay starts where the last final ended.
        begin = draw(st.integers(0, settled)) if words else settled
        transcripts = []
        place = begin
        for length in draw(st.lists(st.integers(1, 4), max_size=4)):
            text = " ".join(map(str, range(place, place + length)))
            transcripts.append(final(text, place - begin, place - begin + length, words=words))
            place += length
        settled = max(settled, place)
        told.append((float(begin), transcripts))
    return told


@given(recognitions())
def test_every_word_comes_once_and_in_order(told: list[tuple[float, list[Transcript]]]) -> None:
    merge, said = Merge(1), []
    for offset, transcripts in told:
        for transcript in transcripts:
            news = merge.admit(shifted(transcript, offset), sent=1000.0)
            if news is not None:
                said += news.text.split()
    assert said == [str(number) for number in range(len(said))]
    assert merge.settled(0) == len(said)
