"""Merging of Deepgram's segments: cumulative partials, one final, no repetitions."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from typing import Any, cast

import pytest
from deepgram.core.unchecked_base_model import construct_type
from deepgram.listen.v1.socket_client import V1SocketClientResponse

from providers.engines.base import Transcript
from providers.engines.deepgram.results import UnreadableResult, Utterances, joined
from tests.engines.imitations.deepgram_live import results


def parsed(message: dict[str, Any]) -> Any:
    """The message as the SDK hands it over."""
    return construct_type(type_=cast(Any, V1SocketClientResponse), object_=json.loads(json.dumps(message)))


def heard(*messages: dict[str, Any], channels: int = 1) -> list[Transcript]:
    utterances = Utterances(channels)
    return [transcript for message in messages for transcript in utterances.feed(parsed(message))]


def spoken(*messages: dict[str, Any], channels: int = 1) -> list[tuple[str, bool]]:
    return [(transcript.text, transcript.final) for transcript in heard(*messages, channels=channels)]


def utterance_end(last_word_end: float, channel: int = 0) -> dict[str, Any]:
    return {"type": "UtteranceEnd", "channel": [channel, 1], "last_word_end": last_word_end}


def test_partials_are_cumulative_over_segments_and_one_final_ends_the_utterance() -> None:
    assert spoken(
        results("I would", start=0, duration=1),
        results("I would like", start=0, duration=2, is_final=True),
        results("two", start=2, duration=0.5),
        results("two tickets.", start=2, duration=1, is_final=True, speech_final=True),
        results("Please.", start=3, duration=1, is_final=True, speech_final=True),
    ) == [
        ("I would", False),
        ("I would like", False),
        ("I would like two", False),
        ("I would like two tickets.", True),
        ("Please.", True),
    ]


def test_times_and_words_cover_the_whole_utterance() -> None:
    final = heard(
        results("one two", start=1, duration=2, is_final=True, words=[("one", 1.5, 1.8), ("two", 1.9, 2.2)]),
        results("Three.", start=3, duration=1, is_final=True, speech_final=True, words=[("Three.", 3.1, 3.4)]),
    )[-1]
    assert (final.start, final.end) == (1.5, 4.0)
    assert [(word.text, word.start, word.end) for word in final.words] == [
        ("one", 1.5, 1.8),
        ("two", 1.9, 2.2),
        ("Three.", 3.1, 3.4),
    ]


def test_utterance_end_after_speech_final_adds_nothing() -> None:
    assert spoken(
        results("yes", start=0, duration=1, is_final=True, speech_final=True),
        utterance_end(1.0),
    ) == [("yes", True)]


def test_utterance_end_makes_a_final_of_closed_segments() -> None:
    assert spoken(
        results("in noise", start=0, duration=1, is_final=True),
        utterance_end(1.0),
        results("next", start=1, duration=1),
    ) == [("in noise", False), ("in noise", True), ("next", False)]


def test_utterance_end_with_an_open_interim_asks_for_finalize_and_repeats_nothing() -> None:
    utterances = Utterances(2)
    utterances.feed(parsed(results("go to", start=0, duration=1, is_final=True, channel=1, channels=2)))
    utterances.feed(parsed(results("Austin", start=1, duration=1, channel=1, channels=2)))
    assert utterances.feed(parsed(utterance_end(2.0, channel=1))) == []
    assert utterances.to_finalize() == [1]
    assert utterances.to_finalize() == []
    settled = results("Boston.", start=1, duration=1, is_final=True, from_finalize=True, channel=1, channels=2)
    (final,) = utterances.feed(parsed(settled))
    assert (final.text, final.final, final.channel) == ("go to Boston.", True, 1)


def test_an_empty_closing_segment_ends_the_utterance_before_it() -> None:
    assert spoken(
        results("hello", start=0, duration=1, is_final=True),
        results("", start=1, duration=1, is_final=True, speech_final=True),
    ) == [("hello", False), ("hello", True)]


def test_silence_gives_empty_partials_with_the_vendors_position() -> None:
    transcripts = heard(
        results("", start=0, duration=1),
        results("", start=0, duration=2, is_final=True, speech_final=True),
        utterance_end(0.0),
    )
    assert [(told.text, told.final, told.end) for told in transcripts] == [("", False, 1.0), ("", False, 2.0)]


def test_a_pause_inside_an_utterance_keeps_its_text_and_covers_more_audio() -> None:
    transcripts = heard(
        results("hello", start=0, duration=1, is_final=True),
        results("", start=1, duration=1),
        results("", start=1, duration=2, is_final=True),
    )
    assert [(told.text, told.final, told.end) for told in transcripts] == [
        ("hello", False, 1.0),
        ("hello", False, 2.0),
        ("hello", False, 3.0),
    ]


@pytest.mark.parametrize("field", ["is_final", "speech_final", "from_finalize", "start", "duration", "channel"])
@pytest.mark.parametrize("value", [None, "x", [], {}, float("inf"), 10**400])
def test_a_field_of_any_shape_is_read_or_unreadable_and_never_another_error(field: str, value: object) -> None:
    for final in (False, True):
        message = results("hello", start=0, duration=1, is_final=final)
        with suppress(UnreadableResult):
            Utterances(1).feed(parsed({**message, field: value}))
        del message[field]
        with suppress(UnreadableResult):
            Utterances(1).feed(parsed(message))


def test_channels_do_not_mix() -> None:
    transcripts = heard(
        results("caller", start=0, duration=1, is_final=True, channel=0, channels=2),
        results("assistant", start=0, duration=1, is_final=True, channel=1, channels=2),
        results("speaks.", start=1, duration=1, is_final=True, speech_final=True, channel=0, channels=2),
        results("too.", start=1, duration=1, is_final=True, speech_final=True, channel=1, channels=2),
        channels=2,
    )
    finals = [(transcript.channel, transcript.text) for transcript in transcripts if transcript.final]
    assert finals == [(0, "caller speaks."), (1, "assistant too.")]


def test_flush_ends_open_utterances_in_the_order_of_their_beginning() -> None:
    utterances = Utterances(2)
    utterances.feed(parsed(results("second", start=2, duration=1, channel=0, channels=2)))
    utterances.feed(parsed(results("first", start=1, duration=1, is_final=True, channel=1, channels=2)))
    assert [(transcript.text, transcript.final) for transcript in utterances.flush()] == [
        ("first", True),
        ("second", True),
    ]
    assert utterances.flush() == []


@pytest.mark.parametrize(
    "message",
    [
        {"type": "SomethingNew", "payload": [1, 2]},
        {"no": "type"},
        [],
        None,
        {"type": "SpeechStarted", "channel": [0, 1], "timestamp": 1.5},
        {"type": "UtteranceEnd", "channel": [], "last_word_end": 1.0},
        {"type": "UtteranceEnd", "channel": [7, 8], "last_word_end": 1.0},
        {"type": "Results", "is_final": False},
        {"type": "Results", "is_final": False, "channel": {"alternatives": []}, "channel_index": [0, 1]},
    ],
)
def test_unknown_messages_and_unreadable_partials_are_ignored(message: Any) -> None:
    utterances = Utterances(1)
    assert utterances.feed(parsed(message)) == []
    assert utterances.to_finalize() == []


@pytest.mark.parametrize("broken", ["channel", "channel_index", "start", "duration"])
def test_an_unreadable_closing_segment_is_an_error_because_words_are_lost(broken: str) -> None:
    message = results("words", start=0, duration=1, is_final=True)
    del message[broken]
    with pytest.raises(UnreadableResult):
        Utterances(1).feed(parsed(message))


def test_a_result_for_an_unknown_channel_is_unreadable() -> None:
    with pytest.raises(UnreadableResult):
        Utterances(1).feed(parsed(results("who?", start=0, duration=1, is_final=True, channel=1, channels=2)))


@pytest.mark.parametrize(
    ("texts", "whole"),
    [
        ([], ""),
        (["नमस्ते", "आप कैसे हैं?"], "नमस्ते आप कैसे हैं?"),
        (["안녕하세요", "여러분"], "안녕하세요 여러분"),
        (["你好,", "世界"], "你好,世界"),
        (["สวัสดี", "ครับ"], "สวัสดีครับ"),
        (["שלום", "עולם"], "שלום עולם"),
        (["مرحبا", "بالعالم"], "مرحبا بالعالم"),
    ],
)
def test_segments_are_joined_as_the_script_does_it(texts: list[str], whole: str) -> None:
    assert joined(texts) == whole


def test_every_word_is_in_exactly_one_final_whatever_the_segments_are() -> None:
    """Seeded sequences of interims, closed segments, ends and UtteranceEnds over two channels."""
    rng = random.Random(5)
    for _ in range(200):
        utterances = Utterances(2)
        finals: list[list[str]] = [[], []]
        expected: list[list[str]] = [[], []]
        now = 0.0
        for number in range(12):
            channel = rng.randrange(2)
            text = f"w{number}"
            expected[channel].append(text)
            ends = rng.random() < 0.4
            messages = [results(text[:1], start=now, duration=0.5, channel=channel, channels=2)] * rng.randrange(3)
            if messages and rng.random() < 0.3:
                messages.append(utterance_end(now + 0.5, channel))
            messages.append(
                results(text, start=now, duration=1, channel=channel, channels=2, is_final=True, speech_final=ends)
            )
            if rng.random() < 0.3:
                messages.append(utterance_end(now + 1, channel))
            for message in messages:
                for transcript in utterances.feed(parsed(message)):
                    if transcript.final:
                        finals[transcript.channel] += transcript.text.split()
            now += 1
        for transcript in utterances.flush():
            finals[transcript.channel] += transcript.text.split()
        assert finals == expected
