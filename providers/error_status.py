"""HTTP status, sentence and headers of an error, whatever shape its body has."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.exceptions import HTTPException

from providers.errors import AtCapacity, EngineBusy, EngineError, RequestError, UnknownVoice, UnspeakableText

__all__ = ["ErrorStatus", "status_of"]


@dataclass(frozen=True, slots=True)
class ErrorStatus:
    """What a response to an error says."""

    status: int
    """HTTP status."""
    message: str
    """One sentence; it quotes no body."""
    headers: dict[str, str] = field(default_factory=dict)


def status_of(error: Exception) -> ErrorStatus:
    """The status of an error; 500 and no detail for one that was not raised on purpose."""
    match error:
        case AtCapacity() | EngineBusy():
            return ErrorStatus(503, str(error), {"Retry-After": f"{max(1, round(error.retry_after))}"})
        case RequestError():
            return ErrorStatus(error.status, str(error))
        case UnknownVoice():
            return ErrorStatus(400, str(error))
        case UnspeakableText():
            return ErrorStatus(422, str(error))
        case EngineError():
            return ErrorStatus(502, str(error))
        case HTTPException():
            return ErrorStatus(error.status_code, error.detail, dict(error.headers or {}))
    return ErrorStatus(500, "internal error")
