"""What the tests of conversations share: assistants from JSON, short ways to say a scene."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from providers.emulator.conversation.assistant import Assistant
from providers.emulator.conversation.behaviour import Behaviour
from providers.emulator.conversation.commands import ConversationEvent
from providers.emulator.conversation.virtual import VirtualCall, VirtualRecord, VirtualWorld
from providers.emulator.conversation.virtual_parts import CallerLine, Heard, ModelPlan, SteadyVoice

PACE = 1 / 15
"""Seconds of a character of the scenes' voice."""


def assistant(**fields: Any) -> Assistant:
    """An assistant as it comes over the wire."""
    return msgspec.convert(fields, Assistant)


def said(
    text: str, at: float, *, seconds: float = 1.0, final: float = 0.1, partials: Sequence[float] = ()
) -> CallerLine:
    """A line whose final comes ``final`` seconds after its end, and whose partials come at moments of the line."""
    heard = [Heard(moment, text.rstrip(".!?"), final=False) for moment in partials]
    return CallerLine(text, at=at, seconds=seconds, heard=(*heard, Heard(seconds + final, text, final=True)))


def replies(*texts: str, delay: float = 0.3) -> Any:
    """A model whose whole answer comes at once."""
    left = list(texts)

    def answer(messages: Sequence[dict[str, Any]]) -> ModelPlan:
        text = left.pop(0) if left else ""
        return ModelPlan(((delay, text),) if text else (), ends=delay)

    return answer


def wishes(name: str, parameters: dict[str, Any] | None = None, *, then: str = "", text: str = "") -> Any:
    """A model that wants a tool first, and says something once it has the result."""
    asked = 0

    def answer(messages: Sequence[dict[str, Any]]) -> ModelPlan:
        nonlocal asked
        asked += 1
        if asked == 1:
            return ModelPlan(((0.1, text),) if text else (), ((name, parameters or {}),), ends=0.1)
        return ModelPlan(((0.1, then),) if then else (), ends=0.1)

    return answer


def played(
    who: Assistant,
    lines: Sequence[CallerLine] = (),
    *,
    until: float = 30.0,
    behaviour: Behaviour | None = None,
    **world: Any,
) -> VirtualRecord:
    """One call, seen for ``until`` seconds."""
    made = VirtualWorld(**({"voice": SteadyVoice(seconds_per_character=PACE)} | world))
    return VirtualCall(who, made, lines, behaviour=behaviour).run(until)


def moments(record: VirtualRecord, *kinds: str) -> list[tuple[str, float]]:
    """Kinds and moments of events, in order, to the millisecond."""
    return [(event.kind, round(event.at, 3)) for event in record.of_kind(*kinds)]


def only(record: VirtualRecord, kind: str) -> ConversationEvent:
    """The one event of a kind."""
    (event,) = record.of_kind(kind)
    return event


def said_by(record: VirtualRecord, role: str) -> list[str]:
    """What the history holds of a speaker."""
    assert record.history is not None
    return [message.text for message in record.history.messages if message.role == role]
