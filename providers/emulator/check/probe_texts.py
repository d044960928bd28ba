"""Texts for voice probes: never the same twice, so that no cache answers, and yet of equal length when spoken."""

from __future__ import annotations

import random

SYLLABLES = 15
"""Of a sentence: every word has one."""

_QUALITIES = ("red", "blue", "green", "white", "black", "brown", "gray", "pink")
_ANIMALS = ("fox", "dog", "horse", "cow", "fish", "bird", "sheep", "goat")
_VERBS = ("saw", "met", "heard", "knew")
_TAILS = ("meets three green geese.", "bought small old stools.")
"""Ends of equal length whose vowels differ as much as English allows."""


class ProbeTexts:
    """Source of the texts of one run.

    All sentences of a run hold the same words in another order: what a voice needs for one it needs for the next.
    """

    def __init__(self, seed: int | None = None, *, sentences: int = 6) -> None:
        self.sentences = sentences
        """Sentences of a long text."""
        self._random = random.Random(seed)
        self._qualities = self._random.sample(_QUALITIES, 4)
        self._animals = self._random.sample(_ANIMALS, 4)
        self._verb = self._random.choice(_VERBS)
        self._used: set[str] = set()

    def short(self) -> str:
        """One sentence of `SYLLABLES` syllables."""
        while True:
            text = self._sentence()
            if text not in self._used:
                self._used.add(text)
                return text

    def long(self) -> str:
        """Several sentences."""
        return " ".join(self.short() for _ in range(self.sentences))

    def same_begin(self) -> tuple[str, str]:
        """Two texts of one length that differ in their last fifth alone."""
        begin = f"{self.short().rstrip('.')} and then the same old man".replace("The", "Now the", 1)
        return f"{begin} {_TAILS[0]}", f"{begin} {_TAILS[1]}"

    def _sentence(self) -> str:
        qualities = self._random.sample(self._qualities, 4)
        animals = self._random.sample(self._animals, 4)
        one, two, three, four = (f"the {q} {a}" for q, a in zip(qualities, animals, strict=True))
        return f"{one.capitalize()} {self._verb} {two} and {three} {self._verb} {four}."
