"""The caller's words of the running turn: finals, the running utterance, and what a turn has already taken of it."""

from __future__ import annotations


class Hearing:
    """What the transcriber said since the last end of turn.

    A turn may end while an utterance runs; its later transcripts count only with what they add.
    """

    def __init__(self) -> None:
        self._finals: list[str] = []
        self._running = ""
        self._taken: list[str] = []
        """Words of the running utterance that an earlier turn has taken."""
        self.began: float | None = None
        """When the first words of the turn came; None without any."""

    def hear(self, text: str, at: float, *, final: bool) -> bool:
        """Take a transcript in; False when it brings no word that is not taken yet."""
        words = text.split()
        if len(words) < len(self._taken) and _bare(words[:1]) != _bare(self._taken[:1]):
            self._taken = []  # another utterance: the final of the one before never came
        words = words[len(self._taken) :]
        if final:
            self._taken, self._running = [], ""
            if words:
                self._finals.append(" ".join(words))
        else:
            self._running = " ".join(words)
        if words and self.began is None:
            self.began = at
        return bool(words)

    @property
    def text(self) -> str:
        """All words that no turn has taken."""
        return " ".join([*self._finals, self._running] if self._running else self._finals)

    @property
    def words(self) -> list[str]:
        """The same, one by one."""
        return self.text.split()

    def take(self) -> str:
        """The words, for a turn that ends now."""
        text = self.text
        self._taken += self._running.split()
        self._finals, self._running, self.began = [], "", None
        return text

    def lose(self) -> None:
        """The transcriber is another one from now on: what it says is a new utterance."""
        if self._running:
            self._finals.append(self._running)
        self._taken, self._running = [], ""


def _bare(words: list[str]) -> list[str]:
    """Words without case and marks."""
    return ["".join(character for character in word.lower() if character.isalnum()) for word in words]
