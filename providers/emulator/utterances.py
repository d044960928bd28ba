"""Which utterance a final is about, and how long after its end the final came.

Words decide where they are known: utterances near each other share few words, so that a final names its own. Where
words do not tell, order does: a final is about the only utterance that still waits for one. A final that fits none, or
two equally well, is counted as unmatched and gives no figure. The lag of an utterance is that of its last final; finals
that come while it is still spoken are counted apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

_EARLY = 0.3
"""Seconds before the measured end of an utterance from which on a final can be its last: the end of a word is quiet."""
_SAME = 0.5
"""Share of a final's words that must be an utterance's own, in order."""

_REMEMBERED = 1024
"""Transcripts whose text is known: recognisers hear the same audio alike."""


def words(text: str) -> tuple[str, ...]:
    """A text as bare words, so that case and punctuation do not count."""
    return tuple(re.findall(r"[^\W_]+", text.lower()))


@dataclass(frozen=True, slots=True)
class HeardUtterance:
    """One stretch of the customer's speech."""

    start: float
    """Seconds of the call's audio."""
    end: float
    """Seconds of the call's audio."""
    text: str = ""
    """What is said; empty where it is not known."""


class Wording:
    """The words of some texts, and which of them a transcript is about; shared by all calls that say them."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = [words(text) for text in texts]
        self._found: dict[str, int | None] = {}

    def nearest(self, text: str) -> int | None:
        """Index of the text that shares most words, in order, with a transcript; None when none or two do."""
        if text not in self._found:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            self._found[text] = self._nearest(words(text))
        return self._found[text]

    def _nearest(self, heard: Sequence[str]) -> int | None:
        shared = [_shared(heard, known) for known in self._texts]
        most = max(shared, default=0)
        if most < max(1, _SAME * len(heard)) or shared.count(most) != 1:
            return None
        return shared.index(most)


def _shared(heard: Sequence[str], known: Sequence[str]) -> int:
    matcher = SequenceMatcher(None, heard, known, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks())


@dataclass(slots=True)
class Lags:
    """What one call's finals showed."""

    answered: list[tuple[float, float]] = field(default_factory=list)
    """(seconds of the call at which its last final came, seconds since its end) of each utterance that has one."""
    unanswered: list[float] = field(default_factory=list)
    """Seconds since the end of each utterance that has no final."""
    unmatched: int = 0
    """Finals that could not be matched with an utterance."""
    in_speech: int = 0
    """Finals that came while their utterance was still spoken."""

    @property
    def values(self) -> list[float]:
        """Seconds from the end of each utterance to its last final."""
        return [lag for _, lag in self.answered]


class UtteranceMatcher:
    """Matches one call's finals.

    Parameters
    ----------
    period
        Seconds after which the utterances repeat; 0 when they do not.
    spaced
        True when the silence after each utterance is longer than any lag that is to be told.
    """

    def __init__(
        self, utterances: Sequence[HeardUtterance], wording: Wording, *, period: float = 0.0, spaced: bool = False
    ) -> None:
        self._utterances = utterances
        self._wording = wording
        self._period = period
        self._spaced = spaced
        self._last: dict[int, float] = {}
        """Time of the last final of each utterance, by its number."""
        self._unmatched = 0
        self._in_speech = 0

    def final(self, text: str, at: float) -> float | None:
        """Seconds by which a final trails its utterance; None when that cannot be told, or it is still spoken."""
        index = self._wording.nearest(text)
        number = self._by_order(at) if index is None else self._newest(index, at)
        if number is None:
            self._unmatched += 1
            return None
        end = self._number(number).end
        self._in_speech += at < end - _EARLY
        self._last[number] = at
        return max(0.0, at - end) if at >= end - _EARLY else None

    def lags(self, now: float) -> Lags:
        """All figures, at a moment of the call; utterances that are not over yet do not count."""
        found = Lags(unmatched=self._unmatched, in_speech=self._in_speech)
        for number in range(self._started(now)):
            end = self._number(number).end
            last = self._last.get(number)
            if end > now:
                continue
            if last is not None and last >= end - _EARLY:
                found.answered.append((last, max(0.0, last - end)))
            else:
                found.unanswered.append(now - end)
        return found

    def waiting(self, now: float) -> bool:
        """True while an utterance that is over has no final."""
        return bool(self.lags(now).unanswered)

    def _number(self, number: int) -> HeardUtterance:
        """The n-th utterance of the call."""
        turns, index = divmod(number, len(self._utterances))
        one = self._utterances[index]
        return HeardUtterance(one.start + turns * self._period, one.end + turns * self._period, one.text)

    def _started(self, at: float) -> int:
        """How many utterances have begun."""
        turns, place = divmod(at, self._period) if self._period else (0.0, at)
        return int(turns) * len(self._utterances) + sum(one.start <= place for one in self._utterances)

    def _newest(self, index: int, at: float) -> int | None:
        """The newest utterance of this text that has begun."""
        turns = (self._started(at) - 1 - index) // len(self._utterances)
        return turns * len(self._utterances) + index if turns >= 0 else None

    def _by_order(self, at: float) -> int | None:
        """The only utterance that can be meant: one that waits, or the newest when none before it waits."""
        newest = self._started(at) - 1
        answered = max((number for number in self._last if number < newest), default=-1)
        waiting = list(range(answered + 1, newest))
        if newest < 0 or not waiting:
            return newest if newest >= 0 else None
        if at < self._number(newest).end - _EARLY:  # the newest is still spoken
            return waiting[-1] if self._spaced or len(waiting) == 1 else None
        return newest if self._spaced else None
