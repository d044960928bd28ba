"""The two protocols between the endpoints and the engines that speak or listen.

Speaking is an async generator: one utterance in, chunks of PCM out, nothing concurrent. Listening is an async context
manager, because a recognition needs its own tasks, and a task group inside a generator would cancel its consumers.
Both are ``Protocol`` classes: an engine, a wrapper (fallback, cache, reconnecting) and a test's fake satisfy them by
having the same members. `EngineError` is the only exception that leaves an engine.

Fixed words: *pcm* is ``bytes`` of signed 16-bit little-endian samples, interleaved when there is more than one channel.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

__all__ = [
    "Behind",
    "Chunk",
    "ListeningCapabilities",
    "Patient",
    "PerCallOptions",
    "Recognition",
    "SpeakingCapabilities",
    "SpeechToText",
    "TextToSpeech",
    "Transcript",
    "Utterance",
    "Word",
    "seconds_behind",
    "with_options",
    "with_patience",
]


@dataclass(frozen=True, slots=True)
class Word:
    """One word with its position in the audio."""

    text: str
    start: float
    """Seconds from the first sample of the stream (of the utterance when speaking, of the call when listening)."""
    end: float
    """Seconds, same origin."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One unit of text to speak, already free of tags."""

    text: str
    rate: int
    """Hz that the caller wants. An engine that supports it answers at it; any other audio is resampled afterwards."""
    voice: str | None = None
    """The engine's own name of a voice; None is the engine's default."""
    continued_by: str | None = None
    """Engine that spoke the units before this one of the same text (`Chunk.fallback_engine`); None for the first."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of synthesised mono audio, cut anywhere, even inside a sample."""

    pcm: bytes
    rate: int
    """Hz, the true rate of ``pcm``. Constant within one utterance."""
    words: tuple[Word, ...] = ()
    """Words known since the last chunk; empty for engines without word times."""
    fallback_engine: str = ""
    """Name of the engine that speaks in place of the one asked for; empty when it is the one. Never cached."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """Transcript of one utterance so far (partial), or of all of it (final).

    Partials are cumulative and replace each other; exactly one final ends an utterance.
    """

    text: str
    """The words; an empty partial means that no words were recognised up to ``end``."""
    final: bool
    channel: int = 0
    """Index of the channel of the recognition's input, 0 … channels-1."""
    start: float = 0.0
    """Start of the utterance in seconds of audio from the first pushed sample."""
    end: float = 0.0
    """End of the audio that the text covers, in seconds from the same origin."""
    words: tuple[Word, ...] = ()
    """Empty for engines without word times."""
    turn: Literal["open", "eager", "done"] | None = None
    """The engine's own signal: the speaker goes on, has probably finished, has finished. None where it gives none."""
    turn_confidence: float | None = None
    """Its probability that the speaker has finished, 0 … 1; None where it tells none."""


@dataclass(frozen=True, slots=True)
class SpeakingCapabilities:
    """Properties of a speaking engine."""

    rates: tuple[int, ...] = ()
    """Hz the engine answers at; empty means any rate that is asked for."""
    languages: tuple[str, ...] = ()
    """BCP 47 tags; empty means that they depend on the voice or the model."""
    voices: tuple[str, ...] = ()
    """Examples of voices."""
    streaming: bool = False
    """True when audio comes before the whole utterance is made."""
    word_times: bool = False
    default_language: str = ""
    """BCP 47 tag of the default voice; empty when unknown."""
    normalises_text: bool = False
    """True when the engine reads Markdown, amounts and dates correctly; other engines get cleaned text."""


@dataclass(frozen=True, slots=True)
class ListeningCapabilities:
    """Properties of a listening engine."""

    rates: tuple[int, ...] = ()
    """Hz the engine takes without resampling; empty means any."""
    languages: tuple[str, ...] = ()
    channels: int = 1
    """Channels one recognition can take, 1 or 2."""
    partials: bool = False
    punctuates: bool = False
    """True when finals have case and punctuation."""
    word_times: bool = False
    capacity: int | None = None
    """Recognitions that may run at once; None is no limit."""
    capacity_note: str = ""
    """Explanation of the capacity for the user: "on 2 cores: --pocketsphinx-capacity"."""


@runtime_checkable
class TextToSpeech(Protocol):
    """Speaking engine."""

    @property
    def name(self) -> str:
        """Name under which it is listed, logged and counted."""
        ...

    @property
    def capabilities(self) -> SpeakingCapabilities:
        """What it can do; constant once it has started."""
        ...

    async def start(self) -> None:
        """Prepare for the first call; raises `EngineUnavailable` when the engine cannot be used."""

    def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        """Speak one utterance. Closing the generator cancels the engine's work at once.

        Raises
        ------
        EngineError
            Any failure; `UnknownVoice` and `EngineBusy` only before the first chunk.
        """
        ...

    async def aclose(self) -> None:
        """Free the engine's resources in this process."""


class Recognition(Protocol):
    """Recognition of one speaker or one stereo pair. Iterating yields its transcripts as they come.

    Iteration ends after `finish` when the last final is out; it raises `EngineError` when the engine is lost.
    """

    async def push(self, pcm: bytes, /) -> None:
        """Push whole frames of audio; waits while the engine cannot take more.

        Raises
        ------
        EngineError
            The engine is lost.
        """

    async def finish(self) -> None:
        """End the audio; iteration then ends once the rest is transcribed."""

    def __aiter__(self) -> AsyncIterator[Transcript]: ...


@runtime_checkable
class Behind(Protocol):
    """Recognition that knows how much pushed audio its engine has still to be given."""

    @property
    def behind(self) -> float:
        """Seconds."""
        ...


def seconds_behind(recognition: Recognition) -> float:
    """Seconds of pushed audio that an engine has still to be given; 0 where that is not known."""
    return recognition.behind if isinstance(recognition, Behind) else 0.0


@runtime_checkable
class SpeechToText(Protocol):
    """Listening engine."""

    @property
    def name(self) -> str:
        """Name under which it is listed, logged and counted."""
        ...

    @property
    def capabilities(self) -> ListeningCapabilities:
        """What it can do; constant once it has started."""
        ...

    async def start(self) -> None:
        """Prepare for the first call; raises `EngineUnavailable` when the engine cannot be used."""

    def listen(self, *, rate: int, channels: int = 1) -> AbstractAsyncContextManager[Recognition]:
        """Open a recognition; leaving the context frees all it used, in every state.

        Parameters
        ----------
        rate
            Hz of the pushed audio, 8000 … 48000.
        channels
            Interleaved channels of the pushed audio, at most ``capabilities.channels``.

        Raises
        ------
        EngineError
            On entering: the engine cannot take this recognition (`EngineBusy` when it is full).
        """
        ...

    async def aclose(self) -> None:
        """Free the engine's resources in this process."""


@runtime_checkable
class PerCallOptions(Protocol):
    """Listening engine whose model and language may be set per call."""

    def with_options(self, *, model: str | None = None, language: str | None = None) -> SpeechToText:
        """Return the engine with other options for one call; None keeps the option.

        It costs little, is never started or closed, and shares the connections and models of this engine.
        """
        ...


def with_options(engine: SpeechToText, *, model: str | None = None, language: str | None = None) -> SpeechToText:
    """The engine with one call's options; the engine itself if none are given or it has none."""
    if not (model or language) or not isinstance(engine, PerCallOptions):
        return engine
    return engine.with_options(model=model or None, language=language or None)


@runtime_checkable
class Patient(Protocol):
    """Listening engine that bounds how long a recognition may take."""

    def with_patience(self, seconds: float, *, at_end: bool = False) -> SpeechToText:
        """Return the engine with at least so many seconds for each result; it shares everything with this engine.

        Parameters
        ----------
        at_end
            Whether only the results after the end of the audio may take so long.
        """
        ...


def with_patience(engine: SpeechToText, seconds: float, *, at_end: bool = False) -> SpeechToText:
    """The engine for audio that comes faster than it is spoken: nobody waits on the line, results may take longer."""
    return engine.with_patience(seconds, at_end=at_end) if isinstance(engine, Patient) else engine
