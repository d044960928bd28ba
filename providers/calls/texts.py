"""Join by text: an endpointing request ends with the words that one socket has just sent. Pure: time is passed in."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

__all__ = ["JoinByText", "SaidTexts", "normalised"]

RECENT = 3.0
"""Seconds after a transcript within which its endpointing request comes."""

_COMPARED = 240
"""Characters of an ending that are compared."""

_STRONG_WORDS, _STRONG_CHARACTERS = 3, 12
"""From this length on one text is enough when it fits one socket only; "Yes." waits for the next turn."""

_WORD = re.compile(r"\w+")

Socket = TypeVar("Socket", bound=Hashable)


def normalised(text: str) -> str:
    """The words of a text in lower case, with single spaces: marks and case are the platform's to change.

    >>> normalised("  I'd like — TWO tables. ")
    'i d like two tables'
    """
    return " ".join(_WORD.findall(text.casefold()))


class SaidTexts:
    """Ends of what was sent on one socket: its finals in a row, with each of the newest partials."""

    def __init__(self) -> None:
        self._finals = ""
        """Begins with a space once there is one, so that endings are compared at a word's beginning."""
        self._endings: deque[tuple[float, str]] = deque(maxlen=16)
        self.last = float("-inf")
        """Time of the newest transcript."""
        self._grown: float | None = None
        """Time at which the utterance's words last changed; None while no utterance is open."""

    def add(self, text: str, now: float, *, final: bool) -> None:
        """Add a transcript that was sent."""
        words = normalised(text)
        if not words:
            return
        ending = f"{self._finals} {words}"[-_COMPARED:]
        if final:
            self._grown = None
        elif self._grown is None or ending != self._endings[-1][1]:
            self._grown = now
        self.last = now
        self._endings.append((now, ending))
        if final:
            self._finals = ending

    def unchanged(self, now: float) -> float | None:
        """Seconds for which a partial's words have stood; None where the newest transcript is a final."""
        return None if self._grown is None else max(now - self._grown, 0.0)

    def fits(self, words: str, now: float) -> bool:
        """Whether a request that ends with these normalised words can come from this socket's transcripts."""
        if now - self.last > RECENT:
            return False
        asked = f" {words}"[-_COMPARED:]
        for sent, ending in reversed(self._endings):
            if now - sent > RECENT:
                return False
            if ending.endswith(asked):
                return True
        return False


@dataclass(slots=True)
class _Trace(Generic[Socket]):
    """Sockets that every text of one call id has fitted so far."""

    sockets: set[Socket] = field(default_factory=set)
    first: str = ""
    begun: float = 0.0
    independent: bool = False
    """Whether there were two texts that are more than one growing utterance."""

    def add(self, words: str, now: float) -> None:
        grows = words.startswith(self.first) or self.first.startswith(words)
        if not grows or (words != self.first and now - self.begun > RECENT):
            self.independent = True


class JoinByText(Generic[Socket]):
    """Evidence from texts for each call id that is not joined yet.

    A call id and a socket belong together when the socket is the only one that all texts of the id have fitted, and
    there were two texts or one that is long enough. Anything else waits for the next text.
    """

    def __init__(self) -> None:
        self._traces: dict[str, _Trace[Socket]] = {}

    def asked(self, call_id: str, words: str, fitting: Iterable[Socket], now: float) -> Socket | None:
        """Take the sockets that a request's words fit; returns the one socket when it is certain."""
        found = set(fitting)
        if not found:
            return None
        trace = self._traces.setdefault(call_id, _Trace())
        both = trace.sockets & found
        if both:
            trace.sockets = both
            trace.add(words, now)
        else:  # the first text, or one that contradicts those before
            trace.sockets, trace.first, trace.begun, trace.independent = found, words, now, False
        strong = len(words) >= _STRONG_CHARACTERS and words.count(" ") + 1 >= _STRONG_WORDS
        if len(trace.sockets) == 1 and (strong or trace.independent):
            return next(iter(trace.sockets))
        return None

    def candidates(self, call_id: str) -> set[Socket]:
        """The sockets that are still possible; empty when nothing is known."""
        trace = self._traces.get(call_id)
        return set(trace.sockets) if trace else set()

    def forget(self, call_id: str) -> None:
        """Drop what is known of an id."""
        self._traces.pop(call_id, None)

    def forget_socket(self, socket: Socket) -> None:
        """Drop a socket that is joined or closed."""
        for trace in self._traces.values():
            trace.sockets.discard(socket)
