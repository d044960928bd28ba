"""Deadlines by name, without a clock."""

from __future__ import annotations

from collections.abc import Callable

Action = Callable[[], None]


class Timers:
    """What is to happen later; a name is set once at a time."""

    def __init__(self) -> None:
        self._set: dict[str, tuple[float, int, Action]] = {}
        self._count = 0

    def set(self, name: str, at: float, action: Action) -> None:
        """Have ``action`` called at ``at``, seconds since the call began; replaces what the name stood for."""
        self._count += 1
        self._set[name] = (at, self._count, action)

    def cancel(self, name: str) -> None:
        """Forget a name; unknown ones are ignored."""
        self._set.pop(name, None)

    def clear(self) -> None:
        """Forget all."""
        self._set.clear()

    def __contains__(self, name: str) -> bool:
        return name in self._set

    def next(self) -> float | None:
        """The earliest deadline."""
        return min(at for at, _, _ in self._set.values()) if self._set else None

    def take_due(self, at: float) -> Action | None:
        """The earliest action due at ``at``; of equal ones, the one that was set first."""
        if not self._set:
            return None
        name = min(self._set, key=lambda name: self._set[name][:2])
        if self._set[name][0] > at:
            return None
        return self._set.pop(name)[2]
