"""A user's handler, as a package of theirs would have it."""

from __future__ import annotations

import asyncio
from typing import Any

from providers.server_url.answers import AssistantAnswer, Document, Documents, ToolResult, ToolResults
from providers.server_url.messages import (
    AssistantRequest,
    HandoffDestinationRequest,
    KnowledgeBaseRequest,
    StatusUpdate,
    ToolCalls,
    TransferDestinationRequest,
)

OUR_URL = "https://voice.example/base"
seen: list[Any] = []


class Desk:
    """Takes bookings."""

    async def assistant_request(self, message: AssistantRequest) -> AssistantAnswer:
        """Answer with an assistant that uses this server."""
        if b"closed" in message.body:
            raise RuntimeError("secret of the handler")
        if b"slow" in message.body:
            await asyncio.sleep(30)
        server = {"url": "wss://voice.example/base/api/custom-transcriber?token=t"}
        return AssistantAnswer(
            assistant={
                "transcriber": {"provider": "custom-transcriber", "server": server},
                "server": {"url": f"{OUR_URL}/api/server-url"},
                "model": {"tools": [{"server": {"url": "https://elsewhere.example/tool"}}]},
            }
        )

    async def tool_calls(self, message: ToolCalls) -> ToolResults:
        """Answer each call."""
        return ToolResults(
            results=[
                ToolResult(tool_call_id=call.id, result={"free": True, **call.arguments}) for call in message.calls
            ]
        )

    async def knowledge_base_request(self, message: KnowledgeBaseRequest) -> Documents:
        """Answer with one document."""
        return Documents(documents=[Document(content="Open until ten.", similarity=0.9)])

    async def handoff_destination_request(self, message: HandoffDestinationRequest) -> dict[str, Any]:
        """Answer with a plain object."""
        return {"destination": {"type": "assistant", "assistantId": message.parameters["team"]}}

    async def transfer_destination_request(self, message: TransferDestinationRequest) -> dict[str, Any]:
        """Answer with what the platform does not understand."""
        return {"destination": "desk"}

    async def status_update(self, message: StatusUpdate) -> None:
        """Remember it."""
        seen.append(message.status)


class Nothing:
    """No handler at all."""
