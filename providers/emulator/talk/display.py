"""A conversation on the terminal, line by line, and what it came to."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from providers.emulator.conversation.commands import ConversationEvent
from providers.emulator.formatting import count, percentile, seconds
from providers.emulator.talk.latency import TurnClock, TurnWait

_NOTES = {
    "voice-failed": ("the voice failed: {error}", "red"),
    "transcriber-lost": ("the transcriber is lost: {error}", "red"),
    "acknowledged": ("the assistant goes on after “{text}”", "dim"),
    "idle-message": ("silence: idle message {count}", "dim"),
    "hang": ("the assistant is late", "yellow"),
    "tool-called": ("the model calls the tool {name}", "magenta"),
    "dtmf": ("the assistant presses {digits}", "magenta"),
    "underrun": ("the voice is slower than its sound is heard", "yellow"),
    "answer-cancelled": ("the caller went on: the answer is dropped", "dim"),
}
"""Entries of the log that are shown as they are."""


class Display:
    """What is shown while a conversation runs; partials rewrite one line where nobody types."""

    def __init__(self, console: Console, *, shows_partials: bool) -> None:
        self._console = console
        self._shows_partials = shows_partials and console.is_terminal
        self._clock = TurnClock()
        self.waits: list[TurnWait] = []
        self.interruptions = 0

    def show(self, event: ConversationEvent) -> None:
        """Show one entry of the log, where it is of use to a person."""
        wait = self._clock.take(event)
        detail = event.detail
        match event.kind:
            case "turn-ended":
                self._line(event.at, "you", Text(str(detail.get("text", "")), "bold"))
            case "transcript" if self._shows_partials:
                self._partial(event.at, str(detail.get("text", "")))
            case "chunk-started":
                self._line(event.at, "assistant", Text(str(detail.get("text", "")), "bold cyan"))
            case "interrupted":
                self.interruptions += 1
                self._line(event.at, "", Text(f"interrupted; heard was: “{detail.get('text', '')}”", "yellow"))
            case "model-done" if detail.get("error"):
                self._line(event.at, "", Text(f"the model failed: {detail['error']}", "red"))
            case kind if kind in _NOTES:
                self._note(event)
        if wait is not None:
            self.waits.append(wait)
            self._line(event.at, "", _explained(wait))

    def end(self, reason: str, length: float) -> None:
        """Show what the conversation came to."""
        self._clear()
        parts = [f"{length:.1f} s", count(len(self.waits), "answer"), count(self.interruptions, "interruption")]
        if self.waits:
            totals = [wait.total for wait in self.waits]
            parts.append(f"waited {seconds(percentile(totals, 0.5))} (median), {seconds(max(totals))} at most")
        self._console.print(
            f"ended: {reason}; {', '.join(parts)}", style="dim", markup=False, highlight=False, soft_wrap=True
        )

    def _note(self, event: ConversationEvent) -> None:
        words, style = _NOTES[event.kind]
        self._line(event.at, "", Text(words.format_map(_Details(event.detail)), style))

    def _line(self, at: float, who: str, text: Text) -> None:
        self._clear()
        self._console.print(Text.assemble(f"{at:7.2f} s  {who:<9}  ", text), soft_wrap=True)

    def _partial(self, at: float, text: str) -> None:
        self._clear()
        head = f"{at:7.2f} s  {'you':<9}  "
        room = self._console.width - len(head) - 3
        shown = text if len(text) <= room else "…" + text[-(room - 1) :]
        self._console.print(Text(f"{head}{shown} …", "dim"), end="", no_wrap=True, overflow="crop")

    def _clear(self) -> None:
        """Take the last partial away."""
        if self._shows_partials:
            self._console.file.write("\r\x1b[2K")


class _Details(dict[str, Any]):
    """Details of an entry; one that is missing is a dash."""

    def __missing__(self, name: str) -> str:
        return "–"


def _explained(wait: TurnWait) -> Text:
    parts = " · ".join(f"{name} {max(0.0, value):.2f}" for name, value in wait.parts())
    return Text.assemble((f"waited {seconds(wait.total)}", "green"), (f"  {parts}", "dim"))
