"""Several speaking engines as one: when an engine fails before its first audible sample, the next one speaks.

After the first audible sample the voice never changes: a later failure is raised.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from providers.engines.base import Chunk, SpeakingCapabilities, TextToSpeech, Utterance
from providers.engines.events import EngineEvent, Observe, unobserved
from providers.errors import EngineError, UnknownVoice
from providers.failover.health import CooldownOptions, EngineHealth
from providers.failover.hedging import Attempt, HedgeOptions, UsualDelay, hedged_start
from providers.failover.started_stream import StartedStream, next_chunk, start_stream

__all__ = ["FallbackSpeaking", "FallbackSpeakingOptions", "common_capabilities"]


@dataclass(frozen=True, slots=True)
class FallbackSpeakingOptions:
    """Conditions under which the next engine takes over."""

    first_audio: float = 1.5
    """Seconds to the first audible sample while another engine could take over."""
    last_first_audio: float = 5.0
    """Seconds to the first audible sample of the last engine that is left."""
    idle: float = 5.0
    """Seconds between two chunks after which the stream counts as broken."""
    cooldown: CooldownOptions = field(default_factory=CooldownOptions)
    hedge: HedgeOptions | None = None
    """When to start the second engine while the first is late; None never does."""
    change_mid_text: bool = False
    """Whether another engine may take over at the next sentence of a text."""
    probe_text: str = "One."
    """Text that a cooling-down engine must synthesise before it is available again."""
    probe_rate: int = 8000
    """Hz of the probe."""


@dataclass(slots=True)
class _EngineSearch:
    """State of the search for an engine for one utterance."""

    utterance: Utterance
    without_voice: list[TextToSpeech] = field(default_factory=list)
    """Engines without the voice, in order."""
    unknown: UnknownVoice | None = None
    lost: EngineError | None = None


@dataclass(frozen=True, slots=True)
class _Serving:
    """Engine that serves an utterance, with its stream."""

    engine: TextToSpeech
    stream: StartedStream
    fallback_engine: str
    """The engine's name where it speaks in place of another one, else empty."""

    def marked(self, chunk: Chunk) -> Chunk:
        return replace(chunk, fallback_engine=self.fallback_engine) if self.fallback_engine else chunk


class FallbackSpeaking:
    """`TextToSpeech` over several engines, in order of preference.

    A voice belongs to the first engine that has it. When that engine is down and a later one does not have the
    voice, the later one speaks with its default voice. A chunk's ``fallback_engine`` names an engine that speaks in
    place of one that failed, so that a cache does not keep that recording.

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
        self._clock = clock
        self._observe = observe
        self._usual = UsualDelay(self._options.hedge) if self._options.hedge else None
        self._health = EngineHealth(engines, self._probe, options=self._options.cooldown, clock=clock, observe=observe)

    @property
    def name(self) -> str:
        """Names of the engines, in order."""
        return ",".join(engine.name for engine in self._health.engines)

    @property
    def capabilities(self) -> SpeakingCapabilities:
        """Capabilities that all engines share."""
        return common_capabilities([engine.capabilities for engine in self._health.engines])

    async def start(self) -> None:
        """Start all engines; see `EngineHealth.start`."""
        await self._health.start()

    async def aclose(self) -> None:
        """Close all engines."""
        await self._health.aclose()

    async def synthesize(self, utterance: Utterance, /) -> AsyncGenerator[Chunk, None]:
        """Speak with the first engine that can.

        Raises
        ------
        UnknownVoice
            No engine has the voice; the examples are the first engine's.
        EngineError
            Every engine failed before the first audible sample, or the speaking one failed after it.
        """
        serving = await self._serving(utterance)
        engine, stream = serving.engine, serving.stream
        async with aclosing(stream.remainder) as remainder:
            for chunk in stream.beginning:
                yield serving.marked(chunk)
            try:
                while more := await next_chunk(remainder, engine, within=self._options.idle):
                    yield serving.marked(more)
            except EngineError as error:
                self._health.failed(engine, error)
                raise

    async def _serving(self, utterance: Utterance) -> _Serving:
        search = _EngineSearch(utterance)
        if utterance.continued_by is not None and not self._options.change_mid_text:
            return await self._continued(search, utterance.continued_by)
        available, cooling_down = self._health.available(), self._health.cooling_down()
        if serving := await self._from_available(available, search, last_resort=bool(cooling_down)):
            return serving
        if search.lost or cooling_down:
            # The engine that has the voice is down: a later one speaks with its default voice.
            nameless = _EngineSearch(replace(utterance, voice=None), lost=search.lost)
            for place, engine in enumerate(search.without_voice, start=1):
                last = place == len(search.without_voice) and not cooling_down
                if stream := await self._try(engine, nameless, last=last):
                    return _Serving(engine, stream, engine.name)
            search.lost = nameless.lost
        for place, engine in enumerate(cooling_down, start=1):
            if stream := await self._try(engine, search, last=place == len(cooling_down)):
                return _Serving(engine, stream, self._fallback_engine(engine, search))
        raise search.lost or search.unknown or EngineError("engines: expected one to answer, found none")

    async def _from_available(
        self, available: Sequence[TextToSpeech], search: _EngineSearch, *, last_resort: bool
    ) -> _Serving | None:
        waiting = list(available)
        while waiting:
            engine = waiting.pop(0)
            if waiting and engine is self._health.engines[0] and self._usual is not None:
                stream, engine = await self._hedged(engine, waiting, search, self._usual, last_resort=last_resort)
            else:
                last = not (waiting or last_resort or search.without_voice)
                stream = await self._try(engine, search, last=last)
            if stream:
                return _Serving(engine, stream, self._fallback_engine(engine, search))
        return None

    async def _hedged(
        self,
        first: TextToSpeech,
        waiting: list[TextToSpeech],
        search: _EngineSearch,
        usual: UsualDelay,
        *,
        last_resort: bool,
    ) -> tuple[StartedStream | None, TextToSpeech]:
        """Try the first engine, and the next one concurrently when the first is late; it leaves ``waiting`` then."""
        began, hedge = self._clock(), waiting[0]

        def second() -> Attempt:
            waiting.remove(hedge)
            self._observe(EngineEvent("hedged", hedge.name))
            return self._try(hedge, search, last=not (waiting or last_resort or search.without_voice))

        winner, stream = await hedged_start(self._try(first, search, last=False), second, patience=usual.patience)
        if stream is None:
            return None, first
        # A first engine that was overtaken counts with the time that has passed.
        usual.add(self._clock() - began)
        if hedge not in waiting:
            self._observe(EngineEvent("hedge-won" if winner else "hedge-lost", hedge.name))
        return stream, hedge if winner else first

    async def _continued(self, search: _EngineSearch, continued_by: str) -> _Serving:
        """Let only the engine that began a text speak its next sentence: the voice does not change within a text."""
        engines = self._health.engines
        began = [engine for engine in engines if engine.name == continued_by]
        for place, engine in enumerate(began or engines, start=1):
            if stream := await self._try(engine, search, last=place == len(engines)):
                return _Serving(engine, stream, continued_by)
            if search.lost:
                raise search.lost
        nameless = _EngineSearch(replace(search.utterance, voice=None))
        for engine in began:
            if stream := await self._try(engine, nameless, last=True):
                return _Serving(engine, stream, continued_by)
        raise nameless.lost or search.unknown or EngineError("engines: expected the one that began, found none")

    async def _try(self, engine: TextToSpeech, search: _EngineSearch, *, last: bool) -> StartedStream | None:
        within = self._options.last_first_audio if last else self._options.first_audio
        try:
            stream = await start_stream(engine, search.utterance, within=within)
        except UnknownVoice as unknown:
            search.without_voice.append(engine)
            search.unknown = search.unknown or unknown
            return None
        except EngineError as error:
            self._health.failed(engine, error)
            search.lost = error
            return None
        self._health.served(engine)
        if search.lost is not None:
            self._observe(EngineEvent("took-over", engine.name, str(search.lost)))
        return stream

    def _fallback_engine(self, engine: TextToSpeech, search: _EngineSearch) -> str:
        """Name of the engine if an earlier one was down, failed or was late, else empty."""
        for earlier in self._health.engines:
            if earlier is engine:
                return ""
            if earlier not in search.without_voice:
                return engine.name
        raise AssertionError("the engine is one of the list")

    async def _probe(self, engine: TextToSpeech) -> None:
        utterance = Utterance(self._options.probe_text, self._options.probe_rate)
        stream = await start_stream(engine, utterance, within=self._options.first_audio)
        await stream.remainder.aclose()


def common_capabilities(capabilities: Sequence[SpeakingCapabilities]) -> SpeakingCapabilities:
    """Capabilities that hold whichever of several engines answers."""
    fixed = all(one.rates for one in capabilities)
    multilingual = all(one.languages for one in capabilities)
    return SpeakingCapabilities(
        rates=tuple(sorted({rate for one in capabilities for rate in one.rates})) if fixed else (),
        languages=tuple(dict.fromkeys(tag for one in capabilities for tag in one.languages)) if multilingual else (),
        voices=tuple(dict.fromkeys(voice for one in capabilities for voice in one.voices)),
        streaming=all(one.streaming for one in capabilities),
        word_times=all(one.word_times for one in capabilities),
        default_language=capabilities[0].default_language,
        normalises_text=all(one.normalises_text for one in capabilities),
    )
