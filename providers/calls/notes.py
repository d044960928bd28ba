"""Notes of the endpoints: the small objects through which each of them tells what happens in a call.

An endpoint knows its own notes and no other endpoint. What a frame costs is one call of `SocketNotes.audio`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from providers.calls.activity import SpeechActivity
from providers.calls.audio_intake import AudioIntake
from providers.calls.events import CallEvent, CallEventKind
from providers.calls.record import CallRecord
from providers.calls.recording import CallRecording, Recorder
from providers.calls.sound import Envelope
from providers.calls.texts import SaidTexts
from providers.engines.base import Word
from providers.engines.events import EngineEvent
from providers.turns.state import Hearing, TurnState

__all__ = ["CallNotes", "KnownCall", "SocketNotes", "VoiceNotes"]


_PAUSE = 0.12
"""Seconds of a low level that are not yet a pause: syllables and stops are shorter."""


class CallNotes:
    """Something that notes events into a call's record.

    Parameters
    ----------
    record
        The call, as far as it is known.
    clock
        Seconds, monotonic.
    """

    def __init__(self, record: CallRecord, clock: Callable[[], float]) -> None:
        self._record = record
        self.clock = clock

    @property
    def record(self) -> CallRecord:
        """The call's record, also after two of them became one."""
        self._record = self._record.current
        return self._record

    def note(self, kind: CallEventKind, text: str = "", *, seconds: float | None = None, detail: str = "") -> None:
        """Append an event that happens now."""
        record = self.record
        audio = record.audio_clock() if record.audio_clock is not None else None
        record.note(CallEvent(self.clock(), kind, audio, text, seconds, detail))

    def engine(self, event: EngineEvent) -> None:
        """Note what a wrapper saw of an engine."""
        if event.kind == "compared":
            self.note("shadow", seconds=event.value or None, detail=f"{event.engine}: {event.detail}")
            return
        self.note("engine", seconds=event.value or None, detail=f"{event.kind} {event.engine}")


class SocketNotes(CallNotes):
    """Notes of one transcriber socket, and the clock of its audio.

    Parameters
    ----------
    customer
        Index of the customer's channel in a stereo call.
    recorder
        Keeps the audio; None keeps nothing.
    """

    def __init__(
        self, record: CallRecord, clock: Callable[[], float], *, customer: int = 0, recorder: Recorder | None = None
    ) -> None:
        super().__init__(record, clock)
        self._recorder = recorder
        self._recording: CallRecording | None = None
        self.said = SaidTexts()
        self.mismatches = 0
        """Endpointing requests in a row that fit another socket and not this one."""
        self.on_sent: Callable[[], None] | None = None
        """Is called after each of the customer's transcripts."""
        self.turn = TurnState(clock)
        """What its sound and its recogniser say of the customer's turn."""
        self.assistant: Envelope | None = None
        """What the assistant's channel sounded like; None once nobody needs it for a join."""
        self._customer = customer
        self._intake = AudioIntake()
        self._begun = math.inf
        """When the audio began, by the frame that came with the least delay: a stall makes no speech later."""
        self._activity: SpeechActivity | None = None

    @property
    def position(self) -> float:
        """Seconds of audio received."""
        return self._intake.position

    def started(self, rate: int, channels: int) -> None:
        """Note the start message: Hz and 1 or 2 channels."""
        self._intake.bytes_per_second = 2 * channels * rate
        self._activity = SpeechActivity(rate, channels)
        if channels == 2:
            self.assistant = Envelope(rate)
            self._activity.tap = self._keep_assistant
        if self._recorder is not None:
            self._recording = self._recorder.open(self.record.name, rate=rate, channels=channels)
        self.record.audio_clock = lambda: self.position
        self.note("started", detail=f"{rate} Hz, {channels} channel{'s' if channels > 1 else ''}")

    def audio(self, pcm: bytes) -> None:
        """Take in whole frames of the call's audio, as they come."""
        if self._intake.add(pcm):
            self._look()

    def sent(self, text: str, *, final: bool, channel: str = "customer", end: float | None = None) -> None:
        """Note a transcript that was sent.

        Parameters
        ----------
        end
            Seconds of audio at which its words end; None when the engine does not say.
        """
        self._catch_up()
        if channel == "customer":
            self.said.add(text, self.clock(), final=final)
        self.note("final" if final else "partial", text, seconds=end or None, detail=channel)
        if self.on_sent is not None and channel == "customer":
            self.on_sent()

    def silence(self) -> float | None:
        """Seconds of audio since the customer's speech stopped; 0 while it goes on, None before the first word."""
        self._catch_up()
        return None if self._activity is None else self._activity.silence(self._channel)

    def joined(self) -> None:
        """Stop keeping what only a join needs."""
        self.assistant = None
        if self._activity is not None:
            self._activity.tap = None

    def closed(self, code: int, by: str) -> None:
        """Note the end of the socket."""
        self._catch_up()
        self.note("closed", detail=f"{code} by {by}")
        if self._recording is not None:
            self._recording.close()

    def assistant_envelope(self) -> np.ndarray | None:
        """The envelope of what the assistant's channel has played, up to now."""
        self._catch_up()
        return None if self.assistant is None else self.assistant.values

    @property
    def _channel(self) -> int:
        return self._customer if self._activity is not None and self._activity.channels == 2 else 0

    def _catch_up(self) -> None:
        """Look at the audio that waits."""
        if self._intake.waits:
            self._look()

    def _look(self) -> None:
        blocks = self._intake.take()
        if self._activity is None:
            return
        now, record = self.clock(), self.record
        if self._begun == math.inf:
            self.note("first-frame")
        self._intake.look_after(self._activity.block)
        self._begun = min(self._begun, now - self.position)
        if self._recording is not None:
            self._recording.feed(b"".join(blocks))
        for boundary in self._activity.look(blocks):
            kind: CallEventKind = "speech-started" if boundary.started else "speech-stopped"
            speaker = "customer" if boundary.channel == self._channel else "assistant"
            at = max(record.begun, min(now, self._begun + boundary.audio))  # a file may come faster than real time
            record.note(CallEvent(at, kind, boundary.audio, detail=speaker))

    def _keep_assistant(self, frames: np.ndarray) -> None:
        if self.assistant is not None:
            self.assistant.feed(frames[:, 1 - self._customer])


class VoiceNotes(CallNotes):
    """Notes of one voice request.

    Parameters
    ----------
    rate
        Hz of its audio.
    on_miss
        Is told the seconds to the first audio of a text that was not cached.
    """

    def __init__(
        self,
        record: CallRecord,
        clock: Callable[[], float],
        *,
        rate: int,
        on_miss: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        super().__init__(record, clock)
        self._on_miss = on_miss
        self._missed = False
        self._asked = clock()
        self._rate = rate
        self._made: Envelope | None = None
        self._words: list[Word] = []

    def first_audio(self) -> None:
        """Note that the first audible block was sent."""
        seconds = self.clock() - self._asked
        self.note("first-audio", seconds=seconds)
        if self._missed:
            self._on_miss(seconds)

    def engine(self, event: EngineEvent) -> None:
        """Note what a wrapper saw of an engine."""
        self._missed = self._missed or event.kind == "miss"
        super().engine(event)

    def pcm(self, block: bytes) -> None:
        """Take in audio that was sent; it is looked at until the call's socket is known."""
        record = self.record
        if record.has_socket or not record.call_id:
            return
        if self._made is None:
            self._made = Envelope(self._rate)
            record.made.append(self._made)
        self._made.feed(np.frombuffer(block, dtype="<i2"))

    def words(self, words: Sequence[Word]) -> None:
        """Take in words whose audio was sent, with their seconds from the answer's first sample."""
        self._words += words

    def ended(self, outcome: str, size: int) -> None:
        """Note the end of the answer; ``size`` is its PCM in bytes."""
        if self._words:
            self.record.note(CallEvent(self.clock(), "words", words=tuple(self._words)))
        self.note("voice-ended", seconds=size / (2 * self._rate), detail=outcome)
        if outcome == "hung up":
            self.note("interrupted", detail="the voice request was closed")


class KnownCall(CallNotes):
    """What an endpointing request may know of its call.

    Parameters
    ----------
    socket
        The call's transcriber socket; None when it is not known, or in another process.
    """

    def __init__(self, record: CallRecord, clock: Callable[[], float], socket: SocketNotes | None) -> None:
        super().__init__(record, clock)
        self.socket = socket

    def silence(self) -> float | None:
        """Seconds of audio since the caller's speech stopped; 0 while it goes on, None when that is not known."""
        return None if self.socket is None else self.socket.silence()

    def hearing(self) -> Hearing | None:
        """What is known of the caller's sound now; None when that is nothing."""
        if self.socket is None:
            return None
        known = self.socket.turn.hearing()
        if not self.socket.turn.listening:
            silence = self.socket.silence()
            # A level alone does not tell speech from a loud line: it may shorten a wait, and never lengthens one.
            known = replace(known, speaking=False, silence=silence if silence and silence >= _PAUSE else None)
        standing = self.socket.said.unchanged(self.clock())
        if standing is not None and known.silence is not None and standing < known.silence:
            # A recogniser that is behind its audio still adds words: the caller's silence is older than its text.
            known = replace(known, silence=standing)
        return known

    def answered(self, seconds: float, reason: str, words: str) -> None:
        """Note the answer: seconds to wait, the reason in a few words, the caller's last words."""
        self.note("endpointing", words, seconds=seconds, detail=reason)
