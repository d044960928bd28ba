"""The end of a call: hooks on it, the last words, the report."""

from __future__ import annotations

from datetime import UTC, datetime

from providers.emulator.conversation.commands import End
from providers.emulator.conversation.context import Context
from providers.emulator.conversation.dialogue import Dialogue


class CallEnd:
    """How one call ends."""

    def __init__(self, context: Context, dialogue: Dialogue) -> None:
        self.ending = False
        """True from the first reason to end."""
        self.reason: str | None = None
        """Why it ended; None while it goes on."""
        self._later = ""
        """Why it ends once its last words were heard, or cut."""
        self._context = context
        self._dialogue = dialogue

    @property
    def over(self) -> bool:
        """True once it has ended."""
        return self.reason is not None

    def phrase_reason(self, text: str) -> str | None:
        """Why the assistant's words end the call; None: they do not."""
        said = text.casefold()
        phrases = self._context.assistant.end_call_phrases
        return "assistant-said-end-call-phrase" if any(phrase.casefold() in said for phrase in phrases) else None

    def begin(self, reason: str, *, audible: bool = True) -> None:
        """End the call, after what its hooks have to say; ``audible``: there is a voice to say it with.

        Called again while those words are said, it ends at once: for ``reason``, or the hook's where that is empty.
        """
        if self.ending:
            self.now(reason or self._later)
            return
        self.ending = True
        self._dialogue.silence_assistant()
        self._context.happenings.clear()
        self._dialogue.turns.forget()
        later = self._dialogue.hooks.end(reason, audible=audible)
        if later is None:
            self.now(reason)
        else:
            self._later = later
            if not self._dialogue.speaker.busy:
                self.now(later)

    def now(self, reason: str) -> None:
        """End the call at once."""
        if self.over:
            return
        context, dialogue = self._context, self._dialogue
        if not self.ending:
            self.ending = True
            dialogue.silence_assistant()
            dialogue.turns.forget()
            dialogue.hooks.end(reason, audible=False)
        text = dialogue.turns.take()
        if text:
            context.history.add("user", text, at=context.now)
        dialogue.silence_assistant()
        destination = dialogue.tools.destination
        if destination is not None:
            context.note("status", status="forwarding")
            context.send({"type": "status-update", "status": "forwarding", "destination": destination})
            context.send({"type": "transfer-update", "destination": destination})
        self.reason = reason
        self._report(reason)
        context.timers.clear()
        context.happenings.clear()
        context.do(End(reason))

    def _report(self, reason: str) -> None:
        context = self._context
        context.note("status", status="ended", reason=reason)
        context.send({"type": "status-update", "status": "ended", "endedReason": reason})
        artifact = {
            "messages": context.history.platform(),
            "messagesOpenAIFormatted": context.history.openai(),
            "transcript": context.history.transcript(),
        }
        report = {"type": "end-of-call-report", "endedReason": reason, "analysis": {}, "artifact": artifact}
        times = {"startedAt": _date(context.epoch), "endedAt": _date(context.epoch + context.now)}
        context.send(report | times | {"durationSeconds": round(context.now, 3)})


def _date(seconds: float) -> str:
    """A moment as the platform writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
