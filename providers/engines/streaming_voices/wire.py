"""Wire of a vendor's streaming voice: what goes up and down its socket for one utterance, as values, without I/O."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from providers.engines.base import SpeakingCapabilities, Word
from providers.engines.vendor_errors import check_socket_vendor
from providers.rates import suitable_rate

FaultKind = Literal["voice", "credential", "busy", "request", "vendor"]
"""At fault: the name of the voice, the key, the account's limits, what was sent, or the vendor itself."""


@dataclass(frozen=True, slots=True)
class VoiceOptions:
    """Options that every streaming voice has."""

    api_key: str = field(default="", repr=False)
    url: str = ""
    """Base of another server with the same wire; ws or wss. Empty is the vendor's own."""
    model: str = ""
    """Empty is the engine's default."""
    voice: str = ""
    """The vendor's id of a voice; empty is the engine's default."""
    language: str | None = None
    """BCP 47 tag; None leaves it to the vendor."""
    open_timeout: float = 5.0
    """Seconds from the first packet to an open socket."""
    idle_timeout: float = 10.0
    """Seconds without a message after which an utterance fails."""


class VoiceFault(Exception):
    """The vendor reported an error; ``code`` is its own."""

    def __init__(self, kind: FaultKind, code: object = None) -> None:
        super().__init__("the vendor reported an error")
        self.kind = kind
        self.code = code


@dataclass(frozen=True, slots=True)
class Spoken:
    """What one message brought."""

    pcm: bytes = b""
    words: tuple[Word, ...] = ()
    over: bool = False
    """Whether nothing of the utterance comes any more."""


class VoiceSession(ABC):
    """One utterance on the wire: messages that ask for it, and audio and words out of those that come."""

    @abstractmethod
    def request(self) -> Sequence[str]:
        """Messages that ask for the utterance."""

    @abstractmethod
    def read(self, message: Mapping[str, Any]) -> Spoken:
        """Audio and words of one JSON message; nothing for one of another utterance.

        Raises
        ------
        VoiceFault
            It is an error.
        LookupError, TypeError, ValueError
            It cannot be read, and is ignored.
        """


@dataclass(frozen=True)
class VoiceWire(ABC):
    """One vendor: its address, its credential, and a session for each utterance."""

    options: VoiceOptions

    name: ClassVar[str]
    """Name of the engine."""
    key_setting: ClassVar[str]
    """Name of the variable that holds the key."""
    cloud: ClassVar[str]
    """The vendor's own base URL."""
    default_voice: ClassVar[str]
    capabilities: ClassVar[SpeakingCapabilities]
    """What the vendor can do; ``rates`` in ascending order."""
    longest_text: ClassVar[int] = 5000
    """Characters of an utterance."""

    @abstractmethod
    def url(self, voice: str, rate: int) -> str:
        """Address of a socket that can speak in this voice and rate."""

    @abstractmethod
    def headers(self) -> Mapping[str, str]:
        """Headers of the upgrade, with the key."""

    @abstractmethod
    def session(self, text: str, voice: str, rate: int) -> VoiceSession:
        """A new utterance."""

    @property
    def base(self) -> str:
        """Base URL, without a slash at its end."""
        return (self.options.url or self.cloud).rstrip("/")

    @property
    def voice(self) -> str:
        """The voice of a request that names none."""
        return self.options.voice or self.default_voice

    def rate_for(self, wanted: int) -> int:
        """The lowest of the vendor's rates that is not below the wanted one, else its highest."""
        return suitable_rate(self.capabilities.rates, wanted)

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


def in_order(words: Sequence[Word], *, after: float) -> tuple[Word, ...]:
    """Words that begin no earlier than ``after`` (seconds) and than the word before, and end no earlier than begun."""
    ordered: list[Word] = []
    for word in words:
        start = max(word.start, after)
        ordered.append(Word(word.text, start, max(word.end, start)))
        after = start
    return tuple(ordered)
