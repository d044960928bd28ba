"""Wire of a streaming vendor: what goes up and down its socket, as values, without I/O."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from providers.engines.base import ListeningCapabilities, Transcript, Word
from providers.engines.vendor_errors import check_socket_vendor

Message = str | bytes
Turn = Literal["open", "eager", "done"]


@dataclass(frozen=True, slots=True)
class VendorOptions:
    """Options that every streaming vendor has."""

    api_key: str = field(default="", repr=False)
    url: str = ""
    """Base of another server with the same wire; ws or wss. Empty is the vendor's own."""
    model: str = ""
    """Empty is the engine's default."""
    language: str | None = None
    """BCP 47 tag; None leaves it to the vendor."""
    keyterms: tuple[str, ...] = ()
    """Words to expect."""
    open_timeout: float = 5.0
    """Seconds from the first packet to an open socket."""
    send_timeout: float = 5.0
    """Seconds one push may wait for a vendor that does not read."""
    finish_timeout: float = 5.0
    """Seconds from the last audio to the last transcript."""
    keep_alive: float = 4.0
    """Seconds without audio after which a sign of life is sent."""


class VendorFault(Exception):
    """The vendor reported an error, or its message shows that words are lost; ``code`` is its own."""

    def __init__(self, code: object = None, *, what: str = "reported an error", retryable: bool = True) -> None:
        super().__init__(f"the vendor {what}")
        self.what = what
        self.code = code
        self.retryable = retryable


class VendorSession(ABC):
    """One recognition on the wire: messages to send, and transcripts out of those that come.

    A subclass reads the vendor's messages and tells `partial` and `final` what it found; the rules of `Transcript`
    are kept here: utterances follow each other, and each that was begun gets one final.
    """

    over = False
    """Whether the vendor has said that nothing comes any more."""
    idle = False
    """Whether nothing is known to be still to come, from a vendor that does not say when it is over."""

    def __init__(self) -> None:
        self._heard_until = 0.0
        self._open: Transcript | None = None

    def opening(self) -> Sequence[Message]:
        """Messages before any audio."""
        return ()

    def audio(self, pcm: bytes) -> Message:
        """Audio as the vendor wants it."""
        return pcm

    @abstractmethod
    def ending(self) -> Sequence[Message]:
        """Messages that ask for the last transcripts."""

    def keep_alive(self) -> Message | None:
        """A sign of life without audio; None where the vendor knows none."""
        return None

    def replies(self) -> Sequence[Message]:
        """Messages that what was read asks for; they are returned once."""
        return ()

    @property
    def settled(self) -> bool:
        """Whether nothing is lost when the socket is cut, after a vendor that did not finish in time."""
        return self.idle

    def close_code(self, reason: str) -> object:
        """The vendor's own error code in the reason of its close frame; None where it gives none there."""
        return None

    @abstractmethod
    def read(self, message: Mapping[str, Any]) -> Iterable[Transcript]:
        """Transcripts of one JSON message.

        Raises
        ------
        VendorFault
            It is an error.
        LookupError, TypeError, ValueError
            It cannot be read, and is ignored.
        """

    def flush(self) -> Iterable[Transcript]:
        """The final of an utterance that the vendor left open."""
        if self._open is not None:
            opened, self._open = self._open, None
            self._heard_until = opened.end
            yield Transcript(
                opened.text, final=True, start=opened.start, end=opened.end, words=opened.words, turn=opened.turn
            )

    def partial(
        self,
        text: str,
        *,
        start: float,
        end: float,
        words: tuple[Word, ...] = (),
        turn: Turn | None = None,
        confidence: float | None = None,
    ) -> Iterator[Transcript]:
        """The utterance so far; nothing for a text without words."""
        if text.strip():
            self._open = self._made(text, final=False, start=start, end=end, words=words, turn=turn, sure=confidence)
            yield self._open

    def final(
        self,
        text: str,
        *,
        start: float,
        end: float,
        words: tuple[Word, ...] = (),
        turn: Turn | None = None,
        confidence: float | None = None,
    ) -> Iterator[Transcript]:
        """The end of an utterance. Without words it ends what was open with the words that were shown."""
        if not text.strip():
            yield from self.flush()
            return
        self._open = None
        ended = self._made(text, final=True, start=start, end=end, words=words, turn=turn, sure=confidence)
        self._heard_until = ended.end
        yield ended

    def _made(
        self,
        text: str,
        *,
        final: bool,
        start: float,
        end: float,
        words: tuple[Word, ...],
        turn: Turn | None,
        sure: float | None,
    ) -> Transcript:
        start = max(seconds(start), self._heard_until)
        moved = tuple(Word(word.text, max(word.start, start), max(word.end, start)) for word in words)
        end = max(seconds(end), start, *(word.end for word in moved))
        return Transcript(text.strip(), final=final, start=start, end=end, words=moved, turn=turn, turn_confidence=sure)


@dataclass(frozen=True)
class VendorWire(ABC):
    """One vendor: its address, its credential, and a session for each recognition."""

    options: VendorOptions

    name: ClassVar[str]
    """Name of the engine."""
    key_setting: ClassVar[str]
    """Name of the variable that holds the key."""
    cloud: ClassVar[str]
    """The vendor's own base URL."""
    capabilities: ClassVar[ListeningCapabilities]
    """What the vendor can do; ``rates`` are those it takes, empty for any."""
    resampled_to: ClassVar[int] = 16000
    """Hz for a call in a rate that it does not take."""
    chunk: ClassVar[float] = 0.05
    """Seconds of audio that a message has at least."""

    @abstractmethod
    def url(self, rate: int) -> str:
        """Address of one recognition."""

    @abstractmethod
    def headers(self) -> Mapping[str, str]:
        """Headers of the upgrade, with the key where it goes there."""

    @abstractmethod
    def session(self, rate: int) -> VendorSession:
        """A new session."""

    @property
    def base(self) -> str:
        """Base URL, without a slash at its end."""
        return (self.options.url or self.cloud).rstrip("/")

    def checked(self) -> None:
        """Check the options.

        Raises
        ------
        SettingsError
            A key that cannot be sent, or a URL that is none.
        EngineUnavailable
            No key, and the URL is the vendor's own.
        """
        options = self.options
        check_socket_vendor(self.name, options.api_key, self.key_setting, self.base, hosted=not options.url)


def seconds(value: object) -> float:
    """A time of the vendor's as seconds; 0 for what is no time."""
    number = float(value) if isinstance(value, int | float) else 0.0
    return number if math.isfinite(number) and number > 0 else 0.0


def timed_words(
    words: object, *, text: str, unit: float = 1.0, start: str = "start", end: str = "end"
) -> tuple[Word, ...]:
    """The words of a vendor's list of objects, in order; those without a shape are left out.

    Parameters
    ----------
    words
        List of objects with the field ``text`` and times.
    text, start, end
        Names of the fields.
    unit
        Seconds per unit of the times.
    """
    found: list[Word] = []
    for word in words if isinstance(words, list) else ():
        if not isinstance(word, dict) or not isinstance(word.get(text), str) or not word[text].strip():
            continue
        begun = max(unit * seconds(word.get(start)), found[-1].end if found else 0.0)
        found.append(Word(word[text].strip(), begun, max(begun, unit * seconds(word.get(end)))))
    return tuple(found)
