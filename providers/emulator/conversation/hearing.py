"""The caller's words of the running turn: finals, the running utterance, and what a turn has already taken of it."""

from __future__ import annotations


class Hearing:
    """What the transcriber said since the last end of turn.

    A turn may end while an utterance runs; its later transcripts count only with what they add.
    """

    def __init__(self) -> None:
        self._finals: list[str] = []
        self._running = ""
        self._taken = 0
        """Words of the running utterance that an earlier turn has taken."""
        self.began: float | None = None
        """When the first words of the turn came; None without any."""

    def hear(self, text: str, at: float, *, final: bool) -> bool:
        """Take a transcript in; False when it brings no word that is not taken yet."""
        words = text.split()[self._taken :]
        if final:
            self._taken, self._running = 0, ""
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
        self._taken += len(self._running.split())
        self._finals, self._running, self.began = [], "", None
        return text
