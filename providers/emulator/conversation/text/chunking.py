"""The chunk plan: where a model's text is cut into voice requests while it streams.

A chunk goes as soon as it has ``minCharacters`` and ends at one of ``punctuationBoundaries``. A mark is a boundary when
white space follows it, so that ``2.5`` and ``example.com`` stay whole; a full-width mark needs none. A flush tag sends
what precedes it at once, however short. Only the text decides, so that any split of it gives the same chunks.
"""

from __future__ import annotations

import re

from providers.emulator.conversation.assistant import ChunkPlan

BOUNDARIES = ("。", "，", ".", "!", "?", ";", "،", "۔", "।", "॥", "|", "||", ",", ":")
"""Boundaries where a plan names none: the published example. The platform's choice for custom voices is unknown."""

FLUSH = re.compile(r"<\s*flush\s*/?>|<\s*/\s*flush\s*>", re.IGNORECASE)
"""The flush tag in its three spellings, as published."""

_ALONE = frozenset("。，।॥")
"""Marks that no white space needs to follow."""
_CLOSERS = r"[\"'”’»)\]*_]*"


class Chunker:
    """Chunks of one answer of a model."""

    def __init__(self, plan: ChunkPlan) -> None:
        self._is_whole = not plan.enabled
        self._least = plan.min_characters
        self._boundary = _pattern(plan.punctuation_boundaries or BOUNDARIES)
        self._text = ""
        self._searched = 0

    def feed(self, delta: str) -> list[str]:
        """Chunks that may go, now that this text has come; none while the plan is off."""
        self._text += delta
        chunks = []
        while not self._is_whole and (cut := self._cut()) is not None:
            chunk, begin = self._text[: cut[0]].strip(), cut[1]
            self._text = self._text[begin:]
            self._searched = 0
            if chunk:
                chunks.append(chunk)
        return chunks

    def flush(self) -> list[str]:
        """What is left at the end of the answer: one chunk, or none."""
        rest, self._text, self._searched = self._text.strip(), "", 0
        return [rest] if rest else []

    def _cut(self) -> tuple[int, int] | None:
        """Where the next chunk ends and the rest begins."""
        begin = self._text.find("<")
        tag = FLUSH.search(self._text, begin) if begin >= 0 else None
        skipped = len(self._text) - len(self._text.lstrip())
        for mark in self._boundary.finditer(self._text, self._searched):
            if mark.end() - skipped >= self._least and (tag is None or mark.end() <= tag.start()):
                return mark.end(), mark.end()
            self._searched = mark.start()  # too short for a chunk, and for ever so
        return None if tag is None else tag.span()


def _pattern(boundaries: tuple[str, ...]) -> re.Pattern[str]:
    spaced = "|".join(re.escape(mark) for mark in boundaries if mark not in _ALONE)
    alone = "|".join(re.escape(mark) for mark in boundaries if mark in _ALONE)
    choices = [rf"(?:{spaced}){_CLOSERS}(?=\s)"] if spaced else []
    return re.compile("|".join([*choices, alone] if alone else choices))
