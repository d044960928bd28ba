"""The two properties every stage owes: indifference to how its input is cut, and state that belongs to one instance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

Signal = Any
"""What one argument of ``feed`` takes for a whole stream: an array whose first axis is time, or bytes."""


def assert_any_split(make: Callable[[], Any], *signals: Signal, seed: int = 1, rounds: int = 8) -> Any:
    """Check that however the input is cut, the joined output is the same bit for bit, and return that output.

    ``make`` builds a fresh stage. Several ``signals`` of equal length are cut at the same places and fed together
    (``stage.feed(near, far)``). The answers of ``feed`` and ``flush`` may be arrays, bytes, or lists and tuples of
    values. Cuts go down to single samples, with empty runs in between; the first round feeds sample by sample as far
    as time allows. Every round ends in ``flush``, after which the same stage must behave like a new one. The buffers
    that were fed are overwritten at once, so a stage that holds on to the caller's memory is found out.
    """
    lengths = {len(signal) for signal in signals}
    assert len(lengths) == 1, f"signals: expected equal lengths, found {sorted(lengths)}"
    (length,) = lengths
    whole = run(make(), signals, [])
    rng = np.random.default_rng(seed)
    reused = make()
    for number in range(rounds):
        cuts = _cuts(rng, length, number)
        for name, stage in (("a fresh stage", make()), ("a flushed stage", reused)):
            assert_same(run(stage, signals, cuts), whole, f"{name}, round {number}, seed {seed}, {len(cuts)} cuts")
    return whole


def assert_isolated(
    make: Callable[[], Any], first: Sequence[Signal], second: Sequence[Signal], *, step: int = 37
) -> None:
    """Check that two instances fed in turns, each its own signals, answer as each does alone."""
    expected = [run(make(), signals, []) for signals in (first, second)]
    turns = [_answers(make(), signals, range(step, len(signals[0]), step)) for signals in (first, second)]
    answers: list[list[Any]] = [[], []]
    open_turns = {0, 1}
    while open_turns:
        for index in sorted(open_turns):
            try:
                answers[index].append(next(turns[index]))
            except StopIteration:
                open_turns.discard(index)
    for index in (0, 1):
        assert_same(join(answers[index]), expected[index], f"instance {index} of two")


def run(stage: Any, signals: Sequence[Signal], cuts: Sequence[int]) -> Any:
    """Feed ``signals`` cut at ``cuts``, flush, and return the joined output."""
    return join(list(_answers(stage, signals, cuts)))


def join(answers: Sequence[Any]) -> Any:
    """Put the answers of one stream together."""
    first = answers[0]
    if isinstance(first, np.ndarray):
        return np.concatenate(answers)
    if isinstance(first, bytes):
        return b"".join(answers)
    return [value for answer in answers for value in answer]


def assert_same(found: Any, expected: Any, where: str) -> None:
    """Compare bit for bit; the message says where the first difference lies."""
    if not isinstance(expected, np.ndarray):
        assert found == expected, where
        return
    assert found.dtype == expected.dtype, f"{where}: dtype {found.dtype}, expected {expected.dtype}"
    assert found.shape == expected.shape, f"{where}: shape {found.shape}, expected {expected.shape}"
    if found.tobytes() != expected.tobytes():
        width = found.itemsize * (found.size // len(found))
        rows = np.frombuffer(found.tobytes(), np.uint8) != np.frombuffer(expected.tobytes(), np.uint8)
        wrong = np.flatnonzero(rows.reshape(-1, width).any(axis=1))
        at = wrong[0]
        raise AssertionError(f"{where}: {wrong.size} of {len(found)} differ, first at {at}: {found[at]} {expected[at]}")


def _answers(stage: Any, signals: Sequence[Signal], cuts: Sequence[int]) -> Iterator[Any]:
    length = len(signals[0])
    edges = [0, *cuts, length]
    for start, stop in zip(edges, edges[1:], strict=False):
        pieces = [_private(signal[start:stop]) for signal in signals]
        answer = stage.feed(*pieces)
        arrays = [piece for piece in pieces if isinstance(piece, np.ndarray)]
        if isinstance(answer, np.ndarray) and any(np.may_share_memory(answer, piece) for piece in arrays):
            answer = answer.copy()  # passing through is allowed; keeping for later is not
        for piece in arrays:
            piece[...] = len(piece) % 127  # differs from cutting to cutting
        yield answer
    yield stage.flush()


def _private(piece: Signal) -> Signal:
    return piece.copy() if isinstance(piece, np.ndarray) else piece


def _cuts(rng: np.random.Generator, length: int, number: int) -> list[int]:
    """Sorted places to cut at; a place that occurs twice makes an empty run."""
    if length == 0:
        return [0, 0]
    if number == 0:
        singles = range(1, min(length, 700))
        return [0, *singles, *sorted(int(place) for place in rng.integers(len(singles), length + 1, 3))]
    if number % 2:
        return sorted(int(place) for place in rng.integers(0, length + 1, int(rng.integers(1, 60))))
    # Runs as the wire brings them: mostly frames, now and then a single sample or nothing.
    steps = rng.choice([0, 1, 1, 2, 3, 7, 80, 159, 160, 161, 320, 441, 960], size=400)
    places = np.cumsum(steps)
    return [int(place) for place in places[places <= length]]
