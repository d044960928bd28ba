"""What an endpointing request knows of the caller's silence."""

from __future__ import annotations

import numpy as np

from providers.calls.registry import Calls


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def loud(seconds: float) -> bytes:
    return np.random.default_rng(1).integers(-9000, 9000, round(seconds * 16000) * 2).astype("<i2").tobytes()


def quiet(seconds: float) -> bytes:
    return bytes(4 * round(seconds * 16000))


def test_words_that_still_come_are_younger_than_the_callers_silence() -> None:
    """A recogniser two seconds behind its audio must not end turns between two of its words."""
    clock = Clock()
    calls = Calls(clock=clock)
    socket = calls.open_socket(b"call=k1")
    socket.started(16000, 2)
    socket.audio(loud(1.0) + quiet(2.0))
    socket.sent("when can", final=False)
    clock.now += 0.1
    asked = calls.endpointing("c-1", b"call=k1", "when can").hearing()
    assert asked is not None
    assert asked.silence is not None
    assert round(asked.silence, 3) == 0.1
    socket.sent("when can", final=False)  # the same words again are no news
    clock.now += 0.2
    standing = calls.endpointing("c-1", b"call=k1", "when can").hearing()
    assert standing is not None
    assert standing.silence is not None
    assert round(standing.silence, 3) == 0.3


def test_a_final_is_complete_and_the_whole_silence_counts() -> None:
    clock = Clock()
    calls = Calls(clock=clock)
    socket = calls.open_socket(b"call=k1")
    socket.started(16000, 2)
    socket.audio(loud(1.0) + quiet(2.0))
    socket.sent("when can", final=False)
    socket.sent("When can I have it?", final=True)
    asked = calls.endpointing("c-1", b"call=k1", "When can I have it?").hearing()
    assert asked is not None
    assert asked.silence is not None
    assert asked.silence > 1.9
