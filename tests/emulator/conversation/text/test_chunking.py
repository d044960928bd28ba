"""The chunk plan."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.emulator.conversation.assistant import ChunkPlan
from providers.emulator.conversation.text.chunking import BOUNDARIES, FLUSH, Chunker

LONG = "I have found three tables for tonight. "


def chunks(*deltas: str, plan: ChunkPlan | None = None) -> list[str]:
    chunker = Chunker(plan or ChunkPlan())
    return [chunk for delta in deltas for chunk in chunker.feed(delta)] + chunker.flush()


def test_a_chunk_goes_as_soon_as_its_boundary_is_known() -> None:
    chunker = Chunker(ChunkPlan())
    assert chunker.feed("I have found three tables for tonight.") == []
    assert chunker.feed(" Wh") == ["I have found three tables for tonight."]
    assert chunker.feed("ich one?") == []
    assert chunker.flush() == ["Which one?"]
    assert chunker.flush() == []


def test_a_chunk_has_min_characters() -> None:
    assert chunks("Hi! How are you? I am calling about it. Bye.") == ["Hi! How are you? I am calling about it.", "Bye."]
    assert chunks("Hi! How are you? Bye.", plan=ChunkPlan(min_characters=1)) == ["Hi!", "How are you?", "Bye."]


def test_a_chunk_ends_at_the_boundaries_of_the_plan() -> None:
    plan = ChunkPlan(min_characters=3, punctuation_boundaries=("!",))
    assert chunks("One, two. Three! Four, five.", plan=plan) == ["One, two. Three!", "Four, five."]


def test_marks_inside_numbers_and_addresses_are_no_boundaries() -> None:
    text = "The total of your order comes to $42.50 at shop.example.com today"
    assert chunks(text) == [text]


def test_a_closing_quotation_mark_belongs_to_its_sentence() -> None:
    assert chunks('She said: "I have found them all today." Then no more.')[0].endswith('today."')


def test_full_width_marks_need_no_white_space() -> None:
    assert chunks("今日はとても良い天気です。散歩に行きましょう。", plan=ChunkPlan(min_characters=5)) == [
        "今日はとても良い天気です。",
        "散歩に行きましょう。",
    ]


@pytest.mark.parametrize(
    "tag", ["<flush/>", "<flush>", "</flush>", "<flush />", "< FLUSH / >".replace("/ ", "/"), "< / flush >"]
)
def test_a_flush_tag_sends_what_precedes_it_at_once(tag: str) -> None:
    chunker = Chunker(ChunkPlan())
    assert chunker.feed(f"One moment{tag}Let") == ["One moment"]
    assert chunker.flush() == ["Let"]


def test_a_flush_tag_may_come_in_pieces() -> None:
    chunker = Chunker(ChunkPlan())
    assert chunker.feed("One moment <fl") == []
    assert chunker.feed("ush /") == []
    assert chunker.feed("> Let") == ["One moment"]


def test_several_flush_tags_leave_no_empty_chunks() -> None:
    assert chunks("Starting <flush> Step 1 complete </flush><flush/> Moving on") == [
        "Starting",
        "Step 1 complete",
        "Moving on",
    ]


def test_a_plan_that_is_off_leaves_one_text_with_its_tags() -> None:
    chunker = Chunker(ChunkPlan(enabled=False))
    assert chunker.feed(LONG + "<flush/>") == []
    assert chunker.feed(LONG) == []
    assert chunker.flush() == [f"{LONG}<flush/>{LONG}".strip()]


PIECES = st.sampled_from(
    [*BOUNDARIES, ")", '"', " ", "\n", "a", "word ", "2.5", "<", ">", "/", "flush", "<flush/>", "</ Flush >"]
)


@given(st.lists(PIECES, max_size=60), st.integers(1, 80), st.data())
def test_any_split_gives_the_same_chunks_and_loses_nothing(pieces: list[str], least: int, data: st.DataObject) -> None:
    text = "".join(pieces)
    plan = ChunkPlan(min_characters=least)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=20)))
    split = [text[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole = chunks(text, plan=plan)
    assert chunks(*split, plan=plan) == whole
    assert chunks(*text, plan=plan) == whole
    assert re.sub(r"\s", "", "".join(whole)) == re.sub(r"\s", "", FLUSH.sub("", text))
