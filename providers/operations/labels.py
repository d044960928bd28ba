"""Label values of the metrics: every one of them is listed here or named by the server's own settings.

What a client sends is never a label, because each new value would be a series that stays for the life of the process.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias, get_args

from providers.errors import AtCapacity, EngineBusy, RequestError, TooLarge, Unauthorized
from providers.paths import ENDPOINTING_PATH, TRANSCRIBER_PATH, VOICE_PATH
from providers.turns.base import Reason

__all__ = [
    "CLOSE_CODES",
    "ENDPOINTS",
    "ENDPOINTING_REASONS",
    "JOIN_WAYS",
    "PREFETCHES",
    "REFUSALS",
    "Endpoint",
    "Prefetch",
    "Refusal",
    "close_code",
    "endpoint_of",
    "exemplar",
    "refusal_of",
]

Endpoint: TypeAlias = Literal["voice", "transcriber", "endpointing", "openai", "deepgram", "jambonz", "other"]

Refusal: TypeAlias = Literal[
    "full",  # as many at once as the limit says
    "burst",  # admitted a moment ago: enough calls to fill the processor once their audio comes
    "loop-lag",  # the event loop is late
    "backlog",  # the recogniser is behind
    "draining",  # the server is about to end
    "engine-busy",  # the engine takes no more
    "unauthorised",
    "too-large",
    "bad-request",
]

REFUSALS: tuple[Refusal, ...] = get_args(Refusal)
Prefetch: TypeAlias = Literal[
    "taken",  # its voice request came and went on with it
    "unclaimed",  # no voice request came in time
    "other",  # the voice request wanted another rate or another voice
    "late",  # the voice request had come before
    "full",  # no room for one more synthesis
    "failed",  # the engine failed before anything was asked for
    "dropped",  # the caller interrupted, the call ended, or the server did
]
"""Outcome of a text that ``voice-input`` told of."""

PREFETCHES: tuple[Prefetch, ...] = get_args(Prefetch)
ENDPOINTS: tuple[Endpoint, ...] = get_args(Endpoint)
ENDPOINTING_REASONS = tuple(Reason)
JOIN_WAYS = ("key", "template", "text", "sound", "only one", "released")
CLOSE_CODES = ("1000", "1001", "1005", "1006", "1011", "1012", "application")

_PATHS: dict[str, Endpoint] = {
    VOICE_PATH: "voice",
    TRANSCRIBER_PATH: "transcriber",
    ENDPOINTING_PATH: "endpointing",
}
_PLAIN_ID = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
"""Call ids that an exemplar may hold: OpenMetrics allows 128 characters for its name and value together."""


def endpoint_of(path: str) -> Endpoint:
    """The endpoint that a path belongs to."""
    return _PATHS.get(path, "other")


def close_code(code: object) -> str:
    """A WebSocket close code; a caller may close with any code from 3000 on, and these are one value."""
    return str(code) if isinstance(code, int) and 1000 <= code < 1016 else "application"


def refusal_of(error: Exception) -> Refusal | None:
    """Why a request was refused; None when the error is no refusal."""
    match error:
        case AtCapacity():
            return next((known for known in REFUSALS if known == error.reason), "full")
        case EngineBusy():
            return "engine-busy"
        case Unauthorized():
            return "unauthorised"
        case TooLarge():
            return "too-large"
        case RequestError():
            return "bad-request"
    return None


def exemplar(call_id: str | None) -> dict[str, str] | None:
    """The exemplar that leads from an observation to its call; None where the id is missing or not a plain one."""
    return {"call_id": call_id} if call_id and _PLAIN_ID.fullmatch(call_id) else None
