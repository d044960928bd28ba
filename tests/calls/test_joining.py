"""Joins of sockets and call ids: each way, in order, and never a wrong one."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np
import pytest
import structlog

from providers.calls.notes import SocketNotes
from providers.calls.registry import Calls

RATE = 8000


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@dataclass
class World:
    clock: Clock = field(default_factory=Clock)
    ways: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.calls = Calls(clock=self.clock, wall=lambda: 1e9, on_join=self.ways.append)

    def socket(self, query: bytes = b"") -> SocketNotes:
        notes = self.calls.open_socket(query)
        notes.started(RATE, 2)
        return notes

    def asked(self, call_id: str, words: str, query: bytes = b"") -> SocketNotes | None:
        return self.calls.endpointing(call_id, query, words).socket


def test_a_key_joins_whichever_comes_first() -> None:
    world = World()
    first = world.socket(b"token=x&call=k1")
    assert world.asked("id-1", "", b"call=k1") is first
    world.calls.voice("id-2", b"call=k2", "Hello.", RATE)
    second = world.socket(b"call=k2")
    assert world.asked("id-2", "") is second
    assert world.ways == ["key", "key"]
    assert first.record.way == "key"


def test_a_rendered_template_is_told_from_a_key() -> None:
    world = World()
    socket = world.socket(b"call=0199-id")
    assert world.asked("0199-id", "", b"call=0199-id") is socket
    assert socket.record.way == "template"


@pytest.mark.parametrize(
    "query", [b"call={{call.id}}", b"call=%7B%7Bcall.id%7D%7D", b"call=%257B%257Bcall.id%257D%257D"]
)
def test_a_template_that_was_not_rendered_counts_as_absent(query: bytes) -> None:
    world = World()
    one, two = world.socket(query), world.socket(query)
    assert one.record is not two.record
    assert world.asked("id-1", "", query) is None
    assert world.ways == []


def test_one_key_in_the_urls_of_several_calls_joins_no_second_call() -> None:
    world = World()
    first = world.socket(b"call=same")
    assert world.asked("id-1", "", b"call=same") is first
    assert world.asked("id-2", "", b"call=same") is None
    second = world.socket(b"call=same")
    assert second.record is not first.record
    assert world.asked("id-1", "") is first


def test_a_socket_that_comes_back_with_its_key_is_the_same_call() -> None:
    world = World()
    first = world.socket(b"call=k")
    world.asked("id", "", b"call=k")
    world.calls.close_socket(first, code=1006, by="caller")
    again = world.socket(b"call=k")
    assert again.record is first.record
    assert world.asked("id", "") is again
    world.calls.close_socket(again, code=1000, by="caller")
    world.clock.now += 3600
    assert world.socket(b"call=k").record is not first.record


def test_a_text_that_one_socket_has_sent_joins() -> None:
    world = World()
    one, two = world.socket(), world.socket()
    one.sent("I need to", final=False)
    two.sent("Where is my parcel", final=False)
    assert world.asked("id-1", "I need to") is None, "too little to be sure by one text"
    one.sent("I need to move my appointment.", final=True)
    assert world.asked("id-1", "i need to move my appointment") is one
    assert world.asked("id-1", "I need to move my appointment.") is one
    assert world.ways == ["text"]
    two.sent("Where is my parcel?", final=True)
    assert world.asked("id-2", "Where is my parcel?") is two


def test_identical_texts_wait_for_the_next_turn() -> None:
    world = World()
    one, two = world.socket(), world.socket()
    for socket in (one, two):
        socket.sent("Yes.", final=True)
    assert (world.asked("id-1", "Yes."), world.asked("id-2", "Yes.")) == (None, None)
    world.clock.now += 5
    one.sent("Blue.", final=True)
    two.sent("Green.", final=True)
    assert world.asked("id-2", "Yes. Green.") is two
    assert world.asked("id-1", "Blue.") is one


def test_several_finals_of_one_turn_are_one_text() -> None:
    world = World()
    one, two = world.socket(), world.socket()
    one.sent("Four four seven.", final=True)
    one.sent("Nine nine.", final=True)
    two.sent("Nine nine.", final=True)
    assert world.asked("id-1", "Four four seven. Nine nine.") is one


def test_an_old_text_joins_nothing() -> None:
    world = World()
    socket = world.socket()
    socket.sent("I need to move my appointment.", final=True)
    world.clock.now += 10
    assert world.asked("id-1", "I need to move my appointment.") is None
    assert socket.record.call_id == ""


def test_a_join_that_another_socket_contradicts_is_taken_back() -> None:
    world = World()
    stranger = world.socket()
    stranger.sent("I would like a table.", final=True)
    assert world.asked("id-1", "I would like a table.") is stranger
    own = world.socket()
    for words in ("For four people.", "At eight tonight."):
        world.clock.now += 5
        own.sent(words, final=True)
        stranger.sent("No.", final=True)
        world.asked("id-1", words)
    world.clock.now += 5
    own.sent("That is all, thank you.", final=True)
    assert world.asked("id-1", "That is all, thank you.") is own
    assert world.ways == ["text", "released", "text"]
    assert stranger.record.call_id == ""


def noise_speech(seed: int, seconds: float) -> np.ndarray:
    """Noise in syllables: its envelope has the shape of speech and is of this seed alone."""
    rng = np.random.default_rng(seed)
    loud = np.repeat(rng.uniform(0.02, 1.0, round(seconds * 6)), RATE // 6 + 1)[: round(seconds * RATE)]
    return (loud * rng.standard_normal(len(loud)) * 4000).clip(-32000, 32000).astype("<i2")


def stereo(assistant: np.ndarray, seed: int) -> bytes:
    customer = np.random.default_rng(seed).integers(-20, 20, len(assistant)).astype("<i2")
    return np.stack((customer, assistant), axis=1).astype("<i2").tobytes()


def test_what_was_spoken_and_played_joins_by_sound() -> None:
    world = World()
    sockets = [world.socket() for _ in range(6)]
    spoken = [noise_speech(seed, 4.0) for seed in range(6)]
    for index, (socket, sound) in enumerate(zip(sockets, spoken, strict=True)):
        voice = world.calls.voice(f"id-{index}", b"", "Hello.", RATE)
        voice.pcm(sound.tobytes())
        late = np.concatenate((np.zeros(RATE // 2, "<i2"), sound // 2, np.zeros(RATE // 4, "<i2")))
        socket.audio(stereo(late, index))
    world.clock.now += 5
    for index, socket in enumerate(sockets):
        assert world.asked(f"id-{index}", "") is socket
    assert world.ways == ["sound"] * 6


def test_one_greeting_for_all_decides_nothing() -> None:
    world = World()
    greeting = noise_speech(1, 4.0)
    sockets = [world.socket() for _ in range(3)]
    for index, socket in enumerate(sockets):
        world.calls.voice(f"id-{index}", b"", "Hello.", RATE).pcm(greeting.tobytes())
        socket.audio(stereo(greeting, index))
    world.clock.now += 5
    assert [world.asked(f"id-{index}", "") for index in range(3)] == [None] * 3


def test_sound_breaks_the_tie_that_text_leaves() -> None:
    world = World()
    sockets = [world.socket() for _ in range(2)]
    for index, socket in enumerate(sockets):
        sound = noise_speech(index, 4.0)
        world.calls.voice(f"id-{index}", b"", "Hello.", RATE).pcm(sound.tobytes())
        socket.audio(stereo(sound, index))
        socket.sent("Yes.", final=True)
    assert [world.asked(f"id-{index}", "Yes.") for index in range(2)] == sockets


def test_the_only_socket_and_the_only_id_join_after_a_while() -> None:
    world = World()
    socket = world.socket()
    assert world.asked("id", "") is None
    world.clock.now += 6
    assert world.asked("id", "") is socket
    assert world.ways == ["only one"]


def test_two_sockets_are_never_joined_for_being_alone() -> None:
    world = World()
    world.socket()
    world.socket()
    world.asked("id", "")
    world.clock.now += 60
    assert world.asked("id", "") is None


def test_200_calls_with_one_greeting_are_joined_by_their_second_turn_and_never_wrongly() -> None:
    """The order of everything is shuffled, answers are drawn from few words, and partials ask as well."""
    rng, world = random.Random(5), World()
    sockets = {f"id-{index}": world.socket() for index in range(200)}
    ids = list(sockets)
    words = "red blue green one two three four five monday friday table parcel invoice doctor north south".split()
    joined_by: dict[int, int] = {}
    for turn in range(3):
        rng.shuffle(ids)
        said = {}
        for call_id in ids:
            world.clock.now += rng.expovariate(100)
            text = "Yes." if turn == 0 else " ".join(rng.choices(words, k=rng.randint(2, 6))).capitalize() + "."
            said[call_id] = text
            half = text[: len(text) // 2].rpartition(" ")[0]
            for part, final in ((half, False), (text, True)):
                if part:
                    sockets[call_id].sent(part, final=final)
                    found = world.asked(call_id, part)
                    assert found is None or found is sockets[call_id], "a wrong join"
        joined_by[turn] = sum(socket.record.call_id != "" for socket in sockets.values())
        world.clock.now += 6
    for call_id, socket in sockets.items():
        assert socket.record.call_id in ("", call_id)
    assert joined_by[1] >= 198, joined_by


def test_a_process_without_all_sockets_joins_by_keys_alone_and_says_so_once() -> None:
    world = World()
    world.calls = Calls(clock=world.clock, on_join=world.ways.append, all_sockets=False)
    socket, keyed = world.socket(), world.socket(b"call=k")
    socket.sent("I would like a table for two.", final=True)
    with structlog.testing.capture_logs() as events:
        assert world.asked("id-1", "I would like a table for two.") is None, "another process may have its socket"
        assert world.asked("id-1", "I would like a table for two.") is None
        assert world.asked("id-2", "", b"call=k") is keyed
    told = [event["because"] for event in events if event["event"] == "call not joined"]
    assert told == ["several workers"]
    assert world.ways == ["key"]
