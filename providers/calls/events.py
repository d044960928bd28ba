"""Events of a call: small frozen values in one append-only list per call."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from providers.engines.base import Word

__all__ = ["CallEvent", "CallEventKind", "Way"]

CallEventKind: TypeAlias = Literal[
    "opened",  # the transcriber's socket was accepted
    "started",  # its start message came; ``detail`` is the format
    "first-frame",  # its first audio came
    "speech-started",  # by level; ``audio`` is the exact place; ``detail`` is the channel
    "speech-stopped",
    "partial",  # a transcript was sent
    "final",  # the same; ``seconds`` is the end of its audio, where the engine says it
    "engine",  # what a wrapper saw of an engine; ``detail`` is its kind and the engine's name
    "shadow",  # a second recogniser heard the same; ``detail`` is how far it agrees, ``seconds`` its lag
    "endpointing",  # an endpointing request was answered; ``seconds`` is the answer, ``detail`` the reason
    "voice-asked",  # a voice request came; ``text`` is what to say
    "first-audio",  # its first audible block was sent; ``seconds`` since it was asked
    "words",  # the words of an answer that were sent, where the engine says when it speaks them
    "voice-ended",  # its answer ended; ``seconds`` of audio, ``detail`` the outcome
    "interrupted",  # the assistant was interrupted; ``detail`` says who knew
    "server",  # a Server URL message; ``detail`` is its type
    "stall",  # the server's loop was held; ``seconds`` how long
    "joined",  # socket and call id belong together; ``detail`` is the way
    "released",  # a join was taken back: its texts no longer fit
    "closed",  # the socket closed; ``detail`` is code and side
    "ended",  # the platform said that the call is over, or nothing came for long; ``detail`` is the reason
]

Way: TypeAlias = Literal["key", "template", "text", "sound", "only one"]
"""How a socket and a call id were joined, most certain first."""


class CallEvent(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One event. It holds no secret, no phone number and no header."""

    at: float
    """Seconds on the server's monotonic clock; seconds since the call's first event where it leaves the server."""
    kind: CallEventKind
    audio: float | None = None
    """Seconds of the call's audio, from its first frame; None without a socket."""
    text: str = ""
    seconds: float | None = None
    """A length of time; the kind says of what."""
    detail: str = ""
    words: tuple[Word, ...] = ()
    """Words of an answer, with their seconds from its first sample."""
