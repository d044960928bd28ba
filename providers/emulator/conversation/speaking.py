"""The assistant's voice: messages become chunks, chunks voice requests, their sound is heard one after the other.

::

    text ─▶ chunker ─▶ waiting ─▶ voice request ─▶ play-out ─▶ heard
                          ▲             │ failed
                          └── rest ◄────┘ next voice of the fallback plan

One message is heard at a time; others wait for its end.
"""

from __future__ import annotations

from collections import deque

from providers.emulator.conversation.commands import AskVoice, CancelVoice, StopPlaying
from providers.emulator.conversation.context import Context, MustEnd, SpeechBegan, SpeechOver, VoicesFailed
from providers.emulator.conversation.playout import Playout, PlayoutEvent
from providers.emulator.conversation.text.chunking import Chunker
from providers.emulator.conversation.text.formatting import speakable
from providers.emulator.conversation.utterance import Chunk, Source, Utterance

_NOTICEABLE = 0.02
"""Seconds of silence within a sound: a voice that speaks as fast as it is heard is now and then a moment late."""


class Speaker:
    """The messages of one call."""

    def __init__(self, context: Context) -> None:
        self.playout = Playout()
        self.current: Utterance | None = None
        self._context = context
        self._queue: deque[Utterance] = deque()
        self._voice = 0
        self._requests = 0
        self._plan = context.assistant.voice.chunk_plan

    @property
    def heard(self) -> bool:
        """True while a message is being heard: from its first sound to its last."""
        return self.current is not None and self.current.began is not None

    @property
    def busy(self) -> bool:
        """True while there is a message that was not heard to its end."""
        return self.current is not None

    @property
    def last(self) -> Utterance | None:
        """The message behind which the next one would wait."""
        return self._queue[-1] if self._queue else self.current

    def begin(
        self,
        source: Source,
        turn_id: str,
        *,
        interruptible: bool = True,
        wait: float = 0.0,
        not_before: float = 0.0,
        end_reason: str | None = None,
    ) -> Utterance:
        """A new message behind those that are there."""
        utterance = Utterance(source, turn_id, Chunker(self._plan), interruptible, wait, not_before, end_reason)
        if self.current is None:
            self.current = utterance
        else:
            self._queue.append(utterance)
        return utterance

    def write(self, utterance: Utterance, delta: str) -> None:
        """Add text to a message."""
        utterance.waiting += utterance.chunker.feed(delta)
        self._ask()

    def close(self, utterance: Utterance) -> None:
        """Note that a message's text is complete."""
        utterance.waiting += utterance.chunker.flush()
        utterance.closed = True
        self._ask()
        self._finish()

    def say(self, text: str, *, interruptible: bool = True, end_reason: str | None = None) -> None:
        """A whole message that no model wrote; a muted assistant says nothing, and ends the call where it has to."""
        if self._context.muted:
            if end_reason is not None:
                self._context.happen(MustEnd(end_reason))
            return
        utterance = self.begin("force-say", "", interruptible=interruptible, end_reason=end_reason)
        self.write(utterance, text)
        self.close(utterance)

    def stop(self) -> str:
        """Fall silent now and forget all messages; returns the text that was heard of the one that was heard."""
        self._queue.clear()
        return self.drop(self.current) if self.current is not None else ""

    def drop(self, utterance: Utterance) -> str:
        """Forget a message; returns the text that was heard of it."""
        if utterance is not self.current:
            self._queue = deque(other for other in self._queue if other is not utterance)
            return ""
        heard = self.heard_text()
        for chunk in utterance.chunks:
            self._context.timers.cancel(f"voice {chunk.request}")
            if not chunk.complete:
                self._context.do(CancelVoice(chunk.request))
        self.playout.clear()
        self.current = None
        if utterance.began is not None:
            self._context.do(StopPlaying())
            self._over(utterance, heard, interrupted=True)
        self._promote()
        return heard

    def heard_text(self) -> str:
        """What was heard of the current message."""
        utterance = self.current
        if utterance is None or utterance.began is None:
            return ""
        pace = utterance.pace
        parts = [chunk.heard_text(self.playout.played(chunk.request), pace) for chunk in utterance.chunks]
        return " ".join(part for part in parts if part)

    # What comes of the voice.

    def receive(self, request: int, seconds: float) -> None:
        """Sound of a voice request came."""
        chunk = self.current.chunk(request) if self.current is not None else None
        if chunk is None or chunk.complete or seconds <= 0:
            return
        if not chunk.received:
            self._context.timers.cancel(f"voice {request}")
            self._context.note("first-audio", request=request)
        chunk.received += seconds
        silence = self.playout.receive(request, seconds)
        if silence > _NOTICEABLE:
            self._context.note("underrun", request=request, seconds=silence)

    def complete(self, request: int, error: str | None) -> None:
        """A voice request's body ended."""
        chunk = self.current.chunk(request) if self.current is not None else None
        if chunk is None or chunk.complete:
            return
        self._context.timers.cancel(f"voice {request}")
        if error is None and not chunk.received:
            error = "no sound"
        if error is not None and not (chunk.received and self._context.behaviour.aborted_voice == "end"):
            self._failed(chunk, error)
            return
        chunk.complete = True
        self.playout.complete(request)
        self._context.note("voice-done", request=request, seconds=chunk.received)
        self._ask()

    def played(self, event: PlayoutEvent) -> None:
        """The play-out clock reached a change."""
        utterance = self.current
        chunk = utterance.chunk(event.request) if utterance is not None else None
        if utterance is None or chunk is None or event.kind == "underrun":
            return
        if event.kind == "finished":
            chunk.over = True
            self._ask()
            self._finish()
            return
        chunk.heard = True
        if utterance.began is None:
            self._began(utterance)
        turn = utterance.turn
        self._context.note("chunk-started", request=event.request, turn=turn, text=chunk.text)
        text = " ".join(other.text for other in utterance.chunks if other.heard)
        is_forced = utterance.source == "force-say"
        source = "force-say" if is_forced else self._context.behaviour.speech_source
        self._context.send({"type": "assistant.speechStarted", "text": text, "turn": turn, "source": source})

    # The parts of it.

    def _began(self, utterance: Utterance) -> None:
        context = self._context
        utterance.began = context.now
        turn = utterance.turn = context.turn_of("assistant")
        context.note("speech-started", turn=turn, source=utterance.source, turnId=utterance.turn_id)
        context.send({"type": "speech-update", "status": "started", "role": "assistant", "turn": turn})
        context.happen(SpeechBegan(utterance.source))

    def _finish(self) -> None:
        utterance = self.current
        if utterance is None or not utterance.finished:
            return
        self.current = None
        self._over(utterance, utterance.text, interrupted=False)
        self._promote()

    def _over(self, utterance: Utterance, text: str, *, interrupted: bool) -> None:
        """Commit what was heard."""
        context = self._context
        if utterance.began is not None:
            turn = utterance.turn
            context.note("speech-stopped", turn=turn, text=text, interrupted=interrupted)
            context.send({"type": "speech-update", "status": "stopped", "role": "assistant", "turn": turn})
        if text:
            context.history.add("assistant", text, at=utterance.began or context.now, end=context.now)
            context.send({"type": "transcript", "role": "assistant", "transcriptType": "final", "transcript": text})
            context.conversation_update()
        context.happen(SpeechOver(text, interrupted, None if interrupted else utterance.end_reason))

    def _promote(self) -> None:
        if self.current is None and self._queue:
            self.current = self._queue.popleft()
            self._ask()
            self._finish()

    def _ask(self) -> None:
        """Send voice requests, as many as may be in flight."""
        utterance = self.current
        if utterance is None:
            return
        limit = self._context.behaviour.voice_requests_at_once
        while utterance.waiting and sum(not chunk.complete for chunk in utterance.chunks) < limit:
            text = utterance.waiting.pop(0)
            spoken = speakable(text, self._plan)
            if spoken:
                first = not utterance.chunks
                chunk = Chunk(0, text, spoken, self._voice)
                utterance.chunks.append(chunk)
                self._request(chunk)
                wait, not_before = (utterance.wait, utterance.not_before) if first else (0.0, 0.0)
                self.playout.expect(chunk.request, wait=wait, not_before=not_before)

    def _request(self, chunk: Chunk) -> None:
        """Ask the chunk's voice."""
        context = self._context
        chunk.request = self._requests
        self._requests += 1
        context.note("voice-asked", request=chunk.request, text=chunk.spoken, voice=chunk.voice)
        context.send({"type": "voice-input", "input": chunk.spoken})
        context.do(AskVoice(chunk.request, chunk.spoken, chunk.voice))
        request = chunk.request
        context.timers.set(f"voice {request}", context.now + self._timeout(chunk.voice), lambda: self._late(request))

    def _timeout(self, voice: int) -> float:
        """Seconds a voice may take to its first sound."""
        own = self._context.assistant.voice
        server = own.server if voice == 0 else own.fallback_plan.voices[voice - 1].server
        return server.timeout_seconds if server is not None else 20.0

    def _late(self, request: int) -> None:
        self._context.do(CancelVoice(request))
        self.complete(request, "no audio in time")

    def _failed(self, chunk: Chunk, error: str) -> None:
        """Have the next voice say the chunk, or what is left of it."""
        context, utterance = self._context, self.current
        assert utterance is not None
        voices = 1 + len(context.assistant.voice.fallback_plan.voices)
        following = max(self._voice, chunk.voice + 1)
        left = following if following < voices else None
        context.note("voice-failed", request=chunk.request, error=error, voice=chunk.voice, next=left)
        if left is None:
            self.playout.drop(chunk.request)
            context.happen(VoicesFailed())
            return
        self._voice = left
        heard = chunk.heard_text(self.playout.played(chunk.request), utterance.pace)
        if not chunk.heard:
            old, chunk.voice, chunk.received = chunk.request, left, 0.0
            self._request(chunk)
            self.playout.replace(old, chunk.request)
            return
        chunk.received = self.playout.played(chunk.request)
        self.playout.drop(chunk.request)
        rest = Chunk(0, chunk.text[len(heard) :].strip(), "", left)
        rest.spoken = speakable(rest.text, self._plan)
        chunk.text, chunk.spoken, chunk.complete, chunk.over = heard, heard, True, True
        if rest.spoken:
            utterance.chunks.insert(utterance.chunks.index(chunk) + 1, rest)
            self._request(rest)
            self.playout.expect(rest.request, first=True)
        self._finish()
