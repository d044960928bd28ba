"""Simulated endpoints, model and caller for the virtual driver: what each does to one request, with its delays.

Any callable of the same type may stand in their place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self, TypeAlias

Messages: TypeAlias = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class VoicePlan:
    """How a voice answers one request; delays are seconds after the request."""

    sound: tuple[tuple[float, float], ...] = ()
    """(delay, seconds of sound), in order."""
    ends: float | None = 0.0
    """Delay of the body's end; None: it never ends."""
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ModelPlan:
    """How a model answers one request; delays are seconds after the request."""

    words: tuple[tuple[float, str], ...] = ()
    """(delay, piece of text), in order."""
    tools: tuple[tuple[str, dict[str, Any]], ...] = ()
    """(name, parameters) of what it wants called."""
    ends: float = 0.0
    error: str | None = None

    @classmethod
    def saying(cls, text: str, first_word: float, words_per_second: float) -> Self:
        """A text word by word, from ``first_word`` seconds on."""
        words = tuple((first_word + at / words_per_second, f"{word} ") for at, word in enumerate(text.split()))
        return cls(words, ends=words[-1][0] if words else first_word)


@dataclass(frozen=True, slots=True)
class EndpointingPlan:
    """How an endpointing server answers one request."""

    delay: float
    seconds: float | None
    """None: it fails."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One transcript of a line; ``delay`` is seconds after the line began."""

    delay: float
    text: str
    final: bool


VoicePart: TypeAlias = Callable[[str, int], VoicePlan]
"""(text, voice) to its answer."""
ModelPart: TypeAlias = Callable[[Messages], ModelPlan]
EndpointingPart: TypeAlias = Callable[[Messages], EndpointingPlan]
EarPart: TypeAlias = Callable[[str, float], Sequence[Heard]]
"""(text of a line, its seconds) to the transcripts."""
ToolPart: TypeAlias = Callable[[str, dict[str, Any]], tuple[float, str]]
"""(name, parameters) to (delay, result)."""


@dataclass(frozen=True, slots=True)
class SteadyVoice:
    """A voice of constant pace."""

    first_audio: float = 0.2
    """Seconds."""
    seconds_per_character: float = 1 / 15
    speed: float = 10.0
    """Seconds of sound made in a second."""
    piece: float = 0.2
    """Seconds of sound in each piece of the body."""

    def __call__(self, text: str, voice: int) -> VoicePlan:
        """The answer to one request."""
        left = len(text) * self.seconds_per_character
        sound: list[tuple[float, float]] = []
        delay = self.first_audio
        while left > 1e-9:
            seconds = min(self.piece, left)
            sound.append((delay, seconds))
            delay += seconds / self.speed
            left -= seconds
        return VoicePlan(tuple(sound), delay)


@dataclass(frozen=True, slots=True)
class BrokenVoice:
    """A voice that fails: before sound, or after ``heard`` seconds of it."""

    error: str = "HTTP 502"
    delay: float = 0.1
    heard: float = 0.0

    def __call__(self, text: str, voice: int) -> VoicePlan:
        """The answer to one request."""
        return VoicePlan(((self.delay, self.heard),) if self.heard else (), self.delay, self.error)


@dataclass(slots=True)
class ScriptedModel:
    """A model that gives its replies one after the other, the last one for ever."""

    replies: Sequence[str]
    first_word: float = 0.3
    """Seconds."""
    words_per_second: float = 40.0
    given: int = 0

    def __call__(self, messages: Messages) -> ModelPlan:
        """The answer to one request."""
        text = self.replies[min(self.given, len(self.replies) - 1)] if self.replies else ""
        self.given += 1
        return ModelPlan.saying(text, self.first_word, self.words_per_second)


@dataclass(frozen=True, slots=True)
class SteadyEar:
    """A transcriber that gives a partial every so often, and a final after the line."""

    partial_every: float = 0.3
    """Seconds; 0 gives none."""
    lag: float = 0.2
    """Seconds by which a partial is behind."""
    final_lag: float = 0.1
    """Seconds from the end of the line to its final."""

    def __call__(self, text: str, seconds: float) -> list[Heard]:
        """The transcripts of one line."""
        words = text.split()
        found: list[Heard] = []
        at = self.partial_every
        while self.partial_every and at < seconds:
            known = int(len(words) * at / seconds)
            if known and (not found or found[-1].text != " ".join(words[:known])):
                found.append(Heard(at + self.lag, " ".join(words[:known]), final=False))
            at += self.partial_every
        end = seconds + self.final_lag
        return [heard for heard in found if heard.delay < end] + [Heard(end, text, final=True)]


@dataclass(frozen=True, slots=True)
class CallerLine:
    """What a scripted caller says, and when: ``at``, or after something the assistant does."""

    text: str
    at: float | None = None
    """Seconds since the call began."""
    after_reply: float | None = None
    """Seconds after the assistant has finished."""
    into_reply: float | None = None
    """Seconds after the assistant has begun: an interruption."""
    seconds: float | None = None
    """How long the line lasts; None: at usual pace."""
    heard: tuple[Heard, ...] | None = field(default=None)
    """Its transcripts, where the ear is not to be asked."""

    @property
    def lasts(self) -> float:
        """Seconds."""
        return self.seconds if self.seconds is not None else max(0.3, len(self.text) / 15)
