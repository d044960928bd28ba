"""Partials whose beginning stays: what two decodes of an utterance agree on is not changed by the next."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from providers.engines.base import Transcript, Word

__all__ = ["Piece", "StablePartials"]

_NO_LETTER = re.compile(r"[\W_]+")

_SAME_PLACE = 0.1
"""Seconds by which a word may begin before the end of the last agreed one: decodes place words a little differently."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One word with the space before it, if its language has one, and its punctuation."""

    text: str
    word: Word


class StablePartials:
    """Partials of one utterance, each from a decode of all of it so far.

    Words that stand at the same place in two decodes in a row are agreed. A later decode that begins with other words
    gives what it has after the end of the agreed ones.
    """

    def __init__(self) -> None:
        self._agreed: list[Piece] = []
        self._last: Sequence[Piece] = ()
        self.shown: Transcript | None = None
        """The last partial that said something new."""

    def show(self, heard: Transcript, pieces: Sequence[Piece]) -> Iterator[Transcript]:
        """The partial of one more decode, if it says something new; a decode without word times is taken as it is."""
        if pieces:
            kept = self.next(pieces)
            words = tuple(piece.word for piece in kept)
            heard = replace(heard, text="".join(piece.text for piece in kept).strip(), words=words)
        if heard.text and (self.shown is None or heard.text != self.shown.text):
            self.shown = replace(heard, final=False)
            yield self.shown

    def next(self, pieces: Sequence[Piece]) -> list[Piece]:
        """The words to show after one more decode."""
        agreed = _common(pieces, self._last)
        if agreed > len(self._agreed) and _common(pieces, self._agreed) == len(self._agreed):
            self._agreed += pieces[len(self._agreed) : agreed]
        self._last = pieces
        if _common(pieces, self._agreed) == len(self._agreed):
            return [*self._agreed, *pieces[len(self._agreed) :]]
        end = self._agreed[-1].word.end
        return [*self._agreed, *(piece for piece in pieces if piece.word.start >= end - _SAME_PLACE)]


def _common(one: Sequence[Piece], other: Sequence[Piece]) -> int:
    """Words that both begin with, apart from case and punctuation."""
    for count, (left, right) in enumerate(zip(one, other, strict=False)):
        if _plain(left.text) != _plain(right.text):
            return count
    return min(len(one), len(other))


def _plain(text: str) -> str:
    return _NO_LETTER.sub("", text).casefold()
