"""Several speaking engines as one: when one fails before it can be heard, the next one speaks.

Once a caller has heard a sample the voice stays: a later failure is raised, never papered over by another voice.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from providers.engines.base import Chunk, SpeakingCapabilities, TextToSpeech, Utterance
from providers.engines.events import EngineEvent, Observe, unobserved
from providers.errors import EngineError, UnknownVoice
from providers.failover.first_audio import Answer, answer_of, next_of
from providers.failover.health import EngineHealth, RestOptions

__all__ = ["FallbackSpeaking", "FallbackSpeakingOptions", "facts_of_any"]


@dataclass(frozen=True, slots=True)
class FallbackSpeakingOptions:
    """When the next engine takes over."""

    first_audio: float = 1.5
    """Seconds an engine has for its first audible sample while another one could take over."""
    last_first_audio: float = 5.0
    """Seconds the last engine left has: nobody takes over from it, so late is better than never."""
    idle: float = 5.0
    """Seconds an engine may pause between two chunks; then its answer counts as broken off."""
    rest: RestOptions = field(default_factory=RestOptions)
    change_mid_text: bool = False
    """Whether another engine may go on at the next sentence of a text that one has begun."""
    probe_text: str = "One."
    """What a resting engine is made to say, unheard, before it may serve again."""
    probe_rate: int = 8000
    """Hz the probe asks for."""


@dataclass(slots=True)
class _Search:
    """One utterance looking for an engine: what happened so far."""

    utterance: Utterance
    strangers: list[TextToSpeech] = field(default_factory=list)
    """Engines that do not know the voice, in order."""
    unknown: UnknownVoice | None = None
    lost: EngineError | None = None


class FallbackSpeaking:
    """A `TextToSpeech` over several, in order of preference.

    A voice belongs to the first engine that knows it. When that engine is down and a later one does not know the
    voice, the later one speaks with its default voice. A chunk's ``fallback_engine`` names an engine that speaks in
    place of one that failed, so that a cache can leave such a recording alone.

    Parameters
    ----------
    engines
        In order of preference, at least one. `aclose` closes them.
    """

    def __init__(
        self,
        engines: Sequence[TextToSpeech],
        *,
        options: FallbackSpeakingOptions | None = None,
        clock: Callable[[], float] = time.monotonic,
        observe: Observe = unobserved,
    ) -> None:
        self._options = options or FallbackSpeakingOptions()
        self._observe = observe
        self._roster = EngineHealth(engines, self._probe, options=self._options.rest, clock=clock, observe=observe)

    @property
    def name(self) -> str:
        """The names of all, in order."""
        return ",".join(engine.name for engine in self._roster.engines)

    @property
    def capabilities(self) -> SpeakingCapabilities:
        """What holds whichever engine speaks."""
        return facts_of_any([engine.capabilities for engine in self._roster.engines])

    async def start(self) -> None:
        """Start all engines; see `EngineHealth.start`."""
        await self._roster.start()

    async def aclose(self) -> None:
        """Close all engines."""
        await self._roster.aclose()

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        """Speak with the first engine that can.

        Raises
        ------
        UnknownVoice
            No engine knows the voice; the examples are the first engine's.
        EngineError
            Every engine failed before the first audible sample, or the one that spoke failed after it.
        """
        engine, answer, fallback_engine = await self._first_to_answer(utterance)
        async with aclosing(answer.rest) as rest:
            for chunk in answer.head:
                yield replace(chunk, fallback_engine=fallback_engine) if fallback_engine else chunk
            try:
                while more := await next_of(rest, engine, within=self._options.idle):
                    yield replace(more, fallback_engine=fallback_engine) if fallback_engine else more
            except EngineError as error:
                self._roster.failed(engine, error)
                raise

    async def _first_to_answer(self, utterance: Utterance) -> tuple[TextToSpeech, Answer, str]:
        search = _Search(utterance)
        if utterance.continued_by is not None and not self._options.change_mid_text:
            return await self._go_on(search, utterance.continued_by)
        well, resting = self._roster.well(), self._roster.resting()
        for place, engine in enumerate(well, start=1):
            last = place == len(well) and not resting and not search.strangers
            if answer := await self._try(engine, search, last=last):
                return engine, answer, self._stand_in(engine, search)
        if search.lost or resting:
            nameless = _Search(replace(utterance, voice=None), lost=search.lost)
            for place, engine in enumerate(search.strangers, start=1):
                if answer := await self._try(engine, nameless, last=place == len(search.strangers) and not resting):
                    return engine, answer, engine.name
            search.lost = nameless.lost
        for place, engine in enumerate(resting, start=1):
            if answer := await self._try(engine, search, last=place == len(resting)):
                return engine, answer, self._stand_in(engine, search)
        raise search.lost or search.unknown or EngineError("engines: expected one to answer, found none")

    async def _go_on(self, search: _Search, continued_by: str) -> tuple[TextToSpeech, Answer, str]:
        """Let the engine that began a text speak its next sentence, and no other: a voice never changes on the way."""
        engines = self._roster.engines
        stand_ins = [engine for engine in engines if engine.name == continued_by]
        for place, engine in enumerate(stand_ins or engines, start=1):
            if answer := await self._try(engine, search, last=place == len(engines)):
                return engine, answer, continued_by
            if search.lost:
                raise search.lost
        nameless = _Search(replace(search.utterance, voice=None))
        for engine in stand_ins:
            if answer := await self._try(engine, nameless, last=True):
                return engine, answer, continued_by
        raise nameless.lost or search.unknown or EngineError("engines: expected the one that began, found none")

    async def _try(self, engine: TextToSpeech, search: _Search, *, last: bool) -> Answer | None:
        within = self._options.last_first_audio if last else self._options.first_audio
        try:
            answer = await answer_of(engine, search.utterance, within=within)
        except UnknownVoice as unknown:
            search.strangers.append(engine)
            search.unknown = search.unknown or unknown
            return None
        except EngineError as error:
            self._roster.failed(engine, error)
            search.lost = error
            return None
        self._roster.served(engine)
        if search.lost is not None:
            self._observe(EngineEvent("took-over", engine.name, str(search.lost)))
        return answer

    def _stand_in(self, engine: TextToSpeech, search: _Search) -> str:
        """Name the engine when one before it in the order could not be asked or failed."""
        for earlier in self._roster.engines:
            if earlier is engine:
                return ""
            if earlier not in search.strangers:
                return engine.name
        raise AssertionError("the engine is one of the roster's")

    async def _probe(self, engine: TextToSpeech) -> None:
        utterance = Utterance(self._options.probe_text, self._options.probe_rate)
        answer = await answer_of(engine, utterance, within=self._options.first_audio)
        await answer.rest.aclose()


def facts_of_any(capabilities: Sequence[SpeakingCapabilities]) -> SpeakingCapabilities:
    """What holds for an answer of any one of several engines."""
    fixed = all(one.rates for one in capabilities)
    worldly = all(one.languages for one in capabilities)
    return SpeakingCapabilities(
        rates=tuple(sorted({rate for one in capabilities for rate in one.rates})) if fixed else (),
        languages=tuple(dict.fromkeys(tag for one in capabilities for tag in one.languages)) if worldly else (),
        voices=tuple(dict.fromkeys(voice for one in capabilities for voice in one.voices)),
        streaming=all(one.streaming for one in capabilities),
        word_times=all(one.word_times for one in capabilities),
    )
