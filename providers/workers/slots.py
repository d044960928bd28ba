"""Board of slots in shared memory: what each worker has in hand, written by the worker and read by all.

A slot is a row of native integers, and each is written at once, so that no reader needs a lock.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from enum import IntEnum

__all__ = ["Board", "Slot", "WorkerState"]

_STATE, _CALLS, _LIMIT, _ANSWERS, _TAKEN, _REFUSAL, _FIELDS = range(7)
_NO_LIMIT = -1


class WorkerState(IntEnum):
    """State of a worker."""

    FREE = 0
    STARTING = 1
    READY = 2
    DRAINING = 3


class Slot:
    """One worker's row."""

    def __init__(self, row: memoryview) -> None:
        self._row = row

    @property
    def state(self) -> WorkerState:
        """What the worker is doing."""
        return WorkerState(self._row[_STATE])

    @state.setter
    def state(self, state: WorkerState) -> None:
        self._row[_STATE] = state

    @property
    def calls(self) -> int:
        """Calls that are alive."""
        return int(self._row[_CALLS])

    @property
    def answers(self) -> int:
        """Voice requests that are being answered."""
        return int(self._row[_ANSWERS])

    @property
    def taken(self) -> int:
        """Connections received from the supervisor so far."""
        return int(self._row[_TAKEN])

    @property
    def limit(self) -> int | None:
        """Calls at once."""
        return None if self._row[_LIMIT] == _NO_LIMIT else int(self._row[_LIMIT])

    @property
    def refusal(self) -> int:
        """Why a new call would be refused, as a number of the reader's; 0 when it would not."""
        return int(self._row[_REFUSAL])

    def write(self, *, calls: int, answers: int, limit: int | None, refusal: int) -> None:
        """Write what the worker has in hand."""
        row = self._row
        row[_CALLS], row[_ANSWERS], row[_REFUSAL] = calls, answers, refusal
        row[_LIMIT] = _NO_LIMIT if limit is None else limit

    def take(self) -> None:
        """Count one connection."""
        self._row[_TAKEN] += 1

    def clear(self, state: WorkerState) -> None:
        """Forget the worker that had this slot."""
        for index in range(_FIELDS):
            self._row[index] = 0
        self._row[_STATE] = state


class Board:
    """All slots, in memory that forked processes share.

    Parameters
    ----------
    slots
        Number of workers at once; those that drain count.
    """

    def __init__(self, slots: int) -> None:
        self._memory = memoryview(mmap.mmap(-1, slots * _FIELDS * 4)).cast("i")
        self._slots = [Slot(self._memory[at * _FIELDS : (at + 1) * _FIELDS]) for at in range(slots)]

    def claim(self) -> Slot | None:
        """A free slot, which is then that of a worker that starts; None when all are in use."""
        slot = next((slot for slot in self._slots if slot.state is WorkerState.FREE), None)
        if slot is not None:
            slot.clear(WorkerState.STARTING)
        return slot

    def __iter__(self) -> Iterator[Slot]:
        """The slots in use."""
        return (slot for slot in self._slots if slot.state is not WorkerState.FREE)
