"""A take as a picture: both speakers on one clock, with the platform's decisions as marks; inline SVG."""

from __future__ import annotations

from html import escape

from providers.emulator.conversation.commands import ConversationEvent
from providers.emulator.simulation.take import Take

_WIDTH, _HEIGHT, _LEFT = 920, 150, 70
_CALLER, _ASSISTANT, _BAR = 22, 86, 26
"""Where the two lanes begin, and how high a bar is."""
_MARKED = {
    "transcript": "final",
    "turn-ended": "end of turn",
    "interrupted": "interrupted",
    "voice-failed": "voice failed",
    "transcriber-lost": "transcriber lost",
    "tool-called": "tool",
    "idle-message": "idle message",
}
"""Kinds of events that get a mark, and what it is called."""
_STEPS = (1, 2, 5, 10, 20, 60, 120, 300, 600)
"""Seconds between two labels of the clock."""


def timeline(take: Take) -> str:
    """The picture, with every mark's words as its title."""
    scale = (_WIDTH - _LEFT - 10) / max(take.seconds, 0.1)

    def along(at: float) -> float:
        return round(_LEFT + at * scale, 1)

    body = [_label(_CALLER, "caller"), _label(_ASSISTANT, "assistant")]
    body += [
        _bar(along(line.start), along(line.end), _CALLER, line.text or "speech", "var(--good)") for line in take.lines
    ]
    body += [_bar(along(start), along(end), _ASSISTANT, text, "var(--mark)") for start, end, text in take.speeches()]
    body += [_mark(along(event.at), event) for event in take.of_kind(*_MARKED) if _shown(event)]
    body += [_tick(along(at), f"{at:g} s") for at in _clock(take.seconds)]
    name = escape(f"{take.scenario.name}, take {take.number}", quote=True)
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{name}">{"".join(body)}</svg>'


def _shown(event: ConversationEvent) -> bool:
    return event.kind != "transcript" or bool(event.detail.get("final"))


def _label(top: int, text: str) -> str:
    return f'<text x="0" y="{top + _BAR - 8}">{text}</text>'


def _bar(left: float, right: float, top: int, text: str, colour: str) -> str:
    width = max(right - left, 2)
    return (
        f'<rect x="{left}" y="{top}" width="{width:.1f}" height="{_BAR}" rx="3" fill="{colour}" fill-opacity=".55">'
        f"<title>{escape(text)}</title></rect>"
    )


def _mark(at: float, event: ConversationEvent) -> str:
    words = "; ".join(f"{name} {value}" for name, value in event.detail.items())
    colour = "var(--bad)" if event.kind in ("interrupted", "voice-failed", "transcriber-lost") else "currentColor"
    title = escape(f"{event.at:.2f} s {_MARKED[event.kind]}: {words}")
    return (
        f'<path d="M{at} {_CALLER + _BAR + 4}V{_ASSISTANT - 4}" stroke="{colour}" stroke-width="2">'
        f"<title>{title}</title></path>"
    )


def _tick(at: float, text: str) -> str:
    return (
        f'<path d="M{at} {_CALLER}V{_ASSISTANT + _BAR + 4}" stroke="var(--line)"/>'
        f'<text x="{at}" y="{_HEIGHT - 12}" text-anchor="middle">{text}</text>'
    )


def _clock(seconds: float) -> list[float]:
    step = next((step for step in _STEPS if seconds / step <= 12), _STEPS[-1])
    return [float(at) for at in range(0, int(seconds) + 1, step)]
