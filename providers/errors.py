"""Every error this project raises on purpose.

::

    ProvidersError
    ├── SettingsError               start-up: every fault of the configuration, reported together
    ├── RequestError                a caller's request cannot be served; carries its HTTP status
    │   ├── BadRequest              400  a field is missing or wrong
    │   ├── Unauthorized            401  no valid credential came along
    │   ├── TooLarge                413  a body or a text over its limit
    │   └── AtCapacity              503  admission says no; the customer's fallback should start
    │       └── Draining            503  the server takes no new calls: it is about to end
    ├── CallRefused                 a socket cannot go on; carries its WebSocket close code
    ├── CallerGone                  a socket broke while something was sent to it
    └── EngineError                 the only error that leaves an engine; says whether a retry may help
        ├── EngineBusy              every place is taken (503 + Retry-After)
        ├── EngineUnavailable       a package, model or key is missing: says what to install or set
        ├── UnknownVoice            the caller named a voice this engine does not have (400)
        └── UnspeakableText         the text ended the processes that were to speak it (422)

A message never holds a secret, a request body or a transcript.
"""

from __future__ import annotations

from typing import Literal, TypeAlias


class ProvidersError(Exception):
    """The root of the tree."""


class SettingsError(ProvidersError):
    """The configuration cannot be used; ``faults`` holds one sentence per fault."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class RequestError(ProvidersError):
    """A caller's request cannot be served; ``status`` is the HTTP status that says so."""

    status: int = 400


class BadRequest(RequestError):
    """A field of a request is missing or wrong."""

    status = 400


class Unauthorized(RequestError):
    """No valid credential came along."""

    status = 401


class TooLarge(RequestError):
    """A body or a text is over its limit."""

    status = 413


CapacityReason: TypeAlias = Literal["full", "burst", "loop-lag", "backlog", "draining"]


class AtCapacity(RequestError):
    """No more is taken for now; ``retry_after`` is in seconds, ``reason`` for machines."""

    status = 503

    def __init__(self, message: str, *, retry_after: float = 1.0, reason: CapacityReason = "full") -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.reason: CapacityReason = reason


class Draining(AtCapacity):
    """The server takes no new calls: it is about to end."""

    def __init__(self) -> None:
        super().__init__("calls: expected a server that takes new ones, found one that is draining", reason="draining")


class CallRefused(ProvidersError):
    """A transcriber socket cannot go on.

    ``code`` is the WebSocket close code (RFC 6455, section 7.4), ``reason`` names the field at fault in at most
    123 bytes, the room a close frame has.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason.encode()[:123].decode(errors="ignore")


class CallerGone(ProvidersError):
    """A transcriber socket broke while something was sent to it: the caller hung up, an engine did not fail."""


class EngineError(ProvidersError):
    """An engine failed. ``retryable`` says whether the same request may succeed later or elsewhere."""

    def __init__(self, message: str, *, engine: str = "", retryable: bool = True) -> None:
        super().__init__(message)
        self.engine = engine
        self.retryable = retryable

    @classmethod
    def of(cls, error: Exception, *, engine: str) -> EngineError:
        """The error itself, or what an exception that an engine should not have raised comes to.

        Only its type is named, because its text may hold anything. What the system raised may pass; a mistake stays.
        """
        if isinstance(error, EngineError):
            return error
        unexpected = EngineError(
            f"{engine}: unexpected {type(error).__name__}", engine=engine, retryable=isinstance(error, OSError)
        )
        unexpected.__cause__ = error
        return unexpected


class EngineBusy(EngineError):
    """Every place of the engine is taken; ``retry_after`` is in seconds."""

    def __init__(self, message: str, *, engine: str = "", retry_after: float = 1.0) -> None:
        super().__init__(message, engine=engine, retryable=True)
        self.retry_after = retry_after


class EngineUnavailable(EngineError):
    """The engine cannot start: a package, a model or a key is missing. The message says what to install or set."""

    def __init__(self, message: str, *, engine: str = "") -> None:
        super().__init__(message, engine=engine, retryable=False)


class UnknownVoice(EngineError):
    """The engine has no such voice; ``examples`` are some that it has."""

    def __init__(self, voice: str, *, engine: str, examples: tuple[str, ...]) -> None:
        shown = ", ".join(examples)
        super().__init__(
            f"voice: expected a voice of engine {engine!r} (for example {shown}), found {voice[:80]!r}",
            engine=engine,
            retryable=False,
        )
        self.voice = voice
        self.examples = examples


class UnspeakableText(EngineError):
    """A text that this engine cannot speak: it has ended two of its processes. Nothing is wrong with the engine."""

    def __init__(self, *, engine: str) -> None:
        super().__init__(
            f"text: expected one that engine {engine!r} can speak, found one that ends its process",
            engine=engine,
            retryable=False,
        )


_LONGEST_REASON = 300
"""Characters of an error raised by another package."""


def one_line(error: BaseException) -> str:
    """An error of another package as a part of a sentence."""
    text = " ".join(str(error).split())[:_LONGEST_REASON]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
