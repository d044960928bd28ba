"""How many calls at once: what is accepted keeps its latency, what is not learns it at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from providers.errors import AtCapacity


class Admission:
    """A counter with a ceiling.

    Parameters
    ----------
    limit
        Calls at once.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.active = 0

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Hold one place.

        Raises
        ------
        AtCapacity
            Every place is taken.
        """
        if self.active >= self.limit:
            raise AtCapacity(f"calls: expected at most {self.limit} at once, found one more")
        self.active += 1
        try:
            yield
        finally:
            self.active -= 1
