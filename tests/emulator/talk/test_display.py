"""A conversation as it is shown."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from providers.emulator.conversation.commands import ConversationEvent
from providers.emulator.talk.display import Display


def shown(*entries: tuple[float, str, dict[str, Any]], terminal: bool = False, partials: bool = True) -> str:
    out = io.StringIO()
    display = Display(Console(file=out, force_terminal=terminal, color_system=None, width=60), shows_partials=partials)
    for at, kind, detail in entries:
        display.show(ConversationEvent(at, kind, detail))
    display.end("customer-ended-call", 12.3)
    return out.getvalue()


TURN: tuple[tuple[float, str, dict[str, Any]], ...] = (
    (1.0, "caller-speech", {"speaking": True}),
    (1.5, "transcript", {"text": "I would", "final": False}),
    (2.0, "caller-speech", {"speaking": False}),
    (2.2, "transcript", {"text": "I would like a table.", "final": True}),
    (2.4, "turn-ended", {"text": "I would like a table.", "turn": 1, "reason": "x"}),
    (2.5, "model-first-word", {}),
    (2.6, "first-audio", {}),
    (3.0, "speech-started", {}),
    (3.0, "chunk-started", {"text": "For how many?"}),
)


PARTS = "transcriber 0.20 · endpointing 0.20 · model 0.10 · voice 0.10 · waitSeconds 0.40"


def test_a_turn_its_wait_and_the_answer_are_three_lines() -> None:
    assert shown(*TURN).splitlines() == [
        "   2.40 s  you        I would like a table.",
        f"   3.00 s             waited 1.00 s  {PARTS}",
        "   3.00 s  assistant  For how many?",
        "ended: customer-ended-call; 12.3 s, 1 answer, 0 interruptions, waited 1.00 s (median), 1.00 s at most",
    ]


def test_on_a_terminal_partials_rewrite_one_line() -> None:
    text = shown(*TURN, terminal=True)
    assert "   1.50 s  you        I would …\r\x1b[2K" in text


def test_partials_do_not_disturb_a_person_who_types() -> None:
    assert "I would …" not in shown(*TURN, terminal=True, partials=False)


def test_an_interruption_says_what_was_heard() -> None:
    text = shown((4.0, "interrupted", {"text": "For how", "reason": "phrase", "seconds": 0.4}))
    assert "interrupted; heard was: “For how”" in text
    assert "1 interruption" in text


def test_failures_are_shown_with_their_reason() -> None:
    text = shown(
        (1.0, "voice-failed", {"error": "HTTP 503: the server is full", "request": 0}),
        (2.0, "transcriber-lost", {"transcriber": 0}),
        (3.0, "model-done", {"request": 0, "error": "HTTP 401"}),
        (4.0, "model-done", {"request": 1, "error": None}),
    )
    assert "the voice failed: HTTP 503: the server is full" in text
    assert "the transcriber is lost: –" in text
    assert text.count("the model failed") == 1


def test_words_with_brackets_are_shown_as_they_are() -> None:
    assert "[bold]x[/]" in shown((1.0, "chunk-started", {"text": "[bold]x[/]"}))
