"""Watch over the answers of engines: which connection owes a transcript since when, and how long it may."""

from __future__ import annotations

from providers.engines.base import SpeechToText, Transcript
from providers.reconnect.audio import CallAudio
from providers.reconnect.options import ReconnectOptions

__all__ = ["ResponseLimits", "ResponseWatchdog", "is_remote"]

_SPARE = 3
"""Connections in a row that may stay silent before the limit grows: so many half-open sockets in a row are rare."""
_WITHOUT_PARTIALS = 30.0
"""Seconds an engine that runs here and gives no partials may take: it speaks only when an utterance is over."""


def is_remote(engine: SpeechToText) -> bool:
    """Whether a second connection helps: an engine with a capacity of its own runs here, and has no more to give."""
    return engine.capabilities.capacity is None


class ResponseWatchdog:
    """What one connection owes: an answer to speech, or the final of an utterance that it began.

    Parameters
    ----------
    audio
        The audio of the recognition.
    begin
        Frame from which on the connection is given audio.
    finals
        Whether the final of an open utterance is waited for too.
    """

    def __init__(self, audio: CallAudio, begin: int, *, finals: bool) -> None:
        self._audio = audio
        self._finals = finals
        self._covered = [begin / audio.rate] * audio.channels
        self.since: float | None = None
        """Moment from which on an answer is owed; moves on with every answer."""
        self.answered = False
        """The connection has said something."""

    def check(self, now: float) -> bool:
        """Look at the audio that has come in, handed over or not; returns whether an answer is owed from now on."""
        if self.since is None and self._audio.owes(self._covered):
            self.since = now
            return True
        return False

    def delayed(self, now: float) -> None:
        """Note that the engine has just taken audio, more slowly than it is spoken: it works, and answers later."""
        if self.since is not None:
            self.since = now

    def heard(self, transcript: Transcript, frames: int, now: float) -> None:
        """Note an answer, given when audio up to ``frames`` had been handed over."""
        timeless = transcript.end <= transcript.start
        end = frames / self._audio.rate if timeless else transcript.end
        self._covered[transcript.channel] = max(self._covered[transcript.channel], end)
        self.answered = True
        owes_final = self._finals and self._audio.merge.is_open
        self.since = now if owes_final or self._audio.owes(self._covered) else None


class ResponseLimits:
    """Longest wait for an answer; it grows while no connection answers at all, because there may be no words in noise.

    Where there must be words it never grows: an utterance is open, or the engine reports progress over noise too.
    """

    def __init__(self, options: ReconnectOptions) -> None:
        self.options = options
        self.silent_connections = 0
        """In a row."""
        self._reports_progress: set[str] = set()

    def heard(self, engine: SpeechToText, transcript: Transcript) -> None:
        """Note that a connection answered."""
        self.silent_connections = 0
        if not transcript.text:
            self._reports_progress.add(engine.name)

    def silent(self) -> None:
        """Note that a connection was found silent."""
        self.silent_connections += 1

    def limit(self, engine: SpeechToText, *, answered: bool, open_utterance: bool) -> float:
        """Seconds an engine's connection may owe an answer now."""
        options = self.options
        least = options.next_result if answered else options.first_result
        if is_remote(engine):
            # Without partials nothing is said until an utterance is over; a third of the buffer leaves two more tries.
            least = options.suspect if engine.capabilities.partials else max(options.suspect, options.replay / 3)
            if open_utterance or engine.name in self._reports_progress:
                return least
        elif not engine.capabilities.partials:
            least = max(least, _WITHOUT_PARTIALS)
        growth = 2.0 ** min(max(0, self.silent_connections - _SPARE), 30)
        return min(least * growth, max(least, options.result_ceiling))
