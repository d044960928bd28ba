"""What was said in a call, in order: the caller's words as understood, the assistant's as heard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Role = Literal["system", "user", "assistant", "tool"]

_PLATFORM_ROLES = {"system": "system", "user": "user", "assistant": "bot", "tool": "tool_call_result"}


@dataclass(slots=True)
class Message:
    """One message."""

    role: Role
    text: str
    at: float
    """Seconds since the call began, at which it began."""
    end: float
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    """In the OpenAI spelling."""
    tool_call_id: str = ""
    name: str = ""


class History:
    """The messages of a call.

    Parameters
    ----------
    epoch : float
        Seconds since 1970 at which the call began.
    """

    def __init__(self, epoch: float) -> None:
        self.messages: list[Message] = []
        self.epoch = epoch

    def add(self, role: Role, text: str, *, at: float, end: float | None = None) -> Message:
        """Append a message."""
        message = Message(role, text, at, at if end is None else end)
        self.messages.append(message)
        return message

    def take_back(self, message: Message) -> bool:
        """Remove the last message, where it is this one."""
        is_last = bool(self.messages) and self.messages[-1] is message
        if is_last:
            self.messages.pop()
        return is_last

    def last(self, role: Role) -> str:
        """The last message of a role; empty without one."""
        return next((message.text for message in reversed(self.messages) if message.role == role), "")

    def openai(self) -> list[dict[str, Any]]:
        """The messages in the OpenAI spelling; utterances of the caller that follow each other are one."""
        found: list[dict[str, Any]] = []
        for message in self.messages:
            made: dict[str, Any] = {"role": message.role, "content": message.text}
            if message.tool_calls:
                made = {"role": "assistant", "content": message.text or None, "tool_calls": message.tool_calls}
            elif message.role == "tool":
                made["tool_call_id"] = message.tool_call_id
            if message.role == "user" and found and found[-1]["role"] == "user":
                found[-1] = {"role": "user", "content": f"{found[-1]['content']} {message.text}"}
            else:
                found.append(made)
        return found

    def platform(self) -> list[dict[str, Any]]:
        """The messages as the platform shows them."""
        return [self._shown(message) for message in self.messages]

    def transcript(self) -> str:
        """Both speakers' words, a line each."""
        names = {"user": "User", "assistant": "AI"}
        return "\n".join(f"{names[m.role]}: {m.text}" for m in self.messages if m.role in names and m.text)

    def _shown(self, message: Message) -> dict[str, Any]:
        common: dict[str, Any] = {
            "role": _PLATFORM_ROLES[message.role],
            "message": message.text,
            "time": round(1000 * (self.epoch + message.at)),
            "secondsFromStart": round(message.at, 3),
        }
        if message.tool_calls:
            return common | {"role": "tool_calls", "toolCalls": message.tool_calls}
        if message.role == "tool":
            del common["message"]
            return common | {"toolCallId": message.tool_call_id, "name": message.name, "result": message.text}
        if message.role == "system":
            return common
        length = message.end - message.at
        return common | {"endTime": round(1000 * (self.epoch + message.end)), "duration": round(1000 * length)}
