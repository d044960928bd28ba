"""What holds in every conversation, whatever people and servers do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from providers.emulator.conversation.assistant import Assistant
from providers.emulator.conversation.commands import AskVoice
from providers.emulator.conversation.virtual import VirtualCall, VirtualRecord, VirtualWorld
from providers.emulator.conversation.virtual_parts import (
    CallerLine,
    EndpointingPlan,
    ModelPlan,
    SteadyEar,
    SteadyVoice,
)
from tests.emulator.conversation.scenes import PACE, assistant

SAME = 1e-6

_WORDS = "table book tomorrow seven okay no wait yes five please stop yeah about".split()
_texts = st.lists(st.sampled_from(_WORDS), min_size=1, max_size=8).map(lambda words: " ".join(words) + ".")
_replies = st.lists(
    st.sampled_from(["Sure.", "For how many people would that be, please?", "There is a table at six, and at nine."]),
    min_size=1,
    max_size=3,
).map(" ".join)
_delays = st.floats(0.0, 3.0)


@st.composite
def assistants(draw: st.DrawFn) -> Assistant:
    stop = {
        "numWords": draw(st.integers(0, 3)),
        "voiceSeconds": draw(st.floats(0.0, 0.5)),
        "backoffSeconds": draw(st.floats(0.0, 3.0)),
    }
    start: dict[str, Any] = {"waitSeconds": draw(st.floats(0.0, 2.0))}
    if draw(st.booleans()):
        start["smartEndpointingPlan"] = {"provider": "custom-endpointing-model", "server": {"url": "http://x"}}
    chunks = {"formatPlan": {"enabled": False}, "minCharacters": draw(st.integers(1, 80))}
    return assistant(
        firstMessage=draw(st.none() | _replies),
        firstMessageInterruptionsEnabled=draw(st.booleans()),
        voice={"chunkPlan": chunks},
        stopSpeakingPlan=stop,
        startSpeakingPlan=start,
        messagePlan={"idleMessages": ["Are you there?"], "idleTimeoutSeconds": 5} if draw(st.booleans()) else {},
    )


@dataclass
class DrawnModel:
    """A model whose replies and delays were drawn."""

    replies: Sequence[tuple[float, str, float]]
    given: int = 0

    def __call__(self, messages: Sequence[dict[str, Any]]) -> ModelPlan:
        delay, text, pace = self.replies[self.given % len(self.replies)]
        self.given += 1
        words = text.split()
        pieces = tuple((delay + pace * index, f"{word} ") for index, word in enumerate(words))
        return ModelPlan(pieces, ends=pieces[-1][0])


@st.composite
def records(draw: st.DrawFn) -> VirtualRecord:
    """A call of 30 s."""
    lines = [
        CallerLine(draw(_texts), at=at, seconds=draw(st.floats(0.1, 3.0)))
        for at in sorted(draw(st.lists(st.floats(0.0, 25.0), max_size=6)))
    ]
    replies = draw(st.lists(st.tuples(_delays, _replies, st.floats(0.0, 0.3)), min_size=1, max_size=3))
    speed = draw(st.floats(0.5, 20.0))
    first_audio, endpointing = draw(_delays), EndpointingPlan(draw(_delays), draw(st.none() | st.floats(0.0, 3.0)))
    world = VirtualWorld(
        voice=SteadyVoice(first_audio=first_audio, seconds_per_character=PACE, speed=speed),
        ear=SteadyEar(partial_every=draw(st.sampled_from([0.0, 0.2, 0.5])), lag=draw(st.floats(0.0, 0.4))),
        model=DrawnModel(replies),
        endpointing=lambda messages: endpointing,
    )
    return VirtualCall(draw(assistants()), world, lines, hang_up_after=30.0).run()


@given(records())
@settings(max_examples=40, deadline=None)
def test_no_two_utterances_of_the_assistant_overlap(record: VirtualRecord) -> None:
    for one, other in pairwise(record.spans):
        assert one.at + one.seconds <= other.at + SAME
    kinds = [event.kind for event in record.of_kind("speech-started", "speech-stopped")]
    assert kinds == ["speech-started", "speech-stopped"] * (len(kinds) // 2)


@given(records())
@settings(max_examples=40, deadline=None)
def test_nothing_is_heard_for_backoff_seconds_after_an_interruption(record: VirtualRecord) -> None:
    for event in record.of_kind("interrupted"):
        end = event.at + event.detail["seconds"]
        for span in record.spans:
            assert span.at + span.seconds <= event.at + SAME or span.at >= end - SAME


def heard_words(record: VirtualRecord) -> list[str]:
    """The whole words that fit into what was heard, by the texts of the requests and the voice's pace alone."""
    found: list[str] = []
    played: dict[int, float] = {}
    for span in record.spans:
        played[span.request] = max(played.get(span.request, 0.0), span.offset + span.seconds)
    for _, command in record.asked:
        if isinstance(command, AskVoice):
            position = played.get(command.request, 0.0) / PACE + SAME
            end = 0
            for word in command.text.split():
                end = command.text.index(word, end) + len(word)
                if end <= position:
                    found.append(word)
    return found


@given(records())
@settings(max_examples=40, deadline=None)
def test_the_history_holds_exactly_what_was_played(record: VirtualRecord) -> None:
    assert record.history is not None
    said = [message.text for message in record.history.messages if message.role == "assistant"]
    assert " ".join(said).split() == heard_words(record)


@given(records())
@settings(max_examples=40, deadline=None)
def test_a_call_ends_once_and_says_nothing_afterwards(record: VirtualRecord) -> None:
    statuses = [event.detail["status"] for event in record.of_kind("status")]
    assert statuses == ["in-progress", "ended"]
    assert record.events[-1].kind == "status"
    assert [message["type"] for _, message in [(at, send.message) for at, send in record.sent]][-1] == (
        "end-of-call-report"
    )
    moments = [event.at for event in record.events]
    assert moments == sorted(moments)
