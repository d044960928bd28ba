"""Calls that were made and are kept: what ``GET /call`` shows, and the bounds of how many there are."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from providers.emulator.conversation.assistant import Assistant
from providers.emulator.platform.api_errors import ApiError
from providers.emulator.platform.schema import AudioFormat

ORGANISATION = "00000000-0000-4000-8000-000000000000"
_SECRETS = frozenset({"credentials", "secret", "headers", "serverUrlSecret", "apiKey"})
"""Fields of an assistant that no answer and no message shows."""

Json = dict[str, Any]
Kind = Literal["vapi.websocketCall", "inboundPhoneCall"]


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """A moment as the API writes it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shown(value: Any) -> Any:
    """The same without what proves somebody's identity."""
    if isinstance(value, dict):
        return {name: shown(part) for name, part in value.items() if name not in _SECRETS}
    return [shown(part) for part in value] if isinstance(value, list) else value


@dataclass(slots=True)
class Request:
    """What a call was asked for with."""

    assistant: Json
    """As it is played: overrides and the command line's servers included."""
    plan: Assistant
    """The same, read."""
    audio: AudioFormat
    kind: Kind = "vapi.websocketCall"
    about: Json = field(default_factory=dict)
    """assistantId, assistantOverrides, name, customer, metadata: what an answer shows as it came."""


@dataclass(slots=True)
class Call:
    """One call, from its creation on."""

    request: Request
    base: str
    """http(s)://host:port as the client addressed it."""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "queued"
    created: datetime = field(default_factory=now)
    updated: datetime = field(default_factory=now)
    started: datetime | None = None
    ended: datetime | None = None
    ended_reason: str | None = None
    messages: list[Json] = field(default_factory=list)
    """The conversation as the last conversation-update told it."""
    artifact: Json = field(default_factory=dict)

    def turned(self, status: str, reason: str | None = None) -> None:
        """Note a new state."""
        self.status, self.updated = status, now()
        if status == "in-progress":
            self.started = self.updated
        elif status == "ended":
            self.ended, self.ended_reason = self.updated, reason

    @property
    def over(self) -> bool:
        """True once it has ended."""
        return self.status == "ended"

    @property
    def transport(self) -> Json:
        """The transport as the API shows it."""
        return {
            "provider": "vapi.websocket",
            "conversationType": "voice",
            "audioFormat": self.request.audio.public,
            "websocketCallUrl": f"{self._socket_base}/{self.id}/transport",
        }

    @property
    def public(self) -> Json:
        """The call as ``GET /call/{id}`` shows it."""
        moments = {"startedAt": self.started, "endedAt": self.ended}
        return {
            **shown(self.request.about),
            "id": self.id,
            "orgId": ORGANISATION,
            "type": self.request.kind,
            "createdAt": stamp(self.created),
            "updatedAt": stamp(self.updated),
            "status": self.status,
            "cost": 0,
            "transport": self.transport,
            "monitor": self._monitor,
            **{name: stamp(moment) for name, moment in moments.items() if moment is not None},
            **({"endedReason": self.ended_reason} if self.ended_reason else {}),
            **({"artifact": self.artifact, "messages": self.artifact.get("messages", [])} if self.artifact else {}),
        }

    @property
    def identity(self) -> Json:
        """The call as it rides along with every message."""
        named = {name: self.public[name] for name in ("id", "orgId", "type", "createdAt", "updatedAt", "status")}
        about = {name: value for name, value in self.request.about.items() if name != "assistant"}
        return {**shown(about), **named, "transport": self.transport, "monitor": self._monitor}

    @property
    def _socket_base(self) -> str:
        return self.base.replace("http", "ws", 1)

    @property
    def _monitor(self) -> Json:
        plan = self.request.assistant.get("monitorPlan") or {}
        found = {}
        if plan.get("listenEnabled", True):
            found["listenUrl"] = f"{self._socket_base}/{self.id}/listen"
        if plan.get("controlEnabled", True):
            found["controlUrl"] = f"{self.base}/{self.id}/control"
        return found


class CallStore:
    """All calls that are going on, and the last that have ended."""

    def __init__(self, *, at_once: int, kept: int) -> None:
        self._at_once = at_once
        self._kept = kept
        self._calls: dict[str, Call] = {}

    def __iter__(self) -> Iterator[Call]:
        """The newest first."""
        return reversed(list(self._calls.values()))

    @property
    def live(self) -> int:
        """Calls that have not ended."""
        return sum(not call.over for call in self._calls.values())

    def add(self, call: Call) -> None:
        """Keep a new call; the oldest of those that have ended is forgotten.

        Raises
        ------
        ApiError
            There are as many calls at once as may be.
        """
        if self.live >= self._at_once:
            raise ApiError(400, f"Over Concurrency Limit: {self._at_once} calls at once (--max-calls)")
        self._calls[call.id] = call
        ended = [identity for identity, found in self._calls.items() if found.over]
        for identity in ended[: max(0, len(ended) - self._kept)]:
            del self._calls[identity]

    def get(self, identity: str) -> Call:
        """The call with this id.

        Raises
        ------
        ApiError
            There is none.
        """
        found = self._calls.get(identity)
        if found is None:
            raise ApiError(404, "Call not found.")
        return found

    def remove(self, identity: str) -> Call:
        """Forget a call that has ended.

        Raises
        ------
        ApiError
            There is none, or it is going on.
        """
        call = self.get(identity)
        if not call.over:
            raise ApiError(400, "Call is in progress: end it before it is deleted.")
        del self._calls[identity]
        return call
