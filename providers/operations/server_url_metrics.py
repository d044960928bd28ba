"""Instruments of the Server URL: messages by type, failed answers, and what the platform says went wrong in calls."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter

__all__ = ["CALL_FAULTS", "ServerUrlMetrics", "call_fault"]

CALL_FAULTS = ("hang", "voice", "transcriber", "model", "other")


class ServerUrlMetrics:
    """Messages of the platform's."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._received = Counter(
            "providers_server_messages", "Server URL messages by type; other is any that is not known", ["type"],
            registry=registry,
        )  # fmt: skip
        self._failed = Counter(
            "providers_server_answers_failed", "Server URL messages whose handler failed or was late", ["type"],
            registry=registry,
        )  # fmt: skip
        self._faults = Counter(
            "providers_call_faults", "Faults of calls by the platform's word: hangs, and errors that ended them",
            ["kind"], registry=registry,
        )  # fmt: skip
        for kind in CALL_FAULTS:
            self._faults.labels(kind)

    def received(self, kind: str) -> None:
        """Count a message; ``kind`` is a type that is known, or other."""
        self._received.labels(kind).inc()

    def failed(self, kind: str) -> None:
        """Count a message that was answered with an error."""
        self._failed.labels(kind).inc()

    def fault(self, reason: str) -> None:
        """Count a fault by the platform's reason."""
        self._faults.labels(call_fault(reason)).inc()


def call_fault(reason: str) -> str:
    """Kind of a fault.

    >>> call_fault("pipeline-error-custom-voice-failed"), call_fault("hang"), call_fault("assistant-error")
    ('voice', 'hang', 'other')
    """
    return next((kind for kind in CALL_FAULTS if kind in reason), "model" if "llm" in reason else "other")
