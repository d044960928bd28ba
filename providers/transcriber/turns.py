"""Turns of one call: its listener, and the driver that holds finals where turns are driven."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from providers.calls.notes import SocketNotes
from providers.turns.base import TurnQuestion
from providers.turns.decision import Turns
from providers.turns.driver import ReleasedTranscript, TurnDriver
from providers.turns.listener import TurnListener

__all__ = ["CallTurns", "TurnOptions"]

Emit = Callable[[ReleasedTranscript], Awaitable[None]]
"""Sends one transcript of the customer."""

_LOOKED_AT = 50
"""Events of a call that are searched for what the assistant said last."""


@dataclass(frozen=True, slots=True)
class TurnOptions:
    """How turns are decided in a call."""

    decisions: Turns | None = None
    """None: endpointing requests are answered by words alone, and finals go out at once."""
    drive: bool = False
    """Hold finals until the turn is over."""
    longest_hold: float = 1.5
    """Seconds."""


class CallTurns:
    """Turns of one call.

    Parameters
    ----------
    languages
        BCP 47 tags of the languages that the engine recognises; empty when unknown.
    """

    def __init__(self, options: TurnOptions, notes: SocketNotes, languages: tuple[str, ...] = ()) -> None:
        self._decisions = options.decisions
        self._sound = options.decisions.sound if options.decisions is not None else None
        self._notes = notes
        self._languages = languages
        self._listener: TurnListener | None = None
        self.driver: TurnDriver | None = None
        """Holds finals; None where turns are not driven."""
        self._changed = asyncio.Event()
        self._sending = asyncio.Lock()
        if options.drive and self._decisions is not None:
            self.driver = TurnDriver(notes.turn, self._target, longest=options.longest_hold)
            notes.turn.on_change = self._changed.set

    @property
    def listens(self) -> bool:
        """Whether the customer's audio is wanted."""
        return self._sound is not None or self.driver is not None

    def started(self, rate: int) -> None:
        """Take note of the audio's rate, Hz."""
        if self.listens:
            self._listener = TurnListener(rate, self._notes.turn, self._sound)

    def audio(self, pcm: bytes) -> None:
        """Take in the customer's next conditioned audio, s16le mono."""
        if self._listener is not None:
            self._listener.feed(pcm)

    async def transcript(self, text: str, *, final: bool, emit: Emit) -> None:
        """Send a transcript of the customer, or hold it."""
        if self.driver is None:
            await emit(ReleasedTranscript(text, final=final))
            return
        async with self._sending:
            for spoken in self.driver.final(text) if final else self.driver.partial(text):
                await emit(spoken)
        self._changed.set()

    async def drive(self, emit: Emit) -> None:
        """Send held finals when their time comes, until cancelled."""
        if self.driver is None:
            return
        while True:
            self._changed.clear()
            async with self._sending:
                for spoken in self.driver.tick():
                    await emit(spoken)
                due = self.driver.due()
            try:
                async with asyncio.timeout(due):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def flush(self, emit: Emit) -> None:
        """Send everything that is held: no audio follows."""
        if self.driver is not None:
            async with self._sending:
                for spoken in self.driver.flush():
                    await emit(spoken)

    def close(self) -> None:
        """Drop what waits for a judgement."""
        if self._listener is not None:
            self._listener.close()

    def _target(self, words: str) -> float:
        """Seconds of silence that end a turn with these words, by what is known now."""
        assert self._decisions is not None
        question = TurnQuestion(words, self._asked(), self._languages, self._notes.turn.hearing())
        return self._decisions.target(question).seconds

    def _asked(self) -> str:
        """What the assistant said last, where its voice requests are joined to the call."""
        events = self._notes.record.events[-_LOOKED_AT:]
        return next((event.text for event in reversed(events) if event.kind == "voice-asked"), "")
