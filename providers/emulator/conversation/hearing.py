"""The caller's words of the running turn: finals, the running utterance, and what a turn has already taken of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class _Taken:
    """What the last turn took."""

    finals: list[str]
    running: list[str]
    began: float | None

    @property
    def text(self) -> str:
        return " ".join([*self.finals, *self.running])


class Hearing:
    """What the transcriber said since the last end of turn.

    A turn may end while an utterance runs; its later transcripts count only with what they add.
    """

    def __init__(self) -> None:
        self._finals: list[str] = []
        self._running: list[str] = []
        self._taken: list[str] = []
        """Words of the running utterance that turns have taken."""
        self._last = _Taken([], [], None)
        self.began: float | None = None
        """When the first words of the turn came; None without any."""

    def brings_more(self, text: str) -> bool:
        """Whether a transcript has words that no turn has taken."""
        words = text.split()
        return bool(words[len(self._taken_of(words)) :])

    def hear(self, text: str, at: float, *, final: bool) -> bool:
        """Take a transcript in; False when it brings no word that is not taken yet."""
        whole = text.split()
        self._taken = self._taken_of(whole)
        words = whole[len(self._taken) :]
        if final:
            self._correct(whole)
            self._taken, self._running = [], []
            if words:
                self._finals.append(" ".join(words))
        else:
            self._running = words
        if words and self.began is None:
            self.began = at
        return bool(words)

    @property
    def text(self) -> str:
        """All words that no turn has taken."""
        return " ".join([*self._finals, *self._running])

    @property
    def last_text(self) -> str:
        """The words of the last turn, as its final corrects them."""
        return self._last.text

    def take(self) -> str:
        """The words, for a turn that ends now."""
        text = self.text
        self._last = _Taken(self._finals, self._running, self.began)
        self._taken = self._taken + self._running
        self._finals, self._running, self.began = [], [], None
        return text

    def restore(self) -> None:
        """Give the last turn's words back: the caller had not finished."""
        last = self._last
        self._finals = last.finals + self._finals
        if last.running and self._taken:
            self._taken = self._taken[: -len(last.running)]
        self._running = last.running + self._running
        self.began = last.began
        self._last = _Taken([], [], None)

    def lose(self) -> None:
        """Take the running utterance for complete: the transcriber is another one from now on."""
        if self._running:
            self._finals.append(" ".join(self._running))
        self._taken, self._running = [], []

    def _taken_of(self, words: list[str]) -> list[str]:
        """What turns have taken of the utterance that these words are of.

        Fewer words with another beginning are another utterance: the final of the one before never came.
        """
        another = len(words) < len(self._taken) and _bare(words[:1]) != _bare(self._taken[:1])
        return [] if another else self._taken

    def _correct(self, words: list[str]) -> None:
        """Spell what the last turn took of an utterance as its final does."""
        last = self._last
        if last.running and self._taken:
            first = len(self._taken) - len(last.running)
            corrected = words[first : len(self._taken)]
            last.finals, last.running = [*last.finals, " ".join(corrected)] if corrected else last.finals, []


def _bare(words: list[str]) -> list[str]:
    """Words without case and marks."""
    return ["".join(character for character in word.lower() if character.isalnum()) for word in words]
