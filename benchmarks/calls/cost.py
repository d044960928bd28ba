"""Processor time that the notes of a call cost: its frames, transcripts, endpointing requests and replies."""

from __future__ import annotations

import time

from benchmarks.calls.scripted import speechlike
from providers.calls.registry import Calls

__all__ = ["cost_of_calls"]

_RATE = 16000
_FRAME = 1280
"""Bytes of 20 ms of stereo."""
_TURN = 8
"""Seconds from one turn to the next."""


def cost_of_calls(seconds: int = 60, *, calls: int = 20) -> float:
    """Part of one core that the notes of 100 calls take, 0 … 1.

    Each call has 50 frames a second; every eight seconds four partials, a final, five endpointing requests, and two
    voice requests with a second of audio each.
    """
    now = [0.0]
    registry = Calls(clock=lambda: now[0])
    speech = speechlike(seconds=_TURN, rate=2 * _RATE, seed=1).tobytes()
    frames = [speech[at : at + _FRAME] for at in range(0, len(speech) - _FRAME + 1, _FRAME)]
    pcm = speech[: 2 * _RATE]
    sockets = []
    for index in range(calls):
        sockets.append(registry.open_socket(f"call=k{index}".encode()))
        sockets[-1].started(_RATE, 2)
        registry.endpointing(f"id-{index}", f"call=k{index}".encode(), "")
    spent = 0.0
    for second in range(seconds):
        for index, socket in enumerate(sockets):
            now[0] = float(second)
            heard = frames[second % _TURN * 50 :][:50]
            begun = time.thread_time()
            for frame in heard:
                socket.audio(frame)
            if second % _TURN == index % _TURN:
                _turn(registry, index, pcm)
            spent += time.thread_time() - begun
    return spent / seconds * 100 / calls


def _turn(registry: Calls, index: int, pcm: bytes) -> None:
    """One turn's notes."""
    socket = registry.table.get(f"id-{index}")
    assert socket is not None
    words = "I would like to book a table for two".split()
    notes = registry.endpointing(f"id-{index}", b"", "").socket
    assert notes is not None
    for count in (2, 4, 6, 8, 9):
        text = " ".join(words[:count])
        notes.sent(text, final=count == len(words))
        known = registry.endpointing(f"id-{index}", b"", text)
        known.silence()
        known.answered(0.1, "punctuation", text)
    for reply in ("Certainly.", "At what time would you like to come?"):
        voice = registry.voice(f"id-{index}", b"", reply, _RATE)
        voice.first_audio()
        voice.pcm(pcm)
        voice.ended("complete", len(pcm))
