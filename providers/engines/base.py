"""The two protocols between the endpoints and the engines that speak or listen.

Speaking is an async generator: one utterance in, chunks of PCM out, nothing concurrent. Listening is an async context
manager, because a recognition needs tasks of its own and a task group inside a generator would cancel innocent
consumers. Both are ``Protocol`` classes: an engine, a wrapper (fallback, cache, replay) and a test's fake satisfy them
by having the same members. `EngineError` is the only exception that leaves an engine.

Fixed words: *pcm* is ``bytes`` of signed 16-bit little-endian samples, interleaved when there is more than one channel.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

__all__ = [
    "Chunk",
    "ListeningCapabilities",
    "PerCallOptions",
    "Recognition",
    "SpeakingCapabilities",
    "SpeechToText",
    "TextToSpeech",
    "Transcript",
    "Utterance",
    "Word",
    "with_options",
]


@dataclass(frozen=True, slots=True)
class Word:
    """One word and where it stands in the audio."""

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
    """Hz the caller wants in the end. An engine that can, answers at it; any other rate is resampled behind it."""
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
    """What was heard of one utterance so far (partial), or all of it (final).

    Partials are cumulative and replace each other; exactly one final ends an utterance.
    """

    text: str
    """What was said; an empty partial says that nothing was, and that the engine is alive and has come so far."""
    final: bool
    channel: int = 0
    """Index of the channel of the recognition's input, 0 … channels-1."""
    start: float = 0.0
    """Seconds of audio, from the first pushed sample, where the utterance begins."""
    end: float = 0.0
    """Seconds of audio, same origin, up to which the text covers it."""
    words: tuple[Word, ...] = ()
    """Empty for engines without word times."""


@dataclass(frozen=True, slots=True)
class SpeakingCapabilities:
    """What a speaking engine is, as data."""

    rates: tuple[int, ...] = ()
    """Hz the engine answers at; empty means any rate that is asked for."""
    languages: tuple[str, ...] = ()
    """BCP 47 tags; empty means it depends on the voice or the model."""
    voices: tuple[str, ...] = ()
    """Some voices, as examples."""
    streaming: bool = False
    """True when audio leaves before the whole utterance is made."""
    word_times: bool = False
    default_language: str = ""
    """BCP 47 tag of the voice that speaks when none is asked for; empty when unknown."""
    normalises_text: bool = False
    """True when Markdown, amounts and dates are read well as they are written; other engines get cleaned text."""


@dataclass(frozen=True, slots=True)
class ListeningCapabilities:
    """What a listening engine is, as data."""

    rates: tuple[int, ...] = ()
    """Hz the engine takes without resampling; empty means any."""
    languages: tuple[str, ...] = ()
    channels: int = 1
    """Channels one recognition can take, 1 or 2."""
    partials: bool = False
    punctuates: bool = False
    """True when finals carry their own case and punctuation."""
    word_times: bool = False
    capacity: int | None = None
    """Recognitions that may run at once; None is no limit of its own."""
    capacity_note: str = ""
    """What the capacity depends on, for people: "on 2 cores: --pocketsphinx-capacity"."""


@runtime_checkable
class TextToSpeech(Protocol):
    """Something that speaks."""

    @property
    def name(self) -> str:
        """Name under which it is listed, logged and counted."""
        ...

    @property
    def capabilities(self) -> SpeakingCapabilities:
        """What it can do; constant once it has started."""
        ...

    async def start(self) -> None:
        """Get warm before the first caller; raises `EngineUnavailable` when it never can."""

    def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        """Speak one utterance. Closing the generator cancels the engine's work at once.

        Raises
        ------
        EngineError
            Anything that went wrong; `UnknownVoice` and `EngineBusy` before the first chunk only.
        """
        ...

    async def aclose(self) -> None:
        """Free what the process holds for this engine."""


class Recognition(Protocol):
    """One speaker, or one stereo pair, being listened to. Iterating yields its transcripts as they come.

    Iteration ends after `finish` when the last final is out; it raises `EngineError` when the engine is lost.
    """

    async def push(self, pcm: bytes, /) -> None:
        """Hand over whole frames of audio; waits while the engine cannot take more.

        Raises
        ------
        EngineError
            The engine is lost.
        """

    async def finish(self) -> None:
        """Say that no more audio comes; iteration then ends once the rest is transcribed."""

    def __aiter__(self) -> AsyncIterator[Transcript]: ...


@runtime_checkable
class SpeechToText(Protocol):
    """Something that listens."""

    @property
    def name(self) -> str:
        """Name under which it is listed, logged and counted."""
        ...

    @property
    def capabilities(self) -> ListeningCapabilities:
        """What it can do; constant once it has started."""
        ...

    async def start(self) -> None:
        """Get warm before the first caller; raises `EngineUnavailable` when it never can."""

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
        """Free what the process holds for this engine."""


@runtime_checkable
class PerCallOptions(Protocol):
    """A listening engine whose model and language a single call may choose."""

    def with_options(self, *, model: str | None = None, language: str | None = None) -> SpeechToText:
        """The same engine for a call that chose; None keeps what is set.

        It is cheap to make, is never started or closed, and shares what has to be with the engine it comes from.
        """
        ...


def with_options(engine: SpeechToText, *, model: str | None = None, language: str | None = None) -> SpeechToText:
    """An engine with what one call chose; the engine itself where nothing is chosen, or nothing can be."""
    if not (model or language) or not isinstance(engine, PerCallOptions):
        return engine
    return engine.with_options(model=model or None, language=language or None)
